import type { Table } from "./column.ts";
import type { Binding, Dialect } from "./dialect.ts";
import type { StatementLimits } from "./parts.ts";
import type { Recipient } from "./send.ts";
import { readableColumn, type TypedColumn } from "./table.ts";
import type { RowValues } from "./target.ts";

/** An open table: what every statement needs. */
export interface OpenTable {
  readonly db: Recipient;
  readonly dialect: Dialect;
  readonly table: Table;
  /** The match keys in their order. */
  readonly keys: readonly TypedColumn[];
  /** As the target has it. */
  readonly order: string | undefined;
  readonly limits: StatementLimits;
}

export const known = ({ table }: Pick<OpenTable, "table">, name: string): TypedColumn =>
  readableColumn(table, name, "mapping");

/** The column of this name among the match keys, the first one where none is named. */
export function keyColumn({ keys, table }: OpenTable, name: string | undefined): TypedColumn {
  const key = name === undefined ? keys[0] : keys.find((each) => each.name === name);
  if (!key) throw new Error(`${table.name}.${name} is no match key`);
  return key;
}

/** A unit for each byte, or ASCII. */
export const identityText = (raw: unknown): string => (Buffer.isBuffer(raw) ? raw.toString("latin1") : String(raw));

export const readRow = (dialect: Dialect, columns: readonly TypedColumn[], raw: readonly unknown[]): RowValues =>
  columns.map((column, at) => {
    const value = raw[at];
    return value === null || value === undefined ? null : dialect.read(value, column.type);
  });

export const bound = (dialect: Dialect, column: TypedColumn, value: string | null): Binding =>
  value === null ? null : dialect.bind(value, column.type);
