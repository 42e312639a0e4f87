/**
 * Reading of BER as LDAP uses it (RFC 4511 section 5.1): definite lengths only, single-byte tags. Positions are
 * offsets into the buffer; nothing is copied until a value is asked for.
 */

/** Bytes that are not what RFC 4511 allows. */
export class MalformedMessage extends Error {
  override readonly name = "MalformedMessage";
}

/** One element: its tag and where its content lies. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly end: number;
}

/** No answer of a directory is that large; a length above it is a broken stream, not a reason to wait for the rest. */
const longestMessage = 256 * 1024 * 1024;

/** The element at `offset`, which must lie before `end` as a whole. */
export function element(bytes: Buffer, offset: number, end: number): Element {
  const header = length(bytes, offset, end);
  if (header === undefined || header.start + header.length > end)
    throw new MalformedMessage("an element is longer than what holds it");
  return { tag: bytes[offset] ?? 0, start: header.start, end: header.start + header.length };
}

/** The elements that lie between two offsets, one after the other. */
export function* elements(bytes: Buffer, start: number, end: number): Iterable<Element> {
  for (let offset = start; offset < end; ) {
    const next = element(bytes, offset, end);
    yield next;
    offset = next.end;
  }
}

/** INTEGER and ENUMERATED (of at most four bytes, as in all of LDAP). */
export function integer(bytes: Buffer, { start, end }: Element): number {
  if (end - start < 1 || end - start > 4) throw new MalformedMessage("an integer has no or more than four bytes");
  return bytes.readIntBE(start, end - start);
}

/** How many bytes the message at `offset` takes, or undefined while its length is not here yet. */
export function messageSize(bytes: Buffer, offset: number, end: number): number | undefined {
  if (offset < end && bytes[offset] !== 0x30) throw new MalformedMessage("a message does not begin with a sequence");
  const header = length(bytes, offset, end);
  return header && header.start - offset + header.length;
}

function length(bytes: Buffer, offset: number, end: number): { start: number; length: number } | undefined {
  if (offset + 2 > end) return undefined;
  const first = bytes[offset + 1] ?? 0;
  if (first < 0x80) return { start: offset + 2, length: first };
  const size = first & 0x7f;
  if (size === 0 || size > 4) throw new MalformedMessage("a length is indefinite or has more than four bytes");
  if (offset + 2 + size > end) return undefined;
  const long = bytes.readUIntBE(offset + 2, size);
  if (long > longestMessage) throw new MalformedMessage(`an element claims ${long} bytes`);
  return { start: offset + 2 + size, length: long };
}
