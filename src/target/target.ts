import type { Table } from "./column.ts";

/** A row as it was looked up: the text of each column asked for, in the order asked, NULL as null. */
export type RowValues = readonly (string | null)[];

/** What the look-up of one key gave. */
export interface Found {
  /** The key as the column's collation sees it: two keys are the same key exactly where these texts are equal. */
  readonly identity: string;
  /** The row that has this key. */
  readonly row: RowValues | undefined;
}

export type Write =
  | { readonly kind: "insert"; readonly columns: readonly string[]; readonly values: RowValues }
  | {
      readonly kind: "update";
      /** The match key as the row has it stored. */
      readonly key: string;
      readonly columns: readonly string[];
      readonly values: RowValues;
      /** What the look-up saw of the row and must still hold; else the write is a conflict. */
      readonly expect?: { readonly columns: readonly string[]; readonly values: RowValues };
    };

/**
 * Where rows are looked up and written. `find`, `holder` and `countActive` only read. `write` is one transaction: all
 * of the writes stand, or it throws a `WriteError` (or a `Failure`) and none does, save where a connection was lost in the
 * middle of the commit.
 */
export interface Target {
  /** For people: `users in idm at db:3306 (MariaDB 10.11.6)`. */
  readonly title: string;
  readonly table: Table;
  /** The rows with these match keys, in the order of the keys; `columns` are the ones to read of each. */
  find(keys: readonly string[], columns: readonly string[]): Promise<readonly Found[]>;
  write(writes: readonly Write[]): Promise<void>;
  /** The match key of the row whose columns have these values, for the naming of a clash. */
  holder(columns: readonly string[], values: RowValues): Promise<string | undefined>;
  /** How many rows have this value in this column; without a column, how many rows there are. */
  count(column?: string, value?: string): Promise<number>;
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
  /** The unique index that was hit, by its name or by its columns, where the database tells. */
  readonly unique: { readonly index?: string; readonly columns?: readonly string[] } | undefined;

  constructor(
    trouble: WriteTrouble,
    message: string,
    options: { cause?: unknown; unique?: WriteError["unique"] } = {},
  ) {
    super(message, { cause: options.cause });
    this.trouble = trouble;
    this.unique = options.unique;
  }
}
