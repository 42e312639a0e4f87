import { watchAbsence } from "./absent.ts";
import type { ResolvedConfig } from "./config/load.ts";
import type { Entry } from "./entry.ts";
import type { Inactive } from "./leavers/created.ts";
import type { Plan } from "./plan.ts";
import { columnsOfReferences } from "./references/plan.ts";
import type { Report } from "./report/event.ts";
import { retryOf } from "./retry.ts";
import type { ByDn } from "./source/by-dn.ts";
import { sync } from "./sync.ts";
import { rehearse } from "./target/rehearsal.ts";
import type { Target } from "./target/target.ts";

/** What a trial is of. */
export interface Trial {
  readonly config: Pick<ResolvedConfig, "retry">;
  readonly plan: Plan;
  readonly target: Target;
  readonly entries: () => AsyncIterable<readonly Entry[]>;
  readonly batchSize: number;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Looks up whom those entries name. */
  readonly byDn?: ByDn;
  readonly inactive?: Inactive;
}

/** The very sync, of given entries alone, into a target that swallows writes. Every reject is told, however many there are. */
export function tryOut({
  config,
  plan,
  target,
  entries,
  batchSize,
  report,
  signal,
  byDn,
  inactive,
}: Trial): Promise<void> {
  const run = {
    plan,
    source: { title: "", filter: "", commands: [], entries },
    report,
    retry: retryOf(config, report, signal),
    batchSize,
    mostRejects: Number.POSITIVE_INFINITY,
    signal,
    absence: watchAbsence([]),
    byDn,
    inactive,
  };
  return rehearse(target, (rehearsal) => sync({ ...run, target: rehearsal }), columnsOfReferences(plan));
}
