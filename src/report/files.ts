import { closeSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { Failure } from "../errors.ts";
import type { Report, SyncEvent } from "./event.ts";

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
      writeSync(descriptor, pending);
    } catch (error) {
      throw new Failure(
        "files",
        `${option}: cannot write to ${file}: ${error instanceof Error ? error.message : error}`,
        {
          hint: "finished batches stand; make room and run again",
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
    return openSync(file, "a", 0o600);
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
}

function empty(descriptor: number): void {
  try {
    ftruncateSync(descriptor, 0);
  } catch {
    // A pipe or a terminal has nothing to empty.
  }
}
