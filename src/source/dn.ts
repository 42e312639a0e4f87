import { isUtf8 } from "node:buffer";
import { foldText } from "./attributes.ts";
import { normaliseType, usesOtherNames } from "./dn-types.ts";

/**
 * One attribute type and value of an RDN. The type is as written, the value unescaped; a value that has no text (bytes
 * that are not UTF-8, BER that is not a string) stays in the escaped form in which it is written.
 */
export interface Ava {
  readonly type: string;
  readonly value: string;
}

/** Several where the RDN is multi-valued (`cn=a+uid=b`); their order means nothing. */
export type Rdn = readonly Ava[];

// The ordinary DN: nothing escaped or quoted, one value an RDN, no space that would have to be dropped. Each text
// matches in one way only, so that the test takes linear time.
const ordinaryValue = String.raw`(?:[^\s"#+,;<>\\]+(?: [^\s"#+,;<>\\]+)*)?`;
const ordinaryAva = `[A-Za-z][A-Za-z0-9-]*=${ordinaryValue}`;
const ordinaryDn = new RegExp(`^${ordinaryAva}(?:,${ordinaryAva})*$`);
const printableAscii = /^[ -~]*$/;

/**
 * The RDNs of a DN, the entry's own first (RFC 4514; `;` as separator, quoted values, `oid.` and spaces around
 * separators as in RFC 2253). The empty DN has none. Undefined where the text is not a DN.
 */
export function parseDn(text: string): readonly Rdn[] | undefined {
  if (text.trim() === "") return [];
  if (ordinaryDn.test(text)) return text.split(",").map((part) => [ordinaryPair(part)]);
  return parseEscaped(text);
}

/**
 * The form in which two DNs are equal: types (by whichever name) and values folded, AVAs sorted, separators bare. A comma inside a value is
 * escaped, so that every bare comma separates RDNs. A text that is not a DN is folded as a whole.
 */
export function normaliseDn(text: string): string {
  if (ordinaryDn.test(text) && printableAscii.test(text) && !usesOtherNames(text)) return text.toLowerCase();
  const rdns = parseDn(text);
  if (rdns === undefined) return foldText(text);
  return rdns.map((rdn) => rdn.map(normaliseAva).sort().join("+")).join(",");
}

/** Whether a text is surely meant for a DN: it has two RDNs or more. */
export const looksLikeDn = (text: string): boolean => (parseDn(text)?.length ?? 0) > 1;

/** Whether an entry lies in the scope of a base (RFC 4511 section 4.5.1.2). Both DNs in the form of `normaliseDn`. */
export function isWithin(dn: string, base: string, scope: "base" | "one" | "sub"): boolean {
  if (scope === "base") return dn === base;
  if (scope === "sub" && (base === "" || dn === base)) return true;
  if (base !== "" && !dn.endsWith(`,${base}`)) return false;
  if (scope === "sub") return true;
  const own = base === "" ? dn : dn.slice(0, -base.length - 1);
  return own !== "" && !own.includes(",");
}

/** The first AVA of the DN's first RDN; undefined where the text is not a DN or is empty. */
export function firstRdn(dn: string): Ava | undefined {
  if (!ordinaryDn.test(dn)) return parseDn(dn)?.[0]?.[0];
  const comma = dn.indexOf(",");
  return ordinaryPair(comma < 0 ? dn : dn.slice(0, comma));
}

function ordinaryPair(text: string): Ava {
  const equals = text.indexOf("=");
  return { type: text.slice(0, equals), value: text.slice(equals + 1) };
}

function normaliseAva({ type, value }: Ava): string {
  const escaped = foldText(value).replace(/[\\",#+;<>]/g, (char) => `\\${char.charCodeAt(0).toString(16)}`);
  return `${normaliseType(type)}=${escaped}`;
}

function parseEscaped(text: string): readonly Rdn[] | undefined {
  const typeAndEquals = / *(?:oid\.)?([a-z][a-z0-9-]*|\d+(?:\.\d+)*) *= */iy;
  const rdns: Rdn[] = [];
  let rdn: Ava[] = [];
  for (;;) {
    const type = typeAndEquals.exec(text)?.[1];
    if (type === undefined) return undefined;
    const end = valueEnd(text, typeAndEquals.lastIndex);
    const value = readValue(text.slice(typeAndEquals.lastIndex, end));
    if (value === undefined) return undefined;
    rdn.push({ type, value });
    if (text[end] !== "+") {
      rdns.push(rdn);
      rdn = [];
    }
    if (end >= text.length) return rdns;
    typeAndEquals.lastIndex = end + 1;
  }
}

/** Where the value that starts at `start` ends: at the next separator that is neither escaped nor quoted. */
function valueEnd(text: string, start: number): number {
  const quoted = text[start] === '"';
  let inside = quoted;
  let at = quoted ? start + 1 : start;
  for (; at < text.length; at += 1) {
    const char = text[at];
    if (char === "\\") at += 1;
    else if (quoted && char === '"') inside = false;
    else if (!inside && (char === "," || char === "+" || char === ";")) return at;
  }
  return text.length;
}

function readValue(written: string): string | undefined {
  if (written.startsWith("#")) return readBer(written.trimEnd());
  if (!written.startsWith('"')) return unescapeValue(written);
  const quoted = written.trimEnd();
  return quoted.length > 1 && quoted.endsWith('"') ? unescapeValue(quoted.slice(1, -1), true) : undefined;
}

const pieceOfValue = /\\([0-9a-f]{2})|\\([ "#+,;<=>\\])|([^\\]+)/iy;

/** Undefined where an escape is wrong or a quote stands unescaped. Trailing spaces count where escaped or quoted. */
function unescapeValue(written: string, quoted = false): string | undefined {
  const parts: Buffer[] = [];
  pieceOfValue.lastIndex = 0;
  while (pieceOfValue.lastIndex < written.length) {
    const [, hex, special, plain = special] = pieceOfValue.exec(written) ?? [];
    if (hex !== undefined) parts.push(Buffer.from(hex, "hex"));
    else if (plain === undefined || (special === undefined && plain.includes('"'))) return undefined;
    else if (special !== undefined || quoted || pieceOfValue.lastIndex < written.length) parts.push(Buffer.from(plain));
    else parts.push(Buffer.from(plain.replace(/ +$/, "")));
  }
  const bytes = Buffer.concat(parts);
  return isUtf8(bytes) ? bytes.toString("utf8") : written.trimEnd();
}

const berStringTags = new Set([0x04, 0x0c, 0x13, 0x14, 0x16]); // OCTET, UTF8, Printable, Teletex, IA5 STRING

/** `#` and the BER encoding of the value in hexadecimal (RFC 4514 section 2.4): its text, where it is a string. */
function readBer(written: string): string | undefined {
  if (!/^#(?:[0-9a-f]{2})+$/i.test(written)) return undefined;
  const ber = Buffer.from(written.slice(1), "hex");
  const lengthBytes = (ber[1] ?? 0) < 0x80 ? 0 : (ber[1] ?? 0) - 0x80;
  const content = ber.subarray(2 + lengthBytes);
  const length = lengthBytes === 0 ? ber[1] : Number.parseInt(ber.toString("hex", 2, 2 + lengthBytes), 16);
  const isText = berStringTags.has(ber[0] ?? 0) && length === content.length && isUtf8(content);
  return isText ? content.toString("utf8") : written;
}
