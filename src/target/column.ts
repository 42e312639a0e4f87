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
  /** SQLite's NUMERIC: a whole number as a 64-bit integer, any other one as a double. */
  | { readonly type: "numeric" }
  | { readonly type: "date" }
  /** `fraction`: digits of the second; `min`, `max`: as `YYYY-MM-DD HH:MM:SS` in UTC. */
  | { readonly type: "datetime"; readonly fraction: number; readonly min: string; readonly max: string }
  | { readonly type: "bit"; readonly bits: number }
  /** Its text is hexadecimal, see `binary.ts`. */
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
  /** What that is, where it is a constant; undefined where it is computed or where there is none. */
  readonly defaultText?: string | null | undefined;
  /** Numbered by the database, so that two rows never get the same. */
  readonly numbered?: boolean;
  /** Computed by the database, never written. */
  readonly generated: boolean;
  /** ON UPDATE CURRENT_TIMESTAMP: the database writes it with every change of another column. */
  readonly setOnUpdate?: boolean;
  /** What the user may do with it; undefined where the database knows no rights. */
  readonly rights?: ReadonlySet<string>;
  /** Name of the collation that decides which keys are equal; undefined where equal means the same bytes. */
  readonly collation?: string | undefined;
}

export interface UniqueIndex {
  readonly name: string;
  /** Column names as the database spells them; empty for an expression. */
  readonly columns: readonly string[];
  /** Those of the columns in this index, where they may differ from the columns' own. */
  readonly collations?: readonly string[];
  /** Why a clash cannot be foreseen: it looks at the beginning of values, at an expression, at some of the rows, or by a collation of several levels. */
  readonly opaque?: "prefix" | "expression" | "rows" | "collation" | undefined;
}

/** The target table as it was found at the start of the run. */
export interface Table {
  readonly name: string;
  /** By lower-cased name: SQL compares column names without regard to case. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly uniqueIndexes: readonly UniqueIndex[];
  /** Its columns, as the database spells them; empty where there is none. */
  readonly primaryKey: readonly string[];
  /** Rules of the table that may refuse or change a row and are known to the database alone: triggers, checks, foreign keys. */
  readonly rules: readonly TableRule[];
  /** Whether the user may delete rows; undefined where the database knows no rights. */
  readonly deletable?: boolean;
  /** Rules that the table may have and that this user may not see: `triggers`. */
  readonly unseen: readonly string[];
}

export interface TableRule {
  /** `reference`: a foreign key of another table that points here. */
  readonly kind: "trigger" | "check constraint" | "foreign key" | "reference";
  readonly name: string;
  /** Columns of this table that it looks at, where that is known. */
  readonly columns?: readonly string[] | undefined;
  /** Of a trigger: it may give a new row the values that it lacks. */
  readonly fills?: boolean;
  /** Of a foreign key and of a reference: it is this table that points at itself. */
  readonly self?: boolean;
}
