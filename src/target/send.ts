/**
 * What is used of knex to send statements: its pool, and how its dialect asks the driver. What knex does besides for each
 * statement and transaction takes as long as a small statement does.
 */
interface Client {
  acquireConnection(): Promise<unknown>;
  releaseConnection(connection: unknown): Promise<void>;
  _query(connection: unknown, query: Query): Promise<{ readonly response: unknown }>;
}

interface Query {
  readonly sql: string;
  readonly bindings: readonly unknown[];
  readonly options: object;
}

/** Who is sent statements: a pool, of which each takes any connection, or the one connection of a transaction. */
export interface Recipient {
  readonly client: Client;
}

/** What was opened: whoever opened it closes it. */
export interface Pool extends Recipient {
  close(): Promise<void>;
}

/** Runs one statement as it is written. Where it fails, the error is without the statement, which has all the values of the rows. */
export const send = (
  recipient: Recipient,
  { sql, bindings }: Pick<Query, "sql" | "bindings">,
  options: object = {},
): Promise<unknown> =>
  lent(recipient, async (connection) => {
    const { response } = await recipient.client._query(connection, { sql, bindings, options });
    return response;
  });

/** Works with a connection of the driver, and gives it back. */
export async function lent<T>({ client }: Recipient, work: (connection: unknown) => Promise<T>): Promise<T> {
  const connection = await client.acquireConnection();
  try {
    return await work(connection);
  } catch (error) {
    if (error instanceof Error && "sql" in error) delete error.sql;
    throw error;
  } finally {
    client.releaseConnection(connection);
  }
}

/** A transaction that was begun; whoever began it ends it, once. */
export interface Transaction extends Recipient {
  commit(): Promise<void>;
  /** What goes wrong is no news: it was lost already then. */
  rollback(): Promise<void>;
}

/** A server that does not answer must not keep the news of what went wrong before. */
const rollbackMs = 5000;

export async function begin({ client }: Recipient): Promise<Transaction> {
  const connection = await client.acquireConnection();
  const own: Client = {
    acquireConnection: async () => connection,
    releaseConnection: async () => {},
    _query: (_, query) => client._query(connection, query),
  };
  const run = (sql: string) => send({ client: own }, { sql, bindings: [] });
  const end = (work: Promise<unknown>) => work.then(() => {}).finally(() => client.releaseConnection(connection));
  // The next BEGIN would commit what is still open: the pool is to open another connection.
  const giveUp = (error: unknown): void => {
    Object.assign(connection as object, { __knex__disposed: error });
  };
  await run("BEGIN;").catch((error: unknown) => {
    client.releaseConnection(connection);
    throw error;
  });
  return {
    client: own,
    commit: () => end(run("COMMIT;")),
    rollback: () => end(within(rollbackMs, run("ROLLBACK")).catch(giveUp)),
  };
}

/** The work, which fails where it takes more than so many milliseconds. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer for ${ms} ms`)), ms);
  });
  await Promise.race([work, late]).finally(() => clearTimeout(timer));
}
