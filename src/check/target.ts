import { isLocal } from "../config/exposure.ts";
import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import { idWarnings, missingRights, unfilledColumns } from "../guards.ts";
import { orAborted } from "../interruption.ts";
import { makePlan, type Plan } from "../plan.ts";
import { plural } from "../report/words.ts";
import type { Table } from "../target/column.ts";
import { openTarget } from "../target/open.ts";
import { writableColumn } from "../target/table.ts";
import type { Target } from "../target/target.ts";
import { type Finding, failed, type Ledger, ok, warning } from "./ledger.ts";

/** A target whose stages went well, and the plan that it allows. */
export interface Opened {
  readonly target: Target;
  readonly plan: Plan;
}

const of = "target";
const stages = ["database", "table", "columns", "unique indexes"] as const;

/** The stages of the target, from the login to the indexes; nothing is left open where one failed. */
export async function checkTarget(
  config: ResolvedConfig,
  ledger: Ledger,
  signal: AbortSignal,
): Promise<Opened | undefined> {
  const { target, table, refusal } = await open(config.target, ledger, signal);
  if (!table) return undefined;
  let plan: Plan | undefined;
  try {
    plan = judgeTable(config, table, refusal, ledger, judgeObstacle(target ?? {}));
  } catch (error) {
    await target?.close();
    throw error;
  }
  if (target && plan) return { target, plan };
  await target?.close();
  return undefined;
}

function judgeTable(
  config: ResolvedConfig,
  table: Table,
  refusal: Failure | undefined,
  ledger: Ledger,
  obstacles: readonly Finding[],
): Plan | undefined {
  const { plan, findings } = judgeColumns(config, table);
  ledger.add(of, "columns", [...findings, ...obstacles]);
  const indexes = judgeIndexes(config, table, plan, refusal);
  if (indexes) ledger.add(of, "unique indexes", indexes);
  else ledger.skip(of, ["unique indexes"], "columns failed");
  return plan;
}

interface Opening {
  readonly target?: Target;
  /** Known where the stages up to that were reached. */
  readonly table?: Table | undefined;
  /** Why there is no target all the same. */
  readonly refusal?: Failure;
}

async function open(config: ResolvedConfig["target"], ledger: Ledger, signal: AbortSignal): Promise<Opening> {
  let table: Table | undefined;
  let reached = 0;
  const settle = (finding: Finding): void => {
    ledger.add(of, stages[reached] ?? "", [finding]);
    reached += 1;
  };
  const listener = {
    connected: (title: string) => settle(judgeConnection(config, title)),
    described: (found: Table) => {
      table = found;
      settle(ok(`${found.name} has ${plural(found.columns.size, "column")}`));
    },
  };
  const opening = openTarget(config, { readOnly: true, listener });
  try {
    return { target: await orAborted(opening, signal), table };
  } catch (error) {
    if (signal.aborted) opening.then((target) => target.close()).catch(() => {});
    if (signal.aborted || !(error instanceof Failure)) throw error;
    if (table) return { table, refusal: error };
    const stage = stages[reached];
    settle(failed(error));
    ledger.skip(of, stages.slice(reached), `${stage} failed`);
    return {};
  }
}

export function judgeConnection(config: ResolvedConfig["target"], title: string): Finding {
  if (config.client === "sqlite") return ok(title);
  const { host, socketPath, tls, user } = config.connection;
  const login = `${title}, as ${user}`;
  // The driver goes on without TLS only where none is configured.
  if (tls) return ok(`${login}, with TLS`);
  if (socketPath !== undefined || isLocal(host)) return ok(`${login}, on this machine`);
  return ok(`${login}, without TLS`, "set target.connection.tls unless the network is one to trust");
}

/** The plan, where the table has every column that the configuration names. */
function judgeColumns(
  config: ResolvedConfig,
  table: Table,
): { readonly plan: Plan | undefined; readonly findings: readonly Finding[] } {
  const names = Object.keys(config.mapping).map((name): [name: string, place: string] => [name, `mapping.${name}`]);
  if (config.state) names.push([config.state.column, "state.column"]);
  const wrong = names.flatMap(([name, place]) => failureOf(() => void writableColumn(table, name, place)));
  if (wrong.length > 0) return { plan: undefined, findings: wrong };
  let plan: Plan | undefined;
  const refused = failureOf(() => {
    plan = makePlan(config, table);
  });
  if (!plan) return { plan, findings: refused };
  const findings = judgeRights(plan, table);
  return { plan: findings.length > 0 ? undefined : plan, findings: [...findings, ...describe(plan, table)] };
}

function failureOf(work: () => void): Finding[] {
  try {
    work();
    return [];
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return [failed(error)];
  }
}

/** Columns are listed by name up to this many. */
const mostListed = 8;

function describe(plan: Plan, table: Table): Finding[] {
  const declared = plan.columns.map(
    ({ column }) => `${column} ${table.columns.get(column.toLowerCase())?.declared ?? ""}`,
  );
  const more = declared.length - mostListed;
  const list = [...declared.slice(0, mostListed), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  return [
    ok(`${plural(declared.length, "column")} to fill: ${list}`),
    ...unfilledColumns(plan, table).map((name) =>
      warning(
        `${name} must have a value, has no default, and is not in the mapping: the database will refuse new rows`,
        `map it, or give it a default in the table`,
      ),
    ),
  ];
}

/** What a run needs to be allowed, each with the columns where it is not. */
function judgeRights(plan: Plan, table: Table): Finding[] {
  return missingRights(plan, table).map((message) =>
    failed(new Failure("database", message, { hint: "grant the user SELECT, INSERT and UPDATE on the table" })),
  );
}

/** That nobody may write there does not keep the values from being looked at. */
function judgeObstacle({ obstacle }: Partial<Target>): Finding[] {
  if (obstacle === undefined) return [];
  const hint = "point target.connection at one that may be written, or have that changed";
  return [failed(new Failure("database", obstacle, { hint }))];
}

/** Undefined where the column of a match key failed already. */
function judgeIndexes(
  { target: { matchKey } }: ResolvedConfig,
  table: Table,
  plan: Plan | undefined,
  refusal: Failure | undefined,
): Finding[] | undefined {
  const missing = matchKey.flatMap((name) => failureOf(() => void writableColumn(table, name, "target.matchKey")));
  if (missing.length > 0) return undefined;
  if (refusal) return [failed(refusal)];
  const keys = matchKey.map((name) => table.columns.get(name.toLowerCase())?.name ?? "");
  const own = keys.map((key) =>
    table.uniqueIndexes.filter(({ columns: [only, ...more] }) => more.length === 0 && only === key),
  );
  const others = table.uniqueIndexes.filter(
    (index) => !own.flat().includes(index) && !isRowNumber(table, plan, index.columns),
  );
  const named = others
    .map(({ name, columns }) => `${name} (${columns.filter(Boolean).join(", ") || "an expression"})`)
    .join(" and on ");
  const clash = others.length === 0 ? "" : `; a clash on ${named} is a reject`;
  const keep = own.map(([index], at) => `${index?.name} (${keys[at]})`).join(" and ");
  return [
    ok(keys.length === 1 ? `${keep} keeps the match key unique${clash}` : `${keep} keep the match keys unique${clash}`),
    ...(plan ? idWarnings(plan, table).map((message) => warning(message)) : []),
  ];
}

/**
 * An index whose columns no mapping fills and of which no two rows get the same value: nobody can clash there. Of a column that
 * the user may not see the database sees to that.
 */
const isRowNumber = (table: Table, plan: Plan | undefined, columns: readonly string[]): boolean =>
  columns.length > 0 &&
  columns.every((name) => {
    const column = table.columns.get(name.toLowerCase());
    if (!column) return true;
    const filled = plan?.columns.some((each) => each.column === name) ?? true;
    return column.hasDefault && typeof column.defaultText !== "string" && !filled;
  });
