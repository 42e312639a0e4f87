import type { Binding, Statement } from "./dialect.ts";
import { type Recipient, send } from "./send.ts";

/** The rows of a statement's result as arrays. */
export const mysqlRows = (db: Recipient, statement: Statement): Promise<readonly (readonly unknown[])[]> =>
  answered(db, statement, { rowsAsArray: true });

/** The rows of a statement's result, whose columns are known by their names. */
export const namedMysqlRows = <Row>(
  db: Recipient,
  sql: string,
  bindings: readonly Binding[] = [],
): Promise<readonly Row[]> => answered(db, { sql, bindings }, {});

async function answered<Row>(db: Recipient, statement: Statement, options: object): Promise<readonly Row[]> {
  const [rows] = (await send(db, statement, options)) as [readonly Row[]];
  return rows;
}
