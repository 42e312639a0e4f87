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

/** Universal tags: INTEGER, OCTET STRING, … Operations: SearchResultEntry, SearchResultReference, … */
export const tags = {
  integer: 0x02,
  octets: 0x04,
  sequence: 0x30,
  set: 0x31,
  entry: 0x64,
  reference: 0x73,
  done: 0x65,
  bound: 0x61,
  extended: 0x78,
  responseValue: 0x8b,
  intermediate: 0x79,
  enumerated: 0x0a,
  boolean: 0x01,
  controls: 0xa0,
} as const;

/** No answer of a directory is that large; a length above it is a broken stream, not a reason to wait for the rest. */
const longestMessage = 256 * 1024 * 1024;

/** The element at `offset`, which must lie before `end` as a whole. */
export function element(bytes: Buffer, offset: number, end: number): Element {
  return { tag: bytes[offset] ?? 0, start: contentStart(bytes, offset), end: elementEnd(bytes, offset, end) };
}

/** Where the content of the element at `offset` begins. Only `elementEnd` makes sure that it is there. */
export function contentStart(bytes: Buffer, offset: number): number {
  const first = bytes[offset + 1] ?? 0;
  return first < 0x80 ? offset + 2 : offset + 2 + (first & 0x7f);
}

/** Where the element at `offset` ends: before `end`. It must have this tag, where one is given. */
export function elementEnd(bytes: Buffer, offset: number, end: number, tag?: number): number {
  if (tag !== undefined && bytes[offset] !== tag) throw new MalformedMessage("an element is not of the kind expected");
  const first = bytes[offset + 1] ?? 0;
  const own = offset + 2 + (first < 0x80 ? first : longLength(bytes, offset, end));
  if (own > end) throw new MalformedMessage("an element is longer than what holds it");
  return own;
}

/** The elements that lie between two offsets, one after the other. */
export function* elements(bytes: Buffer, start: number, end: number): Iterable<Element> {
  for (let offset = start; offset < end; ) {
    const next = element(bytes, offset, end);
    yield next;
    offset = next.end;
  }
}

/**
 * What comes after the known elements of a sequence must be of a later standard (RFC 4511 section 4), and so have a tag
 * of its own: anything else is what a wrong length left over, and would be lost in silence.
 */
export function expectExtensions(bytes: Buffer, start: number, end: number): void {
  for (const { tag } of elements(bytes, start, end)) {
    if ((tag & 0xc0) !== 0x80) throw new MalformedMessage("a sequence has an element too many");
  }
}

/** INTEGER and ENUMERATED (of at most four bytes, as in all of LDAP). */
export function integer(bytes: Buffer, start: number, end: number): number {
  if (end - start < 1 || end - start > 4) throw new MalformedMessage("an integer has no or more than four bytes");
  return bytes.readIntBE(start, end - start);
}

/** How many bytes the message at `offset` takes, or undefined while its length is not here yet. */
export function messageSize(bytes: Buffer, offset: number, end: number): number | undefined {
  if (offset < end && bytes[offset] !== 0x30) throw new MalformedMessage("a message does not begin with a sequence");
  if (offset + 2 > end || contentStart(bytes, offset) > end) return undefined;
  const first = bytes[offset + 1] ?? 0;
  const size = 2 + (first < 0x80 ? first : longLength(bytes, offset, end));
  if (size > longestMessage) throw new MalformedMessage(`a message claims ${size} bytes`);
  return size;
}

/** The bytes after the first two of an element whose length is in the long form: those of the length, and the content. */
function longLength(bytes: Buffer, offset: number, end: number): number {
  const size = (bytes[offset + 1] ?? 0) & 0x7f;
  if (size === 0 || size > 4) throw new MalformedMessage("a length is indefinite or has more than four bytes");
  if (offset + 2 + size > end) throw new MalformedMessage("a length is cut off");
  return size + bytes.readUIntBE(offset + 2, size);
}
