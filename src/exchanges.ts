import type { WriteVerdict } from "./diff.ts";
import type { UniqueIndex } from "./target/column.ts";
import { holdersOf, rowName } from "./target/holders.ts";
import type { Holder, Target } from "./target/target.ts";

/**
 * Who of these must be written together for each to get the unique values that he takes: those who take what another one of
 * them gives up, with that one. Whoever takes what nobody here gives up can only be refused, and he and those who wait for
 * him stand alone at the end. All in the order in which they were given.
 */
export async function exchanges(target: Target, verdicts: readonly WriteVerdict[]): Promise<readonly WriteVerdict[][]> {
  const holders = await holdersOf(
    target,
    verdicts.map(({ write }) => write),
  );
  const wishes = wishesOf(verdicts, holders);
  const able = ableOf(verdicts, wishes);
  const groups = new Map<WriteVerdict, WriteVerdict[]>();
  const leaderOf = leadersOf(wishes.filter(({ taker }) => able.has(taker)));
  for (const verdict of verdicts) {
    if (!able.has(verdict)) continue;
    const leader = leaderOf(verdict);
    const group = groups.get(leader);
    if (group) group.push(verdict);
    else groups.set(leader, [verdict]);
  }
  return [...groups.values(), ...verdicts.filter((verdict) => !able.has(verdict)).map((verdict) => [verdict])];
}

/** The one who stands for all who belong together. */
function leadersOf(wishes: readonly Wish[]): (verdict: WriteVerdict) => WriteVerdict {
  const leaders = new Map<WriteVerdict, WriteVerdict>();
  const leaderOf = (verdict: WriteVerdict): WriteVerdict => {
    let last = verdict;
    for (let next = leaders.get(last); next !== undefined; next = leaders.get(last)) last = next;
    return last;
  };
  for (const { taker, giver } of wishes) {
    if (!giver) continue;
    const [one, other] = [leaderOf(taker), leaderOf(giver)];
    if (one !== other) leaders.set(one, other);
  }
  return leaderOf;
}

/** A value that somebody takes. */
interface Wish {
  readonly taker: WriteVerdict;
  /** The index and the values as it sees them. */
  readonly place: string;
  /** Who gives it up, undefined where nobody does. */
  readonly giver: WriteVerdict | undefined;
  readonly free: boolean;
}

function wishesOf(verdicts: readonly WriteVerdict[], holders: Awaited<ReturnType<typeof holdersOf>>): Wish[] {
  const placeOf = (index: UniqueIndex, holder: Holder): string => JSON.stringify([index.name, holder.identity]);
  const givers = new Map<string, WriteVerdict>();
  for (const verdict of verdicts)
    for (const { index, from } of verdict.write.takes ?? []) {
      const holder = from && holders.get(from);
      if (holder && isRowOf(verdict, holder)) givers.set(placeOf(index, holder), verdict);
    }
  return verdicts.flatMap((taker) =>
    (taker.write.takes ?? []).flatMap(({ index, to }): Wish[] => {
      const holder = to && holders.get(to);
      if (!holder) return [];
      const place = placeOf(index, holder);
      const free = holder.key === undefined || isRowOf(taker, holder);
      return [{ taker, place, free, giver: free ? undefined : givers.get(place) }];
    }),
  );
}

const isRowOf = ({ write }: WriteVerdict, { key, by }: Holder): boolean =>
  write.kind === "update" && typeof key === "string" && rowName(key, by) === rowName(write.key, write.by);

/** Those whose wishes can all be met together. */
function ableOf(verdicts: readonly WriteVerdict[], wishes: readonly Wish[]): ReadonlySet<WriteVerdict> {
  const able = new Set(verdicts);
  for (let before = -1; before !== able.size; ) {
    before = able.size;
    for (const { taker, free, giver } of wishes) if (!free && !(giver && able.has(giver))) able.delete(taker);
    if (before === able.size)
      for (const loser of losersOf(wishes.filter(({ taker }) => able.has(taker)))) able.delete(loser);
  }
  return able;
}

/**
 * All but one of the first who have the same wish. It is met for whoever the one who gives the value up waits for himself,
 * as in a circle, and else for the first.
 */
function losersOf(wishes: readonly Wish[]): readonly WriteVerdict[] {
  const same = new Map<string, Wish[]>();
  for (const wish of wishes) same.set(wish.place, [...(same.get(wish.place) ?? []), wish]);
  const rivals = [...same.values()].find((each) => each.length > 1);
  if (!rivals) return [];
  const before = waitedFor(rivals[0]?.giver, wishes);
  const takers = rivals.map(({ taker }) => taker);
  const winner = takers.find((taker) => before.has(taker)) ?? takers[0];
  return takers.filter((taker) => taker !== winner);
}

/** For whom somebody waits, and those for whom they do. */
function waitedFor(first: WriteVerdict | undefined, wishes: readonly Wish[]): ReadonlySet<WriteVerdict> {
  const waited = new Set<WriteVerdict>();
  const next = first ? [first] : [];
  for (let one = next.pop(); one !== undefined; one = next.pop())
    for (const { taker, giver } of wishes) {
      if (taker !== one || !giver || waited.has(giver)) continue;
      waited.add(giver);
      next.push(giver);
    }
  return waited;
}
