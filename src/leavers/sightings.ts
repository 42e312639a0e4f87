import { isFile } from "../active/judged.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { shownKey } from "../keys.ts";
import { filterForKey } from "../mapping/backwards.ts";
import type { Plan } from "../plan.ts";
import { attributeKey } from "../source/attributes.ts";
import { basesOf, isInReach } from "../source/by-dn.ts";
import { everything, type FilterNode } from "../source/filter.ts";
import { firstEntries, type Inspection, type inspectLater } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import type { Target } from "../target/target.ts";
import { foldGenerously } from "../target/text.ts";

/** Entries that have the match key of a row, whatever else is so of them. */

/** A row by its match key. */
export interface Row {
  /** Position in the plan's keys. */
  readonly by: number;
  /** As the column stores it. */
  readonly key: string;
}

/** A source that entries are looked for in. */
export interface Place extends ReturnType<typeof inspectLater> {
  readonly config: LdapConfig;
  readonly attributes: readonly string[];
  /** By attribute: whether the server finds a value that is written in other letter case. */
  readonly foldsCase: Map<string, boolean>;
}

export interface Sighting {
  /** Of which row. */
  readonly at: number;
  readonly entry: Entry;
  /** Whether the entry shows the key by which it was found. */
  readonly shown: boolean;
}

/** A row that is looked for, and how. */
interface Wanted extends Row {
  readonly at: number;
  /** Undefined where no filter surely finds it. */
  readonly filter: FilterNode | undefined;
}

export async function sightings(
  place: Place,
  { mapping }: Pick<ResolvedConfig, "mapping">,
  plan: Plan,
  target: Pick<Target, "find">,
  rows: readonly Row[],
): Promise<readonly Sighting[]> {
  const inspection = await place.open();
  const wanted: Wanted[] = [];
  for (const [at, row] of rows.entries()) {
    const filter = isFile(place.config) ? undefined : await searchFor(place, inspection, mapping, plan, row);
    wanted.push({ ...row, at, filter });
  }
  const bySearch = wanted.filter(({ filter }) => filter !== undefined);
  const byReading = wanted.filter(({ filter }) => filter === undefined);
  const found: (Sighting & Keyed)[] = [];
  for (const piece of pieces(bySearch)) found.push(...(await searched(place, inspection, plan, piece)));
  if (byReading.length > 0) found.push(...(await read(place, inspection, plan, byReading)));
  return reallyThose(plan, target, rows, found);
}

/** So many comparisons are OR-ed at most, where one row has no more. */
const mostComparisons = 200;

const sizeOf = ({ filter }: Wanted): number => (filter && "filters" in filter ? filter.filters.length : 1);

function pieces(wanted: readonly Wanted[]): readonly (readonly Wanted[])[] {
  const made: Wanted[][] = [];
  let size = Number.POSITIVE_INFINITY;
  for (const each of wanted) {
    if (size + sizeOf(each) > mostComparisons) {
      made.push([]);
      size = 0;
    }
    made.at(-1)?.push(each);
    size += sizeOf(each);
  }
  return made;
}

const ascii = /^[ -~]*$/;
const letter = /[a-z]/i;

/** The filter for a row, where the server finds by it whatever the column would take for the same key. */
async function searchFor(
  place: Place,
  inspection: Inspection,
  mapping: ResolvedConfig["mapping"],
  plan: Plan,
  { by, key }: Row,
): Promise<FilterNode | undefined> {
  const at = plan.keys[by] ?? -1;
  const column = plan.columns[at];
  const text = shownKey(plan, key, at);
  // Servers differ in what they call the same beyond ASCII.
  if (column === undefined || column.fit(text) !== key || !ascii.test(text)) return undefined;
  const filter = filterForKey(mapping, column, text);
  // Bytes have no case.
  const isText = filter?.kind !== "equal" || typeof filter.value === "string";
  if (filter === undefined || !isText || !letter.test(text)) return filter;
  for (const name of column.attributes) if (!(await foldsCase(place, inspection, name))) return undefined;
  return filter;
}

/** So many entries are asked for, of which one should have a letter. */
const fewEntries = 20;

/** Found out by a value that the server has: its schema may not be readable. */
async function foldsCase(place: Place, inspection: Inspection, attribute: string): Promise<boolean> {
  const known = place.foldsCase.get(attribute);
  if (known !== undefined) return known;
  let folds = false;
  for (const base of basesOf(place.config)) {
    const filter = { kind: "present", attribute } as const;
    const query = { base, scope: place.config.scope, filter, attributes: [attribute] };
    for (const entry of await firstEntries(inspection, query, fewEntries)) {
      const value = entry.attributes.get(attributeKey(attribute))?.[0];
      if (typeof value !== "string" || !letter.test(value) || !ascii.test(value)) continue;
      folds = await inspection.matches(entry, { kind: "equal", attribute, value: otherCase(value) });
      break;
    }
    if (folds) break;
  }
  place.foldsCase.set(attribute, folds);
  return folds;
}

const otherCase = (text: string): string =>
  text.replace(/[a-z]/gi, (each) => (each === each.toLowerCase() ? each.toUpperCase() : each.toLowerCase()));

/** A sighting, and the key by which it is one. */
interface Keyed {
  readonly key: string | undefined;
}

/** Whom the filters of these rows find, in each base. */
async function searched(
  { config, attributes }: Place,
  inspection: Inspection,
  plan: Plan,
  wanted: readonly Wanted[],
): Promise<readonly (Sighting & Keyed)[]> {
  const filter: FilterNode = { kind: "or", filters: wanted.flatMap(({ filter }) => filter ?? []) };
  const rowsOf = index(wanted);
  const found: (Sighting & Keyed)[] = [];
  for (const base of basesOf(config)) {
    for await (const entries of inspection.search({ base, scope: config.scope, filter, attributes })) {
      for (const entry of entries) {
        const keys = plan.keysOf(entry);
        found.push(...rowsOf(entry, keys));
        for (const each of wanted.filter(({ by }) => keys[by] === undefined)) {
          if (each.filter && (await inspection.matches(entry, each.filter))) {
            found.push({ at: each.at, entry, shown: false, key: undefined });
          }
        }
      }
    }
  }
  return found;
}

/** Every entry is read and mapped, once for all rows. */
async function read(
  { config, attributes }: Place,
  inspection: Inspection,
  plan: Plan,
  wanted: readonly Wanted[],
): Promise<readonly (Sighting & Keyed)[]> {
  const rowsOf = index(wanted);
  const found: (Sighting & Keyed)[] = [];
  const all: FilterNode = { kind: "and", filters: [] };
  const queries = isFile(config)
    ? [{ base: "", scope: "sub", filter: all, attributes } as const]
    : basesOf(config).map((base) => ({ base, scope: config.scope, filter: everything, attributes }));
  for (const query of queries) {
    for await (const entries of inspection.search(query)) {
      for (const entry of entries) {
        if (isInReach(config, entry.dn)) found.push(...rowsOf(entry, plan.keysOf(entry)));
      }
    }
  }
  return found;
}

/** Gives the rows whose keys an entry may have. */
function index(wanted: readonly Wanted[]) {
  const name = (by: number, key: string) => `${by} ${foldGenerously(key)}`;
  const rows = new Map<string, Wanted[]>();
  for (const each of wanted) {
    const same = rows.get(name(each.by, each.key));
    if (same) same.push(each);
    else rows.set(name(each.by, each.key), [each]);
  }
  return (entry: Entry, keys: readonly (string | undefined)[]): (Sighting & Keyed)[] =>
    keys.flatMap((key, by) =>
      key === undefined ? [] : (rows.get(name(by, key)) ?? []).map(({ at }) => ({ at, entry, shown: true, key })),
    );
}

/** Without those whose key is another one to the column. */
async function reallyThose(
  plan: Plan,
  target: Pick<Target, "find">,
  rows: readonly Row[],
  found: readonly (Sighting & Keyed)[],
): Promise<readonly Sighting[]> {
  const others = new Set<Sighting>();
  for (const [by, place] of plan.keys.entries()) {
    const unlike = found.filter(({ at, key }) => rows[at]?.by === by && key !== undefined && key !== rows[at]?.key);
    if (unlike.length === 0) continue;
    const keys = unlike.flatMap(({ at, key = "" }) => [key, rows[at]?.key ?? ""]);
    const identities = await target.find(keys, [], by === 0 ? undefined : plan.columns[place]?.column);
    for (const [which, sighting] of unlike.entries()) {
      if (identities[2 * which]?.identity !== identities[2 * which + 1]?.identity) others.add(sighting);
    }
  }
  return found.filter((sighting) => !others.has(sighting));
}
