import type { AbsenceWatch } from "./absent.ts";
import type { Bystander, User } from "./change.ts";
import { openClaims } from "./claims.ts";
import type { Plan } from "./plan.ts";
import { type Rejects, rejects } from "./rejects.ts";
import type { Report } from "./report/event.ts";
import type { Retry } from "./retry.ts";
import { settle } from "./settle.ts";
import type { Source } from "./source/source.ts";
import type { Target } from "./target/target.ts";

/** One run, all that it needs in hand. */
export interface Run {
  readonly source: Source;
  readonly plan: Plan;
  readonly target: Target;
  readonly report: Report;
  readonly retry: Retry;
  readonly batchSize: number;
  /** How many rejects are too many. */
  readonly mostRejects: number;
  readonly signal: AbortSignal;
  readonly absence: AbsenceWatch;
}

/**
 * A sync: the active entries of the source, each mapped to a user, in batches; of each batch the rows that exist are
 * looked up, compared, and what differs is written in one transaction. Nothing of the whole is kept but who has which row.
 *
 * @throws Failure where it could not be finished; the batches before stand.
 */
export async function sync(run: Run): Promise<void> {
  const claims = openClaims();
  const rejected = rejects({ ...run, claims, max: run.mostRejects });
  try {
    for await (const entries of batches(run, rejected)) {
      await settle({ ...run, claims, rejects: rejected }, entries);
      run.report({ type: "progress" });
      run.signal.throwIfAborted();
    }
  } finally {
    claims.close();
    rejected.flush();
    run.report({ type: "progress" });
  }
}

/**
 * The users of the source, so many at a time. Entries that cannot be mapped are rejected on the way; they go along where
 * they have a key, because it is taken.
 */
async function* batches(run: Run, rejected: Rejects): AsyncGenerator<readonly (User | Bystander)[]> {
  let batch: (User | Bystander)[] = [];
  for await (const entries of run.source.entries(run.signal)) {
    for (const entry of entries) {
      run.absence.see(entry);
      const mapped = run.plan.toUser(entry);
      if ("reason" in mapped) {
        rejected.add(mapped);
        rejected.check();
      }
      const key = "reason" in mapped ? run.plan.keyOf(entry) : mapped.key;
      if (key === undefined) continue;
      batch.push("reason" in mapped ? { dn: mapped.dn, key } : mapped);
      if (batch.length < run.batchSize) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
