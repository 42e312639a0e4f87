/** Those of a read who have no row of their own in it: rejected, or not known to be active. Their rows are no leavers'. */
export interface Strangers {
  /** Those who show neither a match key nor an immutable id: any row may be theirs. `dns`: the first ones. */
  readonly keyless: { readonly count: number; readonly dns: readonly string[] };
  /** How many show an immutable id and no match key: a row without an id may be theirs. */
  readonly byIdAlone: number;
  /** Whether one of them has this id, as the column holds it. */
  has(immutableId: string): boolean;
}
