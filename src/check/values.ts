import type { Reject } from "../change.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { unforeseen } from "../guards.ts";
import { orAborted } from "../interruption.ts";
import { withoutReferences } from "../references/plan.ts";
import type { Report } from "../report/event.ts";
import type { Talk } from "../report/talk.ts";
import { tally } from "../report/tally.ts";
import { eventWords, number, plural } from "../report/words.ts";
import { retrying, retryOf } from "../retry.ts";
import { constant } from "../target/constant.ts";
import { tryOut } from "../trial.ts";
import { type Finding, failed, ok, warning } from "./ledger.ts";
import { judgeReferences } from "./references.ts";
import { groupRejects, type RejectGroup } from "./reject-groups.ts";
import type { Opened } from "./target.ts";

/** Kinds of rejects that have a line of their own. */
const mostGroups = 20;

/** What a sync of the sample would do. */
export interface Values {
  readonly inserts: number;
  readonly updates: number;
  readonly unchanged: number;
  readonly rejected: number;
  readonly rejects: readonly RejectGroup[];
}

/** Real values against real columns: the very sync, of the sample alone, into a target that swallows writes. */
export async function tryValues(
  { target, plan }: Opened,
  entries: readonly Entry[],
  config: ResolvedConfig,
  signal: AbortSignal,
  talk: Talk,
): Promise<{ readonly values: Values | undefined; readonly findings: readonly Finding[] }> {
  const counted = tally();
  const rejects: Reject[] = [];
  let guarded = 0;
  const report: Report = (event) => {
    counted.report(event);
    if (event.type === "reject") rejects.push(event.reject);
    else if (event.type === "protected" && event.differs.length > 0) guarded += 1;
    else if (event.type === "retry") talk("warning", eventWords(event)?.words ?? "");
  };
  const { batchSize } = config;
  try {
    const sampled = { plan: withoutReferences(plan), entries: () => only(entries), batchSize };
    await orAborted(tryOut({ config, target, report, signal, ...sampled }), signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    return { values: undefined, findings: [failed(error)] };
  }
  const { inserted, updated, unchanged, rejected } = counted.counts();
  const values = { inserts: inserted, updates: updated, unchanged, rejected, rejects: groupRejects(rejects) };
  const blind = unforeseen(plan, target.table);
  const notes = blind === undefined ? [] : [ok(blind, "idm-ldap-sync dry-run --verify")];
  const judged = [...judgeValues(values, guarded, config.limits.reject.max), ...judgeReferences(plan, entries)];
  return { values, findings: [...judged, ...notes] };
}

/** What becomes of a sync that reads nobody: undefined where the table has no active row either. */
export async function judgeNobody(
  { target }: Opened,
  { state, ...config }: ResolvedConfig,
  signal: AbortSignal,
  talk: Talk,
): Promise<Finding | undefined> {
  const value = state && constant(target.table, state.column, state.active, "state.active");
  const report: Report = (event) => talk("warning", eventWords(event)?.words ?? "");
  const count = (): Promise<number> =>
    target.count(state && typeof value === "string" ? [{ column: state.column, oneOf: [value] }] : []);
  const rows = await orAborted(retrying(retryOf(config, report, signal), count), signal);
  if (rows === 0) return undefined;
  const message = `no entry was read, and the table has ${plural(rows, "active row")}: a sync would be refused`;
  return failed(new Failure("configuration", message, { hint: "mend what the stage filter says of the source" }));
}

async function* only(entries: readonly Entry[]): AsyncGenerator<readonly Entry[]> {
  yield entries;
}

export function judgeValues(values: Values, guarded: number, mostRejects: number): Finding[] {
  const { inserts, updates, unchanged, rejected } = values;
  const all = inserts + updates + unchanged + rejected;
  const counts = `${number(inserts)} new, ${number(updates)} changed, ${number(unchanged)} unchanged, ${number(rejected)} rejected`;
  const kept =
    guarded === 0 ? "" : `; ${plural(guarded, "protected row")} left as ${guarded === 1 ? "it is" : "they are"}`;
  const main = `of ${plural(all, "entry", "entries")} tried: ${counts}${kept}`;
  const told = values.rejects.slice(0, mostGroups).map(judgeGroup);
  const more = values.rejects.length - told.length;
  if (more > 0) told.push(warning(`and ${plural(more, "other kind")} of reject`, "--json has all"));
  return [judgeRejected(main, rejected, all, mostRejects), ...told];
}

function judgeRejected(main: string, rejected: number, all: number, mostRejects: number): Finding {
  if (rejected > 0 && rejected === all) {
    const hint = "mend what the next lines say: a sync would write nobody";
    return failed(new Failure("configuration", main, { hint }));
  }
  return rejected > mostRejects
    ? warning(main, `a sync stops at more than ${plural(mostRejects, "reject")} (limits.reject.max)`)
    : ok(main);
}

function judgeGroup({ reason, count, examples }: RejectGroup): Finding {
  if (count === 1) return warning(`${examples[0]?.dn}: ${reason}`);
  const shown = examples.map((example) => `${example.dn} ${valueIn(example.reason)}`.trimEnd());
  return warning(`${plural(count, "entry", "entries")}: ${reason}`, `such as ${shown.join(" and ")}`);
}

/** The person's value in a reason: the first quoted text that is not the template, which is the mapping's. */
const valueIn = (reason: string): string =>
  /"(?:[^"\\]|\\.)*"/.exec(reason.replace(/\btemplate "(?:[^"\\]|\\.)*"/, "template"))?.[0] ?? "";
