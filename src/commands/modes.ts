import type { RunOptions } from "../cli.ts";
import { judgePlan, missingRights, unforeseen, withinLimits } from "../guards.ts";
import type { LeaverPlan } from "../leavers/plan.ts";
import { missingLeaverRights, undeletable } from "../leavers/rights.ts";
import type { Limits } from "../limits.ts";
import { type Asking, alone } from "../lock.ts";
import type { Plan } from "../plan.ts";
import type { Counts } from "../report/event.ts";
import { plural } from "../report/words.ts";
import type { Source } from "../source/source.ts";
import type { Run } from "../sync.ts";
import type { Table } from "../target/column.ts";
import { rehearse } from "../target/rehearsal.ts";
import type { Target } from "../target/target.ts";

type Work<T> = (target: Target, signal: AbortSignal) => Promise<T>;

/** What `sync` and `dry-run` do differently. The run between is the same. */
interface Mode {
  /** Whether the database is told to refuse every write of this connection. */
  readonly readOnly: boolean;
  /** What becomes of the writes, where they are not kept. */
  effect(table: Table): string | undefined;
  /** What this run does not meet, and a sync does. */
  blindSpots(plan: Plan, target: Target, leavers: LeaverPlan | undefined): string[];
  /**
   * Gives the work the target that it writes into, and the signal that stops it.
   *
   * @param columns which of the rows that it has written it looks up again
   */
  into<T>(target: Target, columns: readonly string[], asking: Asking, work: Work<T>): Promise<T>;
  /** Whether leavers beyond a limit are shown before they are refused. */
  readonly showsRefused: boolean;
  /** Before the first write: is the whole plan within the limits? */
  before(run: Run, limits: Limits, openAgain: () => Source): Promise<void>;
  /** After the last one: was it? */
  after(run: Run, limits: Limits, counts: Counts): Promise<void>;
}

const kept: Mode = {
  readOnly: false,
  effect: () => undefined,
  blindSpots: () => [],
  into: (target, _columns, asking, work) => alone(target, asking, work),
  showsRefused: false,
  before: withinLimits,
  after: async () => {},
};

const swallowed: Mode = {
  readOnly: true,
  effect: ({ unseen }) => {
    const blind = `${unseen.join(" and ")} are not foreseen, because this user may not see them`;
    return `nothing is written, the connection is read-only${unseen.length > 0 ? `; ${blind}` : ""}`;
  },
  blindSpots: (plan, { table, obstacle }, leavers) => {
    const closed = obstacle === undefined ? [] : [`${obstacle}: a sync would fail`];
    const ofLeavers = leavers
      ? [
          ...missingLeaverRights(leavers, table),
          ...undeletable(leavers).map((name) => `the user has no DELETE on ${name}`),
        ]
      : [];
    const lacks = [...missingRights(plan, table), ...ofLeavers];
    const rights = lacks.map((lacking) => `${lacking}: a sync as this user would fail`);
    return [...closed, ...rights, ...[unforeseen(plan, table) ?? []].flat()];
  },
  into: (target, columns, { retry }, work) => rehearse(target, (into) => work(into, retry.signal), columns),
  showsRefused: true,
  before: async () => {},
  after: judgePlan,
};

const rolledBack: Mode = {
  ...swallowed,
  readOnly: false,
  effect: () => "every batch is executed in a transaction and rolled back (--verify)",
  blindSpots: ({ opaque }) =>
    opaque.length === 0
      ? []
      : [
          `a clash of two batches on ${opaque.map(({ name }) => `the unique index ${name}`).join(", ")} is not foreseen, because each batch is rolled back`,
        ],
  into: async (target, columns, { retry, report }, work) => {
    let undecided = 0;
    const count = () => {
      undecided += 1;
    };
    const result = await rehearse(target, (into) => work(into, retry.signal), columns, {
      attempt: target.attempt,
      undecided: count,
    });
    if (undecided > 0) {
      const message = `${plural(undecided, "row")} may end otherwise in a sync, because earlier batches were rolled back`;
      report({ type: "notice", message });
    }
    return result;
  },
};

export const modeOf = ({ command, verify }: RunOptions): Mode =>
  ({ sync: kept, "dry-run": verify ? rolledBack : swallowed })[command];
