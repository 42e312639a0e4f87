import { hostileBytes, hostileText, hostileValue, inRdn, longText, type Taste } from "./hostile.ts";
import type { Random } from "./random.ts";

/** People with hostile values in every attribute, and what must become of each. */

export interface HostilePerson {
  /** Unique, in the RDN. */
  readonly number: number;
  readonly dn: string;
  /** The value of cn in the RDN. */
  readonly name: Buffer;
  readonly attributes: Readonly<Record<string, readonly Buffer[]>>;
}

export const base = "ou=people,dc=example,dc=com";

/** Around the lengths at which columns of the tests end. */
const ends = { uid: [60], cn: [80], title: [40], l: [20], postalAddress: [50] };

/**
 * @param before the same people a day ago: names and keys stay, half of them get other values.
 */
export function hostilePeople(
  random: Random,
  count: number,
  taste: Taste,
  before?: readonly HostilePerson[],
): HostilePerson[] {
  return Array.from({ length: count }, (_, number) => {
    const old = before?.[number];
    if (old && random.chance(0.5)) return old;
    return person(random, number, taste, old);
  });
}

function person(random: Random, number: number, taste: Taste, old: HostilePerson | undefined): HostilePerson {
  const value = (lengths?: readonly number[]) => hostileValue(random, taste, lengths);
  const some = (most: number, lengths?: readonly number[]) =>
    different(Array.from({ length: random.below(most + 1) }, () => value(lengths)));
  // slapd's database has no room for a long one in a DN.
  const name = old?.name ?? value(taste.forSlapd ? [] : ends.cn);
  const parts = [`cn=${inRdn(random, name)}`, `employeeNumber=${number}`];
  const sameName = number < 40 && number % 8 === 3;
  const uid = old?.attributes.uid ?? [sameName ? Buffer.from(random.pick(["anna", "ANNA", "ännå"])) : value(ends.uid)];
  const attributes: Record<string, readonly Buffer[]> = {
    uid: random.chance(0.01) && !old ? [] : uid,
    cn: different([...(random.chance(0.3) ? [value()] : []), name]),
    employeeNumber: [Buffer.from(String(number))],
    title: random.chance(0.1) ? [] : [random.chance(0.5) ? narrowText(random) : value(ends.title)],
    l: random.chance(0.1) ? [] : [random.chance(0.8) ? narrowText(random) : value(ends.l)],
    description: [random.chance(0.02) ? sixtyFourKib(random) : value()],
    audio: random.chance(0.1) ? [] : [hostileBytes(random)],
    givenName: [value()],
    street: some(3),
    postalAddress: some(3, ends.postalAddress),
  };
  return {
    number,
    dn: old?.dn ?? `${(random.chance(0.5) ? parts : parts.reverse()).join("+")},${base}`,
    name,
    attributes,
  };
}

/** Text that is in Windows-1252 but for a character here and there. */
function narrowText(random: Random): Buffer {
  const character = () =>
    random.chance(0.1) ? random.pick(["€", "\u0081", "ž", "\u0093", " "]) : String.fromCharCode(random.below(0x100));
  const text = Array.from({ length: 1 + random.below(21) }, character).join("");
  return Buffer.from(random.chance(0.05) ? `${text}ě` : text.replace(/[\x80-\x9f]/g, "~"));
}

/** About as long as the longest TEXT. */
function sixtyFourKib(random: Random): Buffer {
  const end = Buffer.from(hostileText(random));
  const characters = Array.from(longText(random, 40_000));
  const start = Buffer.from(characters.slice(0, characters.length / 2).join(""));
  const length = Math.max(0, 65_534 + random.below(4) - start.length - end.length);
  return Buffer.concat([start, Buffer.alloc(length, "x"), end]);
}

/** As a server keeps them: no empty value, and none twice. */
function different(values: readonly Buffer[]): Buffer[] {
  return values.filter((value, at) => value.length > 0 && values.findIndex((other) => other.equals(value)) === at);
}

/** How many values they have. */
export const valuesOf = (people: readonly HostilePerson[]): number =>
  people.reduce((sum, { attributes }) => sum + Object.values(attributes).flat().length, 0);
