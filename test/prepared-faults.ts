import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import { type Connection, createConnection, type RowDataPacket } from "mysql2/promise";
import { vi } from "vitest";
import { headerSize } from "../src/target/knex.ts";
import type { MariadbDatabase } from "./target-databases.ts";

/** What happens to connections on which statements are prepared. */

const executePacket = 0x17;

/** Of executions of any connection, those of these numbers name a statement that the server does not know. */
export function forget(...numbers: readonly number[]): void {
  const { prototype } = createRequire(import.meta.url)("mysql2").Connection;
  const { writePacket } = prototype;
  let executions = 0;
  vi.spyOn(prototype, "writePacket").mockImplementation(function (this: unknown, packet: unknown) {
    const { buffer } = packet as { readonly buffer: Buffer };
    if (buffer[headerSize] === executePacket) {
      executions += 1;
      if (numbers.includes(executions)) buffer.writeUInt32LE(2 ** 31 - 1, headerSize + 1);
    }
    writePacket.call(this, packet);
  });
}

/** The number of a connection that waits, once it does. */
async function waiting(connection: Connection, which: string): Promise<number> {
  const sql = `select id from information_schema.processlist where state like 'Waiting for%' and ${which}`;
  for (let tries = 0; tries < 500; tries += 1) {
    const [[row]] = await connection.query<RowDataPacket[]>(sql);
    if (row) return row.id;
    await sleep(5);
  }
  throw new Error(`nobody waits: ${which}`);
}

export interface Ambush {
  readonly hold: string;
  /** What waits for that, and has others wait. */
  readonly beside?: string;
  readonly release: string;
  /** The command of the program that waits then. */
  readonly victim: string;
}

/** Holds what a command of the program waits for, and ends its connection while it does; `done`: it has. */
export async function killed(database: MariadbDatabase, ambush: Ambush): Promise<{ readonly done: Promise<void> }> {
  const { socket, database: name } = database.server;
  const other = await createConnection({ socketPath: socket, user: "root", database: name, multipleStatements: true });
  await other.query(ambush.hold);
  const beside = ambush.beside === undefined ? undefined : database.sql(ambush.beside);
  if (beside) await waiting(other, "user = 'root'");
  const done = waiting(other, `user = 'idm' and ${ambush.victim}`)
    .then((victim) => other.query(`kill ${victim}`))
    .finally(() => other.query(ambush.release))
    .finally(() => other.end())
    .then(async () => void (await beside));
  // It is awaited when the run is over.
  done.catch(() => {});
  return { done };
}
