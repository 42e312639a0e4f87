import type { RunOptions } from "../cli.ts";
import { judgePlan, withinLimits } from "../guards.ts";
import type { Limits } from "../limits.ts";
import { type Asking, alone } from "../lock.ts";
import type { Counts } from "../report/event.ts";
import type { Source } from "../source/source.ts";
import type { Run } from "../sync.ts";
import { rehearse } from "../target/rehearsal.ts";
import type { Target } from "../target/target.ts";

type Work<T> = (target: Target, signal: AbortSignal) => Promise<T>;

/** What `sync` and `dry-run` do differently. The run between is the same. */
interface Mode {
  /** Whether the database is told to refuse every write of this connection. */
  readonly readOnly: boolean;
  /** What becomes of the writes, where they are not kept. */
  readonly effect: string | undefined;
  /** Gives the work the target that it writes into, and the signal that stops it. */
  into<T>(target: Target, asking: Asking, work: Work<T>): Promise<T>;
  /** Before the first write: is the whole plan within the limits? */
  before(run: Run, limits: Limits, openAgain: () => Source): Promise<void>;
  /** After the last one: was it? */
  after(run: Run, limits: Limits, counts: Counts): Promise<void>;
}

const kept: Mode = {
  readOnly: false,
  effect: undefined,
  into: alone,
  before: withinLimits,
  after: async () => {},
};

const swallowed: Mode = {
  readOnly: true,
  effect: "nothing is written, the connection is read-only",
  into: (target, { retry }, work) => rehearse(target, (into) => work(into, retry.signal)),
  before: async () => {},
  after: judgePlan,
};

const rolledBack: Mode = {
  ...swallowed,
  readOnly: false,
  effect: "every batch is executed in a transaction and rolled back (--verify)",
  into: (target, { retry }, work) => rehearse(target, (into) => work(into, retry.signal), target.attempt),
};

export const modeOf = ({ command, verify }: RunOptions): Mode =>
  ({ sync: kept, "dry-run": verify ? rolledBack : swallowed })[command];
