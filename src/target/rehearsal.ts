import { openSpool } from "../spool.ts";
import type { UniqueIndex } from "./column.ts";
import { inSteps } from "./steps.ts";
import { clashedIndex } from "./table.ts";
import { type Holder, type Taking, type Target, type Write, WriteError } from "./target.ts";

/** The row that has a value in a unique index, or nothing where the value is free. */
interface Owner {
  /** The row's key as the table has it; of a new row, the key that it will have. A row without one is never written. */
  readonly row: string | null;
  /** The key that the row has then. */
  readonly key: string | null;
}

/** How the database is asked, where it is to be asked. */
interface Trial {
  readonly attempt: Target["attempt"];
  /** A row whose fate depends on rows of earlier batches was taken as well. */
  undecided(): void;
}

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
 */
export async function rehearse<T>(target: Target, work: (rehearsal: Target) => Promise<T>, trial?: Trial): Promise<T> {
  const spool = openSpool<Owner | null>();
  try {
    return await work(rehearsalOf(target, spool, trial));
  } finally {
    spool.close();
  }
}

function rehearsalOf(
  target: Target,
  spool: ReturnType<typeof openSpool<Owner | null>>,
  trial: Trial | undefined,
): Target {
  const holders: Target["holders"] = async (index, values) =>
    (await target.holders(index, values)).map(({ identity, key }) => {
      const owner = spool.get(placeOf(index, identity));
      if (owner !== undefined) return { identity, key: owner?.key };
      return { identity, key: typeof key === "string" ? (spool.get(respelt(key))?.key ?? key) : key };
    });
  return {
    ...target,
    holders,
    write: async (writes) => {
      target.inspect(writes);
      for (const write of writes) refuseMissing(target, write);
      const values = await look(target, writes);
      const ledger = judge(target, writes, values, (place) => spool.get(place));
      await trial?.attempt(writes).catch((error: unknown) => acceptUnknown(target, trial, writes, error));
      for (const [place, owner] of ledger) spool.set(place, owner);
    },
  };
}

/**
 * The batches before were rolled back, so the database does not know of them. Who has which value is known here; what else
 * depends on other rows cannot be tried, and is taken as well.
 */
function acceptUnknown({ table }: Target, trial: Trial, writes: readonly Write[], error: unknown): void {
  const [only, ...others] = writes;
  if (!only || others.length > 0 || !(error instanceof WriteError)) throw error;
  const index = clashedIndex(table, error);
  if (index && only.takes?.some((taking) => taking.index === index)) return;
  if (index?.opaque || (error.foreignKey && table.rules.some(({ self }) => self))) trial.undecided();
  else throw error;
}

const placeOf = (index: UniqueIndex, identity: string): string => `${index.name}\0${identity}`;

/** Where it is noted that a row has its key in another spelling since. */
const respelt = (key: string): string => `\0${key}`;

/** As the database would: a new row that leaves out a column which must have a value and has no default. */
function refuseMissing({ table }: Target, write: Write): void {
  if (write.kind !== "insert") return;
  // A trigger may fill it.
  if (table.rules.some(({ fills }) => fills)) return;
  const column = [...table.columns.values()].find(
    ({ name, nullable, hasDefault, generated }) =>
      !nullable && !hasDefault && !generated && !write.columns.includes(name),
  );
  if (column) throw new WriteError("refused", `${column.name} has no default`, { missing: column.name });
}

/** What the database says of each value that is given up or taken. */
async function look(target: Target, writes: readonly Write[]): Promise<ReadonlyMap<Taking["to"], Holder>> {
  const known = new Map<Taking["to"], Holder>();
  const takes = writes.flatMap((write) => write.takes ?? []);
  for (const index of new Set(takes.map((taking) => taking.index))) {
    const values = takes
      .filter((taking) => taking.index === index)
      .flatMap(({ from, to }) => [from ?? [], to ?? []])
      .filter((each) => each.length > 0);
    const found = await target.holders(index, values);
    for (const [at, each] of values.entries()) {
      const holder = found[at];
      if (holder) known.set(each, holder);
    }
  }
  return known;
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
  const ownerOf = (index: UniqueIndex, { identity, key }: Holder): Owner | null => {
    const place = placeOf(index, identity);
    const known = ledger.has(place) ? ledger.get(place) : before(place);
    return known === undefined ? (key === undefined ? null : { row: key, key }) : known;
  };
  for (const write of inSteps(writes).flat()) {
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
    if (write.kind === "update" && self.key !== write.key) ledger.set(respelt(write.key), self);
  }
  return ledger;
}

function selfOf({ key }: Target, write: Write): Owner {
  const at = write.columns.indexOf(key);
  const written = at < 0 ? undefined : (write.values[at] ?? undefined);
  return write.kind === "insert"
    ? { row: written ?? "", key: written ?? "" }
    : { row: write.key, key: written ?? write.key };
}
