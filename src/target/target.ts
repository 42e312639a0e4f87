import type { Table, UniqueIndex } from "./column.ts";
import type { Fence, Lock, LockRequest } from "./lock.ts";
import type { KnownIdentity } from "./weights.ts";

/** A row as it was looked up: the text of each column asked for, in the order asked, NULL as null. */
export type RowValues = readonly (string | null)[];

/** What the look-up of one value of a match key gave. */
export interface Found {
  /** The key as the column's collation sees it: two keys are the same key exactly where these texts are equal. */
  readonly identity: string;
  /** The row that has this key. */
  readonly row: RowValues | undefined;
}

/** What is known of a table before its rows are looked up. */
export interface Overview {
  /** Whether the table has no row now. */
  readonly isVacant: boolean;
  /** What `find` gives as the identity of a first match key. */
  readonly identity: KnownIdentity;
}

/** A row in the order of `Target.order`. */
export interface StoredRow {
  readonly number: string;
  /** Its first match key. */
  readonly key: string | null;
  /** Whether it surely has these values and no other ones. */
  has(values: readonly (string | null | undefined)[]): boolean;
  /** Undefined where only a look-up can tell. */
  readonly values: RowValues | undefined;
}

/** What a write does to a unique index. A value with a NULL in it is none: NULLs never clash. */
export interface Taking {
  readonly index: UniqueIndex;
  /** The values that the row gives up. */
  readonly from: RowValues | undefined;
  /** The values that the row has then, in the order of the index's columns. */
  readonly to: RowValues | undefined;
}

/** A column has one of these values; null: it is NULL. */
export interface Condition {
  /** As the database spells it. */
  readonly column: string;
  readonly oneOf: RowValues;
}

/** A row of a page, see `Target.page`. */
export interface Scanned {
  /** Its match keys, in their order, as in `Found`; null where it has none. */
  readonly identities: readonly (string | null)[];
  readonly row: RowValues;
}

/** Which rows a page is of. */
export interface PageRequest {
  /** All of these hold. */
  readonly where: readonly Condition[];
  /** The ones to read of each. */
  readonly columns: readonly string[];
  /** The match key in whose order the rows are; they have it, and none of those before it. */
  readonly by: string;
  /** The last one of the page before. */
  readonly after: string | undefined;
  readonly size: number;
}

/** What is done to the rows of another table that belong to a row. */
export interface FollowUp {
  readonly table: Table;
  /** Its column that holds the value of the row. */
  readonly key: string;
  readonly where: readonly Condition[];
  /** What they get; undefined: they are deleted. */
  readonly set:
    | {
        readonly columns: readonly string[];
        readonly values: RowValues;
        /** Columns of which any other value may stay, where all others are as they should be. */
        readonly loose: readonly string[];
      }
    | undefined;
}

/** A follow-up of one row. */
export interface Following {
  readonly followUp: FollowUp;
  /** What the row's related rows have in the follow-up's `key`. */
  readonly value: string;
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
      /** What is done in other tables, after the rows of this one, in the same transaction. */
      readonly follow?: readonly Following[];
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
  /** What makes it needless to ask for each row; undefined where identities do not follow from the characters of keys. */
  overview(): Promise<Overview | undefined>;
  /** The column that numbers the rows in the order in which they were made; undefined where there is none that can be read. */
  readonly order: string | undefined;
  /** The next so many rows in that order, after the one with this number. */
  rowsAfter(number: string, columns: readonly string[], size: number): Promise<readonly StoredRow[]>;
  /** `fence`: only while the run holds this lock, which nobody else can take before the end of the transaction. */
  write(writes: readonly Write[], fence?: Fence): Promise<void>;
  /** As `write`, and rolled back in the end. */
  attempt(writes: readonly Write[]): Promise<void>;
  /** Throws the `WriteError` that `write` would, where it shows without asking: a row larger than a statement may be. */
  inspect(writes: readonly Write[]): void;
  /** Who has these values in a unique index, in the order of `values`; none of them has a NULL. */
  holders(index: UniqueIndex, values: readonly RowValues[]): Promise<readonly Holder[]>;
  /** How many rows meet all of these conditions. */
  count(where?: readonly Condition[]): Promise<number>;
  /** The next rows in the order of a match key. */
  page(request: PageRequest): Promise<readonly Scanned[]>;
  /** Another table of the same database, for the configuration key `place`. */
  describe(table: string, place: string): Promise<Table>;
  /** To how many rows a follow-up would do something, for each of these values of its key. */
  related(followUp: FollowUp, values: readonly string[]): Promise<readonly number[]>;
  /** Whether it is remembered beside the lock that a sync of this name into this table was done. */
  succeededBefore(name: string): Promise<boolean>;
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

/** What to do about a conflict that does not pass. */
export const conflictHint = "run again when nobody else is in the way";

/** A write or a look-up that did not succeed, sorted by what can be done about it. */
export class WriteError extends Error {
  override readonly name = "WriteError";
  readonly trouble: WriteTrouble;
  /** What to do about it, where that is known. */
  readonly hint: string | undefined;
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
      readonly hint?: string | undefined;
      readonly index?: string | undefined;
      readonly missing?: string | undefined;
      readonly foreignKey?: boolean;
      readonly undecided?: boolean;
    } = {},
  ) {
    super(message, { cause: details.cause });
    this.trouble = trouble;
    this.hint = details.hint;
    this.index = details.index;
    this.missing = details.missing;
    this.foreignKey = details.foreignKey ?? false;
    this.undecided = details.undecided ?? false;
  }
}
