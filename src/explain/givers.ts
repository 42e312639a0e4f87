import { diff, isWrite } from "../diff.ts";
import type { Entry } from "../entry.ts";
import { placeOfKey, shownKey } from "../keys.ts";
import { match } from "../match.ts";
import type { Plan } from "../plan.ts";
import type { Target } from "../target/target.ts";

/** Who has a unique value that an entry takes, and may give it up in the same sync. */

/** A row that has such a value now. */
interface Held {
  /** The columns of the unique index, as the mapping spells them. */
  readonly columns: string;
  /** The match key of the row, for people. */
  readonly key: string;
}

/** An entry that has to take part, and the value for which it does. */
export interface Giver extends Held {
  readonly entry: Entry;
}

/** A chain of more is not followed. */
const mostGivers = 10;

/**
 * The entries of the rows that have what this entry takes, those that they themselves wait for before them.
 *
 * @param entriesOf the entries with a match key that a sync would read
 */
export async function giversOf(
  plan: Plan,
  target: Target,
  entry: Entry,
  entriesOf: (key: string) => Promise<readonly Entry[]>,
): Promise<readonly Giver[]> {
  const givers: Giver[] = [];
  const waiting: Entry[] = [entry];
  for (let next = waiting.pop(); next !== undefined && givers.length < mostGivers; next = waiting.pop()) {
    for (const held of await heldBy(plan, target, next)) {
      for (const giver of await entriesOf(held.key)) {
        if (giver.dn === entry.dn || givers.some((known) => known.entry.dn === giver.dn)) continue;
        givers.unshift({ ...held, entry: giver });
        waiting.push(giver);
      }
    }
  }
  return givers;
}

async function heldBy(plan: Plan, target: Target, entry: Entry): Promise<Held[]> {
  const user = plan.toUser(entry);
  if ("reason" in user) return [];
  const [found] = await match(plan, target, [user]);
  if (!found) return [];
  const verdict = diff(plan, user, found);
  if (!isWrite(verdict)) return [];
  const held: Held[] = [];
  for (const { index, to } of verdict.write.takes ?? []) {
    const [holder] = to === undefined ? [] : await target.holders(index, [to]);
    const key = placeOfKey(plan, holder?.by);
    if (typeof holder?.key !== "string" || holder.key === found.row?.[key]) continue;
    const named = index.columns.map((name) => plan.columns.find(({ column }) => column === name)?.name ?? name);
    held.push({ columns: named.join(", "), key: shownKey(plan, holder.key, key) });
  }
  return held;
}
