import { appendFileSync, closeSync, fstatSync, ftruncateSync, openSync, readSync } from "node:fs";
import { Failure } from "../errors.ts";
import type { Report, SyncEvent } from "./event.ts";
import { plural } from "./words.ts";

/**
 * `--changes` and `--rejects`: one JSON line for each. The file is made sure to be writable at once, is emptied when the run starts,
 * and has each line as soon as the batch that it is part of is finished. It holds people's data, so only its owner may read it.
 */
export function jsonLines(option: string, file: string, line: (event: SyncEvent) => unknown): Report {
  const descriptor = open(option, file);
  let pending = "";
  const flush = (): void => {
    if (pending === "") return;
    try {
      // Unlike writeSync, this writes all or throws.
      appendFileSync(descriptor, pending);
    } catch (error) {
      throw new Failure(
        "files",
        `${option}: cannot write to ${file}: ${error instanceof Error ? error.message : error}`,
        {
          hint: `${plural(pending.split("\n").length - 1, "line")} of the last finished batch may be missing from the file; make room`,
          cause: error,
        },
      );
    }
    pending = "";
  };
  return (event) => {
    if (event.type === "started") empty(descriptor);
    const data = line(event);
    if (data !== undefined) pending += `${JSON.stringify(data)}\n`;
    if (event.type === "progress") flush();
    if (event.type === "finished") closeSync(descriptor);
  };
}

function open(option: string, file: string): number {
  try {
    const descriptor = openSync(file, "a+", 0o600);
    if (isOurs(descriptor)) return descriptor;
    closeSync(descriptor);
  } catch (error) {
    throw new Failure(
      "usage",
      `${option}: cannot write to ${file}: ${error instanceof Error ? error.message : error}`,
      {
        hint: "name a file in a folder that exists and that you may write to",
        cause: error,
      },
    );
  }
  throw new Failure("usage", `${option}: ${file} exists and is not a file that this option wrote`, {
    hint: "it would be replaced: name another file, or remove this one",
  });
}

/** Empty, or begun with a line of ours: a slip of the pen must not empty the directory's LDIF file or the configuration. */
function isOurs(descriptor: number): boolean {
  if (!fstatSync(descriptor).isFile()) return true;
  const start = Buffer.alloc(4096);
  const text = start.toString("utf8", 0, readSync(descriptor, start, 0, start.length, 0));
  return text === "" || /^\{"(kind|dn)":"/.test(text);
}

function empty(descriptor: number): void {
  try {
    ftruncateSync(descriptor, 0);
  } catch {
    // A pipe or a terminal has nothing to empty.
  }
}
