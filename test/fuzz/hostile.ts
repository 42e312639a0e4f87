import type { Random } from "./random.ts";

/** Values as somebody would choose them who wants to break what reads them. */

const codePoints = (from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCodePoint(from + at));

/** Pieces of text, by whom they are against. */
const pieces = {
  controls: [...codePoints(0x00, 0x1f), ...codePoints(0x7f, 0x9f), "\r\n", "\n\n", "\0\0"],
  terminals: ["\x1b[2J", "\x1b[31m", "\x1b]0;title\x07", "\x9b1A", "\x1bP+q\x1b\\", "\b\b\b", "\x1b[8m"],
  directions: ["\u202egnp.exe", "\u2066", "\u200f", "\u061c", "שלום", "مرحبا", "\u2069\u202c"],
  unseen: ["\u200b", "\ufeff", "\u00ad", "\u2028", "\u2029", "\u{e0001}\u{e0041}", "\u180e", "\u3164"],
  emoji: ["😀", "👩‍👩‍👧‍👦", "🏳️‍🌈", "👍🏽", "🇸🇪", "☠️", "𠮷", "𝒳"],
  combining: ["e\u0301", "é", "Z͑ͫ̓ͪ̂", "\u0301", "한", "한", "ﬁ", "ß", "İ", "ı", "ſ", "Å"],
  noncharacters: ["\ufffd", "\uffff", "\ufdd0", "\u{10ffff}", "\u{1fffe}", "\ufffe"],
  ldif: [
    ": ",
    "::",
    ":< file:///etc/passwd",
    " leading",
    "trailing ",
    "\ndn: uid=evil",
    "\n -",
    "#",
    "< ",
    "dn:: AAAA",
  ],
  dns: [",dc=example", "\\,", "+uid=x", "#04024869", '"', "\\2C", "=", ";", "cn=", "\\"],
  filters: ["*", "(", ")", "\\", "\\2a", "\\00", ")(uid=*", "*)(|(uid=*))", "(&)", "\\zz", "~=", ":="],
  sql: [
    ...["'", '"', "`", "\\'", "\\", "\\\\", "--", "-- ", "/*", "*/", "#", "%", "_", ";", "?", "??", ":a", "$1", "@x"],
    ...["' OR 1=1 -- ", "'; drop table users; -- ", "\x1a", "x'41'", "0x41", "表", "ソ", "縗", "\u00bf'", "\u00bf\\"],
    ...["collate binary", "\\N", "\\%", "/*!50000 x*/", "{fn now()}"],
  ],
  formats: [
    "%s",
    "%n%n",
    "%1$*2$d",
    "{uid}",
    "{{",
    "}}",
    "$".concat("{x}"),
    "$&",
    "$1",
    "\\u0000",
    "\\n",
    "<script>",
    "&amp;",
    "]]>",
  ],
  json: ['{"a":1}', "[", '"', "\\u202e", "null", "__proto__", "constructor", "toString", "</script>"],
  words: [
    "NULL",
    "null",
    "true",
    "undefined",
    "NaN",
    "0",
    "-0",
    "007",
    "1e5",
    "0x1F",
    "[object Object]",
    "anna",
    "Anna",
  ],
  spaces: [" ", "  ", "\t", "\u00a0", "\u3000", "\u2003", " \n "],
} as const satisfies Record<string, readonly string[]>;

const kinds = Object.values(pieces);

/** Bytes that are no UTF-8: surrogates, overlong and cut forms, what lies above Unicode, Latin-1. */
const invalid = [
  ["ed", "a0", "80"],
  ["ed", "bf", "bf"],
  ["ed", "a0", "bd", "ed", "b8", "80"],
  ["c0", "80"],
  ["c0", "af"],
  ["c1", "bf"],
  ["e0", "80", "af"],
  ["f0", "80", "80", "af"],
  ["f4", "90", "80", "80"],
  ["f5", "80", "80", "80"],
  ["f8", "88", "80", "80", "80"],
  ["fc", "84", "80", "80", "80", "80"],
  ["ff", "fe"],
  ["80"],
  ["c3"],
  ["e2", "82"],
  ["f0", "9f", "98"],
  ["e9"],
  ["00", "ff", "00"],
].map((octets) => Buffer.from(octets.join(""), "hex"));

/** Surrogates and code points above Unicode: slapd takes them for UTF-8. */
const nearlyUtf8 = invalid.filter((bytes) => /^(ed|f[458c])/.test(bytes.toString("hex")) && bytes.length > 2);

/** A text of a few pieces; seldom of any code points. */
export function hostileText(random: Random, mostPieces = 4): string {
  let text = "";
  for (let count = 1 + random.below(mostPieces); count > 0; count -= 1) {
    text += random.chance(0.15) ? anyCharacter(random) : random.pick(random.pick<readonly string[]>(kinds));
  }
  return text;
}

function anyCharacter(random: Random): string {
  const code = random.below(random.pick([0x80, 0x800, 0x10000, 0x110000]));
  return code >= 0xd800 && code < 0xe000 ? "\ufffd" : String.fromCodePoint(code);
}

/** A text of about so many bytes. */
export function longText(random: Random, bytes: number): string {
  const piece = hostileText(random) || "x";
  return piece.repeat(Math.ceil(bytes / Buffer.byteLength(piece)));
}

export interface Taste {
  /** How many of the values are not UTF-8. */
  readonly invalid: number;
  /** Only such as slapd takes for a Directory String. */
  readonly forSlapd?: boolean;
}

/** The bytes of a value, around the given lengths where columns end. */
export function hostileValue(random: Random, taste: Taste, lengths: readonly number[] = []): Buffer {
  const text = hostileText(random);
  if (random.chance(taste.invalid)) {
    const bad = random.pick(taste.forSlapd ? nearlyUtf8 : invalid);
    return Buffer.concat([Buffer.from(text), bad, Buffer.from(random.chance(0.5) ? hostileText(random) : "")]);
  }
  if (lengths.length > 0 && random.chance(0.1)) {
    const wanted = random.pick(lengths) + random.below(3) - 1;
    const characters = Array.from(longText(random, 4 * wanted));
    return Buffer.from(characters.slice(0, wanted).join(""));
  }
  return Buffer.from(text);
}

/** Any bytes. */
export const hostileBytes = (random: Random): Buffer =>
  random.chance(0.5)
    ? hostileValue(random, { invalid: 0.5 })
    : Buffer.from(Array.from({ length: 1 + random.below(103) }, () => random.below(256)));

/** A value in an RDN, escaped as RFC 4514 allows it: what must be, and any other byte now and then. */
export function inRdn(random: Random, bytes: Buffer): string {
  const isText = Buffer.from(bytes.toString("utf8")).equals(bytes);
  const always = random.chance(0.3) || !isText;
  const hex = (octets: Buffer) => octets.toString("hex").replace(/../g, "\\$&");
  if (always) return hex(bytes);
  const characters = Array.from(bytes.toString("utf8"));
  return characters
    .map((character, at) => {
      // slapd takes every ASCII white space at the ends of a value for what may be left out.
      const isEdge = at === 0 || at === characters.length - 1;
      if (character === "\0" || (isEdge && /[\t-\r]/.test(character))) return hex(Buffer.from(character));
      if ((isEdge && character === " ") || (at === 0 && character === "#") || '"+,;<>\\='.includes(character))
        return `\\${character}`;
      return random.chance(0.05) ? hex(Buffer.from(character)) : character;
    })
    .join("");
}

/** A value in a filter (RFC 4515): every byte but ASCII letters and digits is escaped. */
export const inFilter = (bytes: Buffer): string =>
  Array.from(bytes, (byte) =>
    /[a-z0-9]/i.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `\\${Buffer.from([byte]).toString("hex")}`,
  ).join("");
