import type { User } from "./change.ts";
import { isWrite, type Verdict } from "./diff.ts";
import { carryOut, type Settling } from "./settle.ts";

/** Changes on their way into the table. */
export interface Gathering {
  /** Settles a batch: whoever stays as he is at once, the others as soon as there are enough of them. */
  settle(verdicts: readonly Verdict[]): Promise<void>;
  /** Settles those that wait. */
  finish(): Promise<void>;
}

/** A batch of more characters is full, whatever `batchSize` says: photographs are in memory as often as the row is. */
export const mostCharacters = 8 * 2 ** 20;

export function charactersOf({ values }: User): number {
  let characters = 0;
  for (const value of values) characters += value?.length ?? 0;
  return characters;
}

/** Nobody waits longer than while so many batches are read. */
const mostBatches = 20;

/**
 * Where few people change among many, a transaction for the changes of each batch would take longer than all the rest. They
 * wait until there are as many as a batch has, and then are written together.
 */
export function gather(run: Settling, batchSize: number): Gathering {
  let waiting: Verdict[] = [];
  let characters = 0;
  let batches = 0;
  const finish = async (): Promise<void> => {
    const all = waiting;
    waiting = [];
    characters = 0;
    batches = 0;
    await carryOut(run, all);
  };
  return {
    finish,
    settle: async (verdicts) => {
      const writes = verdicts.filter(isWrite);
      if (waiting.length + writes.length > batchSize) await finish();
      await carryOut(run, writes.length === 0 ? verdicts : verdicts.filter((verdict) => !isWrite(verdict)));
      waiting.push(...writes);
      for (const { user } of writes) characters += charactersOf(user);
      batches += 1;
      if (waiting.length >= batchSize || characters >= mostCharacters || batches >= mostBatches) await finish();
    },
  };
}
