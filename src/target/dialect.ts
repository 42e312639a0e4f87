import type { Failure } from "../errors.ts";
import type { Column, ColumnType, Table } from "./column.ts";
import type { LockDialect } from "./lock-table.ts";
import type { Pool, Recipient } from "./send.ts";
import type { KeyCollations } from "./table.ts";
import type { WriteError } from "./target.ts";
import type { KnownIdentity } from "./weights.ts";

/** What the driver is given for one value. */
export type Binding = string | number | bigint | Buffer | null;

/** One statement with its values. */
export interface Statement {
  readonly sql: string;
  readonly bindings: readonly Binding[];
}

interface Server {
  /** For people. */
  readonly title: string;
  /** The most bytes that the values of one statement may have. */
  readonly maxBytes: number;
  /** What sets that. */
  readonly setBy: string;
  /** Why nothing can be written there now, where that is known. */
  readonly obstacle?: string | undefined;
}

/**
 * All that differs from one database to the next. The statements have the same meaning everywhere; see `database.ts`
 * for who sends them.
 */
export interface Dialect {
  /** Opens the pool; nothing is connected yet. `readOnly`: the database is told to refuse every write. */
  open(readOnly: boolean): Promise<Pool>;
  /** Asks the server who it is. */
  describeServer(db: Recipient): Promise<Server>;
  /** The table's columns and unique indexes; a `Failure("configuration")` where there is no such table, which `place` names. */
  describeTable(db: Recipient, table: string, place?: string): Promise<Table>;
  quote(name: string): string;
  /** A column in a select list, such that its text is the canonical one or can be made it by `read`. */
  select(column: Column): string;
  /** A value in a statement: its literal, or a place for it among the bindings. */
  place(value: Binding, bindings: Binding[]): string;
  /** What is equal exactly where the collation of a match key calls two texts equal. */
  identity(key: Column, text: string): string;
  /** A text as a match key's column would hold it, so that its index is used and its collation decides. */
  asKey(key: Column, text: string): string;
  /** A table `u` whose rows are wanted in the order of this index. */
  fromInOrder(table: string, index: string | undefined): string;
  /** The column of a match key in its own order. */
  inOrder(key: Column): string;
  /** Whether two values are the same, NULLs being so. */
  readonly isSame: string;
  /** The column as a text that `read` takes as well; undefined for a column that has none. */
  readonly packed?: (column: Column) => string | undefined;
  /** The text of a value as the driver gives it. */
  read(raw: unknown, type: ColumnType): string;
  /** What the driver is given for a text. */
  bind(text: string, type: ColumnType): Binding;
  /** The rows of a statement's result as arrays. */
  rows(db: Recipient, statement: Statement): Promise<readonly (readonly unknown[])[]>;
  /** Runs a write and says how many rows it found. */
  run(db: Recipient, statement: Statement): Promise<number>;
  /**
   * For each tuple of values of the `by` columns: its ordinal, the identity of each value under the column's collation,
   * the first of the `by` columns of the row that has them all (left join: NULLs where there is none), then `select` of
   * it. `locked`: as they are now, and nobody else changes them before the end of the transaction.
   */
  lookup(
    table: string,
    by: readonly Column[],
    tuples: readonly (readonly Binding[])[],
    select: readonly string[],
    locked?: boolean,
  ): Statement;
  /** How the identity of a match key follows from the key alone, where it does. */
  readonly ownIdentity: (column: Column) => KnownIdentity | undefined;
  /**
   * What `lookup` would take as the identity of each of these texts, as SQL; undefined where that of a longer text is not
   * made of those of its characters.
   */
  readonly weights?: (column: Column, texts: readonly string[]) => readonly string[] | undefined;
  /**
   * Makes rows of these columns and says how many. Never takes the place of one, whatever the table's definition says of
   * clashes.
   */
  insert(
    db: Recipient,
    table: string,
    columns: readonly Column[],
    rows: readonly (readonly Binding[])[],
  ): Promise<number>;
  /** Sets the columns of many rows, each found by its key; `rows` are key first, then the values. */
  update(table: string, key: Column, columns: readonly Column[], rows: readonly (readonly Binding[])[]): Statement;
  readonly keyCollations: KeyCollations;
  readonly lock: LockDialect;
  /** Rows of a number and a value as a derived table `k` with the columns `i` and `v0`. */
  given(rows: readonly (readonly Binding[])[], bindings: Binding[]): string;
  /** How an update begins that takes no other way out of a clash than an error. */
  readonly updateOf: string;
  /** How an insert begins. */
  readonly insertInto: string;
  /** Most values that one statement may carry. */
  readonly maxBindings: number;
  /** What an error of the driver means. */
  classify(error: unknown): WriteError | Failure | undefined;
}
