import type { Table } from "../target/column.ts";
import type { LeaverPlan } from "./plan.ts";

/** A line for each right that the deactivation of leavers needs and the user of the database does not have. */
export function missingLeaverRights({ read, given, grace, related }: LeaverPlan, users: Table): string[] {
  const kept = [grace.runs, grace.since].flatMap((each) => each?.column ?? []);
  const written = [...given.map(({ column }) => column), ...kept];
  const others = related.flatMap(({ followUp: { table, key, where, set } }) => [
    ...lacking(table, "select", [key, ...where.map(({ column }) => column), ...(set?.columns ?? [])]),
    ...lacking(table, "update", set?.columns ?? []),
  ]);
  return [...new Set([...lacking(users, "select", read), ...lacking(users, "update", written), ...others])];
}

function lacking(table: Table, right: string, columns: readonly string[]): string[] {
  const without = columns.filter((name) => table.columns.get(name.toLowerCase())?.rights?.has(right) === false);
  if (without.length === 0) return [];
  const some = without.length < columns.length ? ` (${[...new Set(without)].join(", ")})` : "";
  return [`the user has no ${right.toUpperCase()} on ${table.name}${some}`];
}
