import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../src/errors.ts";
import { wait } from "../src/interruption.ts";
import { type Asking, alone } from "../src/lock.ts";
import type { SyncEvent } from "../src/report/event.ts";
import type { Fence, Lock, Runner, Standing } from "../src/target/lock.ts";
import { openTarget } from "../src/target/open.ts";
import type { Target, Write } from "../src/target/target.ts";
import { startProxy } from "./servers/proxy.ts";
import {
  failure,
  type MariadbDatabase,
  mariadbDatabase,
  sqliteDatabase,
  type TestDatabase,
} from "./target-databases.ts";

const runner = (which: number): Runner => ({
  runId: `00000000-0000-4000-8000-${String(which).padStart(12, "0")}`,
  host: `host${which}`,
  pid: 4000 + which,
  user: "idm",
});

const insert = (id: string): Write => ({ kind: "insert", columns: ["id", "c"], values: [id, "x"] });

/** What another run is told of the one with this number. */
const holder = (which: number) => ({
  process: `process ${4000 + which}`,
  host: `host${which}`,
  user: "idm",
  since: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/),
});

const fenceOf = (standing: Standing): Fence => {
  if (!standing.held || !standing.fence) throw new Error(`not held: ${JSON.stringify(standing)}`);
  return standing.fence;
};

function askingOf(which: number, changes: Partial<Asking> = {}): Asking & { readonly events: SyncEvent[] } {
  const events: SyncEvent[] = [];
  const report = (event: SyncEvent) => void events.push(event);
  const retry = { attempts: 5, report, signal: new AbortController().signal, wait, random: () => 1 };
  const lease = { leaseSeconds: 3, heartbeatMs: 300, isWhole: true };
  const clock = () => performance.now();
  return { name: "staff", runner: runner(which), ...lease, waitMs: 0, report, retry, clock, events, ...changes };
}

describe.each([
  { name: "MariaDB", start: mariadbDatabase },
  { name: "SQLite", start: sqliteDatabase },
])("a lock in $name", ({ start }) => {
  let database: TestDatabase;
  let targets: Target[];
  let locks: Lock[];
  beforeAll(async () => {
    database = await start();
    await database.sql("create table Users (id integer primary key, c varchar(20))");
    await database.sql("create table others (id integer primary key, c varchar(20))");
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    await database.sql("drop table if exists idm_ldap_sync_lock");
    await database.sql("delete from Users");
    targets = await Promise.all([1, 2].map(() => database.open("Users", "id")));
    locks = [];
    return async () => {
      for (const lock of locks) await lock.close();
      for (const target of targets) await target.close();
    };
  });

  async function lockOf(which: number, changes: { name?: string; leaseSeconds?: number } = {}): Promise<Lock> {
    const target = targets[which % 2] as Target;
    const lock = await target.lock({ name: "staff", runner: runner(which), leaseSeconds: 30, ...changes });
    locks.push(lock);
    return lock;
  }
  const passed = () => database.sql("update idm_ldap_sync_lock set expires_at = '2020-01-01 00:00:00.000'");
  const rows = async () => Number((await database.sql("select count(*) as n from Users"))[0]?.n);

  it("is had by one; the other is told by whom, until it is given back", async () => {
    const [first, second] = [await lockOf(1), await lockOf(2)];
    expect(await first.take()).toMatchObject({ held: true, fence: { token: "1" } });
    expect(await second.take()).toEqual({ held: false, holder: holder(1) });
    expect(await first.renew()).toMatchObject({ held: true });
    expect(await first.release()).toMatchObject({ held: true });
    expect(await second.take()).toMatchObject({ held: true, fence: { token: "2" } });
    expect(await first.renew()).toEqual({ held: false, holder: holder(2) });
    expect(await first.release()).toEqual({ held: false, holder: holder(2) });
    expect(await second.renew()).toMatchObject({ held: true });
    expect([first.warning, second.warning]).toEqual([undefined, undefined]);
  });

  it("is had by one of twenty who try at once, the first time and when it has run out", async () => {
    for (const round of [1, 2, 3]) {
      const all = await Promise.all(Array.from({ length: 20 }, (_, at) => lockOf(at)));
      const standings = await Promise.all(
        all.map(async (lock): Promise<Standing> => {
          for (;;) {
            const standing = await lock.take().catch((error: unknown) => {
              expect(error).toMatchObject({ trouble: "conflict" });
            });
            if (standing) return standing;
          }
        }),
      );
      expect([round, standings.filter(({ held }) => held).length]).toEqual([round, 1]);
      await passed();
      await Promise.all(locks.splice(0).map((lock) => lock.close()));
    }
  });

  it("is another one for another sync and another table, and the same however the table is spelt", async () => {
    const long = "x".repeat(500);
    for (const [at, name] of ["staff", "Staff", long, `${long}y`].entries())
      expect(await (await lockOf(at, { name })).take()).toMatchObject({ held: true });
    const other = await database.open("others", "id");
    const lock = await other.lock({ name: "staff", runner: runner(5), leaseSeconds: 30 });
    expect(await lock.take()).toMatchObject({ held: true });
    await lock.close();
    await other.close();
    expect(await database.sql("select target_table, token from idm_ldap_sync_lock order by 1")).toEqual([
      { target_table: "others", token: 1 },
      ...Array.from({ length: 4 }, () => ({ target_table: "users", token: 1 })),
    ]);
  });

  it("that has run out is free, and while nobody has taken it still its holder's", async () => {
    const [first, second] = [await lockOf(1, { leaseSeconds: 1 }), await lockOf(2)];
    const fence = fenceOf(await first.take());
    await sleep(1100);
    await targets[0]?.write([insert("1")], fence);
    expect(await second.take()).toMatchObject({ held: false });
    await sleep(1100);
    expect(await second.take()).toMatchObject({ held: true });
  });

  it("lets only the one who holds it write; nothing stands of a batch of another", async () => {
    const [first, second] = [await lockOf(1), await lockOf(2)];
    const old = fenceOf(await first.take());
    await targets[0]?.write([insert("1")], old);
    await passed();
    const fresh = fenceOf(await second.take());
    const message = "the lock of this run is not there any more";
    expect(await failure(targets[0]?.write([insert("2")], old) ?? Promise.resolve())).toMatchObject({ message });
    await targets[1]?.write([insert("3")], fresh);
    await second.release();
    // Who has given it back may not write either, though nobody else has it.
    for (const fence of [old, fresh])
      expect(await failure(targets[0]?.write([insert("2")], fence) ?? Promise.resolve())).toMatchObject({ message });
    expect(await database.sql("select id from Users order by id")).toEqual([{ id: 1 }, { id: 3 }]);
  });

  it("whose row somebody has deleted is lost, and a new row is not taken for the old one", async () => {
    const [first, second] = [await lockOf(1), await lockOf(2)];
    const old = fenceOf(await first.take());
    await database.sql("delete from idm_ldap_sync_lock");
    expect(await first.renew()).toEqual({ held: false, holder: undefined });
    expect(fenceOf(await second.take()).token).toBe(old.token);
    await failure(targets[0]?.write([insert("1")], old) ?? Promise.resolve());
    expect(await rows()).toBe(0);
  });

  describe("around a run", () => {
    const target = (which: number) => targets[which % 2] as Target;

    it("is kept for longer than a lease, and given back in the end", async () => {
      const asking = askingOf(1, { leaseSeconds: 1, heartbeatMs: 100 });
      await alone(target(1), asking, async (into) => {
        for (let i = 0; i < 5; i += 1) {
          await sleep(400);
          expect(await (await lockOf(2)).take()).toEqual({ held: false, holder: holder(1) });
        }
        await into.write([insert("1")]);
      });
      expect(await (await lockOf(2)).take()).toMatchObject({ held: true });
      expect(asking.events).toEqual([]);
    });

    it("is given back where the run fails", async () => {
      const fault = new Error("the directory is gone");
      expect(await failure(alone(target(1), askingOf(1), () => Promise.reject(fault)))).toBe(fault);
      expect(await (await lockOf(2)).take()).toMatchObject({ held: true });
    });

    it("refuses a second run, with the holder's host, process and start", async () => {
      await (await lockOf(1)).take();
      const refusal = await failure(alone(target(2), askingOf(2), async () => expect.fail("it ran")));
      expect(refusal).toBeInstanceOf(Failure);
      expect(refusal).toMatchObject({
        turn: "lock",
        message: expect.stringMatching(
          /^another run of sync "staff" into Users holds the lock: process 4001 on host1 \(user idm\), started \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
        ),
      });
    });

    it("is waited for, and the one who waits says so once", async () => {
      const first = await lockOf(1);
      await first.take();
      const asking = askingOf(2, { waitMs: 60_000 });
      const waiting = alone(target(2), asking, async () => "ran");
      while (asking.events.length === 0) await sleep(10);
      await sleep(1500);
      await first.release();
      expect(await waiting).toBe("ran");
      expect(asking.events).toEqual([{ type: "waiting", holder: holder(1), waitMs: 60_000 }]);
    });

    it("stops the run that has lost it, wherever that is, and tells to whom", async () => {
      const asking = askingOf(1, { heartbeatMs: 100 });
      const lost = await failure(
        alone(target(1), asking, async (_, signal) => {
          await passed();
          // The heartbeat may have been quicker.
          while (!(await (await lockOf(2)).take()).held) await passed();
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          throw new Error("the read was ended");
        }),
      );
      expect(lost).toMatchObject({
        turn: "database",
        message: expect.stringMatching(
          /^this run has lost its lock to process 4002 on host2 \(user idm\), started .*: nothing was written since$/,
        ),
      });
    });

    it.each<[string, (into: Target) => Promise<void>]>([
      ["that writes", (into) => into.write([insert("7")])],
      ["whose rows the other one has written", (into) => into.write([insert("1")])],
      ["that has nothing to write", async () => {}],
    ])("tells a run %s, without a heartbeat between, that it was lost", async (_, work) => {
      const lost = await failure(
        alone(target(1), askingOf(1, { heartbeatMs: 1_000_000 }), async (into) => {
          await passed();
          await target(2).write([insert("1")], fenceOf(await (await lockOf(2)).take()));
          await work(into);
        }),
      );
      expect(lost).toMatchObject({
        turn: "database",
        message: expect.stringContaining("lost its lock to process 4002"),
      });
      expect(await rows()).toBe(1);
    });
  });
});

describe("a lock in a MariaDB", () => {
  let database: MariadbDatabase;
  beforeAll(async () => {
    database = await mariadbDatabase();
    await database.sql("create table users (id integer primary key, c varchar(20))");
  });
  afterAll(() => database.stop());

  it("outlives an outage that is shorter than its lease", async () => {
    const { server } = database;
    const proxy = await startProxy({ to: server });
    const config = database.config("users", "id");
    const through = { ...config, connection: { ...config.connection, port: proxy.port } };
    const [target, beside] = [await openTarget(through), await database.open("users", "id")];
    const other = await beside.lock({ name: "staff", runner: runner(2), leaseSeconds: 3 });
    await alone(target, askingOf(1, { leaseSeconds: 6 }), async (into, signal) => {
      for (let outage = 0; outage < 3; outage += 1) {
        proxy.refuse();
        proxy.cut();
        await sleep(2000);
        await proxy.resume();
        expect(await other.take()).toMatchObject({ held: false, holder: holder(1) });
        await sleep(2000);
      }
      signal.throwIfAborted();
      await into.write([insert("1")]);
    });
    expect(await other.take()).toMatchObject({ held: true });
    for (const each of [other, target, beside]) await each.close();
    await proxy.stop();
  });

  it("is renewed while a statement takes longer than the lease", async () => {
    await database.sql(
      "create or replace table slow (id integer primary key, c varchar(20)); create trigger t before insert on slow for each row do sleep(6)",
    );
    const [target, beside] = [await database.open("slow", "id"), await database.open("slow", "id")];
    const other = await beside.lock({ name: "staff", runner: runner(2), leaseSeconds: 3 });
    let written = false;
    await alone(target, askingOf(1, { leaseSeconds: 1, heartbeatMs: 100 }), async (into) => {
      const writing = into.write([insert("1")]).then(() => {
        written = true;
      });
      for (let i = 0; i < 3; i += 1) {
        await sleep(1000);
        expect([written, await other.take()]).toEqual([false, { held: false, holder: holder(1) }]);
      }
      await writing;
    });
    expect(await other.take()).toMatchObject({ held: true });
    for (const each of [other, target, beside]) await each.close();
  });

  describe("whose table the user may not use", () => {
    const warning =
      "the user may not use the table idm_ldap_sync_lock (CREATE command denied to user 'o'neil'@'127.0.0.1' for table `idm`.`idm_ldap_sync_lock`), so that this run holds GET_LOCK instead: it keeps out other runs on this " +
      "server alone, not those that use another node of a Galera cluster, and does not outlast a lost connection; to mend it: ";

    async function as(user: string): Promise<Target> {
      const config = database.config("users", "id");
      return openTarget({ ...config, connection: { ...config.connection, user, password: "secret" } });
    }

    it("is GET_LOCK, with a warning whose statements mend it", async () => {
      await database.sql("drop table if exists idm_ldap_sync_lock; delete from users");
      await database.sql("create user `o'neil`@`127.0.0.%` identified by 'secret'");
      await database.sql("grant select, insert, update on idm.users to `o'neil`@`127.0.0.%`");
      const [first, second] = [await as("o'neil"), await as("o'neil")];
      const asking = askingOf(1, { heartbeatMs: 100 });
      await alone(first, asking, async (into) => {
        await into.write([insert("1")]);
        await sleep(500);
        const refused = await failure(alone(second, askingOf(2), async () => expect.fail("it ran")));
        expect(refused).toMatchObject({
          turn: "lock",
          message: expect.stringMatching(
            /^another run of sync "staff" into users holds the lock: connection \d+ on 127\.0\.0\.1:\d+$/,
          ),
        });
        // Another sync is not in the way.
        await alone(second, askingOf(2, { name: "students" }), (also) => also.write([insert("2")]));
      });
      await alone(second, askingOf(2), (into) => into.write([insert("3")]));
      const [said] = asking.events.flatMap((event) => (event.type === "warning" ? [event.message] : []));
      expect(said?.startsWith(warning)).toBe(true);
      const statements = said?.slice(warning.length).split("; ") ?? [];
      expect(statements.map((sql) => sql.replace(/\(.*\)/, "(…)"))).toEqual([
        "CREATE TABLE `idm`.idm_ldap_sync_lock (…) engine = InnoDB default charset = utf8mb4 collate = utf8mb4_bin",
        "GRANT SELECT, INSERT, UPDATE ON `idm`.idm_ldap_sync_lock TO 'o''neil'@'127.0.0.%'",
      ]);
      for (const sql of statements) await database.sql(sql);
      const third = await as("o'neil");
      const mended = askingOf(3);
      await alone(third, mended, (into) => into.write([insert("4")]));
      expect(mended.events).toEqual([]);
      expect(await database.sql("select host, token, expires_at from idm_ldap_sync_lock")).toEqual([
        { host: "host3", token: 1, expires_at: null },
      ]);
      for (const each of [first, second, third]) await each.close();
    });

    it("stops the run that has lost its GET_LOCK to another one", async () => {
      await database.sql("drop table if exists idm_ldap_sync_lock; delete from users");
      await database.sql("create user poor identified by 'secret'; grant select, insert, update on idm.users to poor");
      const [first, second] = [await as("poor"), await as("poor")];
      const other = await second.lock({ name: "staff", runner: runner(2), leaseSeconds: 3 });
      const lost = await failure(
        alone(first, askingOf(1, { heartbeatMs: 1_000_000 }), async (into) => {
          const { holder } = (await other.take()) as { holder: { process: string } };
          await database.sql(`kill ${holder.process.replace("connection ", "")}`);
          while (!(await other.take()).held) await sleep(10);
          await into.write([insert("1")]);
        }),
      );
      expect(lost).toMatchObject({
        turn: "database",
        message: expect.stringMatching(/^this run has lost its lock to connection \d+ on 127\.0\.0\.1:\d+: nothing/),
      });
      expect(await first.count()).toBe(0);
      for (const each of [other, first, second]) await each.close();
    });
  });
});
