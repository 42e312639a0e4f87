/**
 * As much of the Basic Encoding Rules (X.690) as LDAP needs (RFC 4511 section 5.1). Written apart from the program
 * and its packages, so that a mistake there has no twin here.
 */

export interface Element {
  readonly tag: number;
  readonly content: Buffer;
  /** Where the next element begins. */
  readonly end: number;
}

export function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOctets(content.length), content]);
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  const octets = Buffer.alloc(4);
  octets.writeUInt32BE(length);
  const significant = octets.subarray(octets.findIndex((octet) => octet !== 0));
  return Buffer.concat([Buffer.from([0x80 | significant.length]), significant]);
}

/** INTEGER of at most 32 bits, or with another tag ENUMERATED (0x0a). */
export function integer(value: number, tag = 0x02): Buffer {
  const octets = Buffer.alloc(4);
  octets.writeInt32BE(value);
  let start = 0;
  // Octets in front that repeat the sign are left out.
  while (start < 3 && octets.readInt8(start) === (octets.readInt8(start + 1) < 0 ? -1 : 0)) start++;
  return element(tag, octets.subarray(start));
}

export const octets = (value: string | Buffer, tag = 0x04): Buffer =>
  element(tag, typeof value === "string" ? Buffer.from(value) : value);

export const sequence = (...contents: readonly Buffer[]): Buffer => element(0x30, ...contents);

export const set = (...contents: readonly Buffer[]): Buffer => element(0x31, ...contents);

/** The element that begins at `offset`, or undefined where the bytes end before it does. */
export function readElement(bytes: Buffer, offset = 0): Element | undefined {
  const tag = bytes[offset];
  const first = bytes[offset + 1];
  if (tag === undefined || first === undefined) return undefined;
  const lengthSize = first < 0x80 ? 0 : first & 0x7f;
  const begin = offset + 2 + lengthSize;
  if (begin > bytes.length) return undefined;
  const length = lengthSize === 0 ? first : bytes.readUIntBE(offset + 2, lengthSize);
  const end = begin + length;
  return end > bytes.length ? undefined : { tag, content: bytes.subarray(begin, end), end };
}

/** The elements of a constructed one. */
export function elementsIn(content: Buffer): Element[] {
  const found: Element[] = [];
  for (let offset = 0; offset < content.length; ) {
    const next = readElement(content, offset);
    if (next === undefined) throw new Error(`BER: an element is cut off in ${content.toString("hex")}`);
    found.push(next);
    offset = next.end;
  }
  return found;
}

export const readInteger = (content: Buffer): number => content.readIntBE(0, content.length);
