import { Failure } from "../errors.ts";
import type { Table, UniqueIndex } from "./column.ts";
import type { Binding, Dialect } from "./dialect.ts";
import { follow, related } from "./follow-ups.ts";
import { givingUp } from "./give-up.ts";
import type { Fence } from "./lock.ts";
import { hasSucceeded, openLock, renewal } from "./lock-table.ts";
import { bound, identityText, keyColumn, known, type OpenTable, readRow } from "./open-table.ts";
import { count, overview, page } from "./pages.ts";
import { parts } from "./parts.ts";
import { orderOf, rowsAfter } from "./rows-after.ts";
import { begin, type Recipient } from "./send.ts";
import { inSteps } from "./steps.ts";
import { matchKeyColumn, type TypedColumn } from "./table.ts";
import {
  conflictHint,
  type Found,
  type Holder,
  type RowValues,
  type Target,
  type Write,
  WriteError,
} from "./target.ts";

/** How a target is opened. */
export interface Opening {
  /** The database refuses every write of this connection, by its own means. */
  readonly readOnly: boolean;
  /** Told how far it comes, for who wants to show it. */
  readonly listener?: {
    /** `title`: of the server, for people. */
    connected(title: string): void;
    described(table: Table): void;
  };
}

/**
 * The target that is a table of a database. The table's shape is read once, here; a match key that the table cannot
 * keep unique is refused before anything is read.
 */
export async function databaseTarget(
  dialect: Dialect,
  config: { readonly table: string; readonly matchKey: readonly string[] },
  { readOnly, listener }: Opening,
): Promise<Target> {
  const db = await dialect.open(readOnly);
  const sorted = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      throw dialect.classify(error) ?? error;
    });
  try {
    const server = await sorted(dialect.describeServer(db));
    listener?.connected(server.title);
    const table = withKnownIndexes(await sorted(dialect.describeTable(db, config.table)), dialect);
    listener?.described(table);
    const keys = config.matchKey.map((name) => matchKeyColumn(table, name, dialect.keyCollations));
    const limits = { bindings: dialect.maxBindings, bytes: server.maxBytes, setBy: server.setBy };
    const open: OpenTable = { db, dialect, table, keys, order: orderOf(table), limits };
    return {
      title: `${config.table} in ${server.title}`,
      table,
      obstacle: server.obstacle,
      keys: keys.map(({ name }) => name),
      find: (keys, columns, by) => sorted(find(open, keys, columns, by)),
      overview: () => sorted(overview(open)),
      order: open.order,
      rowsAfter: (number, columns, size) => sorted(rowsAfter(open, number, columns, size)),
      write: (writes, fence) => sorted(transact(open, writes, true, fence)),
      attempt: (writes) => sorted(transact(open, writes, false)),
      inspect: (writes) => {
        for (const group of sameShape(writes)) for (const _ of parts(groupRows(open, group), limits));
      },
      holders: (index, values) => sorted(holders(open, index, values)),
      count: (where = []) => sorted(count(open, where)),
      page: (request) => sorted(page(open, request)),
      describe: (name, place) => sorted(dialect.describeTable(db, name, place)),
      related: (followUp, values) => sorted(related(open, followUp, values)),
      succeededBefore: (name) => sorted(hasSucceeded(db, dialect, { name, table: table.name })),
      lock: (request) => openLock(db, dialect, table.name, request),
      close: () => db.close(),
    };
  } catch (error) {
    await db.close();
    throw error instanceof WriteError ? unreachable(error) : error;
  }
}

/** An index whose collation does not tell which texts are the same cannot be foreseen. */
function withKnownIndexes(table: Table, { keyCollations }: Dialect): Table {
  const isKnown = (name: string, own: string | undefined): boolean => {
    const collation = own ?? table.columns.get(name.toLowerCase())?.collation;
    return collation === undefined || keyCollations.known(collation);
  };
  const uniqueIndexes = table.uniqueIndexes.map((index) =>
    index.opaque || index.columns.every((name, at) => isKnown(name, index.collations?.[at]))
      ? index
      : ({ ...index, opaque: "collation" } as const),
  );
  return { ...table, uniqueIndexes };
}

/** Before anything was written there is nothing to try again. */
export const unreachable = (error: WriteError): Failure =>
  new Failure("database", error.message, {
    hint:
      error.hint ??
      {
        outage: "is it running, and are host and port in target.connection right?",
        conflict: conflictHint,
        refused: undefined,
      }[error.trouble],
    cause: error,
  });

/** Within a transaction the rows are locked. */
async function find(
  open: OpenTable,
  keys: readonly string[],
  names: readonly string[],
  by?: string,
  transaction?: Recipient,
): Promise<readonly Found[]> {
  const { dialect, table } = open;
  const key = keyColumn(open, by);
  const columns = names.map((name) => known(open, name));
  const select = columns.map((column) => dialect.select(column));
  const found: Found[] = [];
  let offset = 0;
  for (const part of parts(
    keys.map((text) => [dialect.bind(text, key.type)]),
    open.limits,
  )) {
    const statement = dialect.lookup(table.name, [key], part, select, transaction !== undefined);
    for (const [ordinal, identity, present, ...raw] of await dialect.rows(transaction ?? open.db, statement)) {
      const row = present === null ? undefined : readRow(dialect, columns, raw);
      found[offset + Number(ordinal)] = { identity: identityText(identity), row };
    }
    offset += part.length;
  }
  return found;
}

async function transact(open: OpenTable, writes: readonly Write[], keep: boolean, fence?: Fence): Promise<void> {
  const transaction = await begin(open.db);
  try {
    await expectUnchanged(open, transaction, writes);
    for (const step of inSteps(writes, givingUp(open.table, open.keys[0]?.name)))
      for (const group of sameShape(step)) await writeGroup(open, transaction, group);
    await follow(open, transaction, writes);
    if (fence) await holdFence(open, transaction, fence);
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
  if (!keep) return transaction.rollback();
  return transaction.commit().catch((error: unknown) => {
    throw inCommit(open.dialect, error);
  });
}

/**
 * Last of all before the commit: the row of the lock is then held for no longer than the commit takes, and the lease can
 * be renewed beside the longest of statements. A conflict, because a node of a cluster may be behind the one on which the
 * lock was taken: who holds it can try again.
 */
async function holdFence({ dialect }: OpenTable, transaction: Recipient, fence: Fence): Promise<void> {
  if ((await dialect.run(transaction, renewal(dialect, fence))) === 1) return;
  throw new WriteError("conflict", "the lock of this run is not there any more");
}

/** All was done and the commit was asked for: where its answer was lost, it may have happened. */
function inCommit(dialect: Dialect, error: unknown): unknown {
  const sorted = dialect.classify(error);
  if (!(sorted instanceof WriteError) || sorted.trouble !== "outage") return error;
  return new WriteError(sorted.trouble, sorted.message, { cause: sorted.cause, hint: sorted.hint, undecided: true });
}

/** Looks the rows up again that must be as they were seen, and keeps them so until the transaction ends. */
async function expectUnchanged(open: OpenTable, transaction: Recipient, writes: readonly Write[]): Promise<void> {
  const expected = writes.flatMap((each) =>
    each.kind === "update" && each.expect ? [{ key: each.key, by: each.by, ...each.expect }] : [],
  );
  let changed = 0;
  for (const by of new Set(expected.map((each) => each.by))) {
    const group = expected.filter((each) => each.by === by);
    const names = [...new Set(group.flatMap(({ columns }) => columns))];
    const places = new Map(names.map((name, at) => [name, at]));
    const keys = group.map(({ key }) => key);
    const found = await find(open, keys, names, by, transaction);
    changed += group.filter(({ columns, values }, which) => {
      const row = found[which]?.row;
      return !row || columns.some((name, at) => row[places.get(name) ?? -1] !== values[at]);
    }).length;
  }
  if (changed > 0) throw changedMeanwhile(changed, expected.length);
}

const changedMeanwhile = (changed: number, rows: number): WriteError =>
  new WriteError("conflict", `${changed} of ${rows} rows were changed by somebody else meanwhile`);

async function writeGroup(open: OpenTable, transaction: Recipient, group: Group): Promise<void> {
  const { dialect, table } = open;
  const columns = group.columns.map((name) => known(open, name));
  for (const part of parts(groupRows(open, group), open.limits)) {
    const written =
      group.kind === "insert"
        ? await dialect.insert(transaction, table.name, columns, part)
        : await dialect.run(transaction, dialect.update(table.name, keyColumn(open, group.by), columns, part));
    const missing = part.length - written;
    if (missing === 0) continue;
    // A row that was there at the look-up and is gone now: look again rather than count what did not happen.
    throw group.kind === "insert"
      ? new WriteError("refused", `the database left out ${missing} of ${part.length} new rows without an error`)
      : changedMeanwhile(missing, part.length);
  }
}

/** The values of each write, of an update after its key. */
function groupRows(open: OpenTable, group: Group): Binding[][] {
  const { dialect } = open;
  const key = keyColumn(open, group.by);
  const columns = group.columns.map((name) => known(open, name));
  return group.writes.map((each) => {
    const row: Binding[] = each.kind === "insert" ? [] : [dialect.bind(each.key, key.type)];
    for (let at = 0; at < columns.length; at += 1) {
      row.push(bound(dialect, columns[at] as TypedColumn, each.values[at] ?? null));
    }
    return row;
  });
}

interface Group {
  readonly kind: Write["kind"];
  /** Of updates: the column by which they find their rows, see `Write`. */
  readonly by: string | undefined;
  readonly columns: readonly string[];
  readonly writes: Write[];
}

/** Writes that one statement can carry: of one kind, with the same columns, by the same match key. */
function sameShape(writes: readonly Write[]): Iterable<Group> {
  const groups = new Map<string, Group>();
  let last: Group | undefined;
  for (const write of writes) {
    const by = write.kind === "update" ? write.by : undefined;
    if (last && last.columns === write.columns && last.kind === write.kind && last.by === by) {
      last.writes.push(write);
      continue;
    }
    const shape = JSON.stringify([write.kind, write.columns, by]);
    last = groups.get(shape) ?? { kind: write.kind, by, columns: write.columns, writes: [] };
    last.writes.push(write);
    groups.set(shape, last);
  }
  return groups.values();
}

async function holders(open: OpenTable, index: UniqueIndex, tuples: readonly RowValues[]): Promise<readonly Holder[]> {
  const { db, dialect, table, keys } = open;
  const by = index.columns.map((name, at) => {
    const column = known(open, name);
    return { ...column, collation: index.collations?.[at] ?? column.collation };
  });
  const bindings = tuples.map((values) => by.map((column, at) => bound(dialect, column, values[at] ?? null)));
  const found: Holder[] = [];
  let offset = 0;
  for (const part of parts(bindings, open.limits)) {
    const select = keys.map((key) => dialect.select(key));
    const statement = dialect.lookup(table.name, by, part, select);
    for (const [ordinal, ...raw] of await dialect.rows(db, statement)) {
      const identity = JSON.stringify(raw.slice(0, by.length).map(identityText));
      const [present, ...stored] = raw.slice(by.length);
      const holder = present === null ? { key: undefined } : firstKey(keys, readRow(dialect, keys, stored));
      found[offset + Number(ordinal)] = { identity, ...holder };
    }
    offset += part.length;
  }
  return found;
}

/** The first match key of which a row has a value. */
function firstKey(keys: readonly TypedColumn[], row: RowValues): Pick<Holder, "key" | "by"> {
  const at = row.findIndex((value) => value !== null);
  const by = at > 0 ? keys[at]?.name : undefined;
  return { key: row[at] ?? null, ...(by !== undefined && { by }) };
}
