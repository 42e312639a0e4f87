/** Ids of 128 bits: bytes in the order of Microsoft, and texts in every form that is met. */

const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const unhyphenated = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

/** The canonical text of a UUID that is written with or without hyphens and braces. */
export function uuidOfText(text: string): string | undefined {
  const lower = text.toLowerCase();
  const bare = lower.startsWith("{") && lower.endsWith("}") ? lower.slice(1, -1) : lower;
  return hyphenated.test(bare) ? bare : uuidOfHex(bare);
}

/** Of 32 hexadecimal digits, in the order in which a UUID is written. */
export const uuidOfHex = (hex: string): string | undefined => unhyphenated.exec(hex)?.slice(1).join("-");

/** The first three parts are little-endian ([MS-DTYP] section 2.3.4.2), the others as they are written. */
export function guidOfBytes(bytes: Buffer): string | undefined {
  return bytes.length === 16 ? uuidOfHex(swapped(bytes).toString("hex")) : undefined;
}

/** The bytes of which `guidOfBytes` makes this text, in whatever form it is written. */
export function bytesOfGuid(text: string): Buffer | undefined {
  const uuid = uuidOfText(text);
  return uuid === undefined ? undefined : swapped(Buffer.from(uuid.replaceAll("-", ""), "hex"));
}

function swapped(bytes: Buffer): Buffer {
  const copy = Buffer.from(bytes);
  copy.subarray(0, 4).swap32();
  copy.subarray(4, 8).swap16();
  return copy;
}
