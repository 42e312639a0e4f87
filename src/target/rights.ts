import type { Table } from "./column.ts";

/** A line where the user of the database lacks a right on some of these columns; which ones, where it is not all of them. */
export function lackingRight(table: Table, right: string, columns: readonly string[]): string[] {
  const needed = new Set(columns);
  const without = [...needed].filter((name) => table.columns.get(name.toLowerCase())?.rights?.has(right) === false);
  if (without.length === 0) return [];
  const some = without.length < needed.size ? ` (${without.join(", ")})` : "";
  return [`the user has no ${right.toUpperCase()} on ${table.name}${some}`];
}
