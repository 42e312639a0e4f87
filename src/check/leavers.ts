import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import { orAborted } from "../interruption.ts";
import { type LeaverPlan, planLeavers } from "../leavers/plan.ts";
import { missingLeaverRights, undeletable } from "../leavers/rights.ts";
import { allowedLeavers } from "../limits.ts";
import { number, plural } from "../report/words.ts";
import type { Table } from "../target/column.ts";
import { type Finding, failed, ok, warning } from "./ledger.ts";
import type { Opened } from "./target.ts";

/** What is known beside the table. */
export interface Leaving {
  readonly now: Date;
  /** How many people are active, where all of them were read. */
  readonly people: number | undefined;
  /** Whether a sync of this name is remembered that was done. */
  readonly isRemembered: () => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** What becomes of people who have left: can it be carried out, on how many rows, and would the limits allow it. */
export async function judgeLeavers(config: ResolvedConfig, opened: Opened, leaving: Leaving): Promise<Finding[]> {
  try {
    const planned = planLeavers(config, opened.plan, opened.target, leaving.now);
    const plan = await orAborted(planned, leaving.signal);
    return plan ? await judgePlan(config, opened, leaving, plan) : [];
  } catch (error) {
    if (leaving.signal.aborted || !(error instanceof Failure)) throw error;
    return [failed(error)];
  }
}

async function judgePlan(
  config: ResolvedConfig,
  { target, plan: sync }: Opened,
  { people, isRemembered, signal }: Leaving,
  plan: LeaverPlan,
): Promise<Finding[]> {
  const { table } = target;
  const rights = missingLeaverRights(plan, table).map((message) =>
    failed(new Failure("database", message, { hint: "grant it, or leave out what leavers does with it" })),
  );
  if (rights.length > 0) return rights;
  const owned = await orAborted(target.count(plan.owned), signal);
  const { scope } = config.leavers;
  const { max, maxPercent } = config.limits.deactivate;
  const allowed = allowedLeavers(config.limits.deactivate, owned);
  const related = plan.related.map(({ followUp }) => followUp.table.name);
  const follows = related.length === 0 ? "" : `; what follows in ${[...new Set(related)].join(", ")} can be done`;
  const limit = [
    ...(max === undefined ? [] : [`max ${number(max)}`]),
    ...(maxPercent === undefined ? [] : [`${maxPercent} %`]),
  ];
  const most = `one run deactivates at most ${number(Math.min(allowed, owned))} (limits.deactivate: ${limit.join(", ")})`;
  const found = [
    ok(`${plural(owned, "active row")} of ${table.name} ${owned === 1 ? "is" : "are"} this sync's; ${most}${follows}`),
  ];
  for (const name of undeletable(plan)) found.push(noDelete(name));
  found.push(...plan.given.flatMap(wordNow), ...Object.entries(scope ?? {}).flatMap(unfilled(sync, table)));
  if (scope === undefined) found.push(unscoped(table.name));
  const gone = people === undefined ? 0 : owned - people;
  if (gone > allowed) found.push(tooMany(owned, people ?? 0, gone, allowed));
  const isFirst =
    owned > 0 && !(await isRemembered()) && !(await orAborted(target.succeededBefore(config.name), signal));
  if (isFirst) found.push(firstRun(config.name, table.name));
  return found;
}

/** What a role gives is not seen, so it is no failure. */
const noDelete = (table: string): Finding =>
  warning(
    `the user has no DELETE on ${table}, as far as can be seen: a sync that deactivates would fail`,
    "grant it, unless a role of the user gives it",
  );

const wordNow = ({ name, text, shown }: LeaverPlan["given"][number]): Finding[] =>
  text === "now" && shown === text
    ? [
        warning(
          `leavers.set.${name}: it is no date or time column, so that the word "now" is written there`,
          "name a date or time column",
        ),
      ]
    : [];

/** A row that the sync makes and that is not in its own scope would never be a leaver's. */
const unfilled =
  (sync: Opened["plan"], table: Table) =>
  ([name, value]: [string, unknown]): Finding[] => {
    const column = table.columns.get(name.toLowerCase());
    const isFilled = column === undefined || column.generated || sync.names.includes(column.name);
    if (isFilled || column.defaultText === (value === null ? null : String(value))) return [];
    return [
      warning(
        `leavers.scope.${name}: nothing fills ${table.name}.${column.name} in a new row, so that people whom the sync adds are not this sync's when they leave`,
        `map it: "${name}": { "value": ${JSON.stringify(value)}, "on": "insert" }`,
      ),
    ];
  };

const unscoped = (table: string): Finding =>
  warning(
    `leavers are switched on without a scope: every active row of ${table} counts as this sync's`,
    "name in leavers.scope which rows are, unless no other way leads into the table",
  );

const tooMany = (owned: number, people: number, gone: number, allowed: number): Finding =>
  warning(
    `${plural(owned, "active row")} and ${plural(people, "active person", "active people")}: about ${number(gone)} would be deactivated, ${number(allowed)} may be, so that a sync would be refused`,
    "look at leavers.scope and at the filters; if that is meant, --max-deactivate N raises the limit for one run",
  );

const firstRun = (name: string, table: string): Finding =>
  warning(
    `no sync ${JSON.stringify(name)} into ${table} has succeeded yet, as far as is known: the first one that finds a leaver is refused`,
    'let one sync succeed with leavers.action "ignore", or look at its dry-run and give it --max-deactivate N',
  );
