import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import type { Connection } from "../target/connection.ts";
import { withConnection } from "../target/open.ts";
import { parseRecord, type RunRecord } from "./record.ts";
import { type HistoryStore, isWanted, type Wanted } from "./store.ts";

/** A table of the target database. Each reading and writing is a short connection of its own. */
export function tableStore(target: ResolvedConfig["target"], table: string): HistoryStore {
  const title = `table ${table}`;
  return {
    title,
    write: (record) =>
      withConnection(target, { readOnly: false }, async (connection) => {
        const statements = statementsFor(connection, table);
        if (record.outcome !== "running" && (await statements.update(record)) > 0) return;
        try {
          await statements.insert(record);
        } catch (error) {
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
    update: async (record: RunRecord) => {
      const { finishedAt, outcome, exitCode, runId } = record;
      const sql = `update ${name} set finished_at = ?, outcome = ?, exit_code = ?, record = ? where run_id = ?`;
      try {
        return await connection.run({ sql, bindings: [finishedAt, outcome, exitCode, JSON.stringify(record), runId] });
      } catch (error) {
        if (isMissingTable(error)) return 0;
        throw error;
      }
    },
  };
}

/** Names that differ in case are different syncs, whatever the database's default. */
const tableOptions = {
  mysql2: " default charset utf8mb4 collate utf8mb4_bin",
  sqlite: "",
} satisfies Record<ResolvedConfig["target"]["client"], string>;

/** Instants are texts such as 2026-01-31T02:00:00.000Z, which are the same and sort alike everywhere. */
const definition = (table: string): string => `create table if not exists ${table} (
  run_id char(36) not null primary key, name varchar(191) not null, command varchar(10) not null,
  host varchar(255) not null, started_at varchar(30) not null, finished_at varchar(30), outcome varchar(20) not null,
  exit_code integer, record mediumtext not null, unique (name, started_at, run_id)
)`;

async function create(
  connection: Connection,
  table: string,
  client: ResolvedConfig["target"]["client"],
): Promise<void> {
  const sql = `${definition(connection.quote(table))}${tableOptions[client]}`;
  try {
    await connection.run({ sql, bindings: [] });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = `let this user create it, or create it yourself: ${sql.replaceAll(/\s+/g, " ")}`;
    throw new Failure("database", `the table ${table} does not exist and cannot be created: ${why}`, {
      hint,
      cause: error,
    });
  }
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
function isMissingTable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { errno, message } = error as Error & { errno?: unknown };
  return errno === 1146 || /^no such table: /.test(message) || isMissingTable(error.cause);
}
