/** Security identifiers of Windows ([MS-DTYP] section 2.4.2). */

/** An authority of 2^32 or more is written in hexadecimal digits. */
const written = /^s-1-(\d{1,10}|0x[0-9a-f]{12})((?:-\d{1,10}){0,15})$/i;
const uint32 = 2 ** 32;

/** Revision, count, a big-endian authority of 6 bytes, little-endian sub-authorities (section 2.4.2.2). */
export function sidOfBytes(bytes: Buffer): string | undefined {
  const count = bytes[1] ?? 0;
  if (bytes[0] !== 1 || count > 15 || bytes.length !== 8 + 4 * count) return undefined;
  return sid(
    bytes.readUIntBE(2, 6),
    Array.from({ length: count }, (_, at) => bytes.readUInt32LE(8 + 4 * at)),
  );
}

/** The canonical text of a SID that a server, or a configuration, gives as text. */
export function sidOfText(text: string): string | undefined {
  const [, authority = "", rest = ""] = written.exec(text) ?? [];
  if (authority === "") return undefined;
  const parts = rest.split("-").slice(1).map(Number);
  if (parts.some((part) => part >= uint32)) return undefined;
  const number = Number(authority);
  return !authority.startsWith("0x") && number >= uint32 ? undefined : sid(number, parts);
}

/** The bytes of which `sidOfBytes` makes this text. */
export function bytesOfSid(text: string): Buffer | undefined {
  const canonical = sidOfText(text);
  if (canonical === undefined) return undefined;
  const [authority = 0, ...parts] = canonical.split("-").slice(2).map(Number);
  const bytes = Buffer.alloc(8 + 4 * parts.length);
  bytes[0] = 1;
  bytes[1] = parts.length;
  bytes.writeUIntBE(authority, 2, 6);
  for (const [at, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * at);
  return bytes;
}

const sid = (authority: number, parts: readonly number[]): string =>
  ["S-1", authority < uint32 ? authority : `0x${authority.toString(16).padStart(12, "0")}`, ...parts].join("-");
