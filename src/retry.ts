import type { ResolvedConfig } from "./config/load.ts";
import { Failure } from "./errors.ts";
import { wait } from "./interruption.ts";
import type { Report } from "./report/event.ts";
import { plural } from "./report/words.ts";
import { conflictHint, WriteError, type WriteTrouble } from "./target/target.ts";

export interface Retry {
  /** How often to try again after the first time. */
  readonly attempts: number;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Resolves after so many milliseconds; rejects with the signal's reason where that is aborted first. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** From 0 to 1. */
  readonly random: () => number;
}

/** As often as the configuration says, with the real clock and real chance. */
export const retryOf = ({ retry }: Pick<ResolvedConfig, "retry">, report: Report, signal: AbortSignal): Retry => ({
  attempts: retry.attempts,
  report,
  signal,
  wait,
  random: Math.random,
});

/**
 * First wait in milliseconds, and the factor from one to the next. Another transaction is out of the way soon; a server
 * that restarts takes its time: five attempts are half a minute.
 */
const backoff = { conflict: [50, 2.5], outage: [500, 2.5] } as const;

/** However often it is tried, no wait is longer: what lasts for hours is not for waiting. Nor can a timer count weeks. */
const longestWaitMs = 30_000;

/**
 * Does the work again after what can pass: a deadlock, a lock time-out, a lost connection. `before` tells the work what
 * went wrong the last time. Gives up with a `Failure`; a refused row is not for trying again and goes through.
 */
export async function retrying<T>(retry: Retry, work: (before: WriteTrouble | undefined) => Promise<T>): Promise<T> {
  let before: WriteTrouble | undefined;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work(before);
    } catch (error) {
      if (!(error instanceof WriteError) || error.trouble === "refused") throw error;
      if (attempt > retry.attempts) throw givenUp(error, retry.attempts);
      const [first, factor] = backoff[error.trouble];
      // Half of the wait is left to chance, so that two runs that stopped each other do not meet again.
      const fullMs = Math.min(first * factor ** (attempt - 1), longestWaitMs);
      const waitMs = Math.round(fullMs * (0.5 + retry.random() / 2));
      retry.report({ type: "retry", attempt, attempts: retry.attempts, waitMs, reason: error.message });
      await retry.wait(waitMs, retry.signal);
      before = error.trouble;
    }
  }
}

const hints = {
  conflict: conflictHint,
  outage: "run again when the database is well",
  refused: undefined,
} as const satisfies Record<WriteTrouble, string | undefined>;

const givenUp = (error: WriteError, attempts: number): Failure =>
  new Failure("database", `${error.message}; given up after ${plural(attempts, "attempt")} to go on`, {
    hint: error.hint ?? hints[error.trouble],
    cause: error,
  });
