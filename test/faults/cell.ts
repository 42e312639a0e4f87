import type { Ground } from "./ground.ts";
import type { Running } from "./running.ts";

/** Every way in which the directory or the database fails a run, as far as the tests make it fail. */
export const faults = [
  "down at start",
  "refused",
  "silent at start",
  "wrong password",
  "cut mid-page or mid-batch",
  "cut around the commit",
  "stalled for longer than the time-out",
  "slow (50 KB/s)",
  "TLS broken",
  "disk full",
  "read-only",
  "lock wait time-out",
  "deadlock",
  "killed and restarted",
] as const;

export type Fault = (typeof faults)[number];

/** One side of the matrix: of each fault the cells, or why there is none. */
export type Side = Readonly<Record<Fault, readonly Cell[] | string>>;

/** One fault, and what a run makes of it. */
export interface Cell {
  /** Which of the faults of this kind. */
  readonly name: string;
  /** 2,000 people unless told; few where each costs time. */
  readonly people?: "few";
  /** The run is a process of its own; else it is one of the test's, which costs a quarter of the time. */
  readonly process?: true;
  /** Makes the fault, or lays it out for the run. */
  arrange(ground: Ground): Promise<Arranged> | Arranged;
  readonly expect: Expected;
}

export interface Arranged {
  /** What is configured otherwise, into the depth. */
  readonly config?: object;
  readonly env?: Readonly<Record<string, string>>;
  /** Done while the run is under way. */
  during?(running: Running): Promise<void>;
  /** Ends the fault, before the next run. */
  mend?(): Promise<unknown> | undefined;
  /** After the next run. */
  tidy?(): Promise<unknown> | undefined;
}

export interface Expected {
  readonly code: 0 | 1 | 2 | "SIGKILL";
  /** How much of the plan stands in the table then. */
  readonly written: "nothing" | "a part" | "not all" | "all";
  /** The whole message, and a part of the hint; a run that ends well has none. */
  readonly message?: RegExp;
  readonly hint?: RegExp;
  /** Why it is tried again, in the words on stderr; where nothing is told, it is not. */
  readonly retried?: RegExp;
  /** What became of the last batch, of which the run says that it does not know. */
  readonly inDoubt?: "written" | "not written" | "written perhaps";
  /** Nobody could give the lock of the run back; it runs out with its lease. */
  readonly lockStands?: true;
}

/** Waits until the run has said this on stderr; an end of the run before that is an error of the test. */
export function untilSaid(words: RegExp, { stderr, ended }: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = "";
    stderr.on("data", (chunk) => {
      said += chunk;
      if (words.test(said)) resolve();
    });
    ended.then(({ stderr }) => reject(new Error(`the run did not say ${words}: ${stderr.slice(-3000)}`)));
  });
}
