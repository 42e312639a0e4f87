import type { ResolvedConfig } from "../config/load.ts";
import { blockedState } from "../diff.ts";
import type { Entry } from "../entry.ts";
import { fullRule } from "../mapping/compile.ts";
import { isRefusal } from "../mapping/reject.ts";
import { type Trace, traceColumn } from "../mapping/trace.ts";
import type { Plan } from "../plan.ts";
import { sourcesOfInactive } from "../state-columns.ts";
import type { Row } from "./row.ts";
import type { Would } from "./would.ts";

/** One column of one person: the way of its value, and what the row holds. */
export interface ExplainedColumn {
  readonly column: string;
  /** For people: `mail, otherMailbox`, `template "{givenName} {sn}"`. */
  readonly source: string;
  readonly trace: Trace;
  /** As the column stores it; undefined where the column is left alone or there is no value for it. */
  readonly stored: string | null | undefined;
  /** That for people, bytes made readable. */
  readonly result: string | null | undefined;
  /** Why there is no value that the column can hold. */
  readonly misfit: string | undefined;
  /** What the row holds, for people; undefined where there is no row. */
  readonly now: string | null | undefined;
  readonly differs: boolean;
  /** Why a column that differs is not written. */
  readonly left: string | undefined;
}

export function explainColumns(
  config: ResolvedConfig,
  plan: Plan,
  entry: Entry,
  row: Row | undefined,
): ExplainedColumn[] {
  const blocked = blockedState(plan, row?.values) !== undefined;
  return plan.columns.map((column, at) => {
    const rule = config.mapping[column.name];
    const isState = at === plan.state || rule === undefined;
    // The value of the state is the plan's own, whatever is fitted.
    const trace = isState ? constantTrace : traceColumn(column.name, fullRule(rule), entry);
    const { result: mapped } = trace;
    const fitted = mapped === undefined || isRefusal(mapped) ? undefined : column.fit(mapped);
    const misfit = isRefusal(mapped) ? mapped.why : typeof fitted === "object" ? fitted?.misfit : undefined;
    const stored = typeof fitted === "object" && fitted !== null ? undefined : fitted;
    const held = row?.values[at] ?? (row ? null : undefined);
    const differs = row !== undefined && stored !== undefined && stored !== held && !column.suits?.(held ?? null);
    const shown = (value: string | null | undefined) =>
      typeof value === "string" ? plan.show(column.column, value) : value;
    const [result, now] = [shown(stored), shown(held)];
    const kept = mapped === undefined ? "has no value: left as it is (onEmpty keep)" : undefined;
    const staying = differs && blocked && column.ofState ? "left as it is: the sync did not set it" : kept;
    const left = differs && column.insertOnly ? "written with a new row only" : staying;
    return { column: column.name, source: column.source, trace, stored, result, misfit, now, differs, left };
  });
}

const constantTrace: Trace = { attributes: [], used: undefined, steps: [], result: null };

/** What is written of somebody who is not active is not what the mapping gives, and not in the mapping's columns alone. */
export function columnsOfInactive(
  config: ResolvedConfig,
  explained: readonly ExplainedColumn[],
  { change }: Would,
): readonly ExplainedColumn[] {
  if (change === undefined || !(change.kind === "deactivate" || change.kind === "missing" || change.inactive)) {
    return explained;
  }
  const sources = new Map(sourcesOfInactive(config).map(({ name, source }) => [name, source]));
  const others = Object.keys(change.columns).filter((name) => !explained.some(({ column }) => column === name));
  const written = (name: string, source: string, trace: Trace): ExplainedColumn => {
    const { from = null, to = null } = change.columns[name] ?? {};
    const now = change.kind === "insert" ? undefined : from;
    const differs = now !== undefined;
    return { column: name, source, trace, stored: to, result: to, misfit: undefined, now, differs, left: undefined };
  };
  return [
    ...explained.map((each) => {
      const { column, source, trace } = each;
      return Object.hasOwn(change.columns, column) ? written(column, sources.get(column) ?? source, trace) : each;
    }),
    ...others.map((name) => written(name, sources.get(name) ?? "", constantTrace)),
  ];
}
