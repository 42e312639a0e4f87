import { copyFile, rm } from "node:fs/promises";
import { sqlite } from "../program.ts";
import type { Mariadb } from "../servers/mariadb.ts";
import { addressOf, staffTable } from "../staff.ts";

/** Which people: 2,000, or few where each costs time. */
export type Crowd = "many" | "few";

/** The database of a cell. */
export interface Store {
  readonly target: { readonly client: string; readonly connection: object };
  /** One statement, or several that are no queries. */
  sql(text: string): Promise<Record<string, unknown>[]>;
  /** Remembers the table as it is, for `reset`. */
  keep(crowd: Crowd): Promise<void>;
  /** The table as it was kept, and no lock. */
  reset(crowd: Crowd): Promise<void>;
  /** How `oracle.py` finds it. */
  readonly address: readonly string[];
}

export const mariadbTable = `${staffTable}; alter table users add origin varchar(20)`;

export function mariadbStore(server: Mariadb): Store {
  const { host, port, user, database } = server;
  return {
    target: { client: "mysql2", connection: { host, port, user, database, password: { env: "DB_PASSWORD" } } },
    sql: (text) => server.sql(text),
    keep: async (crowd) => {
      await server.sql(`create table ${crowd} like users; insert into ${crowd} select * from users`);
    },
    reset: async (crowd) => {
      const none = "truncate table users; drop table if exists idm_ldap_sync_lock";
      await server.sql(`${none}; insert into users select * from ${crowd}`);
    },
    address: addressOf(server),
  };
}

export const sqliteTable = `create table users (
  id integer primary key, username text not null unique, external_id text not null unique, email text, display_name text,
  given_name text, surname text, title text, town text, department integer, employee_number integer, phones text,
  created_by text, state text not null, origin text
)`;

export function sqliteStore(filename: string): Store {
  return {
    target: { client: "sqlite", connection: { filename } },
    sql: async (text) => sqlite(filename, text),
    keep: async (crowd) => {
      sqlite(filename, "vacuum");
      await copyFile(filename, `${filename}-${crowd}`);
    },
    reset: async (crowd) => {
      await rm(`${filename}-journal`, { force: true });
      await copyFile(`${filename}-${crowd}`, filename);
    },
    address: ["sqlite", filename, "", "", ""],
  };
}

/** How many rows are sown as leavers: of the sync, active, and nobody has such an entry. */
export const sownLeavers = 5;

/**
 * Makes of a table that is in line one that is not: of five people one is there, with an old town. Besides there are
 * leavers, and an administrator who is none of the sync's business.
 */
export async function sow({ sql }: Store): Promise<void> {
  const leavers = Array.from(
    { length: sownLeavers },
    (_, i) => `('gone${i}', 'leaver-${i}', 'sync', 'active', 'ldap')`,
  );
  await sql("delete from users where cast(substr(username, 2) as integer) % 5 <> 0");
  await sql("update users set town = 'old'");
  await sql(`insert into users (username, external_id, created_by, state, origin) values ${leavers.join(", ")}`);
  await sql(
    "insert into users (username, external_id, town, state, origin) values ('admin', 'admin', 'x', 'active', 'hand')",
  );
}

/** Rows of the people who are in the directory, if all is right: of the sync, and no sown leavers. */
export const ownRows = "origin = 'ldap' and external_id not like 'leaver-%'";

/** Those rows, a text for each. */
export async function peopleIn({ sql }: Store): Promise<readonly string[]> {
  const rows = await sql(
    `select external_id, username, email, display_name, given_name, surname, title, town, department, employee_number, phones,
       created_by, state from users where ${ownRows} order by external_id`,
  );
  return rows.map((row) => JSON.stringify(row));
}

/** What stands in the table, as far as it tells what runs have done. */
export interface Standing {
  readonly rows: number;
  /** With the old town. */
  readonly old: number;
  /** Leavers that are active. */
  readonly leavers: number;
  /** Rows that are not active, and no leavers'. */
  readonly wronged: number;
  /** The administrator, as sown. */
  readonly admin: number;
}

export async function standing({ sql }: Store): Promise<Standing> {
  const isLeaver = "external_id like 'leaver-%'";
  const [row = {}] = await sql(
    `select count(*) as found, sum(town = 'old') as old, sum(${isLeaver} and state = 'active') as leavers,
      sum(not (${isLeaver}) and state <> 'active') as wronged,
      sum(username = 'admin' and town = 'x' and state = 'active' and origin = 'hand') as admin from users`,
  );
  const number = (name: string) => Number(row[name]);
  return {
    rows: number("found"),
    old: number("old"),
    leavers: number("leavers"),
    wronged: number("wronged"),
    admin: number("admin"),
  };
}
