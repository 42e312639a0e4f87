import {
  appendFileSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
} from "node:fs";
import { Failure } from "../errors.ts";

/** A file that an option names for what a run tells. It holds people's data, so only its owner may read it. */
export interface ResultFile {
  empty(): void;
  /** Writes all, or fails with this hint. */
  write(text: string, hint: () => string): void;
  close(): void;
}

/**
 * Opens the file, so that a wrong path is told before anything is read.
 *
 * @param ours how a file begins that this option wrote; any other is left alone.
 */
export function openResultFile(option: string, file: string, ours: RegExp): ResultFile {
  const descriptor = open(option, file, ours);
  return {
    empty: () => {
      try {
        ftruncateSync(descriptor, 0);
      } catch {
        // A pipe or a terminal has nothing to empty.
      }
    },
    write: (text, hint) => {
      try {
        // Unlike writeSync, this writes all or throws.
        appendFileSync(descriptor, text);
      } catch (error) {
        throw new Failure("files", cannotWrite(option, file, error), { hint: hint(), cause: error });
      }
    },
    close: () => closeSync(descriptor),
  };
}

function open(option: string, file: string, ours: RegExp): number {
  try {
    refuseUnread(file);
    const descriptor = openSync(file, "a+", 0o600);
    if (isOurs(descriptor, ours)) {
      // Also where it was there before, with other rights.
      if (fstatSync(descriptor).isFile()) fchmodSync(descriptor, 0o600);
      return descriptor;
    }
    closeSync(descriptor);
  } catch (error) {
    throw new Failure("usage", cannotWrite(option, file, error), {
      hint: "name a file in a folder that exists and that you may write to",
      cause: error,
    });
  }
  throw new Failure("usage", `${option}: ${file} exists and is not a file that this option wrote`, {
    hint: "it would be replaced: name another file, or remove this one",
  });
}

/** A pipe that nobody reads would stop the run for ever when it is full: to open it for writing alone then fails (ENXIO). */
function refuseUnread(file: string): void {
  if (!statSync(file, { throwIfNoEntry: false })?.isFIFO()) return;
  closeSync(openSync(file, constants.O_WRONLY | constants.O_NONBLOCK));
}

const cannotWrite = (option: string, file: string, error: unknown): string =>
  `${option}: cannot write to ${file}: ${error instanceof Error ? error.message : error}`;

/** Empty, or begun as ours: a slip of the pen must not empty the directory's LDIF file or the configuration. */
function isOurs(descriptor: number, ours: RegExp): boolean {
  if (!fstatSync(descriptor).isFile()) return true;
  const start = Buffer.alloc(4096);
  const text = start.toString("utf8", 0, readSync(descriptor, start, 0, start.length, 0));
  return text === "" || ours.test(text);
}
