import type { User } from "../src/change.ts";
import { openClaims } from "../src/claims.ts";
import { lookAhead } from "../src/look.ts";
import type { Plan } from "../src/plan.ts";
import { postponed, settlePostponed } from "../src/postponed.ts";
import { rejects } from "../src/rejects.ts";
import type { SyncEvent } from "../src/report/event.ts";
import { carryOut, judge } from "../src/settle.ts";
import type { Target } from "../src/target/target.ts";

/** Settles one user as a run does, and gives what is told; somebody else changes the table just before the first write. */
export async function settledMeanwhile(
  plan: Plan,
  target: Target,
  user: User,
  change: () => Promise<unknown>,
): Promise<SyncEvent[]> {
  let isFirst = true;
  const disturbed: Target = {
    ...target,
    write: async (writes) => {
      if (isFirst) await change();
      isFirst = false;
      await target.write(writes);
    },
  };
  const events: SyncEvent[] = [];
  const report = (event: SyncEvent) => void events.push(event);
  const { signal } = new AbortController();
  const retry = { attempts: 3, report, signal, wait: async () => {}, random: () => 1 };
  const claims = openClaims();
  try {
    const given = { plan, target: disturbed, claims, report, retry };
    const run = { ...given, rejects: rejects({ ...given, max: 9 }), postponed: postponed({ plan, target }) };
    await carryOut(run, await judge(run, { rejects: [], entries: [user], find: lookAhead(run, [user]) }));
    await settlePostponed(run);
    run.rejects.flush();
  } finally {
    claims.close();
  }
  return events;
}
