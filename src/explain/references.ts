import { judgeAsking } from "../active/judged.ts";
import { diff } from "../diff.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { shownKey } from "../keys.ts";
import type { Trace } from "../mapping/trace.ts";
import { match } from "../match.ts";
import type { Plan } from "../plan.ts";
import { type ReferencePlan, referencePlan } from "../references/plan.ts";
import type { ByDn } from "../source/by-dn.ts";
import { normaliseDn, parseDn } from "../source/dn.ts";
import { parseFilter } from "../source/filter.ts";
import type { Target } from "../target/target.ts";
import type { ExplainedColumn } from "./columns.ts";
import { byDn, type Located, type Place, type Search } from "./locate.ts";

/** What following a reference looks at. */
interface Looking {
  readonly plan: Plan;
  readonly places: readonly Place[];
  readonly patient: Target;
}

/** The entries with these DNs that a sync would read, through what is open for looking. */
export const readByDn =
  ({ places }: Pick<Looking, "places">): ByDn =>
  async (dns) => {
    const read = new Map<string, Entry>();
    for (const dn of dns) {
      const located = await find(places, dn);
      if (typeof located !== "string" && (await whyNotRead(located)) === undefined) {
        read.set(normaliseDn(dn), located.entry);
      }
    }
    return read;
  };

/** Follows the references of an entry: the DN, the entry, its row, the value there; or why there is none. */
export async function followReferences(
  looking: Looking,
  columns: readonly ExplainedColumn[],
): Promise<readonly ExplainedColumn[]> {
  const plan = referencePlan(looking.plan);
  if (plan === undefined) return columns;
  const followed: ExplainedColumn[] = [];
  for (const [at, column] of columns.entries()) {
    const reference = looking.plan.columns[at]?.reference;
    followed.push(reference === undefined ? column : await follow(looking, plan, column, reference.target));
  }
  return followed;
}

async function follow(
  looking: Looking,
  plan: ReferencePlan,
  column: ExplainedColumn,
  target: string,
): Promise<ExplainedColumn> {
  const dn = column.trace.result;
  // Without a DN it is NULL, left as it is, or a reject: as for every column.
  if (typeof dn !== "string") return column;
  const { steps, value } = await steppedTo(looking, plan, dn, target);
  const trace: Trace = { ...column.trace, steps: [...column.trace.steps, ...steps] };
  const { reference, insertOnly } = whole(looking.plan, column);
  const fitted = reference?.fit(value);
  const misfit = typeof fitted === "object" ? fitted?.misfit : undefined;
  const stored = typeof fitted === "object" ? null : fitted;
  const differs = column.now !== undefined && stored !== column.now;
  const left = differs && insertOnly ? "written with a new row only" : undefined;
  return { ...column, trace, stored, result: stored, misfit, differs, left };
}

const whole = (plan: Plan, { column }: ExplainedColumn) => {
  const reference = plan.columns.find(({ name }) => name === column)?.reference;
  return { reference, insertOnly: reference?.insertOnly === true };
};

interface Stepped {
  readonly steps: Trace["steps"];
  readonly value: string | null;
}

async function steppedTo(
  { plan: whole, places, patient }: Looking,
  plan: ReferencePlan,
  dn: string,
  target: string,
): Promise<Stepped> {
  const nothing = (why: string): Stepped => ({ steps: [{ step: `${why}: NULL`, values: [] }], value: null });
  const located = await find(places, dn);
  if (typeof located === "string") return nothing(located);
  const { entry } = located;
  const named = { step: "entry", values: [entry.dn] };
  const why = await whyNotRead(located);
  if (why !== undefined) return withStep(named, nothing(why));
  const user = whole.toUser(entry);
  if ("reason" in user) return withStep(named, nothing(`it is rejected (${user.reason})`));
  const own = { ...user, values: plan.own.map((at) => user.values[at]) };
  const [found] = await match({ ...plan, read: [...plan.read, target] }, patient, [own]);
  const { row, by = 0 } = found ?? {};
  const place = plan.keys[by] ?? -1;
  const shown = shownKey(plan, own.values[place] ?? user.key, place);
  const key = { step: `row with ${plan.columns[place]?.name}`, values: [shown] };
  if (row === undefined) return withStep(named, withStep(key, nothing("there is none yet, a whole sync makes it")));
  if (diff(plan, own, { row, by }).kind === "foreign") {
    return withStep(named, withStep(key, nothing("it is somebody else's")));
  }
  const value = row[plan.read.length] ?? null;
  const end = { step: target, values: value === null ? [] : [plan.show(target, value)] };
  return withStep(named, withStep(key, { steps: [end], value }));
}

const withStep = (step: Trace["steps"][number], { steps, value }: Stepped): Stepped => ({
  steps: [step, ...steps],
  value,
});

async function find(places: readonly Place[], dn: string): Promise<Located | string> {
  if (parseDn(dn) === undefined) return "it is no DN";
  const { found } = await byDn(places, dn).catch(unlessNoDn);
  return found.find(({ base }) => base !== undefined) ?? found[0] ?? "there is no such entry";
}

/** A server may know of no type that the DN has. */
function unlessNoDn(error: unknown): Pick<Search, "found"> {
  if (error instanceof Failure && error.turn === "usage") return { found: [] };
  throw error;
}

/** Why a sync would not read an entry; undefined where it would. */
async function whyNotRead({ place, base, entry }: Located): Promise<string | undefined> {
  const { filter, active } = place.config;
  if (base === undefined) return "it lies in no base and scope that is configured";
  if (!(await place.inspection.matches(entry, parseFilter(filter)))) return "source.filter does not match";
  const verdict = active ? await judgeAsking(place.inspection, active.node, entry) : "active";
  if (verdict === "active") return undefined;
  return verdict === "inactive" ? "it is not active" : `whether it is active is not known (${verdict.unknown})`;
}
