import type { ResolvedConfig } from "../config/load.ts";
import { isProtected } from "../diff.ts";
import { shownKey } from "../keys.ts";
import { match } from "../match.ts";
import type { Plan } from "../plan.ts";
import { constant } from "../target/constant.ts";
import type { RowValues, Target } from "../target/target.ts";

/** A row as the mapping sees it; values for people, but for `values`. */
export interface Row {
  /** The column of the match key by which it was found, and the value that the row has in it. */
  readonly column: string;
  readonly key: string;
  /** Undefined where equal keys have the same bytes. */
  readonly collation: string | undefined;
  readonly columns: Readonly<Record<string, string | null>>;
  readonly immutableId: { readonly column: string; readonly value: string | null } | null;
  readonly protected: boolean;
  /** Whether leavers.scope holds; null where none is configured. */
  readonly owned: boolean | null;
  /** In the order of the plan's columns, as they are stored. */
  readonly values: readonly (string | null)[];
}

const kindOf = ({ mapped }: Plan, name: string) =>
  mapped.find((column) => column.name.toLowerCase() === name.toLowerCase())?.kind;

/** What is looked at to find a row. */
interface Looking {
  readonly config: ResolvedConfig;
  readonly plan: Plan;
  readonly target: Target;
}

/** The row of an entry with these match keys. */
export async function rowOfEntry(looking: Looking, keys: readonly (string | undefined)[]): Promise<Row | undefined> {
  const { plan, target } = looking;
  const scope = scopeOf(looking);
  const read = columnsToRead(plan, scope);
  const [found] = await match({ ...plan, read }, target, [{ dn: "", keys }]);
  return found?.row && describe(looking, scope, read, plan.keys[found.by] ?? -1, found.row);
}

/** The row that has this text as a match key: as the first one, or as the next. */
export async function rowWithKey(looking: Looking, text: string): Promise<Row | undefined> {
  const { plan, target } = looking;
  const scope = scopeOf(looking);
  const read = columnsToRead(plan, scope);
  for (const at of plan.keys) {
    const fitted = plan.columns[at]?.fit(text);
    const [found] = typeof fitted === "string" ? await target.find([fitted], read, plan.columns[at]?.column) : [];
    if (found?.row) return describe(looking, scope, read, at, found.row);
  }
  return undefined;
}

/** The conditions of leavers.scope, as the columns store their values. */
const scopeOf = ({ config, plan, target }: Looking) =>
  Object.entries(config.leavers.scope ?? {}).map(([name, value]) => ({
    name: target.table.columns.get(name.toLowerCase())?.name ?? name,
    value: constant(target.table, name, value, `leavers.scope.${name}`, kindOf(plan, name)),
  }));

type Scope = ReturnType<typeof scopeOf>;

const columnsToRead = (plan: Plan, scope: Scope): string[] => [
  ...new Set([...plan.read, ...scope.map(({ name }) => name)]),
];

function describe(
  { config, plan, target }: Looking,
  scope: Scope,
  read: readonly string[],
  key: number,
  values: RowValues,
): Row {
  const at = (name: string): string | null => values[read.indexOf(name)] ?? null;
  const shown = (name: string): string | null => {
    const value = at(name);
    return value === null ? null : plan.show(name, value);
  };
  const { name: column = "", column: stored = "" } = plan.columns[key] ?? {};
  const id = plan.columns[plan.immutableId ?? -1];
  return {
    column,
    key: shownKey(plan, values[key] ?? "", key),
    collation: target.table.columns.get(stored.toLowerCase())?.collation,
    columns: Object.fromEntries(read.map((name) => [name, shown(name)])),
    immutableId: id === undefined ? null : { column: id.name, value: shown(id.column) },
    protected: isProtected(plan, values),
    owned: config.leavers.scope === undefined ? null : scope.every(({ name, value }) => at(name) === value),
    values,
  };
}
