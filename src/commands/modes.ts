import type { RunOptions } from "../cli.ts";
import { judgePlan, withinLimits } from "../guards.ts";
import type { Limits } from "../limits.ts";
import type { Counts, Report } from "../report/event.ts";
import { plural } from "../report/words.ts";
import type { Source } from "../source/source.ts";
import type { Run } from "../sync.ts";
import { rehearse } from "../target/rehearsal.ts";
import type { Target } from "../target/target.ts";

/** What `sync` and `dry-run` do differently. The run between is the same. */
interface Mode {
  /** Whether the database is told to refuse every write of this connection. */
  readonly readOnly: boolean;
  /** What becomes of the writes, where they are not kept. */
  readonly effect: string | undefined;
  /** Gives the work the target that it writes into. */
  into<T>(target: Target, work: (target: Target) => Promise<T>, report: Report): Promise<T>;
  /** Before the first write: is the whole plan within the limits? */
  before(run: Run, limits: Limits, openAgain: () => Source): Promise<void>;
  /** After the last one: was it? */
  after(run: Run, limits: Limits, counts: Counts): Promise<void>;
}

const kept: Mode = {
  readOnly: false,
  effect: undefined,
  into: (target, work) => work(target),
  before: withinLimits,
  after: async () => {},
};

const swallowed: Mode = {
  readOnly: true,
  effect: "nothing is written, the connection is read-only",
  into: (target, work) => rehearse(target, work),
  before: async () => {},
  after: judgePlan,
};

const rolledBack: Mode = {
  ...swallowed,
  readOnly: false,
  effect: "every batch is executed in a transaction and rolled back (--verify)",
  into: async (target, work, report) => {
    let untried = 0;
    const undecided = () => {
      untried += 1;
    };
    const result = await rehearse(target, work, { attempt: target.attempt, undecided });
    if (untried > 0) {
      const message = `${plural(untried, "row")} could not be tried: what they depend on is in earlier batches, which were rolled back`;
      report({ type: "notice", message });
    }
    return result;
  },
};

export const modeOf = ({ command, verify }: RunOptions): Mode =>
  ({ sync: kept, "dry-run": verify ? rolledBack : swallowed })[command];
