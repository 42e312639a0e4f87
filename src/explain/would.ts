import { watchAbsence } from "../absent.ts";
import type { Change, Reject } from "../change.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { unforeseen } from "../guards.ts";
import { wait } from "../interruption.ts";
import { judgeLimits } from "../limits.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report/event.ts";
import { tally } from "../report/tally.ts";
import { retrying } from "../retry.ts";
import { sync } from "../sync.ts";
import { rehearse } from "../target/rehearsal.ts";
import type { Target } from "../target/target.ts";

/** What a sync would do with one entry. */
export interface Would {
  readonly action: "insert" | "update" | "none" | "reject" | "protected" | "refused" | "not read";
  readonly change?: Change;
  readonly reject?: Reject;
  readonly because: readonly string[];
}

/** What may be in the way of looking at the table. */
interface Circumstances {
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * Lets the real sync run over these entries, in their order, as a rehearsal, and notes what it says of each.
 */
export async function foretell(
  config: ResolvedConfig,
  plan: Plan,
  target: Target,
  entries: readonly Entry[],
  { report: warn, signal }: Circumstances,
): Promise<Would[]> {
  const ends: (Would | undefined)[] = entries.map(() => undefined);
  let current = -1;
  const report: Report = (event) => {
    if (event.type === "retry") warn(event);
    const end = event.type === "reject" ? placeOf(entries, event.reject.dn, current) : current;
    if (event.type === "change") ends[end] = { action: event.change.kind, change: event.change, because: [] };
    else if (event.type === "reject") {
      ends[end] = { action: "reject", reject: event.reject, because: [event.reject.reason] };
    } else if (event.type === "protected") {
      const differs = event.differs.length === 0 ? "nothing differs" : `another ${event.differs.join(", ")} is ignored`;
      ends[end] = { action: "protected", because: [`the row meets a condition of protect: ${differs}`] };
    } else if (event.type === "unchanged" && ends[end] === undefined) {
      ends[end] = { action: "none", because: ["the row holds all of this already"] };
    }
  };
  const source = {
    title: "",
    filter: "",
    commands: [],
    async *entries() {
      for (const entry of entries) {
        current += 1;
        yield [entry];
      }
    },
  };
  const retry = { attempts: config.retry.attempts, report: warn, signal, wait, random: Math.random };
  // One entry a batch, so that what is told between two entries is told of the first of them.
  const run = { source, plan, report, retry, signal, batchSize: 1, absence: watchAbsence([]) };
  await rehearse(target, (rehearsal) => sync({ ...run, target: rehearsal, mostRejects: Number.POSITIVE_INFINITY }));
  const rows = await retrying(retry, () => target.count());
  const unknown = unforeseen(plan, target.table);
  return ends.map((end) => limited(config, doubted(end ?? { action: "none", because: [] }, unknown), rows));
}

/** A change that a rule which only the database knows may still refuse. */
const doubted = (would: Would, unknown: string | undefined): Would =>
  would.change === undefined || unknown === undefined
    ? would
    : { ...would, because: [`dry-run tells more: ${unknown}`] };

function placeOf(entries: readonly Entry[], dn: string, current: number): number {
  if (entries[current]?.dn === dn) return current;
  return entries.findIndex((entry) => entry.dn === dn);
}

/** Where the limits of the configuration leave no room for even one such change, the whole sync is refused. */
function limited({ limits }: ResolvedConfig, would: Would, rows: number): Would {
  if (would.change === undefined) return would;
  const counted = tally();
  counted.report({ type: "change", change: would.change, reactivated: false });
  try {
    judgeLimits(limits, counted.counts(), rows);
    return would;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { ...would, action: "refused", because: [`limits.${would.change.kind}: ${error.message}`] };
  }
}
