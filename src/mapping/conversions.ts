import type { ColumnRule } from "../config/schema.ts";
import { firstRdn } from "../source/dn.ts";
import { fromGeneralizedTime } from "./generalized-time.ts";
import type { Kind } from "./value.ts";

/** What `as` does to one value. */
export interface Conversion {
  readonly kind: Kind;
  /** Completes the sentence "mail "x" is not …". */
  readonly expects: string;
  /** The canonical text of the kind, or `undefined` where the text is not what is expected. */
  readonly convert: (text: string) => string | undefined;
  /** For values that are not UTF-8. Where it is missing, they are rejected. */
  readonly convertBytes?: (bytes: Buffer) => string;
  /** Reads a value written in the configuration, where it is not written as in the directory. */
  readonly convertLiteral?: (text: string) => string | undefined;
}

const asWritten = (text: string): string => text;

const booleans: ReadonlyMap<string, string> = new Map([
  ["true", "true"],
  ["1", "true"],
  ["yes", "true"],
  ["false", "false"],
  ["0", "false"],
  ["no", "false"],
]);

const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const unhyphenated = /^([0-9a-f]{8})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{4})([0-9a-f]{12})$/;

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
    expects: "a generalizedTime with a time zone (20260131120000Z)",
    convert: fromGeneralizedTime,
  },
  uuid: { kind: "uuid", expects: "a UUID (32 hexadecimal digits, hyphens and braces optional)", convert: uuid },
  base64: {
    kind: "base64",
    expects: "base64",
    convert: (text) => Buffer.from(text, "utf8").toString("base64"),
    convertBytes: (bytes) => bytes.toString("base64"),
    convertLiteral: (text) => (Buffer.from(text, "base64").toString("base64") === text ? text : undefined),
  },
  /** RFC 4514: the value of the first relative distinguished name, escapes resolved. */
  rdn: {
    kind: "text",
    expects: "a distinguished name (uid=anna,ou=people,dc=example)",
    convert: (text) => firstRdn(text)?.value,
    convertLiteral: asWritten,
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

function uuid(text: string): string | undefined {
  const lower = text.toLowerCase();
  const bare = lower.startsWith("{") && lower.endsWith("}") ? lower.slice(1, -1) : lower;
  if (hyphenated.test(bare)) return bare;
  return unhyphenated.exec(bare)?.slice(1).join("-");
}
