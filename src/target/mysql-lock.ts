import { createHash } from "node:crypto";
import type { Lock, LockRow, Standing } from "./lock.ts";
import { type LockDialect, lockTable } from "./lock-table.ts";
import { mysqlRows } from "./mysql-rows.ts";
import { quoteMysql } from "./mysql-table.ts";
import type { Pool, Recipient } from "./send.ts";

const columns = `(
  name varchar(191) not null, target_table varchar(64) not null, token bigint unsigned not null,
  run_id char(36) not null, host varchar(255) not null, pid bigint unsigned not null, os_user varchar(255) not null,
  taken_at datetime(6) not null, expires_at datetime(6) null, succeeded_at datetime(6) null, primary key (name, target_table)
) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin`.replace(/\s+/g, " ");

/** How MySQL and MariaDB keep locks; `open` gives a pool of one connection, which nothing else may be waiting for. */
export const mysqlLock = (database: string, open: () => Promise<Pool>): LockDialect => ({
  connect: open,
  create: `create table if not exists ${lockTable} ${columns}`,
  now: "utc_timestamp(6)",
  later: "utc_timestamp(6) + interval ? second",
  addSuccess: `alter table ${lockTable} add column succeeded_at datetime(6) null`,
  lacksSuccess: (error) => numberOf(error) === 1054,
  // Who has no right on a table is told the same of one that is not there.
  isMissing: (error) => [1142, 1146].includes(numberOf(error)),
  isDenied: (error) => [1044, 1142, 1143, 1227].includes(numberOf(error)),
  instead: (db, row, why) => namedLock(db, database, row, why),
});

const numberOf = (error: unknown): number => (error instanceof Error && "errno" in error ? Number(error.errno) : 0);

/**
 * GET_LOCK (https://mariadb.com/kb/en/get_lock/): held by the connection, on its one server. The name is hashed because
 * MySQL takes 64 characters. To take it again is to look whether it is still there, and on a new connection to get it back.
 */
function namedLock(db: Recipient, database: string, row: LockRow, why: string): Omit<Lock, "close"> {
  const digest = createHash("sha256")
    .update(JSON.stringify([database, row.table, row.name]))
    .digest("hex");
  const name = `idm-ldap-sync ${digest.slice(0, 48)}`;
  const ask = async (sql: string): Promise<readonly unknown[] | undefined> =>
    (await mysqlRows(db, { sql, bindings: [name] }))[0];
  let account = "'user'@'host'";
  const take = async (): Promise<Standing> => {
    const [got, user] = (await ask("select get_lock(?, 0), current_user()")) ?? [];
    account = accountOf(String(user));
    if (Number(got) === 1) return { held: true, fence: undefined };
    const [id, host] =
      (await ask("select id, host from information_schema.processlist where id = is_used_lock(?)")) ?? [];
    const holder = { process: `connection ${id}`, host: String(host), user: undefined, since: undefined };
    return { held: false, holder: id === undefined ? undefined : holder };
  };
  return {
    get warning() {
      return warningOf(database, account, why);
    },
    take,
    renew: take,
    release: async () => {
      const held = Number((await ask("select release_lock(?)"))?.[0]) === 1;
      return held ? { held, fence: undefined } : { held, holder: undefined };
    },
  };
}

/** `idm@%` as a statement takes it. */
function accountOf(user: string): string {
  const at = user.lastIndexOf("@");
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
  return `${quoted(user.slice(0, at))}@${quoted(user.slice(at + 1))}`;
}

const warningOf = (database: string, account: string, why: string): string =>
  `the user may not use the table ${lockTable} (${why}), so that this run holds GET_LOCK instead: it keeps out other runs on this ` +
  "server alone, not those that use another node of a Galera cluster, and does not outlast a lost connection; to mend it: " +
  `CREATE TABLE ${quoteMysql(database)}.${lockTable} ${columns}; ` +
  `GRANT SELECT, INSERT, UPDATE ON ${quoteMysql(database)}.${lockTable} TO ${account}`;
