/** Entries of the read whose row cannot be told by a match key. */
export interface Strangers {
  /** Those that show neither a match key nor an immutable id. */
  readonly keyless: { readonly count: number; readonly dns: readonly string[] };
  /** Whether an entry that shows no match key, or was rejected, has this immutable id. */
  has(immutableId: string): boolean;
}
