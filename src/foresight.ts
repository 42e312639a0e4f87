import type { FindAhead } from "./match.ts";
import { RowsInOrder } from "./rows-in-order.ts";
import type { Found, Target } from "./target/target.ts";
import type { KnownIdentity } from "./target/weights.ts";

/** A target, and how rows are looked up in it ahead of their turn. */
interface Foreseeing {
  readonly target: Target;
  readonly ahead: FindAhead;
}

/**
 * Most look-ups can be spared. In a table that has no row when the run begins there is nobody to be found: what is there
 * since then are the rows of this run, and who has which of those is known by their identities. In any other table the next
 * people of the source mostly have the next rows, which are read as they lie: see `RowsInOrder`.
 *
 * In both cases the identities of keys are put together here, and only where for all of the first batch that gave what the
 * database gives. Somebody else may write meanwhile. It shows in that a write is refused, as it does where that happens
 * between any look-up and its write; then the database is asked again.
 */
export function foresee(target: Target, batchSize: number): Foreseeing {
  const rows = new RowsInOrder(target, batchSize);
  const asked: FindAhead = (keys, columns) => target.find(keys, columns);
  let find = asked;
  let isVacant = false;
  let decided: Promise<unknown> | undefined;
  const first: Target["find"] = async (keys, columns) => {
    const found = await rows.lookUp(keys, columns);
    // For what may be the last batch it is not worth asking.
    if (keys.length * 2 < batchSize) return found;
    const isNew = found.every(({ row }) => row === undefined);
    if (isNew ? target.keys.length > 1 : target.order === undefined) return found;
    const known = await target.overview();
    if (!known || found.some(({ identity }, at) => identity !== known.identity(keys[at] ?? ""))) return found;
    if (isNew && known.isVacant) {
      isVacant = true;
      find = newcomers(known.identity, asked);
    } else if (!isNew) {
      find = (others, same, expected) => rows.find(known.identity, others, same, expected);
      rows.readOn(columns);
    }
    return found;
  };
  return {
    ahead: async (keys, columns, expected, by) => {
      if (by !== undefined) return target.find(keys, columns, by);
      if (decided) {
        await decided;
        return find(keys, columns, expected);
      }
      const found = first(keys, columns);
      decided = found.catch(() => {
        decided = undefined;
      });
      return found;
    },
    target: {
      ...target,
      write: async (writes, fence) => {
        try {
          await target.write(writes, fence);
        } catch (error) {
          if (isVacant) find = asked;
          rows.forget();
          throw error;
        }
      },
    },
  };
}

/** Finds nobody without asking, where all identities are known. */
function newcomers(identityOf: KnownIdentity, asked: FindAhead): FindAhead {
  return async (keys, columns, expected) => {
    const found: Found[] = [];
    for (const key of keys) {
      const identity = identityOf(key);
      if (identity === undefined) return asked(keys, columns, expected);
      found.push({ identity, row: undefined });
    }
    return found;
  };
}
