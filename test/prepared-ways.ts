import type { Table } from "../src/target/column.ts";
import type { Dialect } from "../src/target/dialect.ts";

import { mysqlDialect } from "../src/target/mysql.ts";
import { known } from "../src/target/open-table.ts";
import { begin, type Pool } from "../src/target/send.ts";
import type { TypedColumn } from "../src/target/table.ts";
import type { MariadbDatabase } from "./target-databases.ts";

/** One table of MariaDB into which rows are inserted in the two ways that there are: as a text, and prepared. */

export type Texts = readonly (string | null)[];

/** The fewest rows of which a statement is prepared. */
export const fewest = 50;

/** So many rows of an `id` and of these texts, one after the other. */
export const rowsOf = (texts: Texts, count = Math.max(fewest, texts.length)): Texts[] =>
  Array.from({ length: count }, (_, id) => [String(id), texts[id % texts.length] ?? null]);

/** What an insert came to: all rows that are then there, as bytes, or the error and what the program makes of it. */
export type Outcome =
  | { readonly inserted: number; readonly table: readonly (readonly unknown[])[] }
  | { readonly error: object };

export interface Ways {
  readonly table: Table;
  /** Inserts rows both ways, each in a transaction that is then rolled back. The columns are all of the table, unless told. */
  both(rows: readonly Texts[], columns?: readonly string[], name?: string): Promise<readonly [Outcome, Outcome]>;
  /** How many statements the server has prepared, and executed so, for this table. */
  prepared(): Promise<number>;
  executed(): Promise<number>;
  /** The same of all tables. */
  executions(): Promise<number>;
  /** Bytes that the server was sent. */
  received(): Promise<number>;
  close(): Promise<void>;
}

let tables = 0;

/** Makes a table that has these columns. */
export async function waysInto(database: MariadbDatabase, definition: string, before = ""): Promise<Ways> {
  tables += 1;
  const name = `t${tables}`;
  await database.sql(`${before ? `${before};` : ""} create table ${name} (${definition}) collate utf8mb4_general_ci`);
  const config = database.config(name, "id");
  const [text, prepared] = await Promise.all([opened(mysqlDialect(config)), opened(mysqlDialect(config))]);
  // Only who has asked which server that is prepares statements for it.
  await prepared.dialect.describeServer(prepared.db);
  const table = await text.dialect.describeTable(text.db, name);
  const counter = async (variable: string): Promise<number> => {
    const [row] = await database.sql(`show global status like '${variable}'`);
    return Number(row?.Value);
  };
  const [preparedBefore, executedBefore] = [await counter("Com_stmt_prepare"), await counter("Com_stmt_execute")];
  const warm = new Set<string>();
  return {
    table,
    both: async (rows, names = [...table.columns.keys()], into = name) => {
      const columns = names.map((each) => known({ table }, each));
      const shape = `${rows.length} ${names} ${into}`;
      // What has not come before is sent as a text.
      if (!warm.has(shape)) await outcome(prepared, into, columns, rows);
      warm.add(shape);
      return [await outcome(text, into, columns, rows), await outcome(prepared, into, columns, rows)];
    },
    prepared: async () => (await counter("Com_stmt_prepare")) - preparedBefore,
    executed: async () => (await counter("Com_stmt_execute")) - executedBefore,
    executions: () => counter("Com_stmt_execute"),
    received: () => counter("Bytes_received"),
    close: async () => {
      await Promise.all([text.db.close(), prepared.db.close()]);
    },
  };
}

interface Opened {
  readonly dialect: Dialect;
  readonly db: Pool;
}

const opened = async (dialect: Dialect): Promise<Opened> => ({ dialect, db: await dialect.open(false) });

async function outcome(
  { dialect, db }: Opened,
  name: string,
  columns: readonly TypedColumn[],
  rows: readonly Texts[],
): Promise<Outcome> {
  const transaction = await begin(db);
  try {
    const bindings = rows.map((row) =>
      columns.map(({ type }, at) => {
        const value = row[at] ?? null;
        return value === null ? null : dialect.bind(value, type);
      }),
    );
    const inserted = await dialect.insert(transaction, name, columns, bindings);
    const sql = `select ${columns.map(bytesOf).join(", ")} from ${dialect.quote(name)} order by id`;
    return { inserted, table: await dialect.rows(transaction, { sql, bindings: [] }) };
  } catch (error) {
    return { error: seen(dialect, error) };
  } finally {
    await transaction.rollback();
  }
}

/** What a column holds, to the last byte: of long ones their length and what tells them from all others. */
export function bytesOf({ name, type }: TypedColumn): string {
  const column = `\`${name}\``;
  if (type.type === "float") return `concat(${column} + 0e0)`;
  if (type.type === "bit") return `${column} + 0`;
  const bytes = `cast(${column} as binary)`;
  return `if(length(${bytes}) > 1000, concat(length(${bytes}), ' ', sha2(${bytes}, 256)), hex(${bytes}))`;
}

function seen(dialect: Dialect, error: unknown): object {
  const { errno, code, sqlState, sqlMessage, message } = error as Record<string, unknown>;
  const sorted = dialect.classify(error);
  const shown = sorted && { ...sorted, name: sorted.name, message: sorted.message, cause: undefined };
  return { errno, code, sqlState, sqlMessage, message, sorted: shown };
}
