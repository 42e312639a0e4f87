import { Failure } from "../errors.ts";
import { WriteError } from "./target.ts";

const hints: readonly (readonly [RegExp, string])[] = [
  [/^SQLITE_READONLY/, "let this user write to the file and to its folder"],
  [/^SQLITE_FULL/, "make room on the disk"],
  [/^SQLITE_NOTADB/, "target.connection.filename must name a SQLite database"],
];

/**
 * Sorts an error of libsql by its extended result code (https://www.sqlite.org/rescode.html); undefined where it is
 * none of the driver's.
 */
export function sqliteError(error: unknown, filename: string): WriteError | Failure | undefined {
  if (error instanceof WriteError || error instanceof Failure) return error;
  if (!(error instanceof Error)) return undefined;
  if (/^ConnectionFailed\b/.test(error.message)) {
    return new Failure("database", `${filename} cannot be opened`, {
      hint: "target.connection.filename must name a SQLite database that this user can read and write",
      cause: error,
    });
  }
  const code = "code" in error ? String(error.code) : "";
  const { message } = error;
  if (/^SQLITE_(CONSTRAINT|MISMATCH|TOOBIG)/.test(code)) {
    const list = /^UNIQUE constraint failed: (?:index '(.+)'|(.+))$/s.exec(message);
    const foreignKey = /^FOREIGN KEY constraint/.test(message);
    const missing = /^NOT NULL constraint failed: [^.]*\.(.+)$/s.exec(message)?.[1];
    return new WriteError("refused", message, { cause: error, index: list?.[1] ?? list?.[2], missing, foreignKey });
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new WriteError("conflict", `another program has ${filename} locked`, { cause: error });
  }
  if (!/SQLITE_/.test(code)) return undefined;
  const hint = hints.find(([pattern]) => pattern.test(code))?.[1];
  return new Failure("database", `${filename}: ${message}`, { hint, cause: error });
}
