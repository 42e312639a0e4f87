import type { Change, Reject } from "../change.ts";
import { openClaims } from "../claims.ts";
import type { ResolvedConfig } from "../config/load.ts";
import { valueIn } from "../leavers/candidates.ts";
import { type GracePlan, judgeGrace } from "../leavers/grace.ts";
import type { LeaverPlan } from "../leavers/plan.ts";
import { writeLeavers } from "../leavers/write.ts";
import { printable } from "../mapping/printable.ts";
import type { Plan } from "../plan.ts";
import { postponed } from "../postponed.ts";
import { rejects } from "../rejects.ts";
import type { Report } from "../report/event.ts";
import { plural } from "../report/words.ts";
import { retryOf } from "../retry.ts";
import { rehearse } from "../target/rehearsal.ts";
import type { RowValues, Target } from "../target/target.ts";
import type { Row } from "./row.ts";
import type { Would } from "./would.ts";

/** What becomes of the row of somebody who is not among the active people. */

/** What is looked at. */
interface Outlook {
  readonly config: ResolvedConfig;
  readonly plan: Plan;
  readonly target: Target;
  /** The target that is asked again after what can pass. */
  readonly patient: Target;
  readonly leavers: LeaverPlan;
  readonly report: Report;
  readonly signal: AbortSignal;
}

/**
 * What the sync itself does with the row, in a rehearsal.
 *
 * @param dn of the entry; empty where there is none
 * @param why it is not among the active people
 */
export async function foretellLeaver(outlook: Outlook, row: Row, dn: string, why: readonly string[]): Promise<Would> {
  const { leavers } = outlook;
  const others = await whyNotOwned(outlook, row);
  if (others.length > 0) return left([...why, ...others]);
  const { by, key } = keyOf(outlook.plan, row);
  const columns = leavers.read.slice(0, leavers.telling);
  const [found] = await outlook.patient.find([key], columns, by === 0 ? undefined : outlook.target.keys[by]);
  if (found?.row === undefined) return left([...why, "the row was changed meanwhile"]);
  const { isDue } = judgeGrace(leavers.grace, valueIn(leavers, found.row));
  const told = await rehearsed(outlook, { by, key, isDue, seen: found.row, dn });
  return wouldOf(leavers, found.row, told, why);
}

const left = (because: readonly string[]): Would => ({ action: "not read", because });

/** The first match key that the row has. */
function keyOf(plan: Plan, row: Row): { readonly by: number; readonly key: string } {
  const by = Math.max(
    plan.keys.findIndex((at) => (row.values[at] ?? null) !== null),
    0,
  );
  return { by, key: row.values[plan.keys[by] ?? -1] ?? "" };
}

/** Why the row is nothing that this sync deactivates; the database compares. */
async function whyNotOwned({ plan, patient, config, leavers: { owned } }: Outlook, row: Row): Promise<string[]> {
  if (row.protected) return ["the row meets a condition of protect: it is never written"];
  const { by, key } = keyOf(plan, row);
  const itself = { column: patient.keys[by] ?? "", oneOf: [key] };
  const [active, ...scope] = owned;
  if (scope.length > 0 && (await patient.count([itself, ...scope])) === 0) {
    return ["the row is not one of leavers.scope: it is not this sync's, and left as it is"];
  }
  if (active && (await patient.count([itself, active])) === 0) {
    const held = row.columns[active.column] ?? null;
    const state = held === null ? "NULL" : `"${printable(held)}"`;
    return [`the row is not active any more: ${config.state?.column} is ${state}, and left as it is`];
  }
  return [];
}

interface Told {
  change?: Change;
  reject?: Reject;
}

type Leaver = Parameters<typeof writeLeavers>[2][number];

async function rehearsed(outlook: Outlook, leaver: Leaver): Promise<Told> {
  const { config, plan, target, leavers, signal, report: warn } = outlook;
  const told: Told = {};
  const report: Report = (event) => {
    if (event.type === "change") told.change = event.change;
    else if (event.type === "reject") told.reject = event.reject;
    else if (event.type === "retry") warn(event);
  };
  const claims = openClaims();
  try {
    await rehearse(target, async (rehearsal) => {
      const given = { plan, target: rehearsal, claims, report, retry: retryOf(config, report, signal) };
      const run = {
        ...given,
        rejects: rejects({ ...given, max: Number.POSITIVE_INFINITY }),
        postponed: postponed({ plan, target: rehearsal }),
      };
      await writeLeavers(run, leavers, [leaver]);
    });
  } finally {
    claims.close();
  }
  return told;
}

const caveat =
  "only after a complete read, within limits.deactivate, and in a first run with --max-deactivate alone: dry-run judges all";

function wouldOf(leavers: LeaverPlan, seen: RowValues, { change, reject }: Told, why: readonly string[]): Would {
  if (reject) return { action: "reject", reject, because: [...why, reject.reason] };
  if (change?.kind === "deactivate") {
    const because = [...why, ...graceWords(leavers, seen), ...relatedWords(leavers, change), caveat];
    return { action: "deactivate", change, because };
  }
  const waiting = [...why, ...graceWords(leavers, seen)];
  if (change?.kind === "missing") return { action: "missing", change, because: [...waiting, caveat] };
  return left([...waiting, "the row holds all of that already"]);
}

/** `what follows in other tables: badges (1 row), user_roles (no row)` */
function relatedWords({ related }: LeaverPlan, change: Change): string[] {
  const tables = [...new Set(related.map(({ followUp }) => followUp.table.name))];
  if (tables.length === 0) return [];
  const counts = change.related ?? {};
  const words = tables.map(
    (name) => `${name} (${counts[name] === undefined ? "no row" : plural(counts[name], "row")})`,
  );
  return [`what follows in other tables: ${words.join(", ")}`];
}

/** `leavers.grace: missing in 2 runs with this one, 3 are waited for; missing since 2026-11-01 10:00:00 UTC, 14 days are waited for` */
function graceWords({ grace, ...plan }: LeaverPlan, seen: RowValues): string[] {
  const has = valueIn({ ...plan, grace }, seen);
  const words = [...runsWords(grace, has), ...sinceWords(grace, has)];
  return words.length === 0 ? [] : [`leavers.grace: ${words.join("; ")}`];
}

type Has = (column: string) => string | null;

function runsWords({ runs }: GracePlan, has: Has): string[] {
  if (runs === undefined) return [];
  const missed = BigInt(has(runs.column) ?? 0) + 1n;
  return [`missing in ${plural(Number(missed), "run")} with this one, ${runs.needed} are waited for`];
}

const day = 86_400_000;

function sinceWords({ since }: GracePlan, has: Has): string[] {
  if (since === undefined) return [];
  const from = has(since.column);
  const days = `${plural(since.milliseconds / day, "day")} are waited for`;
  return [from === null ? `missing for the first time, ${days}` : `missing since ${from} UTC, ${days}`];
}
