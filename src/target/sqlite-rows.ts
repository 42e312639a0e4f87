import type { Binding } from "./dialect.ts";
import { type Recipient, send } from "./send.ts";

/** The rows of a statement's result, whose columns are known by their names. */
export const namedSqliteRows = async <Row>(
  db: Recipient,
  sql: string,
  bindings: readonly Binding[] = [],
): Promise<readonly Row[]> => (await send(db, { sql, bindings })) as readonly Row[];
