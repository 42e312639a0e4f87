import type { RowValues, Taking, Write } from "./target.ts";
import { foldGenerously } from "./text.ts";

/** What a row is given for a while, so that it has these values no more; undefined where nothing would do. */
export type GiveUp = (
  write: Write,
  takings: readonly Taking[],
) => { readonly columns: readonly string[]; readonly values: RowValues } | undefined;

/**
 * The writes in steps, such that no row takes a unique value before the row that has it has given it up: rows that are
 * changed first, those that wait for another one behind it, new rows last. So somebody may get the mail address that
 * somebody else of the same batch leaves, in whatever order the two were read. Of rows that exchange values in a circle
 * one gives up its value beforehand, in a step of its own. Where none of them can, each is a step, and the database refuses
 * the first.
 *
 * Within a step the order means nothing. Values are compared as the most generous collation would: one wait too many does
 * no harm.
 */
export function inSteps(writes: readonly Write[], giveUp: GiveUp): readonly (readonly Write[])[] {
  const updates = writes.filter(({ kind }) => kind === "update");
  const inserts = writes.filter(({ kind }) => kind === "insert");
  return [...waves(updates, waitsOf(updates), giveUp), inserts].filter((step) => step.length > 0);
}

/** The same order of the same writes, but where somebody takes what somebody else gives up: then it is that of the steps. */
export function inOrder(writes: readonly Write[]): readonly Write[] {
  return waitsOf(writes).size > 0 ? inSteps(writes, () => undefined).flat() : writes;
}

/** For each write that waits, for whom it does: for one who gives up several of its values, as often. */
type Waits = ReadonlyMap<Write, readonly Write[]>;

function waitsOf(writes: readonly Write[]): Waits {
  const givers = new Map<string, Write[]>();
  for (const write of writes)
    for (const { index, from } of write.takes ?? []) {
      if (!from) continue;
      const text = valueText(index.name, from);
      givers.set(text, [...(givers.get(text) ?? []), write]);
    }
  const waits = new Map<Write, Write[]>();
  if (givers.size === 0) return waits;
  for (const write of writes) {
    const before = (write.takes ?? []).flatMap(({ index, to }) =>
      to ? (givers.get(valueText(index.name, to)) ?? []).filter((giver) => giver !== write) : [],
    );
    if (before.length > 0) waits.set(write, before);
  }
  return waits;
}

function waves(updates: readonly Write[], waits: Waits, giveUp: GiveUp): Write[][] {
  const followers = new Map<Write, Write[]>();
  const open = new Map<Write, number>();
  for (const [write, before] of waits) {
    open.set(write, before.length);
    for (const giver of before) followers.set(giver, [...(followers.get(giver) ?? []), write]);
  }
  const done = new Set<Write>();
  /** Those for whom nobody waits any more, with what is left to do for them. */
  const freed = new Map<Write, Write>();
  /** Lets go whoever waited for this one alone. */
  const release = (giver: Write): Write[] =>
    (followers.get(giver) ?? []).filter((follower) => {
      const left = (open.get(follower) ?? 0) - 1;
      open.set(follower, left);
      return left === 0 && !done.has(follower);
    });
  const steps: Write[][] = [];
  let step = updates.filter((update) => !open.has(update));
  // A list of those that wait, in their order; whoever is done is passed over.
  const waiting = updates.filter((update) => open.has(update));
  let at = 0;
  for (;;) {
    if (step.length > 0) steps.push(step.map((update) => freed.get(update) ?? update));
    for (const update of step) done.add(update);
    step = step.flatMap((update) => (freed.has(update) ? [] : release(update)));
    if (step.length > 0) continue;
    while (at < waiting.length && done.has(waiting[at] as Write)) at += 1;
    const first = waiting[at];
    if (first === undefined) return steps;
    const circle = circleOf(first, waits, (giver) => !done.has(giver) && !freed.has(giver));
    const split = firstSplit(circle, waits, giveUp);
    if (split) {
      freed.set(split.whole, split.rest);
      steps.push([split.before]);
      step = release(split.whole);
    } else step = circle.slice(0, 1);
  }
}

/** From somebody who waits to whom he waits for, and so on, until it goes round. */
function circleOf(first: Write, waits: Waits, isOpen: (giver: Write) => boolean): readonly Write[] {
  const path = new Set<Write>();
  let next = first;
  while (!path.has(next)) {
    path.add(next);
    next = waits.get(next)?.find(isOpen) ?? next;
  }
  const way = [...path];
  return way.slice(way.indexOf(next));
}

/** A write in two: what gives up the values that others wait for, and what comes then. */
interface Split {
  readonly whole: Write;
  readonly before: Write;
  readonly rest: Write;
}

function firstSplit(circle: readonly Write[], waits: Waits, giveUp: GiveUp): Split | undefined {
  for (const whole of circle) {
    if (whole.kind !== "update") continue;
    const given = givenTo(whole, waits);
    const meanwhile = giveUp(whole, given);
    if (!meanwhile) continue;
    const before: Write = {
      kind: "update",
      key: whole.key,
      ...(whole.by !== undefined && { by: whole.by }),
      ...meanwhile,
      takes: given.map(({ index, from }) => ({ index, from, to: undefined })),
    };
    const takes = (whole.takes ?? []).map((taking) =>
      given.includes(taking) ? { ...taking, from: undefined } : taking,
    );
    return { whole, before, rest: { ...whole, takes } };
  }
  return undefined;
}

/** What of its values others wait for. */
function givenTo(giver: Write, waits: Waits): readonly Taking[] {
  const wanted = new Set<string>();
  for (const [write, givers] of waits) {
    if (!givers.includes(giver)) continue;
    for (const { index, to } of write.takes ?? []) if (to) wanted.add(valueText(index.name, to));
  }
  return (giver.takes ?? []).filter(({ index, from }) => from && wanted.has(valueText(index.name, from)));
}

const valueText = (index: string, values: RowValues): string =>
  JSON.stringify([index, ...values.map((value) => foldGenerously(value ?? ""))]);
