import { mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Failure } from "./errors.ts";

/** A file that has no name any more, so that nothing is left of it however the process ends. */
export const openTemporary = (): number =>
  orFailure(() => {
    const folder = mkdtempSync(join(tmpdir(), "idm-ldap-sync-"));
    const file = openSync(join(folder, "spool"), "wx+", 0o600);
    rmSync(folder, { recursive: true });
    return file;
  });

/** Unlike writeSync, this writes all or throws. */
export const appendTo = (file: number, bytes: Buffer): void => orFailure(() => writeFileSync(file, bytes));

function orFailure<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw new Failure(
      "files",
      `cannot write a temporary file in ${tmpdir()}: ${error instanceof Error ? error.message : error}`,
      {
        hint: "make room there, or set TMPDIR to a folder with some 300 MB for each million people",
        cause: error,
      },
    );
  }
}
