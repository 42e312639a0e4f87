import { watchAbsence } from "./absent.ts";
import type { ResolvedConfig } from "./config/load.ts";
import { Failure } from "./errors.ts";
import { isSet, judgeLimits, type Limits } from "./limits.ts";
import type { Plan } from "./plan.ts";
import { columnsOfReferences } from "./references/plan.ts";
import type { Counts, Report, SyncEvent } from "./report/event.ts";
import { tally } from "./report/tally.ts";
import { plural } from "./report/words.ts";
import { retrying } from "./retry.ts";
import { parseFilter } from "./source/filter.ts";
import type { Source } from "./source/source.ts";
import { type Run, sync } from "./sync.ts";
import type { Table, TableRule } from "./target/column.ts";
import { constant } from "./target/constant.ts";
import { rehearse } from "./target/rehearsal.ts";
import { lackingRight } from "./target/rights.ts";
import { mustBeGiven } from "./target/table.ts";

/** What a run is held against before and after it, so that it harms nobody. */

/** The filter of one run must parse before anything is tried. */
export function checkFilter(filter: string | undefined): void {
  if (filter === undefined) return;
  try {
    parseFilter(filter);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure("usage", `--filter: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/** What may be right and is probably not. */
export const tableWarnings = (plan: Plan, table: Table): string[] => [
  ...unfilledColumns(plan, table).map(
    (name) =>
      `the column ${name} must have a value, has no default, and is not in the mapping: the database will refuse new rows`,
  ),
  ...idWarnings(plan, table),
];

/** Columns that the plan leaves out and that must have a value. */
export function unfilledColumns(plan: Plan, table: Table): string[] {
  const filled = new Set(plan.columns.map(({ column }) => column));
  return [...table.columns.values()]
    .filter((column) => mustBeGiven(column) && !filled.has(column.name))
    .map(({ name }) => name);
}

export function idWarnings(plan: Plan, table: Table): string[] {
  const id = plan.columns[plan.immutableId ?? -1];
  const late = id && plan.keys.indexOf(plan.immutableId ?? -1) > 0;
  if (late) {
    return [
      `${id.name} holds the immutable id and is not the first of target.matchKey: somebody who is renamed is a reject; put it first`,
    ];
  }
  const unique = table.uniqueIndexes.some(({ columns }) => columns.length === 1 && columns[0] === id?.column);
  if (!id || unique) return [];
  return [
    `${id.name} holds the immutable id and has no unique index: somebody who is renamed gets a second row; make it unique, or the match key`,
  ];
}

/** A line for each right that a sync needs and the user of the database does not have. */
export function missingRights(plan: Plan, table: Table): string[] {
  const read = plan.columns.flatMap(({ reference }) => (reference ? [{ column: reference.target }] : []));
  return ["select", "insert", "update"].flatMap((right) => {
    const written = plan.columns.filter(({ insertOnly, reference }) => right !== "update" || !insertOnly || reference);
    const needed = right === "select" ? [...written, ...read] : written;
    return lackingRight(
      table,
      right,
      needed.map(({ column }) => column),
    );
  });
}

/**
 * What the database may refuse and a dry run does not foresee: rules that it alone knows. Undefined where there are none
 * that the run could meet.
 */
export function unforeseen(plan: Plan, table: Table): string | undefined {
  const filled = new Set(plan.columns.map(({ column }) => column));
  const rules = table.rules.filter(
    (rule) => (rule.columns === undefined || rule.columns.some((name) => filled.has(name))) && !isKept(plan, rule),
  );
  const named = [
    ...plan.opaque.map(({ name }) => `the unique index ${name}`),
    ...rules.map(({ kind, name }) =>
      kind === "reference" ? `the foreign key ${name} that points here` : `the ${kind} ${name}`,
    ),
  ];
  if (named.length === 0) return undefined;
  return `what ${named.join(", ")} would refuse is not foreseen: --verify lets the database try every batch`;
}

/** A foreign key to this very table, on a column that is filled from rows of it. */
const isKept = ({ columns: mapped }: Plan, { kind, self, columns }: TableRule): boolean =>
  kind === "foreign key" &&
  self === true &&
  columns?.every((name) => mapped.some(({ column, reference }) => column === name && reference !== undefined)) === true;

/** Where inserts or updates are limited, the whole plan is counted before the first write, by a rehearsal of the run. */
export async function withinLimits(run: Run, limits: Limits, openAgain: () => Source): Promise<void> {
  if (!isSet(limits.insert) && !isSet(limits.update)) return;
  const planned = tally();
  const rejects: SyncEvent[] = [];
  const report: Report = (event) => {
    planned.report(event);
    if (event.type === "reject") rejects.push(event);
  };
  await rehearse(
    run.target,
    (target) =>
      sync({
        ...run,
        source: openAgain(),
        target,
        report,
        absence: watchAbsence([]),
        confirm: undefined,
        leavers: undefined,
        strangers: undefined,
      }),
    columnsOfReferences(run.plan),
  ).catch((error: unknown) => {
    // Too many of them: this was the only reading, so they are told now.
    rejects.forEach(run.report);
    throw error;
  });
  await judgePlan(run, limits, planned.counts());
}

/** Throws a `Failure` where what was planned goes beyond a limit. */
export async function judgePlan({ target, retry }: Run, limits: Limits, planned: Counts): Promise<void> {
  if (!isSet(limits.insert) && !isSet(limits.update)) return;
  judgeLimits(limits, planned, await retrying(retry, () => target.count()));
}

/** A directory that shows nobody while the table has active rows is a wrong filter, a blind bind or worse, not the truth. */
export async function refuseEmpty(
  { target, retry }: Pick<Run, "target" | "retry">,
  state: ResolvedConfig["state"],
): Promise<void> {
  const value = state && constant(target.table, state.column, state.active, "state.active");
  const rows = await retrying(retry, () =>
    target.count(state && typeof value === "string" ? [{ column: state.column, oneOf: [value] }] : []),
  );
  if (rows === 0) return;
  const message = `the directory has no active entry, but the table has ${plural(rows, "active row")}: nothing was written`;
  throw new Failure("limit", message, {
    hint: "check source.filter, source.active and the rights of bindDn; --allow-empty goes on all the same",
  });
}

/** One of several directories that shows nobody would make leavers of all of its people. */
export function refuseSilent({ silent }: Source): void {
  const titles = silent?.() ?? [];
  if (titles.length === 0) return;
  const have = titles.length === 1 ? "has" : "have";
  throw new Failure("limit", `${titles.join(" and ")} ${have} no active entry: nobody was deactivated`, {
    hint: "check filter, active and the rights of bindDn of that source; --allow-empty goes on all the same",
  });
}
