import type { Table } from "./column.ts";
import type { Binding, Dialect } from "./dialect.ts";
import { bound, known } from "./open-table.ts";
import type { Condition } from "./target.ts";

/** The conditions of a statement, joined by AND; `alias` goes before the columns. The values are put into `bindings`. */
export function conditionSql(
  dialect: Dialect,
  table: Table,
  conditions: readonly Condition[],
  bindings: Binding[],
  alias = "",
): string {
  const each = conditions.map(({ column: name, oneOf }) => {
    const column = known({ table }, name);
    const quoted = alias + dialect.quote(column.name);
    const values = oneOf.filter((value) => value !== null);
    const places = values.map((value) => dialect.place(bound(dialect, column, value), bindings));
    const listed = places.length > 0 ? [`${quoted} in (${places.join(", ")})`] : [];
    const all = values.length < oneOf.length ? [...listed, `${quoted} is null`] : listed;
    return all.length === 1 ? all[0] : `(${all.join(" or ")})`;
  });
  return each.join(" and ");
}
