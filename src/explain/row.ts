import type { ResolvedConfig } from "../config/load.ts";
import { isProtected, shownKey } from "../diff.ts";
import { constant, type Plan } from "../plan.ts";
import type { Target } from "../target/target.ts";

/** The row that has a match key, as the mapping sees it; values for people, but for `values`. */
export interface Row {
  /** The match key's column, and the value that the row has in it. */
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

export async function findRow(
  config: ResolvedConfig,
  plan: Plan,
  target: Target,
  key: string,
): Promise<Row | undefined> {
  const keyColumn = plan.columns[plan.key];
  const fitted = keyColumn?.fit(key);
  if (!keyColumn || typeof fitted !== "string") return undefined;
  const scope = Object.entries(config.leavers.scope ?? {}).map(([name, value]) => {
    const place = `leavers.scope.${name}`;
    return {
      name: target.table.columns.get(name.toLowerCase())?.name ?? name,
      value: constant(target.table, name, value, place, kindOf(plan, name)),
    };
  });
  const read = [...new Set([...plan.read, ...scope.map(({ name }) => name)])];
  const [found] = await target.find([fitted], read);
  const values = found?.row;
  if (!values) return undefined;
  const at = (name: string): string | null => values[read.indexOf(name)] ?? null;
  const shown = (name: string): string | null => {
    const value = at(name);
    return value === null ? null : plan.show(name, value);
  };
  const id = plan.columns[plan.immutableId ?? -1];
  return {
    column: keyColumn.name,
    key: shownKey(plan, values[plan.key] ?? fitted),
    collation: target.table.columns.get(keyColumn.column.toLowerCase())?.collation,
    columns: Object.fromEntries(read.map((name) => [name, shown(name)])),
    immutableId: id === undefined ? null : { column: id.name, value: shown(id.column) },
    protected: isProtected(plan, values),
    owned: config.leavers.scope === undefined ? null : scope.every(({ name, value }) => at(name) === value),
    values,
  };
}
