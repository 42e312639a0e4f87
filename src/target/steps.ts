import type { RowValues, Write } from "./target.ts";
import { foldGenerously } from "./text.ts";

/**
 * The writes in steps, such that no row takes a unique value before the row that has it has given it up: rows that are
 * changed first, those that wait for another one behind it, new rows last. So somebody may get the mail address that
 * somebody else of the same batch leaves, in whatever order the two were read. Rows that exchange values in a circle wait
 * for each other: they stand in one step, and the database refuses them.
 *
 * Within a step the order means nothing. Values are compared as the most generous collation would: one wait too many does
 * no harm.
 */
export function inSteps<W extends Write>(writes: readonly W[]): readonly (readonly W[])[] {
  const givers = giversOf(writes);
  const updates = writes.filter(({ kind }) => kind === "update");
  const inserts = writes.filter(({ kind }) => kind === "insert");
  return [...waves(updates, givers), inserts].filter((step) => step.length > 0);
}

/** The same order, but where somebody takes what somebody else gives up: then it is that of the steps. */
export function inOrder<W extends Write>(writes: readonly W[]): readonly W[] {
  const givers = giversOf(writes);
  const someWait = writes.some((write) => waitsFor(write, givers).length > 0);
  return someWait ? inSteps(writes).flat() : writes;
}

type Givers<W> = ReadonlyMap<string, W>;

function giversOf<W extends Write>(writes: readonly W[]): Givers<W> {
  const givers = new Map<string, W>();
  for (const write of writes)
    for (const { index, from } of write.takes ?? []) if (from) givers.set(valueText(index.name, from), write);
  return givers;
}

function waitsFor<W extends Write>(write: W, givers: Givers<W>): W[] {
  if (givers.size === 0) return [];
  return (write.takes ?? []).flatMap(({ index, to }) => {
    const giver = to && givers.get(valueText(index.name, to));
    return giver === undefined || giver === write ? [] : [giver];
  });
}

function waves<W extends Write>(updates: readonly W[], givers: Givers<W>): W[][] {
  if (givers.size === 0) return [[...updates]];
  const steps: W[][] = [];
  const done = new Set<W>();
  let waiting = [...updates];
  while (waiting.length > 0) {
    const free = waiting.filter((update) => waitsFor(update, givers).every((giver) => done.has(giver)));
    const step = free.length > 0 ? free : waiting;
    steps.push(step);
    for (const update of step) done.add(update);
    waiting = waiting.filter((update) => !done.has(update));
  }
  return steps;
}

const valueText = (index: string, values: RowValues): string =>
  JSON.stringify([index, ...values.map((value) => foldGenerously(value ?? ""))]);
