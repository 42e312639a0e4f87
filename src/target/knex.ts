import { createRequire } from "node:module";
import type { Knex } from "knex";
import type { default as Client, ClientAnswer, ClientQuery } from "knex/lib/client.js";
import type { Pool } from "./send.ts";

/** The one importer of knex, mysql2 (through knex) and libsql, which are loaded when a target is opened. */

const common: Knex.Config = {
  // knex would print to the terminal.
  log: { warn: () => {}, error: () => {}, deprecate: () => {}, debug: () => {} },
  acquireConnectionTimeout: 30_000,
};

/** How mysql2 is to connect. */
export type MysqlOptions = Knex.MySql2ConnectionConfig & {
  readonly jsonStrings: boolean;
  readonly disableEval: boolean;
};

/** A pool of so many MySQL connections; `prepare` runs once on each new one before it is used. */
export async function openMysql(
  connection: MysqlOptions,
  prepare: (
    connection: RawMysqlConnection,
    done: (error: Error | null, connection: RawMysqlConnection) => void,
  ) => void,
  connections = 2,
): Promise<Pool> {
  const { default: Mysql2 } = await import("knex/lib/dialects/mysql2/index.js");
  const pool = { min: 0, max: connections, afterCreate: prepare };
  // Else knex asks each server for its version first, for statements that it would put together: here they are ready.
  return poolOf(Mysql2, { version: "latest", connection: { ...connection, queryFormat }, pool });
}

/** A dialect by itself; `knex()` would load those of all databases. */
function poolOf(Dialect: typeof Client, config: Knex.Config): Pool {
  const client = new Dialect({ ...common, ...config, client: Dialect });
  return { client, close: () => client.destroy() };
}

/** What is used of a mysql2 connection besides what knex asks of it. */
export interface RawMysqlConnection {
  query(sql: string, done: (error: Error | null) => void): void;
  readonly stream: import("node:net").Socket;
  writePacket(packet: MysqlPacket): void;
  addCommand(command: MysqlCommand): void;
}

interface MysqlPacket {
  readonly buffer: Buffer;
  length(): number;
  writeHeader(number: number): void;
}

/** What reads the next packet of an answer and says what reads the one after it; null: it was the last. */
export type MysqlReader = (packet: { readonly buffer: Buffer; readonly offset: number }) => MysqlReader | null;

interface MysqlCommand {
  start: () => MysqlReader | null;
  /** Reads what a statement that gives no rows is answered with. */
  readonly resultsetHeader: MysqlReader;
}

type MysqlDone = (error: Error | null, result: { readonly affectedRows: number }) => void;

/** Bytes of a packet before what it carries: its length and its number. */
export const headerSize = 4;

/** What is longer goes in several packets, of which the first that is not full is the last. */
const mostInPacket = 2 ** 24 - 1;

/**
 * Sends a packet, whose first four bytes are left free, and gives what the driver makes of the answer to a statement
 * without rows; `read` reads an answer of another kind.
 */
export const mysqlCommand = (
  connection: RawMysqlConnection,
  buffer: Buffer,
  read?: (done: () => void) => MysqlReader,
): Promise<{ readonly affectedRows: number }> =>
  new Promise((resolve, reject) => {
    const done: MysqlDone = (error, result) => (error ? reject(error) : resolve(result));
    const own = read?.(() => resolve({ affectedRows: 0 }));
    addCommand(connection, buffer, done, ({ resultsetHeader }) => own ?? resultsetHeader);
  });

/** Sends a packet to which there is no answer. */
export const tellMysql = (connection: RawMysqlConnection, buffer: Buffer): void =>
  addCommand(
    connection,
    buffer,
    () => {},
    () => null,
  );

function addCommand(
  connection: RawMysqlConnection,
  buffer: Buffer,
  done: MysqlDone,
  reader: (command: MysqlCommand) => MysqlReader | null,
): void {
  const command = mysql2().createQuery({ sql: "" }, [], done, {});
  command.start = () => {
    connection.writePacket(packetOf(buffer));
    // The driver sends none after a last one that is full, and the server would wait for it.
    if ((buffer.length - headerSize) % mostInPacket === 0) connection.writePacket(packetOf(Buffer.alloc(headerSize)));
    return reader(command);
  };
  connection.addCommand(command);
}

const packetOf = (buffer: Buffer): MysqlPacket => ({
  buffer,
  length: () => buffer.length - headerSize,
  writeHeader: (number) => {
    buffer.writeUIntLE(buffer.length - headerSize, 0, headerSize - 1);
    buffer[headerSize - 1] = number;
  },
});

/**
 * A value as it stands in a statement, by the rules of the driver: for sessions that take backslashes in texts. Many
 * thousands of values are much faster put there than sent as bindings, for which mysql2 searches the statement.
 */
export function mysqlLiteral(value: string | number | bigint | Buffer | null): string {
  if (value === null) return "null";
  if (typeof value === "bigint" || typeof value === "number") return String(value);
  return mysql2().escape(value);
}

interface Mysql2 {
  escape(value: unknown): string;
  format(sql: string, values: readonly unknown[]): string;
  createQuery(options: object, values: readonly unknown[], done: MysqlDone, config: object): MysqlCommand;
}

let loaded: Mysql2 | undefined;

function mysql2(): Mysql2 {
  loaded ??= createRequire(import.meta.url)("mysql2") as Mysql2;
  return loaded;
}

/** mysql2 would look for places for values in statements that have none, letter by letter. */
const queryFormat = (sql: string, values: readonly unknown[] | undefined): string =>
  values && values.length > 0 ? mysql2().format(sql, values) : sql;

interface LibsqlConnection {
  exec(sql: string): void;
  readonly inTransaction: boolean;
  /** What knex's pool looks at before it lends a connection again. */
  __knex__disposed?: Error;
}

/** A SQLite file through libsql; `prepare` is run on the one connection. */
export async function openSqlite(filename: string, prepare: readonly string[]): Promise<Pool> {
  const { default: BetterSqlite } = await import("knex/lib/dialects/better-sqlite3/index.js");
  // libsql has the interface of better-sqlite3 and comes compiled, so knex's dialect for that one is given it as its driver.
  class Libsql extends BetterSqlite {
    override _driver(): unknown {
      return createRequire(import.meta.url)("libsql");
    }

    override async _query(connection: LibsqlConnection, query: ClientQuery): Promise<ClientAnswer> {
      try {
        // libsql never ends a prepared COMMIT that met a lock, and nobody else could write before this program ends.
        if (query.sql === "COMMIT;") return { ...query, response: connection.exec(query.sql) };
        // Transactions are for writing. One that began with a read could not go on where somebody else wrote meanwhile.
        return await super._query(connection, query.sql === "BEGIN;" ? { ...query, sql: "BEGIN IMMEDIATE;" } : query);
      } catch (error) {
        if (query.sql.startsWith("COMMIT")) {
          // It may leave the transaction open (https://www.sqlite.org/lang_transaction.html), and nobody else ends it.
          if (connection.inTransaction) connection.exec("rollback");
        } else if (error instanceof Error && "code" in error && error.code === "SQLITE_BUSY") {
          // libsql never ends a statement that met a lock, and no COMMIT gets past it: the pool is to open another connection.
          connection.__knex__disposed = error;
        }
        throw error;
      }
    }
  }
  return poolOf(Libsql, {
    connection: { filename },
    pool: {
      min: 1,
      max: 1,
      afterCreate: (connection: LibsqlConnection, done: (error: unknown, connection: unknown) => void) => {
        try {
          for (const sql of prepare) connection.exec(sql);
          done(null, connection);
        } catch (error) {
          done(error, connection);
        }
      },
    },
  });
}
