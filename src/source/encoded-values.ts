import { isUtf8 } from "node:buffer";
import type { AttributeValue } from "../entry.ts";
import { contentStart, elementEnd } from "./ber.ts";

/** Bytes as text, a character for each byte: for those that were asked for last it is there already. */
export type Latin1 = (bytes: Buffer) => string;

export function latin1Memo(): Latin1 {
  let last: Buffer | undefined;
  let text = "";
  return (bytes) => {
    if (bytes !== last) {
      text = bytes.toString("latin1");
      last = bytes;
    }
    return text;
  };
}

/** The values of the SET OF at this offset, which has been looked through before. */
export function decodeValues(bytes: Buffer, set: number, latin1: Latin1): AttributeValue[] {
  const first = contentStart(bytes, set);
  const setEnd = elementEnd(bytes, set, bytes.length);
  const values: AttributeValue[] = [];
  let end: number;
  for (let offset = first; offset < setEnd; offset = end) {
    end = elementEnd(bytes, offset, setEnd);
    const value = decodeValue(bytes, contentStart(bytes, offset), end, latin1);
    // A list that is begun with its one value takes less room than one that is grown.
    if (offset === first && end === setEnd) return [value];
    values.push(value);
  }
  return values;
}

/** The value of such a SET OF, where it has only one. */
export function decodeOnly(bytes: Buffer, set: number, latin1: Latin1): AttributeValue | undefined {
  const first = contentStart(bytes, set);
  const setEnd = elementEnd(bytes, set, bytes.length);
  if (first === setEnd || elementEnd(bytes, first, setEnd) !== setEnd) return undefined;
  return decodeValue(bytes, contentStart(bytes, first), setEnd, latin1);
}

/** Bytes as text, whatever they are. */
export const decodeText = (bytes: Buffer, start: number, end: number, latin1: Latin1): string =>
  asciiText(bytes, start, end, latin1) ?? bytes.toString("utf8", start, end);

/** U+FFFD in the text means that bytes were not UTF-8, or that it was there from the start: only then is it worth a look. */
function decodeValue(bytes: Buffer, start: number, end: number, latin1: Latin1): AttributeValue {
  const text = decodeText(bytes, start, end, latin1);
  if (!text.includes("\uFFFD") || isUtf8(bytes.subarray(start, end))) return text;
  return Buffer.from(bytes.subarray(start, end));
}

/** V8 copies a part of a text that is shorter; a longer one points into the whole, which makes each comparison dear. */
const longestCopied = 13;
/** Of so many bytes a text is not made as a whole for the sake of some short ones: there are photographs among them. */
const longestWhole = 2 ** 18;

/** The bytes as text where all of them are ASCII. */
function asciiText(bytes: Buffer, start: number, end: number, latin1: Latin1): string | undefined {
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) > 0x7f) return undefined;
  return end - start < longestCopied && bytes.length <= longestWhole
    ? latin1(bytes).substring(start, end)
    : bytes.toString("latin1", start, end);
}
