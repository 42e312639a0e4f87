import { openSpool } from "./spool.ts";

/** Who has a row in this run. */
interface Claimant {
  readonly dn: string;
  /** Of the values, to tell an entry that is delivered twice from another one with the same DN. */
  readonly digest: number;
}

/** Who has which row in this run. */
export interface Claims {
  /** Notes that this identity, which nobody has claimed yet, is this entry's. */
  claim(identity: string, claimant: Claimant): void;
  /** Who has claimed this identity. */
  claimant(identity: string): Claimant | undefined;
  close(): void;
}

export function openClaims(): Claims {
  const spool = openSpool<Claimant>();
  return {
    claimant: (identity) => spool.get(identity),
    claim: (identity, claimant) => spool.set(identity, claimant),
    close: () => spool.close(),
  };
}
