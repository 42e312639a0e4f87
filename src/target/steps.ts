import type { RowValues, Write } from "./target.ts";
import { foldGenerously } from "./text.ts";

/**
 * The writes in steps, such that no row takes a unique value before the row that has it has given it up: rows that are
 * changed first, those that wait for another one behind it, new rows last. So somebody may get the mail address that
 * somebody else of the same batch leaves, in whatever order the two were read. Rows that exchange values in a circle wait
 * for each other: each of them is a step of its own, in the order in which they came, and the database refuses the first.
 *
 * Within a step the order means nothing. Values are compared as the most generous collation would: one wait too many does
 * no harm.
 */
export function inSteps<W extends Write>(writes: readonly W[]): readonly (readonly W[])[] {
  const updates = writes.filter(({ kind }) => kind === "update");
  const inserts = writes.filter(({ kind }) => kind === "insert");
  return [...waves(updates, waitsOf(updates)), inserts].filter((step) => step.length > 0);
}

/** The same order, but where somebody takes what somebody else gives up: then it is that of the steps. */
export function inOrder<W extends Write>(writes: readonly W[]): readonly W[] {
  return waitsOf(writes).size > 0 ? inSteps(writes).flat() : writes;
}

/** For each write that waits, for whom it does. */
type Waits<W> = ReadonlyMap<W, readonly W[]>;

function waitsOf<W extends Write>(writes: readonly W[]): Waits<W> {
  const givers = new Map<string, W[]>();
  for (const write of writes)
    for (const { index, from } of write.takes ?? []) {
      if (!from) continue;
      const text = valueText(index.name, from);
      givers.set(text, [...(givers.get(text) ?? []), write]);
    }
  const waits = new Map<W, W[]>();
  if (givers.size === 0) return waits;
  for (const write of writes) {
    const before = (write.takes ?? []).flatMap(({ index, to }) =>
      to ? (givers.get(valueText(index.name, to)) ?? []).filter((giver) => giver !== write) : [],
    );
    if (before.length > 0) waits.set(write, before);
  }
  return waits;
}

function waves<W extends Write>(updates: readonly W[], waits: Waits<W>): W[][] {
  const followers = new Map<W, W[]>();
  const open = new Map<W, number>();
  for (const [write, before] of waits) {
    open.set(write, before.length);
    for (const giver of before) followers.set(giver, [...(followers.get(giver) ?? []), write]);
  }
  const done = new Set<W>();
  const steps: W[][] = [];
  let step = updates.filter((update) => !open.has(update));
  // A list of those that wait, in their order; whoever is done is passed over.
  const waiting = updates.filter((update) => open.has(update));
  let at = 0;
  for (;;) {
    if (step.length > 0) steps.push(step);
    for (const update of step) done.add(update);
    const next = new Set<W>();
    for (const update of step)
      for (const follower of followers.get(update) ?? []) {
        const left = (open.get(follower) ?? 0) - 1;
        open.set(follower, left);
        if (left <= 0 && !done.has(follower)) next.add(follower);
      }
    step = [...next];
    if (step.length > 0) continue;
    while (at < waiting.length && done.has(waiting[at] as W)) at += 1;
    const first = waiting[at];
    if (first === undefined) return steps;
    step = [first];
  }
}

const valueText = (index: string, values: RowValues): string =>
  JSON.stringify([index, ...values.map((value) => foldGenerously(value ?? ""))]);
