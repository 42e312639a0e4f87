import { openSpool, type Spool } from "../spool.ts";
import type { UniqueIndex } from "./column.ts";
import { givingUp } from "./give-up.ts";
import { holdersOf, rowName } from "./holders.ts";
import { type RehearsedRows, rehearsedRows } from "./rehearsed-rows.ts";
import { inSteps } from "./steps.ts";
import { clashedIndex, mustBeGiven } from "./table.ts";
import { type Holder, type Taking, type Target, type Write, WriteError } from "./target.ts";

/** The row that has a value in a unique index, or nothing where the value is free. */
interface Owner {
  /** The row by its key as the table has it, see `rowName`; of a new row, by the one that it will have. A row without one is never written. */
  readonly row: string | null;
  /** The key that the row has then, and its column, as of a `Holder`. */
  readonly key: string | null;
  readonly by?: string | undefined;
}

/** How the database is asked, where it is to be asked. */
interface Trial {
  readonly attempt: Target["attempt"];
  /** What was said of a row depends on earlier batches, which were rolled back: a sync may do otherwise. */
  undecided(): void;
}

/** Who has what has been written before; undefined where nothing was. */
interface Owners {
  get(place: string): Owner | null | undefined;
  set(place: string, owner: Owner | null): void;
}

const ownersIn = (spool: Spool): Owners => ({
  get: (place) => {
    const text = spool.get(place);
    return text === undefined ? undefined : (JSON.parse(text) as Owner | null);
  },
  set: (place, owner) => spool.set(place, JSON.stringify(owner)),
});

/** Who has a value now, in this rehearsal: null where the one who had it has given it up. */
type Ledger = ReadonlyMap<string, Owner | null>;

/**
 * The target of a dry run: it swallows writes, and refuses what the database would refuse. What was "written" is
 * remembered as far as later writes depend on it: which unique values are taken and which are free again. Its answers are
 * those of the database at the same point of a real run.
 *
 * It knows the rules that the table's description shows: unique indexes, columns that must have a value, the size of a
 * row. Triggers, checks and foreign keys are known to the database alone; `attempt` puts the question to it.
 *
 * @param columns which columns of written rows will be looked up again: see `RehearsedRows`
 */
export async function rehearse<T>(
  target: Target,
  work: (rehearsal: Target) => Promise<T>,
  columns: readonly string[] = [],
  trial?: Trial,
): Promise<T> {
  const spool = openSpool();
  try {
    return await work(rehearsalOf(target, ownersIn(spool), rehearsedRows(target, columns, spool), trial));
  } finally {
    spool.close();
  }
}

function rehearsalOf(target: Target, owners: Owners, rows: RehearsedRows, trial: Trial | undefined): Target {
  const holders: Target["holders"] = async (index, values) =>
    (await target.holders(index, values)).map((holder) => {
      const { identity, key } = holder;
      const owner = owners.get(placeOf(index, identity));
      if (owner !== undefined) return { identity, ...holding(owner) };
      const since = typeof key === "string" ? owners.get(respelt(rowName(key, holder.by))) : undefined;
      return since ? { identity, ...holding(since) } : holder;
    });
  const tried = trials(target);
  return {
    ...target,
    // What is "written" is not there, and has to be asked for here.
    overview: async () => {
      const known = await target.overview();
      return known && { ...known, isVacant: false };
    },
    order: rows.areKept ? undefined : target.order,
    holders,
    find: async (keys, columns, by) =>
      (await target.find(keys, columns, by)).map((found, at) => rows.found(keys[at] ?? "", by, columns, found)),
    write: async (planned) => {
      const writes = planned.map(rows.known);
      target.inspect(writes);
      for (const write of writes) refuseMissing(target, write);
      const values = await holdersOf(target, writes);
      const ledger = judge(target, writes, values, (place) => owners.get(place));
      if (trial) await tried(trial, planned, rows.canBeTried);
      for (const [place, owner] of ledger) owners.set(place, owner);
      for (const write of planned) rows.wrote(selfOf(target, write), write);
    },
  };
}

/**
 * Lets the database try writes. Halves of a batch that was refused are tried together with the other parts of it that
 * went well, as if those stood. Who has which value in an index that can be foreseen is known here, and the database does
 * not know it: where it refuses such a clash, the writes are tried by halves for what else it would say of them.
 */
function trials({
  table,
}: Target): (trial: Trial, planned: readonly Write[], canBeTried: (write: Write) => boolean) => Promise<void> {
  let batch: ReadonlySet<Write> = new Set();
  let standing: readonly Write[] = [];
  /** What batches before this one would have done to the table. */
  const earlier = { wrote: false, changed: false };
  /** Writes of the batch that have been counted as undecided. */
  const doubted = new Set<Write>();
  const isForeseen = (index: UniqueIndex | undefined, writes: readonly Write[]): boolean =>
    index !== undefined && writes.some(({ takes }) => takes?.some((taking) => taking.index === index));
  /** Gives those that stand then. */
  const attempt = async (
    trial: Trial,
    before: readonly Write[],
    writes: readonly Write[],
  ): Promise<readonly Write[]> => {
    const all = [...before, ...writes];
    try {
      await trial.attempt(all);
      return all;
    } catch (error) {
      if (!(error instanceof WriteError) || error.trouble !== "refused") throw error;
      const index = clashedIndex(table, error);
      if (isForeseen(index, writes)) {
        if (writes.length === 1) return before;
        const middle = writes.length >> 1;
        return attempt(trial, await attempt(trial, before, writes.slice(0, middle)), writes.slice(middle));
      }
      if (writes.length > 1) throw error;
      const pointsHere = error.foreignKey && table.rules.some(({ self }) => self);
      const doubt = (pointsHere && earlier.wrote) || (index?.opaque && earlier.changed);
      if (doubt && !writes.every((write) => doubted.has(write))) trial.undecided();
      for (const write of doubt ? writes : []) doubted.add(write);
      // Most often a row that points at this table points at one that an earlier batch would have made.
      if (!pointsHere || !earlier.wrote) throw error;
      return before;
    }
  };
  const untried = new WeakSet<Write>();
  return async (trial, planned, canBeTried) => {
    const writes = planned.filter(canBeTried);
    for (const write of planned) {
      if (writes.includes(write) || untried.has(write)) continue;
      untried.add(write);
      trial.undecided();
    }
    if (writes.length === 0) return;
    if (!writes.every((write) => batch.has(write))) {
      earlier.wrote ||= standing.length > 0;
      earlier.changed ||= standing.some(({ kind }) => kind === "update");
      batch = new Set(writes);
      standing = [];
      doubted.clear();
    }
    standing = await attempt(trial, standing, writes);
  };
}

const placeOf = (index: UniqueIndex, identity: string): string => `${index.name}\0${identity}`;

const holding = (owner: Owner | null): Pick<Holder, "key" | "by"> => ({
  key: owner?.key,
  ...(owner?.by !== undefined && { by: owner.by }),
});

/** Where it is noted that a row has its key in another spelling since, or got one that goes before it. */
const respelt = (row: string): string => `\0${row}`;

/** As the database would: a new row that leaves out a column which must have a value and has no default. */
function refuseMissing({ table }: Target, write: Write): void {
  if (write.kind !== "insert") return;
  // A trigger may fill it.
  if (table.rules.some(({ fills }) => fills)) return;
  const column = [...table.columns.values()].find((each) => mustBeGiven(each) && !write.columns.includes(each.name));
  if (column) throw new WriteError("refused", `${column.name} has no default`, { missing: column.name });
}

/**
 * One write after the other, in the order in which the database gets them: whoever takes a value that another row has is
 * refused. Gives what is different afterwards.
 */
function judge(
  target: Target,
  writes: readonly Write[],
  values: ReadonlyMap<Taking["to"], Holder>,
  before: (place: string) => Owner | null | undefined,
): Ledger {
  const ledger = new Map<string, Owner | null>();
  const ownerOf = (index: UniqueIndex, { identity, key, by }: Holder): Owner | null => {
    const place = placeOf(index, identity);
    const known = ledger.has(place) ? ledger.get(place) : before(place);
    if (known !== undefined) return known;
    return key === undefined ? null : { row: key === null ? null : rowName(key, by), key, by };
  };
  for (const write of inSteps(writes, givingUp(target.table, target.keys[0])).flat()) {
    const self = selfOf(target, write);
    for (const { index, to } of write.takes ?? []) {
      const wanted = values.get(to);
      const owner = wanted && ownerOf(index, wanted);
      if (owner && owner.row !== self.row) {
        throw new WriteError("refused", `${index.name} has these values already`, { index: index.name });
      }
    }
    for (const { index, from, to } of write.takes ?? []) {
      const [given, taken] = [values.get(from), values.get(to)];
      if (given) ledger.set(placeOf(index, given.identity), null);
      if (taken) ledger.set(placeOf(index, taken.identity), self);
    }
    if (write.kind === "update" && (self.key !== write.key || self.by !== write.by)) {
      ledger.set(respelt(rowName(write.key, write.by)), self);
    }
  }
  return ledger;
}

/** The row that is written: before a row's own key there is none but what it is given now. */
function selfOf({ keys }: Target, write: Write): Owner {
  const written = (name: string): string | undefined => write.values[write.columns.indexOf(name)] ?? undefined;
  const own = write.kind === "update" ? (write.by ?? keys[0]) : undefined;
  const at = keys.findIndex((name) => name === own || written(name) !== undefined);
  const by = at > 0 ? keys[at] : undefined;
  const key = written(keys[at] ?? "") ?? (write.kind === "update" ? write.key : "");
  return { row: write.kind === "update" ? rowName(write.key, write.by) : rowName(key, by), key, by };
}
