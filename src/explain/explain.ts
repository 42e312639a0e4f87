import type { ResolvedConfig } from "../config/load.ts";
import { wait } from "../interruption.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report/event.ts";
import { plural } from "../report/words.ts";
import { retrying } from "../retry.ts";
import { ldapsearchCommand } from "../source/ldapsearch.ts";
import type { Target } from "../target/target.ts";
import { type ExplainedColumn, explainColumns } from "./columns.ts";
import { type Judgement, judge } from "./judge.ts";
import { type Key, keyOf } from "./key.ts";
import { byFilter, type Located, locate, mostEntries, openPlaces, type Place, type Search } from "./locate.ts";
import { findRow, type Row } from "./row.ts";
import { foretell, type Would } from "./would.ts";

/** One entry, from the directory to its row. */
export interface ExplainedEntry {
  /** As the configuration has it: `source`, `source[1]`. */
  readonly source: string;
  readonly server: string;
  /** Undefined where the entry lies in no base and scope that is configured. */
  readonly base: string | undefined;
  readonly dn: string;
  readonly person: Judgement;
  readonly active: Judgement;
  /** The match key; undefined where the entry has none. */
  readonly key: string | undefined;
  readonly columns: readonly ExplainedColumn[];
  readonly row: Row | undefined;
  readonly would: Would;
  /** The match key of the row that has the entry's immutable id, where that is not the row of its key. */
  readonly idHolder: string | undefined;
  /** By which people can look at the same entry themselves; undefined for a file. */
  readonly command: string | undefined;
}

/** A row that no entry with its key belongs to. */
export interface ExplainedRow {
  readonly row: Row;
  /** DNs of entries that have the row's immutable id. */
  readonly sameId: readonly string[];
  readonly because: readonly string[];
}

export interface Explanation {
  readonly key: string;
  readonly kind: Key["kind"];
  readonly search: Omit<Search, "found">;
  readonly entries: readonly ExplainedEntry[];
  readonly row: ExplainedRow | undefined;
}

/** What explaining looks at. */
export interface Sight {
  readonly config: ResolvedConfig;
  readonly plan: Plan;
  readonly target: Target;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/** Finds who is meant by `text` in the directory and in the table, and says of each step what it gives. */
export async function explainKey(sight: Sight, text: string): Promise<Explanation> {
  const { config, plan, signal } = sight;
  const target = patient(sight);
  const key = keyOf(text, config.sources);
  const places = await openPlaces(config, plan, signal);
  try {
    const { found, ...search } = await locate(config, places, plan, target, key);
    const entries = await explainEntries(sight, found);
    const row = found.length === 0 && key.kind === "match key" ? await explainRow(sight, places, key.text) : undefined;
    return { key: text, kind: key.kind, search, entries, row };
  } finally {
    for (const place of places) place.inspection.close();
  }
}

/** The target that is asked again after what can pass; the sync does so itself. */
function patient({ config, target, report, signal }: Sight): Target {
  const retry = { attempts: config.retry.attempts, report, signal, wait, random: Math.random };
  return {
    ...target,
    find: (keys, columns) => retrying(retry, () => target.find(keys, columns)),
    holders: (index, values) => retrying(retry, () => target.holders(index, values)),
  };
}

async function explainEntries(sight: Sight, found: readonly Located[]): Promise<ExplainedEntry[]> {
  const { config, plan } = sight;
  const target = patient(sight);
  const judged: (Omit<ExplainedEntry, "would"> & { readonly located: Located })[] = [];
  for (const located of found) {
    const { place, base, entry } = located;
    const person = await judge(place.inspection, entry, place.config.filter);
    const active = await judge(place.inspection, entry, place.config.active);
    const key = plan.keyOf(entry);
    const row = key === undefined ? undefined : await findRow(config, plan, target, key);
    const columns = explainColumns(config, plan, entry, row);
    const { name: source, inspection } = place;
    const command = commandFor(place, entry.dn);
    const idHolder = await holderOfId(plan, target, columns, row);
    judged.push({
      source,
      server: inspection.server,
      base,
      dn: entry.dn,
      person,
      active,
      key,
      columns,
      row,
      command,
      idHolder,
      located,
    });
  }
  const read = judged.filter(isRead);
  const entries = read.map(({ located }) => located.entry);
  const ends = await foretell(config, plan, sight.target, entries, sight);
  const wouldOf = new Map(read.map((each, at) => [each, ends[at]]));
  return judged.map((each) => {
    const { located: _, ...explained } = each;
    const would = wouldOf.get(each) ?? { action: "not read", because: whyNotRead(config, each) };
    return { ...explained, would };
  });
}

/** Who was renamed has a row still, under the key of before. It is known where the id has a unique index of its own. */
async function holderOfId(
  { unique, immutableId }: Plan,
  target: Target,
  explained: readonly ExplainedColumn[],
  row: Row | undefined,
): Promise<string | undefined> {
  const known = unique.find(({ at: [first, ...others] }) => first === immutableId && others.length === 0);
  const value = explained[immutableId ?? -1]?.result;
  if (known === undefined || typeof value !== "string") return undefined;
  const [holder] = await target.holders(known.index, [[value]]);
  return holder?.key === row?.key ? undefined : (holder?.key ?? undefined);
}

type Judged = Pick<ExplainedEntry, "base" | "person" | "active" | "row">;

const isRead = ({ base, person, active }: Judged): boolean => base !== undefined && person.matched && active.matched;

function whyNotRead({ leavers }: ResolvedConfig, { base, person, active, row }: Judged): string[] {
  return [
    ...(base === undefined ? ["the entry lies in no base and scope that is configured"] : []),
    ...(person.matched ? [] : ["source.filter does not match"]),
    ...(active.matched ? [] : ["source.active does not match"]),
    row === undefined
      ? "there is no row with its key, and none is made"
      : `the row is left as it is (leavers.action "${leavers.action}")`,
  ];
}

/** The `ldapsearch` command that shows this entry. */
function commandFor({ config, attributes }: Place, dn: string): string | undefined {
  if (config.url[0]?.toLowerCase().startsWith("file:")) return undefined;
  return ldapsearchCommand({ ...config, scope: "base" }, dn, "(objectClass=*)", attributes);
}

/** The side of the table: a row without an entry of its key. */
async function explainRow(sight: Sight, places: readonly Place[], key: string): Promise<ExplainedRow | undefined> {
  const { config, plan } = sight;
  const row = await findRow(config, plan, patient(sight), key);
  if (row === undefined) return undefined;
  const [attribute] = plan.columns[plan.immutableId ?? -1]?.attributes ?? [];
  const id = row.immutableId?.value ?? undefined;
  const found =
    attribute === undefined || id === undefined
      ? []
      : (await byFilter(places, { kind: "equal", attribute, value: id })).found;
  return { row, sameId: found.map(({ entry }) => entry.dn), because: whyLeft(config, row) };
}

function whyLeft({ leavers }: ResolvedConfig, row: Row): string[] {
  return [
    "no entry has its key",
    `leavers.action is "${leavers.action}": the row is left as it is`,
    ...(row.protected ? ["the row meets a condition of protect: it is never written"] : []),
    ...(row.owned === false ? ["the row is not one of leavers.scope: it is not this sync's"] : []),
  ];
}

/** How the search went, in words; none where there is nothing to say. */
export function searchWords({ kind, search, entries }: Explanation): string[] {
  const { lookedAt, more } = search;
  const [first] = entries.map(({ key }) => key?.toLowerCase());
  const same = kind === "match key" && entries.length > 1 && entries.every(({ key }) => key?.toLowerCase() === first);
  return [
    ...(lookedAt === undefined
      ? []
      : [`${plural(lookedAt, "entry was", "entries were")} read and mapped to find the key`]),
    ...(more ? [`more than ${mostEntries} entries were found: the first ${mostEntries} are explained`] : []),
    ...(same ? [`${entries.length} entries have this key, and only one of them can have the row`] : []),
  ];
}
