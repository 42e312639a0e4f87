import { type LockDialect, lockTable } from "./lock-table.ts";

/**
 * How a SQLite file keeps locks. Its clock is that of the host, the only one that can open it. A connection of its own
 * would be in the way: the driver blocks the process while it waits for the other connection's transaction to end.
 */
export const sqliteLock: LockDialect = {
  connect: async ({ client }) => ({ client, close: async () => {} }),
  create: `create table if not exists ${lockTable} (
    name text not null, target_table text not null, token integer not null, run_id text not null, host text not null,
    pid integer not null, os_user text not null, taken_at text not null, expires_at text, succeeded_at text,
    primary key (name, target_table)
  ) without rowid`,
  now: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
  later: "strftime('%Y-%m-%d %H:%M:%f', 'now', '+' || cast(? as text) || ' seconds')",
  isMissing: (error) => error instanceof Error && error.message.includes(`no such table: ${lockTable}`),
  addSuccess: `alter table ${lockTable} add column succeeded_at text`,
  lacksSuccess: (error) => error instanceof Error && error.message.includes("no such column: succeeded_at"),
  // Whoever may write to the file may do anything in it.
  isDenied: () => false,
  instead: undefined,
};
