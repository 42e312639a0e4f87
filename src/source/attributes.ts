import { isUtf8 } from "node:buffer";
import type { AttributeValue } from "../entry.ts";

/** The bytes of a value as an entry holds them: a string where they are UTF-8, else a copy of them. */
export function attributeValue(bytes: Buffer): AttributeValue {
  return isUtf8(bytes) ? bytes.toString("utf8") : Buffer.from(bytes);
}

/**
 * The key under which an entry holds an attribute description: lower-cased, without the transfer option `;binary`, the
 * other options sorted, for their order means nothing (RFC 4512 section 2.5).
 */
export function attributeKey(description: string): string {
  const key = description.toLowerCase();
  if (!key.includes(";")) return key;
  const [name, ...options] = key.split(";");
  return [name, ...[...new Set(options)].filter((option) => option !== "binary").sort()].join(";");
}

/** An attribute description or key without its options: `cn;lang-de` is `cn`. */
export function withoutOptions(description: string): string {
  const semicolon = description.indexOf(";");
  return semicolon < 0 ? description : description.slice(0, semicolon);
}

/** The key of an attribute of which the server sent a part only (`member;range=0-1499`), [MS-ADTS] section 3.1.1.3.1.3.3. */
export interface RangedKey {
  readonly key: string;
  /** The key without the range. */
  readonly name: string;
  /** The place of the first value, from 0. */
  readonly low: number;
  /** The last value of all is among them. */
  readonly isLast: boolean;
}

const range = /;range=(\d+)-(\d+|\*)/;

export function rangedKey(key: string): RangedKey | undefined {
  const [option, low, high] = (key.includes(";") && range.exec(key)) || [];
  if (option === undefined) return undefined;
  return { key, name: key.replace(option, ""), low: Number(low), isLast: high === "*" };
}

const printableAscii = /^[ -~]*$/;
const spacesToFold = /^\s|\s$|\s\s|[^\S ]/;

/**
 * The form in which two directory strings are equal under caseIgnoreMatch: RFC 4518 without its tables of prohibited
 * and ignorable characters. Compatibility forms and letter case are folded, spaces trimmed and runs of them made one.
 */
export function foldText(text: string): string {
  return foldSpaces(printableAscii.test(text) ? text.toLowerCase() : foldCase(text));
}

/** As `foldText` but letter case counts (caseExactMatch). */
export function foldExact(text: string): string {
  return foldSpaces(printableAscii.test(text) ? text : text.normalize("NFKC"));
}

// Lower-casing leaves apart what RFC 4518 folds: the sigma at the end of a word, and ß against ss.
function foldCase(text: string): string {
  const lower = text.normalize("NFKC").toLowerCase();
  return lower.replaceAll("ς", "σ").replaceAll("ß", "ss").normalize("NFKC");
}

function foldSpaces(text: string): string {
  return spacesToFold.test(text) ? text.trim().replace(/\s+/g, " ") : text;
}
