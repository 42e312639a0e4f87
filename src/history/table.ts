import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import type { Connection } from "../target/connection.ts";
import { withConnection } from "../target/open.ts";
import { parseRecord, type RunRecord } from "./record.ts";
import { type HistoryStore, isWanted, type Wanted } from "./store.ts";

type Client = ResolvedConfig["target"]["client"];

/** A table of the target database. Each reading and writing is a short connection of its own. */
export function tableStore(target: ResolvedConfig["target"], table: string): HistoryStore {
  const title = `table ${table}`;
  return {
    title,
    write: (record) =>
      withConnection(target, { readOnly: false }, async (connection) => {
        const statements = statementsFor(connection, table);
        try {
          if (record.outcome !== "running" && (await statements.update(record)) > 0) return;
          await statements.insert(record);
        } catch (error) {
          if (isDenied(error)) throw denied(connection, table, target.client, error);
          if (!isMissingTable(error)) throw error;
          await create(connection, table, target.client);
          await statements.insert(record);
        }
      }),
    read: (wanted, limit) =>
      withConnection(target, { readOnly: true }, async (connection) => {
        const rows = await readRows(connection, table, wanted, limit);
        const parsed = rows.map(([text]) => parseRecord(String(text)));
        const records = parsed.filter((record) => record !== undefined);
        return {
          records: records.filter((record) => isWanted(record, wanted)),
          unreadable: parsed.length - records.length,
        };
      }),
  };
}

function statementsFor(connection: Connection, table: string) {
  const name = connection.quote(table);
  return {
    insert: ({ runId, ...record }: RunRecord) =>
      connection.run({
        sql: `insert into ${name} (run_id, name, command, host, started_at, finished_at, outcome, exit_code, record) values (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        bindings: [
          runId,
          record.name ?? "",
          record.command,
          record.host,
          record.startedAt,
          record.finishedAt,
          record.outcome,
          record.exitCode,
          JSON.stringify({ runId, ...record }),
        ],
      }),
    update: ({ runId, finishedAt, outcome, exitCode, ...record }: RunRecord) =>
      connection.run({
        sql: `update ${name} set finished_at = ?, outcome = ?, exit_code = ?, record = ? where run_id = ?`,
        bindings: [
          finishedAt,
          outcome,
          exitCode,
          JSON.stringify({ runId, ...record, finishedAt, outcome, exitCode }),
          runId,
        ],
      }),
  };
}

/** Names that differ in case are different syncs, whatever the database's default. */
const tableOptions = {
  mysql2: " default charset utf8mb4 collate utf8mb4_bin",
  sqlite: "",
} satisfies Record<Client, string>;

/** Instants are texts such as 2026-01-31T02:00:00.000Z, which are the same and sort alike everywhere. */
const definition = (connection: Connection, table: string, client: Client): string =>
  `create table if not exists ${connection.quote(table)} (
  run_id char(36) not null primary key, name varchar(191) not null, command varchar(10) not null,
  host varchar(255) not null, started_at varchar(30) not null, finished_at varchar(30), outcome varchar(20) not null,
  exit_code integer, record mediumtext not null, unique (name, started_at, run_id)
)${tableOptions[client]}`.replaceAll(/\s+/g, " ");

async function create(connection: Connection, table: string, client: Client): Promise<void> {
  const sql = definition(connection, table, client);
  try {
    await connection.run({ sql, bindings: [] });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = `let this user create it, or create it yourself: ${sql}`;
    throw new Failure("database", `the table ${table} does not exist and cannot be created: ${why}`, {
      hint,
      cause: error,
    });
  }
}

/** Whether there is a table at all is not told to who may not use it. */
function denied(connection: Connection, table: string, client: Client, cause: unknown): Failure {
  const sql = definition(connection, table, client);
  const words = cause instanceof Error ? cause.message : String(cause);
  return new Failure("database", `this user may not write to the table ${table}, if there is one: ${words}`, {
    hint: `grant SELECT, INSERT and UPDATE on it; this creates it: ${sql}`,
    cause,
  });
}

async function readRows(
  connection: Connection,
  table: string,
  wanted: Wanted | undefined,
  limit: number,
): Promise<readonly (readonly unknown[])[]> {
  const from = `from ${connection.quote(table)} where ${wanted ? "name = ? and " : ""}`;
  const bindings = wanted ? [wanted.name] : [];
  const last = (condition: string, count: number) =>
    connection.rows({
      sql: `select record ${from}${condition} order by started_at desc limit ${count}`,
      bindings,
    });
  try {
    const success = await last("command = 'sync' and outcome in ('succeeded', 'partial')", 1);
    return [...(await last("1 = 1", limit)), ...success];
  } catch (error) {
    // No run has made it yet.
    if (isMissingTable(error)) return [];
    throw error;
  }
}

/** ER_NO_SUCH_TABLE of MySQL and MariaDB; SQLite has no code for it. */
const isMissingTable = (error: unknown): boolean =>
  errorNumber(error) === 1146 || (error instanceof Error && /^no such table: /.test(error.message));

/** ER_TABLEACCESS_DENIED_ERROR */
const isDenied = (error: unknown): boolean => errorNumber(error) === 1142;

const errorNumber = (error: unknown): unknown =>
  typeof error === "object" && error !== null && "errno" in error ? error.errno : undefined;
