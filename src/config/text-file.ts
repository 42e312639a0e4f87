import { readFile } from "node:fs/promises";
import { Failure } from "../errors.ts";

type Read = (file: string) => Promise<Buffer>;

/**
 * The text of a UTF-8 file, without a byte order mark.
 * @throws Failure("configuration") that says why it cannot be read
 */
export async function readText(file: string, read: Read = readFile): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(await read(file));
  } catch (error) {
    throw new Failure("configuration", `${file} ${whyUnreadable(error)}`, { cause: error });
  }
}

/** Why a file cannot be read, to complete a sentence that begins with its name. */
export function whyUnreadable(error: unknown): string {
  if (error instanceof TypeError) return "is not UTF-8 text; save it as UTF-8";
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return ERROR_WORDS[code] ?? `cannot be read (${code || String(error)})`;
}

const ERROR_WORDS: Readonly<Record<string, string>> = {
  EACCES: "may not be read by this user (permission denied)",
  EPERM: "may not be read by this user (not permitted)",
  EISDIR: "is a folder, not a file",
  ELOOP: "is a symbolic link that leads back to itself",
  ENOENT: "does not exist",
  ENOTDIR: "does not exist: a part of its path is not a folder",
};
