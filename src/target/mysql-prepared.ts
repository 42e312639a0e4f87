import type { Binding } from "./dialect.ts";
import { headerSize, mysqlCommand, type RawMysqlConnection } from "./knex.ts";
import { ExecutePackets } from "./mysql-execute.ts";

/**
 * Inserts that the server has prepared: it takes a third less time for them than for the same one as a text, in which it
 * has to find each value. Only a shape that comes again is prepared.
 */

/** An INSERT of so many rows. */
export interface Shape {
  /** Up to the values. */
  readonly head: string;
  readonly rows: readonly (readonly Binding[])[];
}

/** Of a statement, https://mariadb.com/kb/en/com_stmt_prepare/ */
const mostPlaces = 2 ** 16 - 1;

/** Fewer rows are soon read, and come in every number. */
const fewestRows = 50;

/** More are not kept of one connection, on which there is room for some ten thousands of all connections. */
const mostShapes = 8;

/** Nor more places in all of them: for each, the server keeps half a kilobyte until the connection ends. */
const mostPlacesKept = 2 ** 17;

class Prepared {
  /** By shape: the statement's number, once it is prepared. */
  readonly statements = new Map<string, number | undefined>();
  readonly packets = new ExecutePackets();
  places = 0;
  refused = false;
}

const ofConnections = new WeakMap<RawMysqlConnection, Prepared>();

/** Sends the rows as a prepared statement and says how many it found; undefined where it is better sent as a text. */
export async function insertPrepared(
  connection: RawMysqlConnection,
  { head, rows }: Shape,
): Promise<number | undefined> {
  const width = rows[0]?.length ?? 0;
  const places = rows.length * width;
  if (rows.length < fewestRows || places === 0 || places > mostPlaces) return undefined;
  const prepared = ofConnections.get(connection) ?? new Prepared();
  ofConnections.set(connection, prepared);
  const { statements, packets } = prepared;
  const shape = `${rows.length} ${head}`;
  if (prepared.refused) return undefined;
  if (!statements.has(shape)) {
    if (statements.size < mostShapes && prepared.places + places <= mostPlacesKept) {
      statements.set(shape, undefined);
      prepared.places += places;
    }
    return undefined;
  }
  const known = statements.get(shape);
  try {
    const statement = known ?? (await prepare(connection, head + placesOf(rows.length, width)));
    statements.set(shape, statement);
    const { affectedRows } = await mysqlCommand(connection, packets.of(statement, rows));
    return affectedRows;
  } catch (error) {
    if (!isOfPreparing(error)) throw error;
    prepared.refused = true;
    return undefined;
  }
}

/** What a server, or one between, says where it cannot prepare a statement, or knows it no more. */
const ofPreparing = new Set([
  "ER_UNKNOWN_STMT_HANDLER",
  "ER_UNSUPPORTED_PS",
  "ER_PS_MANY_PARAM",
  "ER_MAX_PREPARED_STMT_COUNT_REACHED",
  "ER_NEED_REPREPARE",
  // The session has no more memory for it (max_session_mem_used); where the server is read-only, the text is told so too.
  "ER_OPTION_PREVENTS_STATEMENT",
]);

const isOfPreparing = (error: unknown): boolean =>
  error instanceof Error && "code" in error && ofPreparing.has(String(error.code));

const placesOf = (rows: number, width: number): string => {
  const row = `(${Array.from({ length: width }, () => "?").join(",")})`;
  return Array.from({ length: rows }, () => row).join(",");
};

/** The number of the statement. */
async function prepare(connection: RawMysqlConnection, sql: string): Promise<number> {
  const packet = Buffer.concat([Buffer.alloc(headerSize), Buffer.from([0x16]), Buffer.from(sql)]);
  let statement = 0;
  await mysqlCommand(connection, packet, (done) => ({ buffer, offset }) => {
    statement = buffer.readUInt32LE(offset + 1);
    // Each place is described, and an end follows; nothing of it is of use here.
    let left = buffer.readUInt16LE(offset + 7) + 1;
    const pass = () => {
      left -= 1;
      if (left > 0) return pass;
      done();
      return null;
    };
    return pass;
  });
  return statement;
}
