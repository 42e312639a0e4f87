import type { Bystander, User } from "./change.ts";
import type { Plan } from "./plan.ts";
import type { RowValues, Target } from "./target/target.ts";

/** What the look-up of one entry gave. */
export interface Match {
  /** Its match keys by which it was looked up, as a `Claims` knows them. */
  readonly identities: readonly string[];
  /** The row that is the entry's, so far as keys tell. */
  readonly row: RowValues | undefined;
  /** By which of the plan's keys the row was found; where there is none, the last one that was tried. */
  readonly by: number;
}

/** `expected`: the values that each row is to have in these columns, where that is known. A row that has them is given as these. */
export type FindAhead = (
  keys: readonly string[],
  columns: readonly string[],
  expected: readonly (User["values"] | undefined)[],
  by?: string,
) => ReturnType<Target["find"]>;

/** A match key as its column's collation sees it, apart from those of the plan's other keys. */
export const identityOf = (by: number, identity: string): string => `${by} ${identity}`;

/**
 * The rows of entries: each is looked up by its first match key, and by the next one where that gives no row. By a later
 * key only a row is taken in which all keys before it are NULL: any other one is somebody else's.
 */
export async function match(
  plan: Plan,
  target: Target,
  entries: readonly (User | Bystander)[],
  find: FindAhead = (keys, columns, _, by) => target.find(keys, columns, by),
): Promise<readonly Match[]> {
  const found: (Match | undefined)[] = entries.map(() => undefined);
  for (const [by, at] of plan.keys.entries()) {
    const places: number[] = [];
    const keys: string[] = [];
    const expected: (User["values"] | undefined)[] = [];
    for (const [place, entry] of entries.entries()) {
      const key = entry.values === undefined ? entry.keys[by] : entry.values[at];
      if (typeof key !== "string" || found[place]?.row) continue;
      places.push(place);
      keys.push(key);
      expected.push(entry.values);
    }
    if (keys.length === 0) continue;
    const rows = await find(keys, plan.read, expected, by === 0 ? undefined : plan.columns[at]?.column);
    for (const [which, place] of places.entries()) {
      const { identity = "", row } = rows[which] ?? {};
      const identities = [...(found[place]?.identities ?? []), identityOf(by, identity)];
      found[place] = { identities, row: row && isFree(plan, by, row) ? row : undefined, by };
    }
  }
  return found.map((each) => each ?? { identities: [], row: undefined, by: 0 });
}

/** Whether a row that was found by this key has none of those before it. */
const isFree = ({ keys }: Plan, by: number, row: RowValues): boolean =>
  keys.slice(0, by).every((at) => (row[at] ?? null) === null);
