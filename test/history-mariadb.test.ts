import { writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { fileConfig, jsonLines, ldif, type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

/** A history in a table of MariaDB. */

const anna = { "uid=anna": { uid: ["anna"], mail: ["a@x"], displayName: ["Anna"], entryUUID: ["id-anna"] } };
let mariadb: Mariadb;
let work: Workspace;
const env = { DB_PASSWORD: "writer-secret" };

const config = (user: string, port = mariadb.port) => {
  const { host, database } = mariadb;
  const connection = { host, port, user, password: { env: "DB_PASSWORD" }, database };
  return fileConfig({
    name: "Städte",
    history: { table: "sync runs?" },
    target: { client: "mysql2", connection, table: "users", matchKey: "username" },
  });
};

beforeAll(async () => {
  mariadb = await startMariadb();
  await mariadb.sql(`
    create table users (id int auto_increment primary key, username varchar(64) not null unique, external_id varchar(64) unique,
      email varchar(191), display_name varchar(200), created_by varchar(20), state varchar(20)) default charset utf8mb4;
    create user writer@'%' identified by 'writer-secret';
    grant select, insert, update on idm.users to writer@'%';
    grant create, select, insert, update on idm.idm_ldap_sync_lock to writer@'%';
    create user reader@'%' identified by 'writer-secret';
    grant select on idm.* to reader@'%';
    create user maker@'%' identified by 'writer-secret';
    grant select, insert, update, create on idm.* to maker@'%'`);
});
afterAll(() => mariadb?.stop());

beforeEach(async () => {
  await mariadb.sql("drop table if exists `sync runs?`; delete from users");
  work = await workspace();
  await writeFile(work.path("people.ldif"), ldif(anna));
});

const inFile = async () =>
  ((await jsonLines(work.path("state/idm-ldap-sync/history.jsonl"))) as { command: string; outcome: string }[]).map(
    ({ command, outcome }) => `${command} ${outcome}`,
  );

it("is made by the first sync that may, and has each sync once, in columns and whole", async () => {
  await work.configure(config("maker"));
  const first = await work.json(["sync"], env);
  const second = await work.json(["sync"], env);
  const rows = await mariadb.sql("select * from `sync runs?` order by started_at");
  expect(rows).toEqual(
    [first, second].map(({ runId, startedAt, finishedAt }) => ({
      run_id: runId,
      name: "Städte",
      command: "sync",
      host: hostname(),
      started_at: startedAt,
      finished_at: finishedAt,
      outcome: "succeeded",
      exit_code: 0,
      record: expect.stringContaining(`"finishedAt":"${finishedAt}"`),
    })),
  );
  const { stdout, code } = await work.run(["status", "--json", "--exit-code"], env);
  const [status] = JSON.parse(stdout).names;
  expect([code, status.lastSuccess]).toEqual([0, second.finishedAt]);
  expect(status.runs.map(({ runId }: { runId: string }) => runId)).toEqual([second.runId, first.runId]);
});

it("is kept in the file where the table cannot be made, with the statement that makes it", async () => {
  await work.configure(config("writer"));
  const { code, stderr } = await work.run(["sync", "-q"], env);
  const [, sql = ""] = /this creates it: (create table .*)\)\n/.exec(stderr) ?? [];
  expect([code, stderr]).toEqual([
    0,
    `warning: history: this user may not write to the table sync runs?, if there is one: INSERT command denied to user 'writer'@'127.0.0.1' for table \`idm\`.\`sync runs?\` (grant SELECT, INSERT and UPDATE on it; this creates it: ${sql})\n`,
  ]);
  expect(await inFile()).toEqual(["sync running", "sync succeeded"]);
  await mariadb.sql(sql);
  expect((await work.run(["sync", "-q"], env)).stderr).toBe(stderr);
  await mariadb.sql("grant select, insert, update on idm.`sync runs?` to writer@'%'");
  expect((await work.run(["sync", "-q"], env)).stderr).toBe("");
  const { stdout } = await work.run(["status", "--json"], env);
  expect(JSON.parse(stdout).names[0].runs).toHaveLength(3);
  expect(await mariadb.sql("select count(*) as n from `sync runs?`")).toEqual([{ n: 1 }]);
});

it("is kept in the file where it may be written but not made", async () => {
  await mariadb.sql(
    "create user filler@'%' identified by 'writer-secret'; grant select, insert, update on idm.* to filler@'%'",
  );
  await work.configure(config("filler"));
  const { code, stderr } = await work.run(["sync", "-q"], env);
  expect([code, stderr]).toEqual([
    0,
    expect.stringMatching(
      /^warning: history: the table sync runs\? does not exist and cannot be created: CREATE command denied to user 'filler'@'.*' for table `idm`\.`sync runs\?` \(let this user create it, or create it yourself: create table .*\)\n$/,
    ),
  ]);
  expect(await inFile()).toEqual(["sync running", "sync succeeded"]);
});

it("has no dry runs: they write nothing to the database, and need no more than SELECT", async () => {
  await work.configure(config("reader"));
  const writes = async () => {
    const names = ["insert", "update", "update_multi", "delete", "replace", "create_table"].map(
      (each) => `'Com_${each}'`,
    );
    const rows = await mariadb.sql(`show global status where variable_name in (${names.join(", ")})`);
    expect(rows).toHaveLength(names.length);
    return rows.map((row) => Number(row.Value));
  };
  const before = await writes();
  expect((await work.run(["dry-run", "-q"], env)).code).toBe(0);
  expect(await writes()).toEqual(before);
  expect(await inFile()).toEqual(["dry-run running", "dry-run succeeded"]);
});

it("has a sync that was killed, which did not finish", async () => {
  await work.configure(config("maker"));
  await work.run(["sync"], env);
  // It waits for a lock on the row that it is to change, and its record has been written.
  await mariadb.sql("update users set email = 'other'");
  const holder = mariadb.sql("begin; select * from users for update; select sleep(8); rollback");
  const running = work.start(["sync"], env);
  const begun = async () => (await mariadb.sql("select 1 from `sync runs?` where outcome = 'running'")).length;
  while ((await begun()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  running.process.kill("SIGKILL");
  await running.outcome;
  const { stdout } = await work.run(["status", "--json"], env);
  expect(JSON.parse(stdout).names[0].runs.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    "did not finish",
    "succeeded",
  ]);
  await holder;
});

it("is not shown in part: status fails where the database does not answer", async () => {
  await work.configure(config("maker", 9));
  const { code, stderr } = await work.run(["status"], env);
  expect([code, stderr]).toEqual([
    1,
    "error: the database at 127.0.0.1:9 refused the connection (is it running, and are host and port in target.connection right?)\n",
  ]);
});

it("says that a sync which could not reach its database failed, in the file", async () => {
  await work.configure(config("maker", 9));
  const { code, stderr } = await work.run(["sync", "-q"], env);
  expect([code, stderr.split("\n")[0]]).toEqual([
    1,
    "warning: history: the database at 127.0.0.1:9 refused the connection (is it running, and are host and port in target.connection right?)",
  ]);
  expect(await inFile()).toEqual(["sync running", "sync failed"]);
});
