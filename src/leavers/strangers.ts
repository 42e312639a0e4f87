import type { Bystander, User } from "../change.ts";
import type { Entry } from "../entry.ts";
import type { Plan } from "../plan.ts";
import { openSpool, type Spool } from "../spool.ts";

/** Those of a read who have no row of their own in it: rejected, or not known to be active. Their rows are no leavers'. */
export interface Strangers {
  /** Those who show neither a match key nor an immutable id: any row may be theirs. `dns`: the first ones. */
  readonly keyless: { readonly count: number; readonly dns: readonly string[] };
  /** How many show an immutable id and no match key: a row without an id may be theirs. */
  readonly byIdAlone: number;
  /** Whether one of them has this id, as the column holds it. */
  has(immutableId: string): boolean;
}

/** Strangers while a run meets them. */
export interface StrangerBook extends Strangers {
  /** An entry that was rejected. */
  meet(entry: Entry, keys: Bystander["keys"]): void;
  /** A user who was rejected for what others have. */
  reject(user: User): void;
  /** An entry of which it is not known whether it is active. */
  doubt(entry: Entry): void;
  /** Those of the last ones whose keys are still to be shown. */
  take(): readonly Bystander[];
  close(): void;
}

const mostNamed = 3;

export function openStrangers({
  keysOf,
  idOf,
  immutableId,
}: Pick<Plan, "keysOf" | "idOf" | "immutableId">): StrangerBook {
  const dns: string[] = [];
  let count = 0;
  let byIdAlone = 0;
  let waiting: Bystander[] = [];
  let ids: Spool | undefined;
  const remember = (id: string): void => {
    ids ??= openSpool();
    ids.getOrSet(id.toLowerCase(), () => "");
  };
  const meet: StrangerBook["meet"] = (entry, keys) => {
    const id = idOf(entry);
    if (id !== undefined) remember(id);
    if (keys.some((key) => key !== undefined)) return;
    if (id !== undefined) byIdAlone += 1;
    else {
      count += 1;
      if (dns.length < mostNamed) dns.push(entry.dn);
    }
  };
  return {
    get keyless() {
      return { count, dns };
    },
    get byIdAlone() {
      return byIdAlone;
    },
    has: (id) => ids?.get(id.toLowerCase()) !== undefined,
    meet,
    reject: ({ values }) => {
      const id = values[immutableId ?? -1] ?? undefined;
      if (id !== undefined) remember(id);
    },
    doubt: (entry) => {
      const keys = keysOf(entry);
      meet(entry, keys);
      if (keys.some((key) => key !== undefined)) waiting.push({ dn: entry.dn, keys, unknown: true });
    },
    take: () => {
      const taken = waiting;
      waiting = [];
      return taken;
    },
    close: () => ids?.close(),
  };
}
