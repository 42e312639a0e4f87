import { openSpool } from "./spool.ts";

/** Who has a row in this run. */
interface Claimant {
  readonly dn: string;
  /** Of the values, to tell an entry that is delivered twice from another one with the same DN. */
  readonly digest: number;
}

/** Who has which row in this run. */
export interface Claims {
  /** Who has claimed this identity before; where nobody has, it is this entry's from now on. */
  claim(identity: string, claimant: Claimant): Claimant | undefined;
  /** Who has claimed this identity. */
  claimant(identity: string): Claimant | undefined;
  close(): void;
}

export function openClaims(): Claims {
  const spool = openSpool();
  return {
    claimant: (identity) => read(spool.get(identity)),
    claim: (identity, { dn, digest }) => read(spool.getOrSet(identity, () => `${digest} ${dn}`)),
    close: () => spool.close(),
  };
}

function read(text: string | undefined): Claimant | undefined {
  if (text === undefined) return undefined;
  const space = text.indexOf(" ");
  return { dn: text.slice(space + 1), digest: Number(text.slice(0, space)) };
}
