import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { uuidOfHex, uuidOfText } from "../mapping/guid.ts";
import type { Kind } from "../mapping/value.ts";
import type { ColumnType } from "./column.ts";

/**
 * What a binary column holds is, as a text, lower-case hexadecimal digits: two texts are equal where the bytes are, and
 * letter case, accents and spaces, which do not count elsewhere, cannot make them so.
 */

type BinaryType = Extract<ColumnType, { type: "binary" }>;

/** The length of a UUID that is written out: a column of just so many bytes is meant for that. */
const writtenUuid = 36;

/** The digits of a value in this column; a UUID as its 16 bytes in the order in which it is written (RFC 9562 section 4). */
export function fitBinary(text: string, kind: Kind, type: BinaryType): string | { readonly misfit: string } {
  const hex = hexOf(text, kind, type);
  if (hex === undefined) return { misfit: `${JSON.stringify(text.slice(0, 60))} is not ${words[kind] ?? "bytes"}` };
  const length = hex.length / 2;
  if (length > type.maxBytes) return { misfit: `${length} bytes, column holds ${type.maxBytes}` };
  return type.fixed ? hex.padEnd(2 * type.maxBytes, "0") : hex;
}

const words: { readonly [K in Kind]?: string } = { uuid: "a UUID", binary: "bytes (0x and hexadecimal digits)" };

function hexOf(text: string, kind: Kind, { maxBytes }: BinaryType): string | undefined {
  if (kind === "binary") return /^0x(?:[0-9a-f]{2})*$/i.test(text) ? text.slice(2).toLowerCase() : undefined;
  if (kind !== "uuid" || maxBytes === writtenUuid) return Buffer.from(text, "utf8").toString("hex");
  return uuidOfText(text)?.replaceAll("-", "");
}

/** More bytes than this are told by their beginning, their number and a digest. */
const mostShown = 64;
const beginning = 8;

/**
 * For people and for the audit trail, what a binary column holds that is filled by values of this kind: a UUID or a text
 * as it is written, else `0x…`. Pictures of one camera begin alike, so the digest tells them apart.
 */
export function shownBinary(hex: string, kind: Kind, { fixed }: BinaryType): string {
  const uuid = kind === "uuid" ? uuidOfHex(hex) : undefined;
  if (uuid !== undefined) return uuid;
  const bytes = Buffer.from(hex, "hex");
  if (kind !== "binary" && isUtf8(bytes)) {
    const text = bytes.toString("utf8");
    return fixed ? text.replace(/\0+$/, "") : text;
  }
  if (bytes.length <= mostShown) return `0x${hex}`;
  const digest = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
  return `0x${hex.slice(0, 2 * beginning)}… (${bytes.length} bytes, sha256 ${digest})`;
}
