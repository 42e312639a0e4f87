import type { Expected } from "./match.ts";
import type { Table } from "./target/column.ts";
import type { Found, RowValues, StoredRow, Target } from "./target/target.ts";
import type { KnownIdentity } from "./target/weights.ts";

/**
 * Rows that were read together, in their order. What lives on from one reading to the next is no more than their list: a
 * table that is filled and emptied over and over would keep rows alive that nobody needs any more.
 */
class Reading {
  /** How many rows had been read before. */
  readonly before: number;
  readonly #rows: (StoredRow | undefined)[];
  #next = 0;
  #left: number;
  #places: Map<string | null, number> | undefined;

  constructor(before: number, rows: readonly StoredRow[]) {
    this.before = before;
    this.#rows = [...rows];
    this.#left = rows.length;
  }

  get isUsedUp(): boolean {
    return this.#left === 0;
  }

  /** Takes the row with this key out; most often it is the next one. */
  take(key: string): { readonly row: StoredRow; readonly ordinal: number } | undefined {
    let at = this.#next;
    let row = this.#rows[at];
    if (row?.key !== key) {
      this.#places ??= new Map(this.#rows.map((each, place) => [each?.key ?? null, place]));
      at = this.#places.get(key) ?? -1;
      row = this.#rows[at];
    }
    if (row === undefined) return undefined;
    this.#rows[at] = undefined;
    this.#left -= 1;
    this.#next = at + 1;
    return { row, ordinal: this.before + this.#next };
  }
}

/** So many rows for each person are read at most. To read a row as it lies costs a fifth of what it costs to look it up. */
const mostBatches = 4;
/** For so many batches they are read together: each statement wakes three processes that share the machine. */
const batchesAtOnce = 3;
/** As much more than seems to be needed is read. */
const reserve = 1.1;
/** So many batches in a row may have to be looked up for the most part, before that is done with all of them. */
const mostMisses = 3;
/** Rows that may be longer than so many characters are not read before it is known that they are wanted. */
const longestRow = 16 * 1024;

/**
 * People come from a source about as they were made there, and have got their rows in that order. So the rows after those
 * of a batch are mostly those of the next one: they are read as they lie in the table, while the people of that batch are
 * still being received. Who is not among them is looked up. Where people and rows turn out to be in no common order, all are.
 *
 * A row is given out once: who asks a second time asks the database.
 */
export class RowsInOrder {
  readonly #target: Target;
  readonly #batchSize: number;
  #readings: readonly Reading[] = [];
  /** How many rows were read, and how many of them lie before the last one that was wanted. */
  #read = 0;
  #passed = 0;
  /** The number of the last one that was read; undefined where nothing is known to come after it. */
  #last: string | undefined;
  /** How many rows lie there for one person. */
  #share = 1;
  #misses = 0;
  #reading: Promise<void> | undefined;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(target: Target, batchSize: number) {
    this.#target = target;
    this.#batchSize = batchSize;
  }

  /** Looks up, and goes on reading after the last row that is found where most of a batch is. */
  async lookUp(keys: readonly string[], columns: readonly string[]): Promise<readonly Found[]> {
    const { order, table } = this.#target;
    if (order === undefined || mayBeLong(table, columns)) return this.#target.find(keys, columns);
    const found = await this.#target.find(keys, [...columns, order]);
    const rows = found.flatMap(({ row }) => (row ? [row] : []));
    if (rows.length * 2 > this.#batchSize) {
      this.#goOnAfter(rows.at(-1)?.[columns.length] ?? undefined);
      this.#misses += 1;
    }
    return found.map(({ identity, row }) => ({ identity, row: row?.slice(0, columns.length) }));
  }

  /** Gives what has been read already, and looks up the others. One call after the other. */
  find(
    identityOf: KnownIdentity,
    keys: readonly string[],
    columns: readonly string[],
    expected: Expected,
  ): ReturnType<Target["find"]> {
    if (this.#misses > mostMisses) return this.#target.find(keys, columns);
    const found = this.#turn.then(() => this.#find(identityOf, keys, columns, expected));
    this.#turn = found.catch(() => {});
    return found;
  }

  /** What was read may not be so any more. */
  forget(): void {
    this.#goOnAfter(undefined);
  }

  async #find(
    identityOf: KnownIdentity,
    keys: readonly string[],
    columns: readonly string[],
    expected: Expected,
  ): ReturnType<Target["find"]> {
    await this.#reading;
    const before = this.#passed;
    const found = keys.map((key, at) => this.#take(key, identityOf, expected[at]));
    const missing = keys.filter((_, at) => !found[at]);
    const taken = keys.length - missing.length;
    if (taken > 0) this.#share = Math.max(1, (this.#share + (this.#passed - before) / taken) / 2);
    this.#dropOld();
    const areFew = missing.length * 2 <= keys.length;
    if (areFew) {
      this.#misses = 0;
      this.readOn(columns);
    }
    const others = missing.length > 0 ? await this.lookUp(missing, columns) : [];
    if (!areFew) this.readOn(columns);
    let next = 0;
    return found.map((each) => {
      if (each) return each;
      next += 1;
      return others[next - 1] as Found;
    });
  }

  #take(key: string, identityOf: KnownIdentity, expected: Expected[number]): Found | undefined {
    for (const reading of this.#readings) {
      const there = reading.take(key);
      if (!there) continue;
      const identity = identityOf(key);
      const row = expected && there.row.has(expected) ? (expected as RowValues) : there.row.values;
      if (identity === undefined || row === undefined) return undefined;
      if (there.ordinal > this.#passed) this.#passed = there.ordinal;
      return { identity, row };
    }
    return undefined;
  }

  /** Of rows that were passed long ago it seems that nobody will ask for them. */
  #dropOld(): void {
    const oldest = this.#passed - this.#batchSize * mostBatches;
    this.#readings = this.#readings.filter(({ before, isUsedUp }) => before >= oldest && !isUsedUp);
  }

  #goOnAfter(number: string | undefined): void {
    this.#last = number;
    this.#readings = [];
    this.#passed = this.#read;
  }

  /** Begins to read the rows that will be asked for next. */
  readOn(columns: readonly string[]): void {
    const wanted = Math.ceil(this.#batchSize * Math.min(this.#share * reserve, mostBatches));
    const there = this.#read - this.#passed;
    const size = wanted * batchesAtOnce - there;
    if (this.#last === undefined || there >= wanted) return;
    const after = this.#last;
    const take = (rows: Awaited<ReturnType<Target["rowsAfter"]>>): void => {
      // Meanwhile something may have been found elsewhere.
      if (this.#last !== after) return;
      this.#readings = [...this.#readings, new Reading(this.#read, rows)];
      this.#read += rows.length;
      this.#last = rows.length < size ? undefined : rows.at(-1)?.number;
    };
    // What goes wrong here goes wrong in the look-ups that follow, and is told there.
    this.#reading = this.#target.rowsAfter(after, columns, size).then(take, () => this.forget());
  }
}

/** Whether a row may have very long values in these columns, such as photographs. */
function mayBeLong(table: Table, columns: readonly string[]): boolean {
  let characters = 0;
  for (const name of columns) {
    const type = table.columns.get(name.toLowerCase())?.type;
    if (type?.type === "text") characters += type.maxChars ?? type.maxBytes ?? Number.POSITIVE_INFINITY;
    else if (type?.type === "binary") characters += type.maxBytes * 2;
    else if (type?.type === "json") return true;
  }
  return characters > longestRow;
}
