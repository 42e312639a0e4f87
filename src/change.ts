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
  /** `missing`: of a row whose entry is gone it is kept for how long. */
  readonly kind: "insert" | "update" | "deactivate" | "missing";
  readonly key: string;
  /** Empty of a row whose entry is not there any more. */
  readonly dn: string;
  /** Of an insert: the person is not active, and neither is the row. */
  readonly inactive?: true;
  /** The match key by which a row was found that had none of those before it, and gets one now. */
  readonly adopted?: string;
  readonly columns: Readonly<Record<string, Difference>>;
  /** To how many rows of other tables something was done with it, by table; without those of none. */
  readonly related?: Readonly<Record<string, number>>;
}

/**
 * An entry that was read and rejected. Its keys are taken all the same: whoever else has one is a later one, and must not
 * come by the row because the first has a fault elsewhere.
 */
export interface Bystander {
  readonly dn: string;
  /** It is not known whether it is active: its keys are shown, and whoever is active may have them. */
  readonly unknown?: true;
  /** In the order of the plan's keys; undefined where it has none. */
  readonly keys: readonly (string | undefined)[];
  readonly values?: undefined;
}

/** A person as the directory has it, in the texts that the columns of the plan will hold. */
export interface User {
  readonly dn: string;
  /** The first match key that it has. */
  readonly key: string;
  /** In the order of the plan's columns; undefined: leave the column as it is. */
  readonly values: readonly (string | null | undefined)[];
  /**
   * The DNs that its references hold, in the order of the plan's columns that refer; null where there is none, undefined:
   * leave the column as it is. Only where the plan has such columns.
   */
  readonly references?: readonly (string | null | undefined)[] | undefined;
  /** What it was made of, kept only where a report asks for it. */
  readonly entry?: Entry | undefined;
}
