import type { Table } from "../target/column.ts";
import { lackingRight } from "../target/rights.ts";
import type { LeaverPlan } from "./plan.ts";

/** A line for each right that the deactivation of leavers needs and the user of the database does not have. */
export function missingLeaverRights({ read, given, grace, related }: LeaverPlan, users: Table): string[] {
  const kept = [grace.runs, grace.since].flatMap((each) => each?.column ?? []);
  const written = [...given.map(({ column }) => column), ...kept];
  const others = related.flatMap(({ followUp: { table, key, where, set } }) => [
    ...lackingRight(table, "select", [key, ...where.map(({ column }) => column), ...(set?.columns ?? [])]),
    ...lackingRight(table, "update", set?.columns ?? []),
  ]);
  return [...new Set([...lackingRight(users, "select", read), ...lackingRight(users, "update", written), ...others])];
}

/** The tables of which rows are to be deleted and no right for that is seen: what a role gives is not. */
export const undeletable = ({ related }: LeaverPlan): string[] => [
  ...new Set(
    related.flatMap(({ followUp: { table, set } }) =>
      set === undefined && table.deletable === false ? [table.name] : [],
    ),
  ),
];
