import type { RawMysqlConnection } from "./knex.ts";
import { connectMs } from "./mysql-driver.ts";

/**
 * What a session must be like, whatever the server's defaults: text as utf8mb4, instants in UTC, and a value that does
 * not fit refused instead of bent; a 0 in an AUTO_INCREMENT column is a 0. Literals are escaped with backslashes, so NO_BACKSLASH_ESCAPES must be off.
 */
const sessionSetup = (timeoutMs: number): string =>
  "set names utf8mb4, session time_zone = '+00:00', session sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES," +
  "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION,NO_AUTO_VALUE_ON_ZERO'" +
  // Some servers begin a transaction with each statement or after each commit, which then nobody ends.
  ", session autocommit = 1, session completion_type = NO_CHAIN" +
  // Nor may a net for people who type statements cut an answer or refuse a batch.
  ", session sql_select_limit = 18446744073709551615, session sql_big_selects = 1, session sql_safe_updates = 0" +
  // A lock that is waited for longer than a silence may last would look like a lost server, with an unknown end.
  `, session innodb_lock_wait_timeout = least(@@innodb_lock_wait_timeout, ${lockWaitSeconds(timeoutMs)})` +
  // Likewise that of a table, which a backup or somebody who changes its columns has: the server's own default is a day.
  `, session lock_wait_timeout = least(@@lock_wait_timeout, ${lockWaitSeconds(timeoutMs)})` +
  // The server hears nothing of a host that is lost: what its session has locked must not stay so for wait_timeout's eight
  // hours. This side ends a silent connection sooner. A transaction waits for nothing but this program.
  `, session wait_timeout = least(@@wait_timeout, ${Math.ceil(timeoutMs / 1000) + 5})` +
  "/*M!100300 , session idle_transaction_timeout = 30 */";

const lockWaitSeconds = (timeoutMs: number): number => Math.max(1, Math.floor(timeoutMs / 2000));

/** Makes a connection such a session before the pool lends it; `readOnly`: one whose transactions may not write. */
export function prepareSession(
  raw: RawMysqlConnection,
  timeoutMs: number,
  readOnly: boolean,
  done: (error: Error | null, connection: RawMysqlConnection) => void,
): void {
  // A server that stops answering must not hold the run for ever. An idle connection that is closed by this is replaced by the pool.
  raw.stream.setTimeout(connectMs(timeoutMs), () => {
    raw.stream.destroy(Object.assign(new Error(`no answer for ${raw.stream.timeout} ms`), { code: "ETIMEDOUT" }));
  });
  const ready = (error: Error | null): void => {
    raw.stream.setTimeout(timeoutMs);
    done(error, raw);
  };
  raw.query(sessionSetup(timeoutMs), (error) => {
    if (error || !readOnly) ready(error);
    else raw.query("set session transaction read only", ready);
  });
}
