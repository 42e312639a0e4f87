import { resolveAllActive } from "../active/resolve.ts";
import { attributesOf } from "../active/rule.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { shownKey } from "../keys.ts";
import { filterForKey } from "../mapping/backwards.ts";
import { visible } from "../mapping/printable.ts";
import { nearest as nearestSpelling } from "../nearest.ts";
import type { Plan } from "../plan.ts";
import { basesOf } from "../source/by-dn.ts";
import { isWithin, normaliseDn } from "../source/dn.ts";
import { everything, type FilterNode, filterAttributes, parseFilter } from "../source/filter.ts";
import { firstEntries, type Inspection, openInspection } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { InvalidDn, NoSuchObject } from "../source/result-codes.ts";
import type { Notice } from "../source/source.ts";
import type { Target } from "../target/target.ts";
import type { Key } from "./key.ts";

/** More entries than this are not explained. */
export const mostEntries = 10;

/** One configured source, open for looking. */
export interface Place {
  /** As the configuration has it: `source`, `source[1]`. */
  readonly name: string;
  readonly config: LdapConfig;
  readonly inspection: Inspection;
  /** Everything that explaining needs of an entry. */
  readonly attributes: readonly string[];
}

/** An entry, and where it was found; without a base where it lies in none that is configured. */
export interface Located {
  readonly place: Place;
  readonly base: string | undefined;
  readonly entry: Entry;
}

export interface Search {
  readonly found: readonly Located[];
  /** There are more than `mostEntries`. */
  readonly more: boolean;
  /** How many entries were read and mapped, because none could be searched for. */
  readonly lookedAt?: number;
  /** A match key that some entry has and that is spelt alike. */
  readonly similar?: string;
  /** Of a DN that does not exist: the lowest entry above it that does. */
  readonly nearest?: string;
}

export async function openPlaces(
  config: ResolvedConfig,
  plan: Plan,
  now: Date,
  say: Notice,
  signal: AbortSignal,
): Promise<Place[]> {
  const places: Place[] = [];
  const sources = await resolveAllActive(config.sources, now, signal, say);
  for (const [at, source] of sources.entries()) {
    const judged = [
      ...filterAttributes(parseFilter(source.filter)),
      ...(source.active ? attributesOf(source.active.node) : []),
    ];
    const attributes = new Map([...plan.attributes, ...judged].map((name) => [name.toLowerCase(), name]));
    const name = config.sources.length === 1 ? "source" : `source[${at}]`;
    const inspection = await openInspection(source, signal).catch((error: unknown) => {
      for (const place of places) place.inspection.close();
      throw error;
    });
    places.push({ name, config: source, inspection, attributes: [...attributes.values()] });
  }
  return places;
}

/** The entries that a key means. */
export async function locate(
  config: ResolvedConfig,
  places: readonly Place[],
  plan: Plan,
  target: Target,
  key: Key,
): Promise<Search> {
  if (key.kind === "dn") return byDn(places, key.dn);
  if (key.kind === "filter") return byFilter(places, key.filter);
  for (const [which, at] of plan.keys.entries()) {
    const column = plan.columns[at];
    const filter = column && filterForKey(config.mapping, column, key.text);
    const searched = filter && (await byFilter(places, filter));
    const found = searched && (await withKey(searched.found, plan, target, which, key.text));
    if (searched && found && found.length > 0) return { ...searched, found };
  }
  return byReading(places, plan, target, key.text);
}

/** Those whose match key is this one: an entry may have it among several values, and another one as its key. */
async function withKey(
  found: readonly Located[],
  plan: Plan,
  target: Target,
  which: number,
  text: string,
): Promise<readonly Located[]> {
  const same = await entriesWith(
    plan,
    target,
    which,
    text,
    found.map(({ entry }) => plan.keysOf(entry)[which]),
  );
  return found.filter((_, at) => same.has(at));
}

/** The places of those of `keys` that are this text, as the column of this match key sees it. */
async function entriesWith(
  plan: Plan,
  target: Target,
  which: number,
  text: string,
  keys: readonly (string | undefined)[],
): Promise<ReadonlySet<number>> {
  const column = plan.columns[plan.keys[which] ?? -1];
  const wanted = column?.fit(text);
  const keyed = keys.flatMap((key, at) => (key === undefined ? [] : [{ key, at }]));
  if (typeof wanted !== "string" || keyed.length === 0) return new Set();
  const [of, ...found] = await target.find([wanted, ...keyed.map(({ key }) => key)], [], column?.column);
  return new Set(keyed.filter((_, at) => found[at]?.identity === of?.identity).map(({ at }) => at));
}

export async function byFilter(places: readonly Place[], filter: FilterNode): Promise<Search> {
  const found: Located[] = [];
  for (const place of places) {
    for (const base of basesOf(place.config)) {
      const query = { base, scope: place.config.scope, filter, attributes: place.attributes };
      const entries = await firstEntries(place.inspection, query, mostEntries + 1);
      found.push(...entries.map((entry) => ({ place, base, entry })));
    }
  }
  return { found: found.slice(0, mostEntries), more: found.length > mostEntries };
}

/** The entry with this DN. */
export async function byDn(places: readonly Place[], dn: string): Promise<Search> {
  const found: Located[] = [];
  let nearest = "";
  let invalid: Failure | undefined;
  for (const place of places) {
    const query = { base: dn, scope: "base", filter: everything, attributes: place.attributes } as const;
    try {
      const entries = await firstEntries(place.inspection, query, 1);
      for (const entry of entries) found.push({ place, base: baseOf(place, entry.dn), entry });
    } catch (error) {
      if (error instanceof InvalidDn) invalid ??= notADn(place, dn, error);
      else if (!(error instanceof NoSuchObject)) throw error;
      else if (error.nearest.length > nearest.length) nearest = error.nearest;
    }
  }
  if (invalid && found.length === 0) throw invalid;
  return { found: found.slice(0, mostEntries), more: false, ...(nearest !== "" && { nearest }) };
}

const notADn = ({ inspection }: Place, dn: string, cause: InvalidDn): Failure =>
  new Failure("usage", `KEY: ${inspection.server} does not take ${visible(dn)} for a DN`, {
    hint: "does it know every attribute type in it?",
    cause,
  });

const baseOf = (place: Place, dn: string): string | undefined =>
  basesOf(place.config).find((base) => isWithin(normaliseDn(dn), normaliseDn(base), place.config.scope));

/** How many entries are mapped before their keys are looked up together. */
const pieceSize = 500;

/**
 * Reads and maps every entry, for a key that no search finds: made by a template or transforms, or equal by the
 * column's collation alone.
 */
async function byReading(places: readonly Place[], plan: Plan, target: Target, text: string): Promise<Search> {
  const found: Located[] = [];
  let lookedAt = 0;
  let similar: string | undefined;
  const look = async (piece: readonly Keyed[]): Promise<void> => {
    const hits = new Set<number>();
    const candidates: string[] = [];
    for (const [which, at] of plan.keys.entries()) {
      const keys = piece.map((each) => each.keys[which]);
      for (const hit of await entriesWith(plan, target, which, text, keys)) hits.add(hit);
      for (const key of keys) if (key !== undefined) candidates.push(shownKey(plan, key, at));
    }
    for (const [at, { located }] of piece.entries()) if (hits.has(at)) found.push(located);
    similar = nearestSpelling(text, similar === undefined ? candidates : [similar, ...candidates]) ?? similar;
  };
  for (const place of places) {
    for (const base of basesOf(place.config)) {
      const query = { base, scope: place.config.scope, filter: everything, attributes: place.attributes };
      let piece: Keyed[] = [];
      for await (const entries of place.inspection.search(query)) {
        for (const entry of entries) {
          lookedAt += 1;
          piece.push({ located: { place, base, entry }, keys: plan.keysOf(entry) });
        }
        if (piece.length < pieceSize) continue;
        await look(piece);
        piece = [];
      }
      if (piece.length > 0) await look(piece);
    }
  }
  const rest = similar === undefined || found.length > 0 ? {} : { similar };
  return { found: found.slice(0, mostEntries), more: found.length > mostEntries, lookedAt, ...rest };
}

interface Keyed {
  readonly located: Located;
  readonly keys: readonly (string | undefined)[];
}
