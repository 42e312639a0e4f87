import type { Table, UniqueIndex } from "./column.ts";
import type { Fence, Lock, LockRequest } from "./lock.ts";

/** A row as it was looked up: the text of each column asked for, in the order asked, NULL as null. */
export type RowValues = readonly (string | null)[];

/** What the look-up of one value of a match key gave. */
export interface Found {
  /** The key as the column's collation sees it: two keys are the same key exactly where these texts are equal. */
  readonly identity: string;
  /** The row that has this key. */
  readonly row: RowValues | undefined;
}

/** What a write does to a unique index. A value with a NULL in it is none: NULLs never clash. */
export interface Taking {
  readonly index: UniqueIndex;
  /** The values that the row gives up. */
  readonly from: RowValues | undefined;
  /** The values that the row has then, in the order of the index's columns. */
  readonly to: RowValues | undefined;
}

/** `takes`: what it does to the unique indexes whose clashes can be foreseen. */
export type Write =
  | {
      readonly kind: "insert";
      readonly columns: readonly string[];
      readonly values: RowValues;
      readonly takes?: readonly Taking[];
    }
  | {
      readonly kind: "update";
      readonly takes?: readonly Taking[];
      /** The match key as the row has it stored. */
      readonly key: string;
      /** Its column, where the row was not found by the first match key. */
      readonly by?: string;
      readonly columns: readonly string[];
      readonly values: RowValues;
      /** What the look-up saw of the row and must still hold; else the write is a conflict. */
      readonly expect?: { readonly columns: readonly string[]; readonly values: RowValues };
    };

/** Who has values in a unique index. */
export interface Holder {
  /** The values as the index sees them: equal texts are equal values. */
  readonly identity: string;
  /**
   * The row that has them: the first match key of which it has a value, as it is stored; null where it has none of them;
   * undefined where the values are free.
   */
  readonly key: string | null | undefined;
  /** The column of `key`, where that is not the first match key. */
  readonly by?: string;
}

/**
 * Where rows are looked up and written. `write` is one transaction: all of the writes stand, or it throws a `WriteError`
 * (or a `Failure`) and none does, save where a connection was lost in the middle of the commit. But for the lock, all
 * others only read.
 */
export interface Target {
  /** For people: `users in idm at db:3306 (MariaDB 10.11.6)`. */
  readonly title: string;
  readonly table: Table;
  /** Why nothing can be written there now, where that is known: the server is a replica. */
  readonly obstacle: string | undefined;
  /** The columns of the match keys in their order, as the database spells them. */
  readonly keys: readonly string[];
  /**
   * The rows with these match keys, in the order of the keys; `columns` are the ones to read of each. `by`: the keys'
   * column, the first one unless told.
   */
  find(keys: readonly string[], columns: readonly string[], by?: string): Promise<readonly Found[]>;
  /** `fence`: only while the run holds this lock, which nobody else can take before the end of the transaction. */
  write(writes: readonly Write[], fence?: Fence): Promise<void>;
  /** As `write`, and rolled back in the end. */
  attempt(writes: readonly Write[]): Promise<void>;
  /** Throws the `WriteError` that `write` would, where it shows without asking: a row larger than a statement may be. */
  inspect(writes: readonly Write[]): void;
  /** Who has these values in a unique index, in the order of `values`; none of them has a NULL. */
  holders(index: UniqueIndex, values: readonly RowValues[]): Promise<readonly Holder[]>;
  /** How many rows have this value in this column; without a column, how many rows there are. */
  count(column?: string, value?: string): Promise<number>;
  /** The lock of the sync of this name into this table; nothing is taken yet. */
  lock(request: LockRequest): Promise<Lock>;
  close(): Promise<void>;
}

/**
 * - `refused`: a row is at fault; without it the others can be written.
 * - `conflict`: another transaction was in the way and this one was rolled back; it can be tried again at once.
 * - `outage`: the connection or the server was lost; whether a commit under way happened is not known.
 */
export type WriteTrouble = "refused" | "conflict" | "outage";

/** A write or a look-up that did not succeed, sorted by what can be done about it. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly trouble: WriteTrouble;
  /** The unique index that was hit, as the database calls it, where it tells. */
  readonly index: string | undefined;
  /** The column that must have a value and was given none, where the database tells. */
  readonly missing: string | undefined;
  /** The row points at a row that is not there. */
  readonly foreignKey: boolean;
  /** The connection was lost while the commit was under way: it may have happened. */
  readonly undecided: boolean;

  constructor(
    trouble: WriteTrouble,
    message: string,
    details: {
      readonly cause?: unknown;
      readonly index?: string | undefined;
      readonly missing?: string | undefined;
      readonly foreignKey?: boolean;
      readonly undecided?: boolean;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.trouble = trouble;
    this.index = details.index;
    this.missing = details.missing;
    this.foreignKey = details.foreignKey ?? false;
    this.undecided = details.undecided ?? false;
  }
}
