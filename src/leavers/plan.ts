import type { ResolvedConfig } from "../config/load.ts";
import type { Plan } from "../plan.ts";
import type { UniqueIndex } from "../target/column.ts";
import { constant } from "../target/constant.ts";
import { readableColumn, writableColumn } from "../target/table.ts";
import type { Condition, Target } from "../target/target.ts";
import { type Given, givenBy } from "./given.ts";
import { type GracePlan, gracePlan } from "./grace.ts";
import { mark } from "./mark.ts";
import { type RelatedPlan, relatedPlans } from "./related.ts";

/** The configuration of leavers and the table put together. */
export interface LeaverPlan {
  /** Which rows are active and owned by this sync, but for those that are protected. */
  readonly owned: readonly Condition[];
  /** The columns that are read of a row, as the database spells them. Positions below are in it. */
  readonly read: readonly string[];
  /** How many of them, the first ones, tell whether the row is a leaver's; they must be the same when it is written. */
  readonly telling: number;
  /** Those of the match keys. */
  readonly keys: readonly number[];
  readonly immutableId: number | undefined;
  readonly protect: Plan["protect"];
  /** What a row gets when it is deactivated. */
  readonly given: readonly Given[];
  readonly grace: GracePlan;
  readonly related: readonly RelatedPlan[];
  /** Those on which a clash can be foreseen, of the columns that are written. */
  readonly unique: readonly { readonly index: UniqueIndex; readonly at: readonly number[] }[];
}

/**
 * Undefined where the configuration leaves leavers alone.
 *
 * @param now the start of the run
 * @throws Failure (configuration) where a column is not there or cannot hold what it should
 */
export async function planLeavers(
  config: Pick<ResolvedConfig, "leavers" | "state">,
  plan: Plan,
  target: Pick<Target, "table" | "describe" | "keys">,
  now: Date,
): Promise<LeaverPlan | undefined> {
  const { leavers, state } = config;
  if (leavers.action === "ignore" || state === undefined) return undefined;
  const { table } = target;
  const owned = [
    { column: readableColumn(table, state.column, "state.column").name, oneOf: [activeValue(config, target)] },
    ...Object.entries(leavers.scope ?? {}).map(([name, value]) => ({
      column: readableColumn(table, name, `leavers.scope.${name}`).name,
      oneOf: [value === null ? null : constant(table, name, value, `leavers.scope.${name}`)],
    })),
  ];
  const grace = gracePlan(leavers.grace, table, now);
  const given = [...stateGiven(config, target), ...givenBy(table, leavers.set ?? {}, "leavers.set", now)];
  const related = await relatedPlans(leavers.related, target, now);
  const id = plan.columns[plan.immutableId ?? -1]?.column;
  const guarded = plan.protect.flatMap((conditions) => conditions.map(({ at }) => plan.read[at] ?? ""));
  const kept = [grace.runs, grace.since].flatMap((each) => each?.column ?? []);
  const telling = new Set([...target.keys, ...owned.map(({ column }) => column), ...guarded, ...kept]);
  if (id !== undefined) telling.add(id);
  const written = new Set([...given.map(({ column }) => column), ...kept]);
  const unique = table.uniqueIndexes.filter(
    ({ opaque, columns }) => !opaque && columns.some((column) => written.has(column)) && columns.every(isTyped(target)),
  );
  const read = [
    ...new Set([
      ...telling,
      ...written,
      ...related.map(({ column }) => column),
      ...unique.flatMap(({ columns }) => columns),
    ]),
  ];
  const at = (column: string): number => read.indexOf(column);
  return {
    owned,
    read,
    telling: telling.size,
    keys: target.keys.map(at),
    immutableId: id === undefined ? undefined : at(id),
    protect: plan.protect.map((conditions) =>
      conditions.map((condition) => ({ ...condition, at: at(plan.read[condition.at] ?? "") })),
    ),
    given,
    grace,
    related,
    unique: unique.map((index) => ({ index, at: index.columns.map(at) })),
  };
}

const isTyped =
  ({ table }: Pick<Target, "table">) =>
  (name: string): boolean =>
    table.columns.get(name.toLowerCase())?.type !== undefined;

function activeValue({ state }: Pick<ResolvedConfig, "state">, { table }: Pick<Target, "table">): string | null {
  return state ? constant(table, state.column, state.active, "state.active") : null;
}

/** The state of somebody who is not active, and the mark that it is the sync that says so. */
export function stateGiven(
  { state }: Pick<ResolvedConfig, "state">,
  { table }: Pick<Target, "table">,
): readonly Given[] {
  if (state === undefined) return [];
  const own = givenAs(table, state.column, state.inactive, "state.inactive");
  return state.setBy === undefined ? [own] : [own, givenAs(table, state.setBy, mark, "state.setBy")];
}

function givenAs(table: Target["table"], name: string, value: string | number | boolean, place: string): Given {
  const { name: column } = writableColumn(table, name, place);
  const text = constant(table, name, value, place);
  return { name, column, text, shown: text };
}
