import type { Bystander, User } from "./change.ts";
import type { Plan } from "./plan.ts";
import type { Found, RowValues, Target } from "./target/target.ts";

/** What the look-up of one entry gave. */
export interface Match {
  /** Its match keys by which it was looked up, as a `Claims` knows them. */
  readonly identities: readonly string[];
  /** The row that is the entry's, so far as keys tell. */
  readonly row: RowValues | undefined;
  /** By which of the plan's keys the row was found; where there is none, the last one that was tried. */
  readonly by: number;
}

/** The values that each row is to have; undefined where that is not known. */
export type Expected = readonly (User["values"] | undefined)[];

/** As `find` of a target. A row that has the expected values in these columns is given as these. */
export type FindAhead = (
  keys: readonly string[],
  columns: readonly string[],
  expected: Expected,
  by?: string,
) => ReturnType<Target["find"]>;

/**
 * A match key as its column's collation sees it, apart from those of the plan's other keys: no identity has a unit above
 * 0xff (see `identityText`), and those of the first key, which most plans have alone, stay as they are.
 */
export const identityOf = (by: number, identity: string): string =>
  by === 0 ? identity : String.fromCharCode(0xff + by) + identity;

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
  const found = entries.map((): Match => nothing);
  for (const [by, at] of plan.keys.entries()) {
    const places: number[] = [];
    const keys: string[] = [];
    const expected: (User["values"] | undefined)[] = [];
    for (let place = 0; place < entries.length; place += 1) {
      const entry = entries[place] as User | Bystander;
      const key = entry.values === undefined ? entry.keys[by] : entry.values[at];
      if (typeof key !== "string" || found[place]?.row) continue;
      places.push(place);
      keys.push(key);
      expected.push(entry.values);
    }
    if (keys.length === 0) continue;
    const rows = await find(keys, plan.read, expected, by === 0 ? undefined : plan.columns[at]?.column);
    for (let which = 0; which < places.length; which += 1) {
      const place = places[which] as number;
      const { identity, row } = rows[which] as Found;
      const own = identityOf(by, identity);
      const before = found[place]?.identities ?? [];
      const identities = before.length === 0 ? [own] : [...before, own];
      found[place] = { identities, row: row && isFree(plan, by, row) ? row : undefined, by };
    }
  }
  return found;
}

const nothing: Match = { identities: [], row: undefined, by: 0 };

/** Whether a row that was found by this key has none of those before it. */
const isFree = ({ keys }: Plan, by: number, row: RowValues): boolean =>
  by === 0 || keys.slice(0, by).every((at) => (row[at] ?? null) === null);
