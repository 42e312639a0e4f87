import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { inProcess } from "../in-process.ts";
import { type Attributes, fileConfig, ldif } from "../program.ts";
import { instanceFolder } from "../servers/folder.ts";
import { mariadbDatabase, type SqlRow, sqliteDatabase, type TestDatabase } from "../target-databases.ts";

/** People in an LDIF file who come and go, and their rows in a database. */

export type Changes = Readonly<Record<string, unknown>>;

/** Each database, with what its SQL needs to say otherwise. */
export const databases = [
  { name: "MariaDB", start: mariadbDatabase, id: "int unsigned auto_increment primary key", moment: "datetime" },
  { name: "SQLite", start: sqliteDatabase, id: "integer primary key", moment: "datetime" },
] as const;

export interface House {
  readonly folder: string;
  readonly table: string;
  /** The people who are in the file from now on: names, or by their RDN with attributes. */
  people(names: readonly string[] | Readonly<Record<string, Attributes>>): Promise<void>;
  configure(changes?: Changes): Promise<void>;
  run(...args: string[]): ReturnType<typeof inProcess>;
  sql(text: string): Promise<SqlRow[]>;
  /** `name:state` of each row, by name; the other columns after it. */
  rows(...columns: readonly string[]): Promise<string>;
  /** The configuration as it was written last, for what runs elsewhere. */
  config(): Changes;
}

const count = { houses: 0 };

/** The columns that every table has, after `id`. */
const columns =
  "username varchar(50) not null unique, external_id varchar(50) unique, email varchar(100), origin varchar(20), note varchar(50), state varchar(20)";

export const named = (names: readonly string[]): Readonly<Record<string, Attributes>> =>
  Object.fromEntries(names.map((name) => [`uid=${name}`, { uid: [name] }]));

export const many = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, i) => `p${String(i + from).padStart(5, "0")}`);

/** @param extra columns more, as SQL */
export async function openHouse(
  database: TestDatabase,
  { id }: { readonly id: string },
  changes: Changes = {},
  extra = "",
  definition = columns,
): Promise<House> {
  count.houses += 1;
  const table = `users${count.houses}`;
  const folder = await instanceFolder("house-");
  await database.sql(`create table ${table} (id ${id}, ${definition}${extra})`);
  let config: Changes = {};
  const configure = async (more: Changes = {}) => {
    const { matchKey = "username", ...rest } = { ...changes, ...more };
    const mapping = {
      username: "uid",
      email: "mail",
      origin: { value: "ldap", on: "insert" },
      ...(rest.mapping as Changes),
    };
    const leavers = { action: "deactivate", ...(rest.leavers as Changes) };
    const target = database.config(table, matchKey as string);
    config = { ...fileConfig(), name: table, target, ...rest, mapping, leavers };
    await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
  };
  await configure();
  return {
    folder,
    table,
    configure,
    people: (people) =>
      writeFile(
        join(folder, "people.ldif"),
        ldif(Array.isArray(people) ? named(people) : (people as Record<string, Attributes>)),
      ),
    run: (...args) => inProcess(folder, args),
    sql: (text) => database.sql(text.replaceAll("users", table)),
    rows: async (...more) => {
      const names = ["username", "state", ...more];
      const rows = await database.sql(`select ${names.join(", ")} from ${table} order by username`);
      return rows.map((row) => names.map((name) => row[name] ?? "NULL").join(":")).join(" ");
    },
    config: () => config,
  };
}

/** What a run did, in short: exit code and the counts that are not zero. */
export const inShort = ({ code, document }: Awaited<ReturnType<House["run"]>>): string =>
  [
    code,
    ...Object.entries(document.counts as Record<string, number>)
      .filter(([kind, count]) => kind !== "read" && count > 0)
      .map(([kind, count]) => `${kind} ${count}`),
  ].join(" ");
