import { join } from "node:path";
import Libsql from "libsql";
import type { ResolvedTarget } from "../src/config/resolve.ts";
import { openTarget } from "../src/target/open.ts";
import type { Target } from "../src/target/target.ts";
import { instanceFolder } from "./servers/folder.ts";
import { type Mariadb, type MariadbOptions, startMariadb } from "./servers/mariadb.ts";

type MatchKey = string | readonly string[];
type SqlValue = string | number | Buffer | null;
export type SqlRow = Record<string, unknown>;

/** A private database that holds tables for targets. Both databases take names in backticks. */
export interface TestDatabase {
  readonly title: string;
  config(table: string, matchKey: MatchKey): ResolvedTarget;
  open(table: string, matchKey: MatchKey, options?: { readonly readOnly: boolean }): Promise<Target>;
  /** Runs SQL beside the target; several statements only where there are no values. */
  sql(text: string, values?: SqlValue[]): Promise<SqlRow[]>;
  stop(): Promise<void>;
}

export interface MariadbDatabase extends TestDatabase {
  readonly server: Mariadb;
  config(table: string, matchKey: MatchKey): Extract<ResolvedTarget, { client: "mysql2" }>;
}

export async function mariadbDatabase(options?: MariadbOptions): Promise<MariadbDatabase> {
  const server = await startMariadb(options);
  const { host, port, user, password, database } = server;
  const config = (table: string, matchKey: MatchKey) => ({
    client: "mysql2" as const,
    connection: { host, port, user, password, database },
    table,
    matchKey: [matchKey].flat(),
    timeoutMs: 20_000,
  });
  return {
    server,
    title: `idm at ${host}:${port}`,
    config,
    open: (table, matchKey, options) => openTarget(config(table, matchKey), options),
    sql: (text, values) => server.sql(text, values),
    stop: () => server.stop(),
  };
}

export interface SqliteDatabase extends TestDatabase {
  readonly filename: string;
  config(table: string, matchKey: MatchKey): Extract<ResolvedTarget, { client: "sqlite" }>;
}

export async function sqliteDatabase(): Promise<SqliteDatabase> {
  const filename = join(await instanceFolder("sqlite-"), "idm.sqlite");
  const raw = new Libsql(filename);
  const config = (table: string, matchKey: MatchKey) => ({
    client: "sqlite" as const,
    connection: { filename },
    table,
    matchKey: [matchKey].flat(),
    timeoutMs: 200,
  });
  return {
    filename,
    title: filename,
    config,
    open: (table, matchKey, options) => openTarget(config(table, matchKey), options),
    sql: async (text, values) => {
      if (values === undefined && !/^\s*(select|explain)/i.test(text)) {
        raw.exec(text);
        return [];
      }
      return raw.prepare(text).all(values ?? []) as SqlRow[];
    },
    stop: async () => void raw.close(),
  };
}

/** What a rejected promise was rejected with. */
export async function failure(work: Promise<unknown>): Promise<unknown> {
  const nothing = Symbol("no failure");
  const reason = await work.then(
    () => nothing,
    (error: unknown) => error,
  );
  if (reason === nothing) throw new Error("it did not fail");
  return reason;
}
