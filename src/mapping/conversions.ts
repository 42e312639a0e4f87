import type { ColumnRule } from "../config/schema.ts";
import type { AttributeValue } from "../entry.ts";
import { firstRdn } from "../source/dn.ts";
import { fromFiletime } from "./filetime.ts";
import { fromGeneralizedTime } from "./generalized-time.ts";
import { bytesOfGuid, guidOfBytes, uuidOfText } from "./guid.ts";
import { bytesOfSid, sidOfBytes, sidOfText } from "./sid.ts";
import type { Kind } from "./value.ts";

/** What `as` does to one value. */
export interface Conversion {
  readonly kind: Kind;
  /** Completes the sentence "mail "x" is not …". */
  readonly expects: string;
  /** The canonical text of the kind, empty for no value, or `undefined` where the text is not what is expected. */
  readonly convert: (text: string) => string | undefined;
  /**
   * For values that are not UTF-8. Where it is missing, they are rejected. Where it is there, `convert` reads the bytes
   * of a text likewise: whether bytes are UTF-8 is chance.
   */
  readonly convertBytes?: (bytes: Buffer) => string | undefined;
  /** Reads a value written in the configuration, where it is not written as in the directory. */
  readonly literal?: { readonly expects: string; readonly convert: (text: string) => string | undefined };
  /** What a directory has for this text, where it is not the text itself; `undefined` where the text is not canonical. */
  readonly inDirectory?: (text: string) => AttributeValue | undefined;
}

const hexOf = (bytes: Buffer): string => `0x${bytes.toString("hex")}`;
const hexOfText = (text: string): string | undefined =>
  /^0x(?:[0-9a-f]{2})*$/i.test(text) ? text.toLowerCase() : undefined;
const asWritten = (text: string): string => text;

const booleans: ReadonlyMap<string, string> = new Map([
  ["true", "true"],
  ["1", "true"],
  ["yes", "true"],
  ["false", "false"],
  ["0", "false"],
  ["no", "false"],
]);

const generalizedTime = "a generalizedTime with a time zone (20260131120000Z)";

const conversions = {
  string: { kind: "text", expects: "text", convert: asWritten },
  /** RFC 4517 section 3.3.16, and with it a plus sign and leading zeros, which some servers let through. */
  integer: { kind: "integer", expects: "an integer (an optional sign and digits)", convert: integer },
  /** TRUE and FALSE are those of RFC 4517 section 3.3.3; the others are met in attributes of string syntax. */
  boolean: {
    kind: "boolean",
    expects: "a boolean (TRUE or FALSE, 1 or 0, yes or no)",
    convert: (text) => booleans.get(text.toLowerCase()),
  },
  datetime: {
    kind: "datetime",
    expects: generalizedTime,
    convert: fromGeneralizedTime,
  },
  /** In the configuration as generalizedTime: numbers of JSON have 53 bits. */
  filetime: {
    kind: "datetime",
    expects: "a FILETIME (100 ns ticks since 1601, up to the year 9999)",
    convert: fromFiletime,
    literal: { expects: generalizedTime, convert: fromGeneralizedTime },
  },
  guid: {
    kind: "uuid",
    expects: "a GUID (16 bytes, or 32 hexadecimal digits)",
    convert: (text) => guidOfBytes(Buffer.from(text, "utf8")) ?? uuidOfText(text),
    convertBytes: guidOfBytes,
    literal: { expects: "a GUID (32 hexadecimal digits)", convert: uuidOfText },
    inDirectory: bytesOfGuid,
  },
  sid: {
    kind: "text",
    expects: "a SID (its bytes, or S-1-5-21-…)",
    convert: (text) => sidOfBytes(Buffer.from(text, "utf8")) ?? sidOfText(text),
    convertBytes: sidOfBytes,
    literal: { expects: "a SID (S-1-5-21-…)", convert: sidOfText },
    inDirectory: bytesOfSid,
  },
  uuid: { kind: "uuid", expects: "a UUID (32 hexadecimal digits, hyphens and braces optional)", convert: uuidOfText },
  base64: {
    kind: "base64",
    expects: "base64",
    convert: (text) => Buffer.from(text, "utf8").toString("base64"),
    convertBytes: (bytes) => bytes.toString("base64"),
    literal: {
      expects: "base64",
      convert: (text) => (Buffer.from(text, "base64").toString("base64") === text ? text : undefined),
    },
  },
  binary: {
    kind: "binary",
    expects: "bytes",
    convert: (text) => hexOf(Buffer.from(text, "utf8")),
    convertBytes: hexOf,
    literal: { expects: "bytes (0x and hexadecimal digits)", convert: hexOfText },
    inDirectory: (text) => (hexOfText(text) === undefined ? undefined : Buffer.from(text.slice(2), "hex")),
  },
  /** RFC 4514: the value of the first relative distinguished name, escapes resolved. */
  rdn: {
    kind: "text",
    expects: "a distinguished name (uid=anna,ou=people,dc=example)",
    convert: (text) => firstRdn(text)?.value,
    literal: { expects: "text", convert: asWritten },
  },
} satisfies Record<ColumnRule["as"], Conversion>;

export function conversionOf(as: ColumnRule["as"]): Conversion {
  return conversions[as];
}

const canonicalInteger = /^[1-9]\d*$/;

function integer(text: string): string | undefined {
  if (canonicalInteger.test(text)) return text;
  const match = /^([+-]?)0*(0|[1-9]\d*)$/.exec(text);
  if (match === null) return undefined;
  const [, sign, digits = ""] = match;
  return sign === "-" && digits !== "0" ? `-${digits}` : digits;
}
