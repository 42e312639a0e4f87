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
  /** An entry has this identity and cannot have the row. */
  show(identity: string): void;
  /**
   * Whether an entry of this run has claimed or shown the identity. Not looked up in full, which for a whole table would
   * take longer than the rest of the run: of a million others, one in 2^24 is taken for it.
   */
  knows(identity: string): boolean;
  close(): void;
}

/** Before an identity that is only shown; no other one begins with it, see `identityOf`. */
const shown = "\u{ffee}";

export function openClaims(): Claims {
  const spool = openSpool();
  return {
    claimant: (identity) => read(spool.get(identity)),
    claim: (identity, { dn, digest }) => read(spool.getOrSet(identity, () => `${digest} ${dn}`)),
    show: (identity) => {
      if (!spool.mayHave(identity)) spool.set(shown + identity, "");
    },
    knows: (identity) => spool.mayHave(identity) || spool.mayHave(shown + identity),
    close: () => spool.close(),
  };
}

function read(text: string | undefined): Claimant | undefined {
  if (text === undefined) return undefined;
  const space = text.indexOf(" ");
  return { dn: text.slice(space + 1), digest: Number(text.slice(0, space)) };
}
