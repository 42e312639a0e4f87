import type { Table } from "./column.ts";
import type { Binding } from "./dialect.ts";
import { bound, known, type OpenTable, readRow } from "./open-table.ts";
import { PackedRow, packing } from "./packed-row.ts";
import type { RowValues, StoredRow } from "./target.ts";

/** Rows one after the other, as they lie in the table. */

/** An AUTO_INCREMENT or the like, by which the table itself is kept in order. */
export function orderOf(table: Table): string | undefined {
  const [name, ...others] = table.primaryKey;
  const column = name === undefined || others.length > 0 ? undefined : table.columns.get(name.toLowerCase());
  const isReadable = column?.type?.type === "integer" && (column.rights?.has("select") ?? true);
  return column?.numbered && isReadable ? column.name : undefined;
}

export async function rowsAfter(
  open: OpenTable,
  number: string,
  names: readonly string[],
  size: number,
): Promise<readonly StoredRow[]> {
  const { db, dialect, table } = open;
  const order = known(open, open.order ?? "");
  const columns = names.map((name) => known(open, name));
  const keyAt = names.indexOf(open.keys[0]?.name ?? "");
  const bindings: Binding[] = [];
  const after = dialect.place(bound(dialect, order, number), bindings);
  const by = `u.${dialect.quote(order.name)}`;
  const packed = packing(dialect, columns);
  const select = packed ? [dialect.select(columns[keyAt] ?? order), ...packed.select] : columns.map(dialect.select);
  const selected = [by, ...select].map((sql, at) => `${sql} as c${at}`).join(", ");
  const rows = await dialect.rows(db, {
    sql: `select ${selected} from ${dialect.quote(table.name)} u where ${by} > ${after} order by ${by} limit ${size}`,
    bindings,
  });
  if (!packed) return rows.map(([at, ...raw]) => new PlainRow(String(at), readRow(dialect, columns, raw), keyAt));
  const key = columns[keyAt];
  return rows.map(([at, raw, nulls, text]) => {
    const stored = key && raw !== null && raw !== undefined ? dialect.read(raw, key.type) : null;
    return new PackedRow(String(at), stored, Number(nulls), String(text), packed);
  });
}

class PlainRow implements StoredRow {
  readonly number: string;
  readonly key: string | null;
  readonly values: RowValues;

  constructor(number: string, values: RowValues, keyAt: number) {
    this.number = number;
    this.key = values[keyAt] ?? null;
    this.values = values;
  }

  has(values: readonly (string | null | undefined)[]): boolean {
    return values.length === this.values.length && this.values.every((value, at) => value === values[at]);
  }
}
