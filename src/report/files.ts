import type { Report, SyncEvent } from "./event.ts";
import { openResultFile } from "./result-file.ts";
import { plural } from "./words.ts";

/**
 * `--changes` and `--rejects`: one JSON line for each. The file is made sure to be writable at once, is emptied
 * when the run has begun (until then it may be that of the run which holds the lock), and has each line as soon as the
 * batch that it is part of is finished.
 */
export function jsonLines(option: string, file: string, line: (event: SyncEvent) => unknown): Report {
  const result = openResultFile(option, file, /^\{"(kind|dn)":"/);
  let pending = "";
  const lines = () => plural(pending.split("\n").length - 1, "line");
  let broken = false;
  const flush = (): void => {
    // A full disk is told once.
    if (pending === "" || broken) return;
    broken = true;
    result.write(pending, () => `${lines()} of the last finished batch may be missing from the file; make room`);
    broken = false;
    pending = "";
  };
  return (event) => {
    if (event.type === "begun") result.empty();
    const data = line(event);
    if (data !== undefined) pending += `${JSON.stringify(data)}\n`;
    if (event.type === "progress") flush();
    if (event.type !== "finished") return;
    try {
      flush();
    } finally {
      result.close();
    }
  };
}
