import { unreachable } from "./database.ts";
import type { Dialect, Statement } from "./dialect.ts";
import type { Pool } from "./send.ts";
import { WriteError } from "./target.ts";

/** A connection of its own to the target database, for a table that is not that of the users. */
export interface Connection {
  /** For people. */
  readonly title: string;
  quote(name: string): string;
  rows(statement: Statement): Promise<readonly (readonly unknown[])[]>;
  /** Runs a write and says how many rows it found. */
  run(statement: Statement): Promise<number>;
}

/** Connects, lets the work be done, and closes. Errors are told in the words of the database. */
export async function connected<T>(
  dialect: Dialect,
  readOnly: boolean,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  let db: Pool | undefined;
  try {
    const open = await dialect.open(readOnly);
    db = open;
    const { title } = await dialect.describeServer(open);
    return await work({
      title,
      quote: dialect.quote,
      rows: (statement) => dialect.rows(open, statement),
      run: (statement) => dialect.run(open, statement),
    });
  } catch (error) {
    const sorted = dialect.classify(error) ?? error;
    throw sorted instanceof WriteError ? unreachable(sorted) : sorted;
  } finally {
    await db?.close();
  }
}
