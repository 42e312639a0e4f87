import type { Failure } from "../errors.ts";

export const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const hash = 0x23;

/** Makes the failure for a place in the file: the line (from 1), what is wrong there, what to do. */
export type Report = (number: number, what: string, hint: string) => Failure;

/** A line without its end and without folding: `start` to `end` of `bytes`, which are lent until the next `read`. */
export interface Line {
  readonly bytes: Buffer;
  readonly start: number;
  readonly end: number;
  /** Of its first physical line, counted from 1. */
  readonly number: number;
}

export interface LineReader {
  /** Gives every line that is complete to `take`; with `last`, all that are left. */
  read(chunk: Buffer, last: boolean, take: (line: Line) => void): void;
}

/**
 * Cuts the bytes of an LDIF file into unfolded lines, whatever the pieces in which they come. Comments are dropped.
 * A line that goes on over many pieces is looked at again only when what waits has doubled, so the time grows with the
 * length of the line and not with its square.
 */
export function createLineReader(report: Report): LineReader {
  let waiting: Buffer[] = [];
  let size = 0;
  let wanted = 0;
  let number = 1;
  let atStart = true;

  /** Takes the complete lines from the front of the bytes and tells where the first incomplete one starts. */
  const takeLines = (bytes: Buffer, last: boolean, take: (line: Line) => void): number => {
    if (atStart && bytes.length < 3 && !last) return 0;
    let start = atStart ? lengthOfByteOrderMark(bytes, report) : 0;
    atStart = false;
    while (start < bytes.length) {
      const end = endOfLine(bytes, start, last);
      if (end < 0) break;
      const textEnd = withoutReturn(bytes, start, end);
      // An empty line ends a record: nothing continues it.
      const unfolded = textEnd > start && bytes[end + 1] === space ? unfold(bytes, start, end, last) : undefined;
      if (unfolded === "incomplete") break;
      if (bytes[start] !== hash) {
        take(
          unfolded === undefined
            ? { bytes, start, end: textEnd, number }
            : { bytes: unfolded.text, start: 0, end: unfolded.text.length, number },
        );
      }
      number += unfolded?.count ?? 1;
      start = (unfolded?.end ?? end) + 1;
    }
    return start;
  };

  return {
    read(chunk, last, take) {
      waiting.push(chunk);
      size += chunk.length;
      if (size < wanted && !last) return;
      const bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting, size);
      const rest = bytes.subarray(takeLines(bytes, last, take));
      waiting = [rest];
      size = rest.length;
      wanted = 2 * size;
    },
  };
}

/** Where the physical line ends; -1 where it cannot be told yet whether it ends there or is continued. */
function endOfLine(bytes: Buffer, start: number, last: boolean): number {
  const end = bytes.indexOf(lineFeed, start);
  if (end < 0) return last ? bytes.length : -1;
  return end + 1 < bytes.length || last ? end : -1;
}

function withoutReturn(bytes: Buffer, start: number, end: number): number {
  return end > start && bytes[end - 1] === carriageReturn ? end - 1 : end;
}

/** The line with its continuations: the text, where the last of them ends, and how many physical lines they are. */
function unfold(bytes: Buffer, start: number, firstEnd: number, last: boolean) {
  const parts = [bytes.subarray(start, withoutReturn(bytes, start, firstEnd))];
  let end = firstEnd;
  while (bytes[end + 1] === space) {
    const from = end + 2;
    end = endOfLine(bytes, from, last);
    if (end < 0) return "incomplete";
    parts.push(bytes.subarray(from, withoutReturn(bytes, from, end)));
  }
  return { text: Buffer.concat(parts), end, count: parts.length };
}

function lengthOfByteOrderMark(bytes: Buffer, report: Report): number {
  const mark = bytes.toString("hex", 0, 3);
  if (mark === "efbbbf") return 3;
  if (!mark.startsWith("fffe") && !mark.startsWith("feff")) return 0;
  throw report(1, "the text is UTF-16, LDIF is UTF-8", "save it as UTF-8; in PowerShell with Out-File -Encoding utf8");
}
