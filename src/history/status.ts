import type { RunRecord } from "./record.ts";

/** How the runs of a name went, and when the next one is due. */
export interface NameStatus {
  /** Null: of runs that ended before their configuration could be read. */
  readonly name: string | null;
  readonly state: State;
  /** The last ones, the newest first. */
  readonly runs: readonly SeenRun[];
  /** The last sync that says how well the table is kept. */
  readonly last: SeenRun | undefined;
  /** When the last sync ended that was finished, with rejects or without. */
  readonly lastSuccess: Date | undefined;
  readonly nextDue: Date | undefined;
  /** Two times when a sync was due have passed since the last success began. */
  readonly overdue: boolean;
  readonly schedule: RunRecord["schedule"];
}

/** `unknown`: no sync has ended yet, as far as is remembered. */
type State = "healthy" | "failed" | "overdue" | "unknown";

/** A run as it looks from here and now. */
export type SeenRun = Omit<RunRecord, "outcome"> & { readonly outcome: RunRecord["outcome"] | "did not finish" };

/** Where and when one looks. */
export interface Viewpoint {
  readonly now: Date;
  readonly host: string;
  /** Whether the process of a run of this host is still there. */
  readonly isAlive: (run: RunRecord) => boolean;
  readonly nextDue: (schedule: NonNullable<RunRecord["schedule"]>, from: Date) => Date | undefined;
}

/** Of another host nobody can tell whether a process is there: after a day a run is given up. */
const longestElsewhereMs = 24 * 60 * 60 * 1000;

function seen(run: RunRecord, { now, host, isAlive }: Viewpoint): SeenRun {
  if (run.outcome !== "running") return run;
  const isThere = run.host === host ? isAlive(run) : now.getTime() - Date.parse(run.startedAt) < longestElsewhereMs;
  return isThere ? run : { ...run, outcome: "did not finish" };
}

const isSuccess = ({ outcome }: SeenRun): boolean => outcome === "succeeded" || outcome === "partial";

/**
 * Whether a run says how well the table is kept: a dry run does not, nor a sync of some people (`--filter`), nor one that
 * found another at work, nor one that is not over.
 */
export const isTelling = ({ command, filter, outcome }: SeenRun): boolean =>
  command === "sync" && filter === null && outcome !== "locked" && outcome !== "running";

/** When the last success of these runs ended; they are in the order of their starts. */
export function lastSuccess(runs: readonly SeenRun[]): Date | undefined {
  const last = runs.findLast((run) => isTelling(run) && isSuccess(run));
  return last && new Date(last.finishedAt ?? last.startedAt);
}

/** How far the clocks of two hosts may be apart. */
const aheadMs = 3_600_000;

/**
 * What is to be said of one name.
 *
 * @param runs in the order of their starts
 * @param configured the schedule of the configuration; without one, that of the last run
 */
export function statusOf(
  name: string | null,
  runs: readonly RunRecord[],
  configured: RunRecord["schedule"] | undefined,
  limit: number,
  viewpoint: Viewpoint,
): NameStatus {
  const all = runs.map((run) => seen(run, viewpoint));
  const schedule = configured === undefined ? (all.at(-1)?.schedule ?? null) : configured;
  // A clock that was once ahead must not hide what has failed since.
  const begun = all.filter(({ startedAt }) => Date.parse(startedAt) <= viewpoint.now.getTime() + aheadMs);
  const judged = begun.filter(isTelling);
  const success = judged.findLast(isSuccess);
  const overdue = schedule !== null && isOverdue(schedule, success ?? begun[0], viewpoint);
  const last = judged.at(-1);
  const failed = last !== undefined && !isSuccess(last);
  return {
    name,
    state: last === undefined ? "unknown" : failed ? "failed" : overdue ? "overdue" : "healthy",
    runs: limit === 0 ? [] : all.slice(-limit).reverse(),
    last,
    lastSuccess: lastSuccess(begun),
    nextDue: schedule === null ? undefined : viewpoint.nextDue(schedule, viewpoint.now),
    overdue,
    schedule,
  };
}

/** Whether a sync was due twice since this run began: the last success, or where there is none, whatever was remembered first. */
function isOverdue(
  schedule: NonNullable<RunRecord["schedule"]>,
  since: SeenRun | undefined,
  { nextDue, now }: Viewpoint,
): boolean {
  const once = since && nextDue(schedule, new Date(since.startedAt));
  const twice = once && nextDue(schedule, once);
  return twice !== undefined && twice <= now;
}

/**
 * The exit code of `status --exit-code`: a failure first, then what is late. That nothing is known is bad where a name was
 * asked for: whoever looks may be another user than the one who synchronises, and has a history of his own.
 */
export function statusExitCode(statuses: readonly NameStatus[], isConfigured: boolean): 0 | 1 | 4 {
  const states = statuses.filter(({ name }) => name !== null).map(({ state }) => state);
  if (states.includes("failed")) return 1;
  return states.includes("overdue") || (isConfigured && states.includes("unknown")) ? 4 : 0;
}
