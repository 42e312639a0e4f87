import { Failure } from "../errors.ts";
import { WriteError } from "./target.ts";

/**
 * Sorts an error of libsql by its extended result code (https://www.sqlite.org/rescode.html); undefined where it is
 * none of the driver's.
 */
export function sqliteError(error: unknown, filename: string): WriteError | Failure | undefined {
  if (error instanceof WriteError || error instanceof Failure) return error;
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  const code = String(error.code);
  if (code.startsWith("SQLITE_CONSTRAINT")) {
    const columns = uniqueColumns(error.message);
    return new WriteError("refused", error.message, { cause: error, ...(columns && { unique: { columns } }) });
  }
  if (/^SQLITE_(MISMATCH|TOOBIG)/.test(code)) return new WriteError("refused", error.message, { cause: error });
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new WriteError("conflict", `another program has ${filename} locked`, { cause: error });
  }
  return /^SQLITE_/.test(code) ? new Failure("database", `${filename}: ${error.message}`, { cause: error }) : undefined;
}

/** The columns of "UNIQUE constraint failed: users.mail, users.site". */
function uniqueColumns(message: string): string[] | undefined {
  const list = /UNIQUE constraint failed: (.+)$/.exec(message)?.[1];
  return list?.split(", ").map((column) => column.replace(/^.*\./, ""));
}
