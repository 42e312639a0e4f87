import { conditionSql } from "./conditions.ts";
import type { Binding, Statement } from "./dialect.ts";
import { bound, known, type OpenTable } from "./open-table.ts";
import { parts } from "./parts.ts";
import type { Recipient } from "./send.ts";
import type { FollowUp, Write } from "./target.ts";

/** What is done in other tables when rows of this one are written. */

/** One after the other, in the order in which they are configured: for all rows of the transaction at once. */
export async function follow(open: OpenTable, transaction: Recipient, writes: readonly Write[]): Promise<void> {
  const values = new Map<FollowUp, string[]>();
  for (const write of writes)
    for (const { followUp, value } of write.kind === "update" ? (write.follow ?? []) : []) {
      const before = values.get(followUp);
      if (before) before.push(value);
      else values.set(followUp, [value]);
    }
  for (const [followUp, all] of values)
    for (const part of parts(boundKeys(open, followUp, all), open.limits))
      await open.dialect.run(transaction, statementOf(open, followUp, part));
}

/** As many of the rows as a follow-up finds, for each of the values. */
export async function related(
  open: OpenTable,
  followUp: FollowUp,
  values: readonly string[],
): Promise<readonly number[]> {
  const { db, dialect } = open;
  const key = known(followUp, followUp.key);
  const counts = values.map(() => 0);
  let offset = 0;
  for (const part of parts(boundKeys(open, followUp, values), open.limits)) {
    const bindings: Binding[] = [];
    const given = dialect.given(
      part.map(([value = null], at) => [at, value]),
      bindings,
    );
    const where = touched(open, followUp, bindings, "u.");
    const on = `u.${dialect.quote(key.name)} = ${dialect.asKey(key, "k.v0")}`;
    const rows = await dialect.rows(db, {
      sql: `select k.i as c0, count(*) as c1 from ${given} join ${dialect.quote(followUp.table.name)} u on ${on}${where.length > 0 ? ` where ${where.join(" and ")}` : ""} group by k.i`,
      bindings,
    });
    for (const [at, found] of rows) counts[offset + Number(at)] = Number(found);
    offset += part.length;
  }
  return counts;
}

const boundKeys = ({ dialect }: OpenTable, followUp: FollowUp, values: readonly string[]): Binding[][] => {
  const key = known(followUp, followUp.key);
  return values.map((value) => [bound(dialect, key, value)]);
};

function statementOf(open: OpenTable, followUp: FollowUp, part: readonly Binding[][]): Statement {
  const { dialect } = open;
  const bindings: Binding[] = [];
  const table = dialect.quote(followUp.table.name);
  const set = assignments(open, followUp, bindings, " = ");
  const key = known(followUp, followUp.key);
  const places = part.map(([value = null]) => dialect.asKey(key, dialect.place(value, bindings)));
  const where = [`${dialect.quote(key.name)} in (${places.join(", ")})`, ...touched(open, followUp, bindings, "")];
  const verb = followUp.set ? `${dialect.updateOf} ${table} set ${set.join(", ")}` : `delete from ${table}`;
  return { sql: `${verb} where ${where.join(" and ")}`, bindings };
}

/** Of the rows of somebody those that the follow-up changes: they meet its conditions, and are not yet as it would have them. */
function touched(open: OpenTable, followUp: FollowUp, bindings: Binding[], alias: string): string[] {
  const { dialect } = open;
  const { table, where, set } = followUp;
  const conditions = where.length > 0 ? [conditionSql(dialect, table, where, bindings, alias)] : [];
  const strict = set?.columns.filter((name) => !set.loose.includes(name));
  if (!strict || strict.length === 0) return conditions;
  const same = assignments(open, followUp, bindings, ` ${dialect.isSame} `, alias, strict);
  return [...conditions, `not (${same.join(" and ")})`];
}

/** `column = value` of each column that is set. */
function assignments(
  { dialect }: OpenTable,
  followUp: FollowUp,
  bindings: Binding[],
  operator: string,
  alias = "",
  only = followUp.set?.columns,
): string[] {
  const { columns = [], values = [] } = followUp.set ?? {};
  return columns.flatMap((name, at) => {
    if (!only?.includes(name)) return [];
    const column = known(followUp, name);
    const place = dialect.place(bound(dialect, column, values[at] ?? null), bindings);
    return [`${alias}${dialect.quote(column.name)}${operator}${place}`];
  });
}
