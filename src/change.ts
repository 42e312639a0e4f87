import type { Entry } from "./entry.ts";

/** An entry that cannot be mapped or written; it is told, never dropped in silence. */
export interface Reject {
  readonly dn: string;
  /** The match key as people read it, empty where the entry has none. */
  readonly key: string;
  /** Empty where no single column is at fault. */
  readonly column: string;
  readonly reason: string;
}

/** A value before and after, as the column stores it, bytes made readable; NULL as null. */
export interface Difference {
  readonly from: string | null;
  readonly to: string | null;
}

/** What a run did, or would do, to one row. */
export interface Change {
  readonly kind: "insert" | "update";
  readonly key: string;
  readonly dn: string;
  readonly columns: Readonly<Record<string, Difference>>;
}

/**
 * An entry that was read and rejected. Its key is taken all the same: whoever else has it is a later one, and must not
 * come by the row because the first has a fault elsewhere.
 */
export interface Bystander {
  readonly dn: string;
  readonly key: string;
  readonly values?: undefined;
}

/** A person as the directory has it, in the texts that the columns of the plan will hold. */
export interface User {
  readonly dn: string;
  readonly key: string;
  /** In the order of the plan's columns; undefined: leave the column as it is. */
  readonly values: readonly (string | null | undefined)[];
  /** What it was made of, kept only where a report asks for it. */
  readonly entry?: Entry | undefined;
}
