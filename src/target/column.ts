/** What a column can hold, in words that are the same for every database. */
export type ColumnType =
  | {
      readonly type: "text";
      /** Most characters (code points), where the column counts characters. */
      readonly maxChars?: number | undefined;
      /** Most bytes in the column's character set, where it counts bytes. */
      readonly maxBytes?: number | undefined;
      readonly charset: Charset;
      /** CHAR(n): trailing spaces are not kept. */
      readonly padded: boolean;
    }
  | { readonly type: "integer"; readonly min: bigint; readonly max: bigint }
  | { readonly type: "decimal"; readonly precision: number; readonly scale: number; readonly unsigned: boolean }
  | { readonly type: "float"; readonly bits: 32 | 64 }
  | { readonly type: "date" }
  /** `fraction`: digits of the second; `min`, `max`: as `YYYY-MM-DD HH:MM:SS` in UTC. */
  | { readonly type: "datetime"; readonly fraction: number; readonly min: string; readonly max: string }
  | { readonly type: "bit"; readonly bits: number }
  | { readonly type: "binary"; readonly maxBytes: number; readonly fixed: boolean }
  /** `doubles`: a number other than a 64-bit integer is kept as a double. */
  | { readonly type: "json"; readonly doubles?: boolean }
  | { readonly type: "uuid" }
  | { readonly type: "enum"; readonly members: readonly string[] };

/** Which characters a text column can store: all, those of the basic multilingual plane, Windows-1252, ASCII. */
export type Charset = "unicode" | "bmp" | "latin1" | "ascii";

export interface Column {
  /** As the database spells it. */
  readonly name: string;
  /** As declared, for people: `varchar(191)`. */
  readonly declared: string;
  /** Undefined where this program cannot write such a column (geometry, vector, …). */
  readonly type: ColumnType | undefined;
  readonly nullable: boolean;
  /** The database fills it where an insert leaves it out. */
  readonly hasDefault: boolean;
  /** Computed by the database, never written. */
  readonly generated: boolean;
  /** ON UPDATE CURRENT_TIMESTAMP: the database writes it with every change of another column. */
  readonly setOnUpdate?: boolean;
  /** Name of the collation that decides which keys are equal; undefined where equal means the same bytes. */
  readonly collation?: string | undefined;
}

export interface UniqueIndex {
  readonly name: string;
  /** Column names as the database spells them. */
  readonly columns: readonly string[];
}

/** The target table as it was found at the start of the run. */
export interface Table {
  readonly name: string;
  /** By lower-cased name: SQL compares column names without regard to case. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly uniqueIndexes: readonly UniqueIndex[];
}
