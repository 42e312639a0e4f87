import { fileURLToPath } from "node:url";
import { outcomeOf } from "./servers/command.ts";
import type { Mariadb } from "./servers/mariadb.ts";
import type { Slapd } from "./servers/slapd.ts";

/** The people of the test directory in a users table of MariaDB: table, configuration, and an independent check. */

export const staffTable = `create table users (
  id int unsigned auto_increment primary key,
  username varchar(64) not null, external_id char(36) not null, email varchar(191), display_name varchar(200),
  given_name varchar(100), surname varchar(100), title varchar(100), town varchar(100), department smallint unsigned,
  employee_number int unsigned, phones varchar(400), created_by varchar(20), state enum('active', 'inactive') not null,
  changed_at timestamp(6) not null default current_timestamp(6) on update current_timestamp(6),
  unique key by_external_id (external_id), unique key by_username (username)
) default charset utf8mb4 collate utf8mb4_unicode_ci`;

export const staffConfig = (
  slapd: Slapd,
  mariadb: Pick<Mariadb, "host" | "port" | "user" | "database">,
  changes: object = {},
) => ({
  name: "staff",
  source: {
    url: slapd.url,
    bindDn: slapd.syncDn,
    bindPassword: { env: "LDAP_PASSWORD" },
    baseDn: `ou=people,${slapd.suffix}`,
    filter: "(objectClass=inetOrgPerson)",
    active: "(employeeType=active)",
  },
  target: {
    client: "mysql2",
    connection: {
      host: mariadb.host,
      port: mariadb.port,
      user: mariadb.user,
      password: { env: "DB_PASSWORD" },
      database: mariadb.database,
    },
    table: "users",
    matchKey: "external_id",
  },
  mapping: {
    external_id: { attribute: "entryUUID", as: "uuid" },
    username: "uid",
    email: { attribute: "mail", transform: ["trim", "lowercase"] },
    display_name: "displayName",
    given_name: "givenName",
    surname: "sn",
    title: "title",
    town: "l",
    department: { attribute: "departmentNumber", as: "integer" },
    employee_number: { attribute: "employeeNumber", as: "integer" },
    phones: { attribute: "telephoneNumber", multi: "join", separator: "; " },
    created_by: { value: "sync", on: "insert" },
  },
  state: { column: "state" },
  ...changes,
});

export const passwords = (slapd: Slapd, mariadb: Mariadb) => ({
  LDAP_PASSWORD: slapd.syncPassword,
  DB_PASSWORD: mariadb.password,
});

/** What an independent reading of directory and table says: the rows that differ, then the counts. */
export async function independentReading(
  slapd: Slapd,
  database: Mariadb | readonly string[],
  condition = "1 = 1",
): Promise<string> {
  const script = fileURLToPath(new URL("oracle.py", import.meta.url));
  const directory = [slapd.url, slapd.syncDn, slapd.syncPassword, slapd.suffix];
  const address = "host" in database ? addressOf(database) : database;
  const args = [script, ...directory, ...address, condition];
  const { code, stdout, stderr } = await outcomeOf(["/usr/bin/python3", ...args]);
  if (code !== 0) throw new Error(stderr);
  return stdout;
}

/** How `oracle.py` finds it. */
export const addressOf = ({ host, port, user, password, database }: Mariadb): readonly string[] => [
  host,
  String(port),
  user,
  password,
  database,
];

/** The table as one text, without what differs from one load to the next; rows by external id. */
export async function dump(mariadb: Mariadb): Promise<string> {
  const rows = await mariadb.sql(
    `select external_id, username, email, display_name, given_name, surname, title, town, department, employee_number,
       phones, created_by, state from users order by external_id`,
  );
  return rows.map((row) => JSON.stringify(row)).join("\n");
}
