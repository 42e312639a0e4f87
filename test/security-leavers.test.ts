import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { blocksIn } from "./directories/example.ts";
import { inProcess } from "./in-process.ts";
import { fileConfig, ldif, type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

/** The rights that SECURITY.md adds for people who leave are enough, and whichever is taken away is named. */

const security = await readFile(new URL("../SECURITY.md", import.meta.url), "utf8");
const grants = blocksIn(security, "sql")[1] ?? "";

/** The rights one by one: a verb with its columns, and the table. */
const rights = [...grants.matchAll(/^GRANT (.*) ON idm\.(\w+) TO /gm)].flatMap(([, list = "", table = ""]) =>
  list.split(/, (?=[A-Z])/).map((right) => ({ right, verb: right.split(" ")[0] ?? "", table })),
);

const tables = `
create table users (id int unsigned auto_increment primary key, username varchar(50) not null unique, state varchar(20));
create table credentials (id int auto_increment primary key, user_id int unsigned, type varchar(20), state varchar(20));
create table user_roles (user_id int unsigned, role varchar(20), primary key (user_id, role));
create or replace user 'idm'@'%' identified by 'least-password';
grant select (username, state), insert (username, state), update (username, state) on users to 'idm'@'%';
grant create, select, insert, update on idm_ldap_sync_lock to 'idm'@'%';
`;

const people = (...names: readonly string[]) =>
  ldif(Object.fromEntries(names.map((name) => [`uid=${name}`, { uid: [name] }])));

/** Who is in the directory from now on. */
const there = (...names: readonly string[]) => writeFile(work.path("people.ldif"), people(...names));

let mariadb: Mariadb;
let work: Workspace;

beforeAll(async () => {
  mariadb = await startMariadb();
  await mariadb.sql(tables + grants);
  work = await workspace();
  await there("anna", "bert", "carl");
  const { host, port } = mariadb;
  await work.configure({
    source: fileConfig().source,
    target: {
      client: "mysql2",
      connection: { host, port, user: "idm", password: "least-password", database: "idm" },
      table: "users",
      matchKey: "username",
    },
    mapping: { username: "uid" },
    state: { column: "state" },
    leavers: {
      action: "deactivate",
      related: [
        { table: "credentials", key: "user_id", where: { type: ["card"] }, set: { state: "inactive" } },
        { table: "user_roles", key: "user_id", delete: true },
      ],
    },
  });
});
afterAll(() => mariadb?.stop());

it("with them, people who leave are deactivated, and what follows is done", async () => {
  expect((await inProcess(work.folder, ["sync"])).document.counts.inserted).toBe(3);
  await mariadb.sql("insert into credentials (user_id, type, state) select id, 'card', 'active' from users");
  await mariadb.sql("insert into user_roles select id, 'staff' from users");
  await there("anna", "bert");
  for (const command of [["dry-run"], ["dry-run", "--verify"], ["sync"]]) {
    const { code, document } = await inProcess(work.folder, command);
    expect([command, code, document.counts.deactivated, document.changes[0].related]).toEqual([
      command,
      0,
      1,
      { credentials: 1, user_roles: 1 },
    ]);
  }
  const left =
    "select username, c.state, r.role from users u join credentials c on c.user_id = u.id left join user_roles r on r.user_id = u.id order by username";
  expect(await mariadb.sql(left)).toEqual([
    { username: "anna", state: "active", role: "staff" },
    { username: "bert", state: "active", role: "staff" },
    { username: "carl", state: "inactive", role: null },
  ]);
});

it.each(rights.map((each) => [`${each.verb} on ${each.table}`, each] as const))(
  "without %s, the program says so, and nobody is deactivated",
  async (_, { right, table, verb }) => {
    await mariadb.sql(`revoke ${right} on ${table} from 'idm'@'%'`);
    await there("anna");
    const { code, document, stderr } = await inProcess(work.folder, ["sync"]);
    await mariadb.sql(`grant ${right} on ${table} to 'idm'@'%'`);
    expect([code === 0, document.counts.deactivated]).toEqual([false, 0]);
    expect(`${document.error?.message} ${JSON.stringify(document.rejects)} ${stderr}`).toMatch(
      new RegExp(`no ${verb}|${verb} command denied|this account may (see|not read)|no column "user_id"`),
    );
    expect(await mariadb.sql("select state from users where username = 'bert'")).toEqual([{ state: "active" }]);
  },
);

it("without DELETE on a related table, check warns, because a role may give it", async () => {
  await mariadb.sql("revoke delete on user_roles from 'idm'@'%'");
  const { code, document } = await inProcess(work.folder, ["check"]);
  await there("anna");
  expect((await inProcess(work.folder, ["sync"])).document.error.hint).toBe("grant the user DELETE on that table");
  await mariadb.sql("grant delete on user_roles to 'idm'@'%'");
  expect([code, document.stages.filter(({ status }: { status: string }) => status === "warning")]).toEqual([
    0,
    expect.arrayContaining([
      expect.objectContaining({
        stage: "leavers",
        message: "the user has no DELETE on user_roles, as far as can be seen: a sync that deactivates would fail",
        hint: "grant it, unless a role of the user gives it",
      }),
    ]),
  ]);
});

it("a column that the account may not see is not taken for one that is not there", async () => {
  await mariadb.sql("revoke select (type) on credentials from 'idm'@'%'");
  const { document } = await inProcess(work.folder, ["sync"]);
  await mariadb.sql("grant select (type) on credentials to 'idm'@'%'");
  expect(document.error).toEqual({
    message: 'leavers.related[0].where.type: the table credentials has no column "type"',
    hint: "it has user_id, state; if it is there, grant the user SELECT on it",
  });
});
