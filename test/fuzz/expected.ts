import type { HostilePerson } from "./people.ts";

/**
 * What the columns of the fuzz must hold, written apart from the program: from the bytes of the directory by the rules of
 * the contract, and by what the databases' manuals say of their types.
 */

/** What a column holds (a text as UTF-8), or why it cannot. */
export type Expected = Buffer | null | "bad";

interface FuzzColumn {
  readonly name: string;
  readonly rule: unknown;
  readonly types: { readonly sqlite: string; readonly mariadb: string };
  readonly value: (person: HostilePerson) => Expected;
  /** What the column makes of it. */
  readonly stored?: (bytes: Buffer) => Expected;
}

// Keeps a byte order mark, and refuses what is not UTF-8: no code of the program's or of Buffer's is in it.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function textOf(bytes: Buffer): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

// Where it differs from Latin-1; the five gaps are control characters to MySQL, as they are to https://encoding.spec.whatwg.org.
const from80 = "€\x81‚ƒ„…†‡ˆ‰Š‹Œ\x8dŽ\x8f\x90‘’“”•–—˜™š›œ\x9džŸ";
const inWindows1252 = (character: string): boolean =>
  from80.includes(character) || /^[\0-\x7f\xa0-\xff]$/.test(character);

const characters = (bytes: Buffer): string[] => Array.from(utf8.decode(bytes));

/** The only value of an attribute as text. */
const only =
  (attribute: string) =>
  ({ attributes }: HostilePerson): Expected => {
    const [value] = attributes[attribute] ?? [];
    if (value === undefined || value.length === 0) return null;
    return textOf(value) === undefined ? "bad" : value;
  };

/** Different texts by code point, which is the order of their bytes in UTF-8. */
function all(attribute: string, combine: (texts: string[]) => string) {
  return ({ attributes }: HostilePerson): Expected => {
    const values = [...(attributes[attribute] ?? [])].sort(Buffer.compare);
    if (values.length === 0) return null;
    const texts = values.flatMap((value) => textOf(value) ?? []);
    return texts.length < values.length ? "bad" : Buffer.from(combine(texts));
  };
}

const atMost =
  (most: number) =>
  (bytes: Buffer): Expected =>
    characters(bytes).length > most ? "bad" : bytes;

export const columns: readonly FuzzColumn[] = [
  {
    name: "username",
    rule: "uid",
    types: { sqlite: "text not null unique", mariadb: "varchar(60) COLLATED not null unique" },
    value: only("uid"),
    stored: atMost(60),
  },
  {
    // Of several values that of the RDN.
    name: "cn",
    rule: { attribute: "cn", transform: [] },
    types: { sqlite: "text", mariadb: "tinytext character set utf8mb4" },
    value: ({ name }) => (textOf(name) === undefined ? "bad" : name),
    stored: (bytes) => (bytes.length > 255 ? "bad" : bytes),
  },
  {
    name: "title",
    rule: "title",
    types: { sqlite: "varchar", mariadb: "varchar(40) character set utf8mb3" },
    value: only("title"),
    stored: (bytes) =>
      characters(bytes).some((each) => (each.codePointAt(0) ?? 0) > 0xffff) ? "bad" : atMost(40)(bytes),
  },
  {
    name: "town",
    rule: "l",
    types: { sqlite: "text", mariadb: "char(20) character set latin1" },
    value: only("l"),
    stored: (bytes) => {
      const kept = characters(bytes);
      while (kept.at(-1) === " ") kept.pop();
      return kept.length > 20 || !kept.every(inWindows1252) ? "bad" : Buffer.from(kept.join(""));
    },
  },
  {
    name: "note",
    rule: "description",
    types: { sqlite: "text", mariadb: "text character set utf8mb4" },
    value: only("description"),
    stored: (bytes) => (bytes.length > 65_535 ? "bad" : bytes),
  },
  {
    name: "photo",
    rule: { attribute: "audio", as: "binary" },
    types: { sqlite: "blob", mariadb: "varbinary(100)" },
    value: ({ attributes }) => attributes.audio?.[0] ?? null,
    stored: (bytes) => (bytes.length > 100 ? "bad" : bytes),
  },
  {
    name: "encoded",
    rule: { attribute: "givenName", as: "base64" },
    types: { sqlite: "text", mariadb: "longtext character set ascii" },
    value: ({ attributes }) => Buffer.from(btoa(String.fromCharCode(...(attributes.givenName?.[0] ?? [])))),
  },
  {
    name: "streets",
    rule: { attribute: "street", multi: "json" },
    types: { sqlite: "text", mariadb: "longtext character set utf8mb4" },
    value: all("street", (texts) => JSON.stringify(texts)),
  },
  {
    name: "address",
    rule: { attribute: "postalAddress", multi: "join", separator: "|" },
    types: { sqlite: "text", mariadb: "varchar(99) character set utf16" },
    value: all("postalAddress", (texts) => texts.join("|")),
    stored: atMost(99),
  },
];

/** What each column must hold of a person, in the order of `columns`. */
export const expectedRow = (person: HostilePerson, database: "sqlite" | "mariadb"): Expected[] =>
  columns.map(({ value, stored }) => {
    const bytes = value(person);
    return database === "mariadb" && stored && Buffer.isBuffer(bytes) ? stored(bytes) : bytes;
  });
