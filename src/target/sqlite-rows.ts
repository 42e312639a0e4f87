import { isAnyArrayBuffer } from "node:util/types";
import type { Binding, Statement } from "./dialect.ts";
import { type Recipient, send } from "./send.ts";

/** The rows of a statement's result as arrays. */
export async function sqliteRows(db: Recipient, statement: Statement): Promise<readonly (readonly unknown[])[]> {
  // The driver gives rows as objects; the aliases of `lookup` keep equal column names apart, and objects keep their order.
  const rows = (await send(db, statement, { safeIntegers: true })) as object[];
  return rows.map((row) => Object.values(row).map(blobAsBuffer));
}

/** libsql gives a BLOB as an ArrayBuffer. */
const blobAsBuffer = (value: unknown): unknown => (isAnyArrayBuffer(value) ? Buffer.from(value) : value);

/** The rows of a statement's result, whose columns are known by their names. */
export const namedSqliteRows = async <Row>(
  db: Recipient,
  sql: string,
  bindings: readonly Binding[] = [],
): Promise<readonly Row[]> => (await send(db, { sql, bindings })) as readonly Row[];
