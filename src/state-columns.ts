import type { ResolvedConfig } from "./config/load.ts";
import { Failure } from "./errors.ts";
import { mark } from "./leavers/mark.ts";
import type { ColumnSource } from "./report/event.ts";
import type { Table } from "./target/column.ts";
import { constant } from "./target/constant.ts";
import { type Fit, fitter } from "./target/fit.ts";
import { type TypedColumn, writableColumn } from "./target/table.ts";

/** The columns that all active users have alike: the state, who set it, and those that count how long somebody is missing. */

type State = NonNullable<ResolvedConfig["state"]>;

/** A column that holds the same for every active user. */
export interface StateColumn extends ColumnSource {
  /** As the database spells it. */
  readonly column: string;
  readonly insertOnly: false;
  readonly fit: Fit;
  /** It says who is active: where somebody else has blocked a row, it stays. */
  readonly ofState?: boolean;
  /** Whether a row may hold this just as well. */
  readonly suits?: (stored: string | null) => boolean;
}

/** How the rows are known that the sync itself deactivated; the texts are those that the columns store. */
export interface Returning {
  /** Position of the column of the mark among the `StateColumn`s. */
  readonly setBy: number;
  readonly mark: string;
  readonly active: string;
  readonly inactive: string;
}

/** The state is the first of them. @throws Failure (configuration) where a column is not there or cannot hold this. */
export function stateColumns(
  { state, leavers }: Pick<ResolvedConfig, "state" | "leavers">,
  table: Table,
): { readonly columns: readonly StateColumn[]; readonly returning: Returning | undefined } {
  if (state === undefined) return { columns: [], returning: undefined };
  const active = constant(table, state.column, state.active, "state.column");
  const own: StateColumn = {
    ...constantColumn(writableColumn(table, state.column, "state.column"), state.column, "state.active", active),
    ofState: true,
  };
  const setBy = state.setBy === undefined ? undefined : markColumn(table, state.setBy);
  const grace = leavers.action === "deactivate" ? graceColumns(leavers.grace ?? {}, table) : [];
  return {
    columns: [own, ...(setBy ? [setBy.column] : []), ...grace],
    returning: setBy && {
      setBy: 1,
      mark: setBy.stored,
      active: active ?? "",
      inactive: inactiveOf(state, table, active),
    },
  };
}

/** What fills the columns of somebody who is not active, where that is not what fills those of others. */
export const sourcesOfInactive = ({
  state,
  leavers,
}: Pick<ResolvedConfig, "state" | "leavers">): readonly ColumnSource[] => [
  ...(state === undefined ? [] : [configured(state.column, "state.inactive")]),
  ...Object.keys(leavers.set ?? {}).map((name) => configured(name, "leavers.set")),
];

const configured = (name: string, source: string): ColumnSource => ({ name, source, attributes: [], steps: [] });

function inactiveOf(state: State, table: Table, active: string | null): string {
  const inactive = constant(table, state.column, state.inactive, "state.inactive") ?? "";
  if (inactive !== active) return inactive;
  const message = `state.inactive: the column ${table.name}.${state.column} holds it as it holds state.active: "${inactive}"`;
  throw new Failure("configuration", message, { hint: "use a value that the column tells from the other" });
}

const constantColumn = ({ name: column }: TypedColumn, name: string, source: string, value: string | null) => ({
  name,
  source,
  attributes: [],
  steps: [],
  column,
  insertOnly: false as const,
  fit: () => value,
});

/** Of an active user it is empty; what others have written there is left alone. */
function markColumn(table: Table, name: string): { readonly column: StateColumn; readonly stored: string } {
  const place = "state.setBy";
  const column = expectNull(table, writableColumn(table, name, place), place);
  const stored = fitter("text", column, column.type)(mark);
  if (typeof stored !== "string") {
    const message = `${place}: ${table.name}.${column.name} cannot hold the mark "${mark}": ${stored?.misfit}`;
    throw new Failure("configuration", message, { hint: `use a text column of at least ${mark.length} characters` });
  }
  const suits: StateColumn["suits"] = (held) => held !== stored;
  return { column: { ...constantColumn(column, name, place, null), ofState: true, suits }, stored };
}

/** Nobody who is active is missing. */
function graceColumns(
  { sinceColumn, runsColumn }: NonNullable<ResolvedConfig["leavers"]["grace"]>,
  table: Table,
): readonly StateColumn[] {
  return [
    ...(sinceColumn === undefined ? [] : [since(table, sinceColumn, "leavers.grace.sinceColumn")]),
    ...(runsColumn === undefined ? [] : [runs(table, runsColumn, "leavers.grace.runsColumn")]),
  ];
}

function since(table: Table, name: string, place: string): StateColumn {
  const column = writableColumn(table, name, place);
  expectType(table, column, place, ["date", "datetime"], "a date or time column");
  return constantColumn(expectNull(table, column, place), name, place, null);
}

/** NULL and 0 both say that no run has missed the row. */
function runs(table: Table, name: string, place: string): StateColumn {
  const column = writableColumn(table, name, place);
  expectType(table, column, place, ["integer"], "an integer column");
  const none = column.nullable && column.defaultText !== "0" ? null : constant(table, name, 0, place);
  return { ...constantColumn(column, name, place, none), suits: (held) => held === null || held === "0" };
}

function expectNull(table: Table, column: TypedColumn, place: string): TypedColumn {
  if (column.nullable) return column;
  throw new Failure("configuration", `${place}: the column ${table.name}.${column.name} is NOT NULL`, {
    hint: "of an active user it is empty: let the column be NULL",
  });
}

function expectType(
  table: Table,
  { name, declared, type }: TypedColumn,
  place: string,
  types: readonly TypedColumn["type"]["type"][],
  words: string,
): void {
  if (types.includes(type.type)) return;
  throw new Failure("configuration", `${place}: ${table.name}.${name} is of type ${declared}`, {
    hint: `use ${words}`,
  });
}
