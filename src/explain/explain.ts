import { judgeAsking } from "../active/judged.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { keyNames, placeOfKey, shownKey } from "../keys.ts";
import { type LeaverPlan, planLeavers } from "../leavers/plan.ts";
import { valueInDirectory } from "../mapping/backwards.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report/event.ts";
import { retrying, retryOf } from "../retry.ts";
import { parseFilter } from "../source/filter.ts";
import { ldapsearchCommand } from "../source/ldapsearch.ts";
import type { Target } from "../target/target.ts";
import { type ActiveJudgement, judgeActive } from "./active.ts";
import { columnsOfInactive, type ExplainedColumn, explainColumns } from "./columns.ts";
import { type Judgement, judge } from "./judge.ts";
import { type Key, keyOf, otherFilter } from "./key.ts";
import { foretellLeaver } from "./leaving.ts";
import { byFilter, type Located, locate, openPlaces, type Place, type Search } from "./locate.ts";
import { followReferences, readByDn } from "./references.ts";
import { type Row, rowOfEntry, rowWithKey } from "./row.ts";
import { isCreated, type Judged, whyLeft, whyNotRead, whyUnread } from "./why-not.ts";
import { foretell, foretellCreation, type Would } from "./would.ts";

/** One entry, from the directory to its row. */
export interface ExplainedEntry {
  /** As the configuration has it: `source`, `source[1]`. */
  readonly source: string;
  readonly server: string;
  /** Undefined where the entry lies in no base and scope that is configured. */
  readonly base: string | undefined;
  readonly dn: string;
  readonly person: Judgement;
  readonly active: ActiveJudgement;
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
  readonly would: Would;
}

export interface Explanation {
  readonly key: string;
  readonly kind: Key["kind"];
  /** The columns of the match keys. */
  readonly matchKey: string;
  /** Where a match key is found in nobody: a filter that looks in another attribute, or what was meant for one. */
  readonly otherwise: string | undefined;
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
  readonly now: Date;
  readonly signal: AbortSignal;
}

interface Looking extends Sight {
  /** The target that is asked again after what can pass; the sync does so itself. */
  readonly patient: Target;
  readonly places: readonly Place[];
  /** Undefined where leavers are left alone. */
  readonly leavers: LeaverPlan | undefined;
}

/** Finds who is meant by `text` in the directory and in the table, and says of each step what it gives. */
export async function explainKey(sight: Sight, text: string): Promise<Explanation> {
  const { config, plan, now, signal } = sight;
  const say = (message: string) => sight.report({ type: "info", message });
  const key = keyOf(text, config.sources);
  const places = await openPlaces(config, plan, now, say, signal);
  try {
    const leavers = await planLeavers(config, plan, sight.target, now);
    const looking = { ...sight, places, leavers, patient: patientTarget(sight) };
    const { found, ...search } = await locate(config, places, plan, looking.patient, key);
    const entries = await explainEntries(looking, found);
    const row = found.length === 0 && key.kind === "match key" ? await explainRow(looking, key.text) : undefined;
    const matchKey = keyNames(plan).join(" or ");
    return { key: text, kind: key.kind, matchKey, otherwise: otherFilter(plan, key), search, entries, row };
  } finally {
    for (const place of places) place.inspection.close();
  }
}

function patientTarget({ config, target, report, signal }: Sight): Target {
  const retry = retryOf(config, report, signal);
  return {
    ...target,
    find: (keys, columns, by) => retrying(retry, () => target.find(keys, columns, by)),
    holders: (index, values) => retrying(retry, () => target.holders(index, values)),
    count: (where) => retrying(retry, () => target.count(where)),
  };
}

async function explainEntries(looking: Looking, found: readonly Located[]): Promise<ExplainedEntry[]> {
  const { config, plan, patient: target } = looking;
  const judged: (Omit<ExplainedEntry, "would"> & { readonly located: Located })[] = [];
  for (const located of found) {
    const { place, base, entry } = located;
    const person = await judge(place.inspection, entry, place.config.filter);
    const active = await judgeActive(place.inspection, entry, place.config.active);
    const keys = plan.keysOf(entry);
    const which = keys.findIndex((each) => each !== undefined);
    const key = which < 0 ? undefined : shownKey(plan, keys[which] ?? "", plan.keys[which]);
    const row = await rowOfEntry({ config, plan, target }, keys);
    const columns = await followReferences(looking, explainColumns(config, plan, entry, row));
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
  const ends = await foretell(
    { ...looking, entriesOf: (key) => entriesOf(looking, key), byDn: readByDn(looking) },
    entries,
  );
  const wouldOf = new Map(read.map((each, at) => [each, ends[at]]));
  const explained: ExplainedEntry[] = [];
  for (const each of judged) {
    const { located, ...rest } = each;
    const would = wouldOf.get(each) ?? (await wouldOfUnread(looking, each, located.entry));
    explained.push({ ...rest, columns: columnsOfInactive(config, rest.columns, would), would });
  }
  return explained;
}

/** What becomes of the row of an entry that is not read; of somebody else's nothing. */
async function wouldOfUnread(looking: Looking, entry: Omit<ExplainedEntry, "would">, read: Entry): Promise<Would> {
  const { config, leavers } = looking;
  const { row, key, dn, active } = entry;
  if (isCreated(config, entry)) return foretellCreation(looking, read, whyUnread(entry));
  if (row === undefined || leavers === undefined) return { action: "not read", because: whyNotRead(config, entry) };
  const why = whyUnread(entry);
  if (active.unknown !== null && why.length === 1) {
    return { action: "not read", because: [...why, "the row is left as it is"] };
  }
  const [other] = key === undefined ? [] : await entriesOf(looking, key);
  return other === undefined
    ? foretellLeaver({ ...looking, leavers }, row, dn, why)
    : { action: "not read", because: [...why, `the row is that of ${other.dn}`] };
}

/** The entries with this match key that a sync would read. */
async function entriesOf({ config, places, plan, patient }: Looking, key: string): Promise<Entry[]> {
  const { found } = await locate(config, places, plan, patient, { kind: "match key", text: key });
  const read: Entry[] = [];
  for (const { place, entry } of found) {
    const { filter, active } = place.config;
    if (!(await place.inspection.matches(entry, parseFilter(filter)))) continue;
    if (active && (await judgeAsking(place.inspection, active.node, entry)) !== "active") continue;
    read.push(entry);
  }
  return read;
}

/** Who was renamed has a row still, under the key of before. It is known where the id has a unique index of its own. */
async function holderOfId(
  plan: Plan,
  target: Target,
  explained: readonly ExplainedColumn[],
  row: Row | undefined,
): Promise<string | undefined> {
  const { unique, immutableId } = plan;
  const known = unique.find(({ at: [first, ...others] }) => first === immutableId && others.length === 0);
  const value = explained[immutableId ?? -1]?.stored;
  if (known === undefined || typeof value !== "string") return undefined;
  const [holder] = await target.holders(known.index, [[value]]);
  const key = typeof holder?.key === "string" ? shownKey(plan, holder.key, placeOfKey(plan, holder.by)) : undefined;
  return key === row?.key ? undefined : key;
}

const isRead = ({ base, person, active }: Judged): boolean => base !== undefined && person.matched && active.matched;

/** The `ldapsearch` command that shows this entry. */
function commandFor({ config, attributes }: Place, dn: string): string | undefined {
  if (config.url[0]?.toLowerCase().startsWith("file:")) return undefined;
  return ldapsearchCommand({ ...config, scope: "base" }, dn, "(objectClass=*)", attributes);
}

/** The side of the table: a row without an entry of its key. */
async function explainRow(looking: Looking, key: string): Promise<ExplainedRow | undefined> {
  const { config, plan, patient, places } = looking;
  const row = await rowWithKey({ config, plan, target: patient }, key);
  if (row === undefined) return undefined;
  const id = plan.columns[plan.immutableId ?? -1];
  const [attribute] = id?.attributes ?? [];
  const text = row.immutableId?.value ?? undefined;
  const found =
    id === undefined || attribute === undefined || text === undefined
      ? []
      : (
          await byFilter(places, {
            kind: "equal",
            attribute,
            value: valueInDirectory(config.mapping[id.name] ?? "", text),
          })
        ).found;
  return { row, sameId: found.map(({ entry }) => entry.dn), would: await wouldOfRow(looking, row) };
}

const wouldOfRow = async (looking: Looking, row: Row): Promise<Would> =>
  looking.leavers === undefined
    ? { action: "not read", because: whyLeft(looking.config, row) }
    : foretellLeaver({ ...looking, leavers: looking.leavers }, row, "", ["no entry has its key"]);
