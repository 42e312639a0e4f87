import type { Holder, Taking, Target, Write } from "./target.ts";

/** A row by a match key that it has; `by`: its column, where that is not the first one. */
export const rowName = (key: string, by: string | undefined): string =>
  by === undefined ? key : JSON.stringify([by, key]);

/** Who has each value that these writes give up or take, by the very values of the takings. */
export async function holdersOf(target: Target, writes: readonly Write[]): Promise<ReadonlyMap<Taking["to"], Holder>> {
  const known = new Map<Taking["to"], Holder>();
  const takes = writes.flatMap((write) => write.takes ?? []);
  for (const index of new Set(takes.map((taking) => taking.index))) {
    const values = takes
      .filter((taking) => taking.index === index)
      .flatMap(({ from, to }) => [from ?? [], to ?? []])
      .filter((each) => each.length > 0);
    const found = await target.holders(index, values);
    for (const [at, each] of values.entries()) {
      const holder = found[at];
      if (holder) known.set(each, holder);
    }
  }
  return known;
}
