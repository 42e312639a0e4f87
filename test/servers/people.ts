import { closeSync, openSync, writeSync } from "node:fs";

/** Invented people: the same index, seed and suffix always give the same person, whatever the count. */

export interface PeopleOptions {
  readonly count: number;
  readonly suffix?: string;
  readonly seed?: number;
}

export interface Person {
  readonly dn: string;
  readonly uid: string;
  readonly active: boolean;
  /** 14 to 16 attributes by their names as the schema spells them. */
  readonly attributes: Readonly<Record<string, readonly string[]>>;
}

type PersonOptions = Omit<PeopleOptions, "count">;

const defaultSuffix = "dc=example,dc=com";

/** The password of `cn=sync,SUFFIX`. */
export const syncPassword = "sync-password";

/** `u000042`. */
export const uidOf = (index: number): string => `u${String(index).padStart(6, "0")}`;

/** Every 40th person is in a branch whose name is not ASCII, so that the DN is base64 in LDIF. */
export const dnOf = (index: number, suffix: string = defaultSuffix): string =>
  `uid=${uidOf(index)},${index % 40 === 7 ? "ou=Zürich," : ""}ou=people,${suffix}`;

export function person(index: number, { suffix = defaultSuffix, seed = 1 }: PersonOptions = {}): Person {
  const random = generator(seed * 1_000_003 + index);
  const chance = (probability: number): boolean => random() < probability;
  const pick = <T>(list: readonly [T, ...T[]]): T => list[Math.floor(random() * list.length)] ?? list[0];
  const uid = uidOf(index);
  const active = !chance(0.07);
  const given = chance(0.1) ? `${pick(givenNames)} ${pick(givenNames)}` : pick(givenNames);
  const family = chance(0.08) ? `${pick(familyNames)}-${pick(familyNames)}` : pick(familyNames);
  const department = Math.floor(random() * 90) + 10;
  const phone = (): string => `+1 555 01${Math.floor(random() * 90) + 10} ${Math.floor(random() * 9000) + 1000}`;
  const phones = Math.floor(random() * 4);
  const mail = [`${mailName(given, family)}.${index}@example.com`, ...(chance(0.35) ? [`${uid}@example.org`] : [])];
  const attributes: Record<string, readonly string[]> = {
    objectClass: ["top", "person", "organizationalPerson", "inetOrgPerson"],
    uid: [uid],
    cn: [`${given} ${family}`],
    sn: [family],
    givenName: [given],
    displayName: [`${family}, ${given}`],
    mail,
    employeeType: [active ? "active" : "inactive"],
    employeeNumber: [String(100_000 + index)],
    departmentNumber: [String(department)],
    ou: [pick(departments)],
    title: [pick(titles)],
    l: [pick(towns)],
    preferredLanguage: [pick(languages)],
    ...(index > 0 && { manager: [dnOf(Math.floor(index / 10), suffix)] }),
    ...(phones > 0 && { telephoneNumber: [...new Set(Array.from({ length: phones }, phone))] }),
  };
  return { dn: dnOf(index, suffix), uid, active, attributes };
}

/** The suffix (`dc=…`), `cn=sync` (who reads), `ou=people` and the branch below it. */
export function baseLdif(suffix: string = defaultSuffix): string {
  const name = /^dc=([^,]+)/i.exec(suffix)?.[1];
  if (name === undefined) throw new Error(`the suffix ${suffix} does not begin with dc=`);
  const unit = (ou: string, parent: string) =>
    record(`ou=${ou},${parent}`, { objectClass: ["organizationalUnit"], ou: [ou] });
  return [
    record(suffix, { objectClass: ["dcObject", "organization"], o: ["Example"], dc: [name] }),
    record(`cn=sync,${suffix}`, {
      objectClass: ["organizationalRole", "simpleSecurityObject"],
      cn: ["sync"],
      userPassword: [syncPassword],
    }),
    unit("people", suffix),
    unit("Zürich", `ou=people,${suffix}`),
  ].join("");
}

/** LDIF of the base entries and the people, a piece for each entry. */
export function* peopleLdif({ count, suffix = defaultSuffix, seed = 1 }: PeopleOptions): Generator<string> {
  yield baseLdif(suffix);
  for (let index = 0; index < count; index++) {
    const { dn, attributes } = person(index, { suffix, seed });
    yield record(dn, attributes);
  }
}

/** Writes LDIF piece by piece, so that it is never in memory as a whole. */
export function writeLdif(path: string, pieces: Iterable<string>): void {
  const file = openSync(path, "w");
  try {
    let gathered = "";
    for (const piece of pieces) {
      gathered += piece;
      if (gathered.length < 1 << 20) continue;
      writeSync(file, gathered);
      gathered = "";
    }
    writeSync(file, gathered);
  } finally {
    closeSync(file);
  }
}

/** One LDIF content record, with the empty line after it. */
export function record(dn: string, attributes: Readonly<Record<string, readonly (string | Buffer)[]>>): string {
  const lines = Object.entries(attributes).flatMap(([name, values]) => values.map((value) => line(name, value)));
  return `${[line("dn", dn), ...lines].join("\n")}\n\n`;
}

/** RFC 2849: what is not a SAFE-STRING, or ends with a space, is base64. */
const line = (name: string, value: string | Buffer): string =>
  typeof value === "string" && /^(?![ :<])[\x20-\x7e]*(?<! )$/.test(value)
    ? `${name}: ${value}`
    : `${name}:: ${Buffer.from(value).toString("base64")}`;

/** The part of a mail address before the @, ASCII only (RFC 4519: IA5 String in `mail`). */
function mailName(given: string, family: string): string {
  const ascii = (name: string): string =>
    name
      .toLowerCase()
      .replace(/[øłßæ]/g, (letter) => ({ ø: "o", ł: "l", ß: "ss", æ: "ae" })[letter] ?? "")
      .normalize("NFD")
      .replace(/[^a-z-]/g, "");
  return [ascii(given), ascii(family)].filter((part) => part !== "").join(".") || "mail";
}

/** mulberry32: small, quick, and the same everywhere. Numbers from 0 up to 1. */
export function generator(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Words = readonly [string, ...string[]];

const words = (text: string): Words => text.split(" ") as [string, ...string[]];

// The last names of each list hold letters outside Latin, and one outside Unicode's first plane (four bytes in UTF-8).
const givenNames = words(
  "Anna Björn Chloé Dušan Elin François Gül Håkan Ida José Katarzyna Liam Märta Noël Olga Petr Quentin Renée Søren Tomáš Ursula Věra Wolfgang Ximena Yusuf Zoë Иван Ελένη 花子",
);
const familyNames = words(
  "Andersson Bäckström Černý Dąbrowski Eriksen Fernández Größler Håkansson Íñiguez Jørgensen Kowalczyk Łukasik Müller Nuñez O'Neill Ångström Pettersson Quirós Rømer Sjöberg Träger Ünal Väisänen Weiß Żak Петров Παππάς 𠮷田",
);
const departments: readonly [string, ...string[]] = [
  "Research & Development",
  "Human Resources",
  "Kundtjänst",
  "Sales, North",
  "Verkehr und Straße",
];
const titles: readonly [string, ...string[]] = [
  "Engineer",
  "Senior Engineer",
  "Clerk",
  "Director",
  "Sachbearbeiterin für Löhne",
  'Head of "Things"',
];
const towns = words("Göteborg Malmö Zürich Kraków Århus Lisboa Bern");
const languages = words("sv de en fr pl");
