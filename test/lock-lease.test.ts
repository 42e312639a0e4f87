import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fileWorkspace, type Running, type Workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

/** Runs that are gone for as long as a lease really is. */

const count = 600;
const people = Object.fromEntries(
  Array.from({ length: count }, (_, i) => [
    `uid=p${i}`,
    { uid: [`p${i}`], displayName: [`Person ${i}`], sn: ["x"], cn: ["x"] },
  ]),
);
const password = { DB_PASSWORD: "idm-password" };
let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.stop());

/** A workspace that synchronises into this table. */
async function into(table: string, batchSize: number): Promise<Workspace> {
  await mariadb.sql(`create table ${table} (id int auto_increment primary key, username varchar(64) not null unique,
    display_name varchar(200), state varchar(20))`);
  const { host, port, user, database } = mariadb;
  const target = {
    client: "mysql2",
    connection: { host, port, user, database, password: { env: "DB_PASSWORD" } },
    table,
    matchKey: "username",
  };
  const mapping = { username: "uid", display_name: "displayName" };
  return fileWorkspace(people, { name: "staff", target, mapping, batchSize });
}

const rows = async (table: string): Promise<number> =>
  Number((await mariadb.sql(`select count(*) as n from ${table}`))[0]?.n);

async function until(reached: () => Promise<boolean>, running: Running): Promise<void> {
  while (!(await reached())) {
    if (running.process.exitCode !== null) throw new Error(`it ended before: ${JSON.stringify(await running.outcome)}`);
    await sleep(5);
  }
}

/** Another run gets in within the minute that it waits, and brings the whole table in line. */
async function another(work: Workspace, table: string, gone: Running): Promise<void> {
  const held = await work.json(["sync", "--quiet"], password);
  expect([held.code, held.outcome, held.error?.message]).toEqual([
    5,
    "locked",
    expect.stringContaining(`holds the lock: process ${gone.process.pid} on `),
  ]);
  const { code, counts } = await work.json(["sync", "--quiet", "--wait", "60"], password);
  expect([code, counts.read, await rows(table)]).toEqual([0, count, count]);
}

describe.concurrent("another run gets in within a minute", () => {
  it("of a kill -9", { timeout: 180_000 }, async () => {
    const work = await into("killed", 1);
    const first = work.start(["sync"], password);
    await until(async () => (await rows("killed")) > 100, first);
    first.process.kill("SIGKILL");
    await first.outcome;
    await another(work, "killed", first);
  });

  it("of a host that has fallen silent in the middle of a transaction; when that comes back it writes nothing", {
    timeout: 180_000,
  }, async () => {
    const work = await into("silent", 300);
    // The second batch is under way for a while.
    await mariadb.sql(
      "create trigger slow before insert on silent for each row if new.username = 'p450' and @@session.in_transaction then do sleep(2); end if",
    );
    const first = work.start(["sync", "--json"], password);
    const sleeping = "select 1 from information_schema.processlist where state = 'User sleep'";
    await until(async () => (await mariadb.sql(sleeping)).length > 0, first);
    first.process.kill("SIGSTOP");
    expect(await rows("silent")).toBe(300);
    await another(work, "silent", first);
    await mariadb.sql("delete from silent where username = 'p599'");
    first.process.kill("SIGCONT");
    const { code, stdout } = await first.outcome;
    const { outcome, counts, error } = JSON.parse(stdout);
    expect([code, outcome, counts.inserted, error.message]).toEqual([
      1,
      "failed",
      300,
      expect.stringMatching(/^this run has lost its lock to process \d+ on .*: nothing was written since$/),
    ]);
    expect(await rows("silent")).toBe(count - 1);
  });
});
