import type { Target } from "./target/target.ts";

/**
 * Keeps directory and database from working at the same time. Where both share the machine with the program, there would be
 * three at once for as long as a batch is written, each slower for it, and then for a while the program alone.
 */
export interface Pace {
  /** The same target, whose writes are looked at. */
  over(target: Target): Target;
  /**
   * Calls at once where nothing is being written, else when it is done, or takes longer than anybody should wait.
   *
   * @param inHand So many entries are there already: where that is less than a batch, the next ones are wanted at once.
   */
  soon(ask: () => void, inHand: number): void;
}

/** So much longer a page may take on its way, of a directory that is far away or slow. */
const mostMs = 20;

export function openPace(batchSize: number): Pace {
  let writes = 0;
  const waiting = new Set<() => void>();
  const done = (): void => {
    writes -= 1;
    if (writes === 0) for (const each of [...waiting]) each();
  };
  return {
    over: (target) => ({
      ...target,
      write: (...asked) => {
        writes += 1;
        return target.write(...asked).finally(done);
      },
    }),
    soon: (ask, inHand) => {
      if (writes === 0 || inHand < batchSize) {
        ask();
        return;
      }
      const now = (): void => {
        clearTimeout(timer);
        waiting.delete(now);
        ask();
      };
      const timer = setTimeout(now, mostMs);
      waiting.add(now);
    },
  };
}
