import type { Found, Target } from "./target/target.ts";
import type { KnownIdentity } from "./target/weights.ts";

/** A target, and how rows are looked up in it ahead of their turn. */
interface Presuming {
  readonly target: Target;
  readonly ahead: Target["find"];
}

/**
 * Nobody is looked up in a table that had no row when the run began: what is there since then are the rows of this run, and
 * who has which of those is known by their identities. They are put together here, and only where for all of the first
 * batch that gave what the database gives.
 *
 * Somebody else may insert rows meanwhile. It shows in that a write is refused, as it does where that happens between any
 * look-up and its write; from then on the database is asked.
 */
export function presumeVacant(target: Target, batchSize: number): Presuming {
  let known: KnownIdentity | undefined;
  let decided: Promise<unknown> | undefined;
  const first: Target["find"] = async (keys, columns, by) => {
    const found = await target.find(keys, columns, by);
    // For what may be the last batch it is not worth asking.
    const isOnlyBeginning = keys.length * 2 >= batchSize && target.keys.length === 1;
    if (!isOnlyBeginning || found.some(({ row }) => row)) return found;
    const identity = await target.vacant();
    if (identity && found.every((each, at) => each.identity === identity(keys[at] ?? ""))) known = identity;
    return found;
  };
  return {
    ahead: async (keys, columns, by) => {
      if (!decided) {
        const found = first(keys, columns, by);
        decided = found.catch(() => {
          decided = undefined;
        });
        return found;
      }
      await decided;
      return (known && newcomers(keys, known)) ?? target.find(keys, columns, by);
    },
    target: {
      ...target,
      write: async (writes, fence) => {
        try {
          await target.write(writes, fence);
        } catch (error) {
          known = undefined;
          throw error;
        }
      },
    },
  };
}

/** What `find` gives of keys that no row has; undefined where it is not known of one of them. */
function newcomers(keys: readonly string[], known: KnownIdentity): readonly Found[] | undefined {
  const found: Found[] = [];
  for (const key of keys) {
    const identity = known(key);
    if (identity === undefined) return undefined;
    found.push({ identity, row: undefined });
  }
  return found;
}
