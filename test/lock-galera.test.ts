import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import type { Fence, Lock, Standing } from "../src/target/lock.ts";
import { openTarget } from "../src/target/open.ts";
import type { Target, Write } from "../src/target/target.ts";
import { fileWorkspace } from "./program.ts";
import { type Galera, startGalera } from "./servers/galera.ts";
import type { Mariadb } from "./servers/mariadb.ts";
import { failure } from "./target-databases.ts";

const count = 400;
const people = Object.fromEntries(
  Array.from({ length: count }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`], sn: ["x"], cn: ["x"] }]),
);
const insert = (username: string): Write => ({ kind: "insert", columns: ["username"], values: [username] });
let cluster: Galera;
let targets: Target[];
let locks: Lock[];

const connectionOf = ({ host, port, user, database }: Mariadb) => ({ host, port, user, database });

beforeAll(async () => {
  cluster = await startGalera();
});
afterAll(() => cluster?.stop());
beforeEach(async () => {
  const [node] = cluster.nodes;
  await node.sql("drop table if exists users, idm_ldap_sync_lock");
  await node.sql("create table users (id int auto_increment primary key, username varchar(64) not null unique)");
  targets = await Promise.all(
    cluster.nodes.map((each) =>
      openTarget({
        client: "mysql2",
        connection: { ...connectionOf(each), password: each.password },
        table: "users",
        matchKey: ["username"],
        timeoutMs: 20_000,
      }),
    ),
  );
  locks = await Promise.all(
    targets.map((target, at) =>
      target.lock({
        name: "staff",
        runner: { runId: `00000000-0000-4000-8000-00000000000${at}`, host: "h", pid: at, user: "u" },
        leaseSeconds: 30,
      }),
    ),
  );
  return async () => {
    for (const each of [...locks, ...targets]) await each.close();
  };
});

/** As a run takes it: a certification that failed is tried again. */
async function take(lock: Lock | undefined): Promise<Standing> {
  for (;;) {
    const standing = await lock?.take().catch((error: unknown) => {
      expect(error).toMatchObject({ trouble: "conflict" });
    });
    if (standing) return standing;
  }
}

it("is had by one of two who try at once, each on a node of its own, fifty times", async () => {
  for (let round = 0; round < 50; round += 1) {
    const standings = await Promise.all(locks.map(take));
    expect([round, standings.filter(({ held }) => held).length]).toEqual([round, 1]);
    await locks[standings.findIndex(({ held }) => held)]?.release();
  }
});

it("does not let a batch be committed on one node after it was taken on the other one", async () => {
  const [one] = cluster.nodes;
  let refused = 0;
  for (let round = 0; round < 30; round += 1) {
    await one.sql("delete from users; delete from idm_ldap_sync_lock").catch(() => one.sql("delete from users"));
    const held = await take(locks[0]);
    const fence = held.held ? (held.fence as Fence) : expect.fail("not held");
    await one.sql("update idm_ldap_sync_lock set expires_at = '2020-01-01'");
    // Whichever of the two transactions is certified first decides.
    const [written] = await Promise.all([failureOrDone(targets[0]?.write([insert("a")], fence)), take(locks[1])]);
    const taken = await locks[1]?.renew();
    const rows = Number((await one.sql("select count(*) as n from users"))[0]?.n);
    expect([round, rows]).toEqual([round, written === undefined ? 1 : 0]);
    if (!taken?.held) continue;
    // The other one has it: the first one cannot write any more, nor what it has under way.
    refused += 1;
    await failure(targets[0]?.write([insert("b")], fence) ?? Promise.resolve());
    expect(await one.sql("select username from users where username = 'b'")).toEqual([]);
  }
  expect(refused).toBeGreaterThan(0);
});

const failureOrDone = (work: Promise<void> | undefined): Promise<unknown> =>
  work?.then(
    () => undefined,
    (error: unknown) => error,
  ) ?? Promise.resolve(undefined);

it("breaks the transaction that stands between its fence and its commit while the lock is taken on the other node", async () => {
  const [one, other] = cluster.nodes;
  await take(locks[0]);
  const stale = await createConnection({ socketPath: one.socket, user: "root", database: "idm" });
  await stale.query("begin");
  await stale.query("insert into users (username) values ('stale')");
  // The statement of the fence, held open here where a run would commit at once.
  await stale.query("update idm_ldap_sync_lock set expires_at = utc_timestamp(6) + interval 30 second where token = 1");
  await other.sql("update idm_ldap_sync_lock set expires_at = '2020-01-01'");
  expect(await take(locks[1])).toMatchObject({ held: true, fence: { token: "2" } });
  expect(await failure(stale.query("commit"))).toMatchObject({ errno: 1213 });
  await stale.end();
  expect(await one.sql("select username from users")).toEqual([]);
});

it("keeps out a sync of the built program that writes into another node", async () => {
  const works = await Promise.all(
    cluster.nodes.map((node) =>
      fileWorkspace(people, {
        name: "staff",
        target: {
          client: "mysql2",
          connection: { ...connectionOf(node), password: { env: "DB_PASSWORD" } },
          table: "users",
          matchKey: "username",
        },
        mapping: { username: "uid" },
        state: undefined,
      }),
    ),
  );
  const sync = (at: number) => works[at]?.json(["sync"], { DB_PASSWORD: "idm-password" });
  for (const holder of [0, 1]) {
    const node = cluster.nodes[holder] ?? expect.fail("no such node");
    await node.sql("truncate table users");
    // The run that holds the lock waits here, in its first batch, until the other one has been sent away.
    const inTheWay = await createConnection({ socketPath: node.socket, user: "root", database: "idm" });
    await inTheWay.query("begin");
    await inTheWay.query("insert into users (username) values ('p0')");
    const first = sync(holder);
    const isHeld = async () =>
      (await node.sql("select 1 from idm_ldap_sync_lock where name = 'staff' and expires_at is not null")).length > 0;
    await expect.poll(isHeld, { timeout: 20_000 }).toBe(true);
    expect(await sync(1 - holder)).toMatchObject({ code: 5, outcome: "locked" });
    await inTheWay.query("rollback");
    await inTheWay.end();
    expect(await first).toMatchObject({ code: 0, counts: { read: count, inserted: count } });
  }
});
