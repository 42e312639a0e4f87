import { appendFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { fileConfig, fileWorkspace, jsonLines, type Running, sqlite, type Workspace } from "./program.ts";
import { run } from "./servers/command.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

const count = 600;
const people = Object.fromEntries(
  Array.from({ length: count }, (_, i) => [
    `uid=p${i}`,
    {
      uid: [`p${i}`],
      entryUUID: [`id-${i}`],
      mail: [`p${i}@example.com`],
      displayName: [`Person ${i}`],
      sn: ["x"],
      cn: ["x"],
    },
  ]),
);
const password = { DB_PASSWORD: "idm-password" };

let mariadb: Mariadb;
let work: Workspace;

const configOf = (changes: object = {}) =>
  fileConfig({
    name: "staff",
    target: {
      client: "mysql2",
      connection: {
        ...{ host: mariadb.host, port: mariadb.port, user: mariadb.user, database: mariadb.database },
        password: { env: "DB_PASSWORD" },
      },
      table: "users",
      matchKey: "username",
    },
    // A transaction for each person, so that a run takes a while.
    batchSize: 1,
    ...changes,
  });

beforeAll(async () => {
  mariadb = await startMariadb({ generalLog: true });
  work = await fileWorkspace(people);
});
afterAll(() => mariadb?.stop());
beforeEach(async () => {
  await mariadb.sql("drop table if exists users, idm_ldap_sync_lock");
  await mariadb.sql(`create table users (id int auto_increment primary key, username varchar(64) not null unique,
    external_id varchar(64) unique, email varchar(191), display_name varchar(200), created_by varchar(20), state varchar(20))`);
  await work.configure(configOf());
});

const rows = async (): Promise<number> => Number((await mariadb.sql("select count(*) as n from users"))[0]?.n);
const table = () =>
  mariadb.sql("select username, external_id, email, display_name, created_by, state from users order by 1");
const isHeld = async (): Promise<boolean> =>
  (await mariadb.sql("select 1 from idm_ldap_sync_lock where expires_at > utc_timestamp(6)")).length === 1;

/** Waits until the run has written so many rows. */
async function untilRows(wanted: number, running: Running): Promise<void> {
  while ((await rows()) < wanted) {
    if (running.process.exitCode !== null) throw new Error(`it ended before: ${JSON.stringify(await running.outcome)}`);
    await sleep(5);
  }
}

/** Brings it to a stand between two transactions: in one it would hold rows, for which others wait. */
async function standStill(running: Running): Promise<void> {
  for (;;) {
    running.process.kill("SIGSTOP");
    // What the catalogue shows of transactions is as old as the last look, where that was less than 0.1 s ago.
    await sleep(150);
    if ((await mariadb.sql("select 1 from information_schema.innodb_trx")).length === 0) return;
    running.process.kill("SIGCONT");
    await sleep(Math.random() * 3);
  }
}

/** The run stands still while the work is done, which takes less than a lease. */
async function beside<T>(running: Running, work: () => Promise<T>): Promise<T> {
  await untilRows(50, running);
  await standStill(running);
  try {
    return await work();
  } finally {
    running.process.kill("SIGCONT");
  }
}

/** As the one who comes too late sees the process that holds the lock. */
const holds = (running: Running, name = "staff"): RegExp =>
  new RegExp(
    `^another run of sync "${name}" into users holds the lock: process ${running.process.pid} on \\S+ \\(user \\S+\\), started \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d UTC$`,
  );

describe("two syncs that start in the same second", () => {
  async function race(args: readonly string[] = []): Promise<void> {
    const both = ["first", "second"].map(() => work.start(["sync", "--json", ...args], password));
    const ended = await Promise.all(both.map(({ outcome }) => outcome));
    const won = ended.findIndex(({ code }) => code === 0);
    const [winner, loser] = [ended[won], ended[1 - won]];
    expect([winner?.code, loser?.code, winner?.stderr]).toEqual([0, 5, ""]);
    expect(JSON.parse(winner?.stdout ?? "")).toMatchObject({ outcome: "succeeded", counts: { inserted: count } });
    const { outcome, counts, error } = JSON.parse(loser?.stdout ?? "");
    expect({ outcome, counts, error }).toEqual({
      outcome: "locked",
      counts: noCounts,
      error: {
        message: expect.stringMatching(holds(both[won] as Running)),
        hint: "let it end, or wait for it with --wait SECONDS; the lock of a run that was killed is free within 45 seconds",
      },
    });
  }

  it("eight times, in MariaDB: one runs, one exits with 5", { timeout: 300_000 }, async () => {
    for (let round = 0; round < 8; round += 1) {
      await mariadb.sql("truncate table users");
      if (round % 2 === 0) await mariadb.sql("drop table if exists idm_ldap_sync_lock");
      await race(["--quiet"]);
      expect(await rows()).toBe(count);
    }
  });

  it("five times, in a SQLite file: one runs, one exits with 5", { timeout: 300_000 }, async () => {
    // Some milliseconds for each row, in which others may read: many short transactions would keep them out most of the time.
    sqlite(
      work.path("idm.sqlite"),
      `create trigger slow before insert on users begin
        select count(*) from (with recursive n(i) as (values (0) union all select i + 1 from n where i < 12000) select i from n);
      end`,
    );
    await work.configure(fileConfig({ name: "staff", batchSize: 300 }));
    for (let round = 0; round < 5; round += 1) {
      sqlite(work.path("idm.sqlite"), "delete from users");
      await race(["--quiet"]);
      expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from users")).toEqual([{ n: count }]);
    }
  });
});

describe("a second run, while the first one writes,", () => {
  it("says for people who holds the lock, exits with 5, and leaves the files of the first one alone", async () => {
    const files = ["--changes", "changes.jsonl", "--rejects", "rejects.jsonl"];
    const first = work.start(["sync", ...files], password);
    const { code, stdout, stderr } = await beside(first, () => work.run(["sync", "--quiet", ...files], password));
    expect([code, stdout]).toEqual([5, expect.stringMatching(/^sync staff: not started in /)]);
    expect(stderr).toMatch(
      new RegExp(
        `^error: ${holds(first).source.slice(1, -1)} \\(let it end, or wait for it with --wait SECONDS; .*\\)\n$`,
      ),
    );
    expect((await first.outcome).code).toBe(0);
    expect(await jsonLines(work.path("changes.jsonl"))).toHaveLength(count);
  });

  it("of another sync, or into another table, is not in its way", async () => {
    const first = work.start(["sync"], password);
    await untilRows(100, first);
    await work.configure(configOf({ name: "students", batchSize: 500 }));
    expect((await work.run(["sync", "--filter", "(uid=p599)"], password)).code).toBe(0);
    await mariadb.sql("create or replace table other like users");
    const { target } = configOf() as { target: object };
    await work.configure(configOf({ target: { ...target, table: "other" }, batchSize: 500 }));
    expect((await work.run(["sync"], password)).code).toBe(0);
    expect((await first.outcome).code).toBe(0);
  });

  it("waits with --wait, says so, and runs; and gives up when the time is over", async () => {
    const first = work.start(["sync"], password);
    const [patient, hasty] = await beside(first, async () => {
      const running = work.start(["sync", "--wait", "50"], password);
      return [running, await work.start(["sync", "--wait", "1"], password).outcome] as const;
    });
    const waits = (seconds: number) =>
      new RegExp(
        `(^|\n)${holds(first)
          .source.slice(1, -1)
          .replace(/.*: process/, "process")} holds the lock; waiting up to ${seconds}\\.0 s for it\n`,
      );
    expect([hasty.code, hasty.stderr]).toEqual([5, expect.stringMatching(waits(1))]);
    const { code, stderr } = await patient.outcome;
    expect([code, stderr]).toEqual([0, expect.stringMatching(waits(50))]);
    expect((await first.outcome).code).toBe(0);
  });

  it("is ended by SIGTERM while it waits", async () => {
    const first = work.start(["sync"], password);
    const { code, stdout } = await beside(first, async () => {
      const waiting = work.start(["sync", "--wait", "600", "--json"], password);
      await new Promise((resolve) => waiting.process.stderr?.once("data", resolve));
      // What comes first is that it starts; within a second it has found the lock held, and looks again every second.
      await sleep(1000);
      waiting.process.kill("SIGTERM");
      return waiting.outcome;
    });
    expect([code, JSON.parse(stdout).outcome]).toEqual([143, "interrupted"]);
    expect((await first.outcome).code).toBe(0);
  });

  it("is kept out whatever the clocks of the two hosts say", async () => {
    const preload = (await run(["faketime", "-f", "+1d", "printenv", "LD_PRELOAD"])).trim();
    const at = (offset: string) => ({ ...password, LD_PRELOAD: preload, FAKETIME: offset });
    for (const [one, other] of [
      ["+10d", "-10d"],
      ["-10d", "+10d"],
    ] as const) {
      await mariadb.sql("truncate table users");
      const first = work.start(["sync", "--json"], at(one));
      const { code, error, startedAt } = await beside(first, () => work.json(["sync", "--quiet"], at(other)));
      expect([code, error?.message]).toEqual([5, expect.stringMatching(holds(first))]);
      const { stdout, code: ended } = await first.outcome;
      expect(ended).toBe(0);
      // The clocks did differ.
      const days = (Date.parse(startedAt) - Date.parse(JSON.parse(stdout).startedAt)) / 86_400_000;
      expect(Math.round(days)).toBe(one === "+10d" ? -20 : 20);
    }
  });
});

describe("the lock is free again", () => {
  it.each(["SIGTERM", "SIGINT"] as const)("at once after %s", async (signal) => {
    const first = work.start(["sync", "--quiet"], password);
    await untilRows(100, first);
    first.process.kill(signal);
    await first.outcome;
    expect(await isHeld()).toBe(false);
    await work.configure(configOf({ batchSize: 500 }));
    expect((await work.run(["sync", "--quiet"], password)).code).toBe(0);
  });

  it("at once after a failure of the directory, a refusal, and a success", async () => {
    const broken = await fileWorkspace(people);
    await appendFile(broken.path("people.ldif"), "no: valid\nldif");
    for (const each of [work, broken]) await each.configure(configOf({ batchSize: 500 }));
    expect((await broken.run(["sync"], password)).code).toBe(1);
    expect((await work.run(["sync", "--max-insert", "1"], password)).code).toBe(4);
    expect((await work.run(["sync"], password)).code).toBe(0);
    expect((await work.run(["sync"], password)).code).toBe(0);
    expect(await mariadb.sql("select token, expires_at from idm_ldap_sync_lock")).toEqual([
      { token: expect.anything(), expires_at: null },
    ]);
  });
});

describe("a run that stood still for longer than its lease", () => {
  /** What two minutes do to a lease that nobody renews. */
  const passes = () => mariadb.sql("update idm_ldap_sync_lock set expires_at = utc_timestamp(6) - interval 1 second");

  it.each([
    ["between small batches", 1],
    ["between larger ones", 20],
  ])("%s writes nothing after another run, says so, and exits with 1", async (_, batchSize) => {
    await work.configure(configOf({ batchSize }));
    const first = work.start(["sync", "--json"], password);
    // Early, so that many transactions are left to come to a stand between.
    await untilRows(50, first);
    await standStill(first);
    await passes();
    const second = await work.here(["sync", "--quiet"], password);
    expect([second.code, second.counts.read]).toEqual([0, count]);
    // What the second run has made of it is made otherwise by somebody: the first one would put it back.
    await mariadb.sql("delete from users where username = 'p599'");
    const left = await table();
    const said = (await mariadb.generalLog()).length;
    first.process.kill("SIGCONT");
    const { code, stdout } = await first.outcome;
    const { outcome, error, counts } = JSON.parse(stdout);
    const [holder] = await mariadb.sql("select pid, host from idm_ldap_sync_lock");
    expect({ code, outcome, error }).toEqual({
      code: 1,
      outcome: "failed",
      error: {
        message: expect.stringMatching(
          new RegExp(
            `^this run has lost its lock to process ${holder?.pid} on ${holder?.host} .*: nothing was written since$`,
          ),
        ),
        hint: "finished batches stand; it stood still, or was without the database, for longer than its lease; what is left is the other run's",
      },
    });
    expect(counts.inserted).toBeLessThan(count);
    expect(await table()).toEqual(left);
    expect((await mariadb.generalLog()).slice(said)).not.toMatch(/ Query\tcommit/i);
  });

  it("goes on where nobody has taken the lock", async () => {
    const first = work.start(["sync", "--json"], password);
    // Early, so that many transactions are left to come to a stand between.
    await untilRows(50, first);
    await standStill(first);
    await passes();
    first.process.kill("SIGCONT");
    expect((await first.outcome).code).toBe(0);
    expect(await rows()).toBe(count);
  });
});

describe("the statements of the lock", () => {
  /** Those on the table of the locks, by their first words. */
  async function statements(args: readonly string[], exitCode = 0): Promise<string[]> {
    const before = (await mariadb.generalLog()).length;
    expect((await work.run(args, password)).code).toBe(exitCode);
    return [...(await mariadb.generalLog()).slice(before).matchAll(/ Query\t(.*idm_ldap_sync_lock.*)/g)].map(
      ([, sql = ""]) => /^(create table|insert|select|update \S+ set \S+)/.exec(sql)?.[0] ?? sql,
    );
  }
  const renewal = "update idm_ldap_sync_lock set expires_at";

  it("are one for each transaction, and five around a run", async () => {
    await work.configure(configOf({ batchSize: 150 }));
    expect(await statements(["sync"])).toEqual([
      ...["select", "create table", "select", "insert"],
      ...[renewal, renewal, renewal, renewal],
      ...[renewal, renewal],
    ]);
    expect(await statements(["sync"])).toEqual(["select", "update idm_ldap_sync_lock set token", renewal, renewal]);
  });

  it.each([
    ["dry-run", ["dry-run"]],
    ["dry-run --verify", ["dry-run", "--verify"]],
    ["explain", ["explain", "p1"]],
    ["check", ["check"]],
  ])("are none in %s, which need not wait for a sync either", async (_, args) => {
    const first = work.start(["sync"], password);
    await untilRows(1, first);
    await standStill(first);
    expect(await statements(args)).toEqual([]);
    first.process.kill("SIGKILL");
    await first.outcome;
  });
});

it("a user who may not use the table of the locks is told once what that means and how to mend it", async () => {
  await mariadb.sql("create user poor identified by 'poor-secret'; grant select, insert, update on idm.users to poor");
  const { target } = configOf() as { target: { connection: object } };
  await work.configure(configOf({ target: { ...target, connection: { ...target.connection, user: "poor" } } }));
  const poor = { DB_PASSWORD: "poor-secret" };
  const first = work.start(["sync"], poor);
  const { code, error } = await beside(first, () => work.here(["sync"], poor));
  expect([code, error?.message]).toEqual([
    5,
    expect.stringMatching(
      /^another run of sync "staff" into users holds the lock: connection \d+ on 127\.0\.0\.1:\d+$/,
    ),
  ]);
  first.process.kill("SIGKILL");
  await first.outcome;
  const next = await work.run(["sync", "--quiet", "--wait", "10"], poor);
  expect([next.code, next.stderr.match(/GET_LOCK/g)?.length, await rows()]).toEqual([0, 1, count]);
  expect(next.stderr).toMatch(
    /^warning: the user may not use the table idm_ldap_sync_lock \(.* command denied .*\), so .* GRANT SELECT, INSERT, UPDATE ON `idm`\.idm_ldap_sync_lock TO 'poor'@'%'\n$/,
  );
});
