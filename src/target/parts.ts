import type { Binding } from "./dialect.ts";
import { WriteError } from "./target.ts";

/** What one statement may carry. */
export interface StatementLimits {
  readonly bindings: number;
  /** Most bytes of the values of one statement. */
  readonly bytes: number;
  /** What sets that, for people: `max_allowed_packet`. */
  readonly setBy: string;
}

/** Upper bound of the bytes that a statement has for each row besides its values. */
const rowSize = 64;

/**
 * Cuts rows of bindings so that each part stays within what one statement may carry. A `WriteError` where a single row
 * does not.
 */
export function* parts<R extends readonly Binding[]>(rows: readonly R[], limits: StatementLimits): Iterable<R[]> {
  let part: R[] = [];
  let bindings = 0;
  let bytes = 0;
  for (const row of rows) {
    const size = sizeOf(row, limits);
    if (part.length > 0 && (bindings + row.length > limits.bindings || bytes + size > limits.bytes)) {
      yield part;
      part = [];
      bindings = 0;
      bytes = 0;
    }
    part.push(row);
    bindings += row.length;
    bytes += size;
  }
  if (part.length > 0) yield part;
}

/** The bytes of a row in a statement's text: an upper bound at first sight, measured where that is too much. */
function sizeOf(row: readonly Binding[], limits: StatementLimits): number {
  let bound = rowSize;
  for (const value of row) bound += mostBytes(value);
  if (bound <= limits.bytes) return bound;
  const size = row.reduce((sum: number, value) => sum + exactBytes(value), 0);
  if (size <= limits.bytes) return size + rowSize;
  throw new WriteError("refused", `the row has ${size} bytes, ${limits.setBy} allows ${limits.bytes}`);
}

/** Three bytes of UTF-8 a unit, two hexadecimal digits a byte. */
const mostBytes = (value: Binding): number =>
  typeof value === "string" ? value.length * 3 + 8 : Buffer.isBuffer(value) ? value.length * 2 + 8 : 24;

/** With the quotes around a text, and a comma and a space after the value. */
function exactBytes(value: Binding): number {
  if (typeof value === "string") return Buffer.byteLength(value) + backslashes(value) + 4;
  return Buffer.isBuffer(value) ? mostBytes(value) : String(value).length + 2;
}

/** What a MySQL driver escapes in a literal with a backslash. */
const escaped = new Set([..."\0\b\t\n\r\x1a\"'\\"].map((character) => character.charCodeAt(0)));

function backslashes(text: string): number {
  let count = 0;
  for (let at = 0; at < text.length; at += 1) if (escaped.has(text.charCodeAt(at))) count += 1;
  return count;
}
