import {
  closeSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  statSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { homedir } from "node:os";
import { basename, dirname, isAbsolute, join } from "node:path";
import { Failure } from "../errors.ts";
import { parseRecord, type RunRecord } from "./record.ts";
import { type HistoryStore, isWanted, type Remembered } from "./store.ts";

/**
 * `$XDG_STATE_HOME/idm-ldap-sync/history.jsonl`. A relative path there is to be ignored
 * (https://specifications.freedesktop.org/basedir-spec/latest/).
 */
export function defaultFile(env: Readonly<Record<string, string | undefined>>): string {
  const { XDG_STATE_HOME: state = "", HOME: home = "" } = env;
  const folder = isAbsolute(state) ? state : join(isAbsolute(home) ? home : homedir(), ".local", "state");
  return join(folder, "idm-ldap-sync", "history.jsonl");
}

interface Sizes {
  /** From this size on, in bytes, the file is put aside. */
  readonly rotateAt: number;
  /** So much of what was put aside is kept, the newest always. */
  readonly keep: number;
}

const usual: Sizes = { rotateAt: 1024 * 1024, keep: 2 * 1024 * 1024 };

/** JSON lines in a file that only its owner can read. Several processes may write to it at once. */
export function fileStore(file: string, now: () => Date, sizes: Sizes = usual): HistoryStore {
  return {
    title: file,
    write: async (record) => {
      try {
        append(file, record, now, sizes);
      } catch (error) {
        if (error instanceof Failure) throw error;
        const why = error instanceof Error ? error.message : error;
        throw new Failure("files", `cannot write to ${file}: ${why}`, { cause: error });
      }
    },
    read: async (wanted) => {
      const { records, unreadable } = readAll(file);
      return { records: records.filter((record) => isWanted(record, wanted)), unreadable };
    },
  };
}

function append(file: string, record: RunRecord, now: () => Date, sizes: Sizes): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  rotate(file, `${now().toISOString().replaceAll(/[-:.]/g, "")}-${record.runId.slice(0, 8)}`, sizes);
  const descriptor = openSync(file, "a+", 0o600);
  try {
    const { start, end } = edges(descriptor);
    if (start !== "" && !start.startsWith('{"runId":')) {
      throw new Failure("files", `${file} exists and is not a file of runs`, { hint: "name another file" });
    }
    // A line that a full disk cut short must not spoil the next one.
    const line = Buffer.from(`${end === "" || end === "\n" ? "" : "\n"}${JSON.stringify(record)}\n`);
    // One write with O_APPEND: two processes at once cannot mix their lines (https://man7.org/linux/man-pages/man2/write.2.html).
    if (writeSync(descriptor, line) < line.length) throw new Error("only a part could be written (is the disk full?)");
  } finally {
    closeSync(descriptor);
  }
}

/** How a file begins, and its last byte; nothing of what is no regular file. */
function edges(descriptor: number): { start: string; end: string } {
  const stat = fstatSync(descriptor);
  const at = (length: number, position: number): string => {
    const bytes = Buffer.alloc(length);
    return bytes.toString("latin1", 0, readSync(descriptor, bytes, 0, length, position));
  };
  return stat.isFile() && stat.size > 0 ? { start: at(9, 0), end: at(1, stat.size - 1) } : { start: "", end: "" };
}

/**
 * Puts a file that has grown large aside, under a name that nobody else gives. No lock is needed: where two processes do
 * this at once, the second one puts a small file aside, and nothing is lost. Who has the file open writes to where it lies now.
 */
function rotate(file: string, stamp: string, { rotateAt, keep }: Sizes): void {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (!stat?.isFile() || stat.size < rotateAt) return;
  unlessGone(() => renameSync(file, `${file}.${stamp}`));
  let kept = 0;
  for (const old of putAside(file)) {
    const size = statSync(old, { throwIfNoEntry: false })?.size ?? 0;
    if (kept > 0 && kept + size > keep) unlessGone(() => unlinkSync(old));
    kept += size;
  }
}

/** The files that were put aside, the newest first. */
function putAside(file: string): string[] {
  const names = unlessGone(() => readdirSync(dirname(file))) ?? [];
  const stamped = /^\.\d{8}T\d{9}Z-[\da-f]{8}$/;
  return names
    .filter((name) => name.startsWith(basename(file)) && stamped.test(name.slice(basename(file).length)))
    .sort()
    .reverse()
    .map((name) => join(dirname(file), name));
}

/** First the file itself: what is put aside meanwhile comes twice then, and not never. */
function readAll(file: string): Remembered {
  const newest = linesOf(file);
  const lines = [...newest, ...putAside(file).flatMap(linesOf)];
  const records = lines.map(parseRecord).filter((record) => record !== undefined);
  return { records, unreadable: lines.length - records.length };
}

function linesOf(file: string): string[] {
  try {
    return (unlessGone(() => readFileSync(file, "utf8")) ?? "").split("\n").filter(Boolean);
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new Failure("files", `the history cannot be read from ${file}: ${why}`, { cause: error });
  }
}

/** Undefined where another process was faster, or nothing was ever there. */
function unlessGone<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
