import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Running, type Workspace, workspace } from "../program.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { peopleLdif, person } from "../servers/people.ts";
import { startProxy } from "../servers/proxy.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import { dump, independentReading, passwords, staffConfig, staffTable } from "../staff.ts";

/** Runs that are ended, and a network that fails again and again. One fault at a time is for matrix.test.ts. */

const people = 20_000;
const active = Array.from({ length: people }, (_, i) => person(i)).filter((each) => each.active).length;
const whole = `${active} people, ${active} rows\n`;

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;
let env: Record<string, string>;

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count: people }), sizeLimit: 500 });
  mariadb = await startMariadb();
  work = await workspace();
  env = passwords(slapd, mariadb);
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});
beforeEach(async () => {
  await mariadb.sql("drop table if exists users");
  await mariadb.sql(staffTable);
  await freeLock();
  await work.configure(staffConfig(slapd, mariadb));
});

/** What the end of a lease does for a run that is gone (see lock-lease.test.ts). */
const freeLock = () => mariadb.sql("drop table if exists idm_ldap_sync_lock");

const rows = async (): Promise<number> => Number((await mariadb.sql("select count(*) as n from users"))[0]?.n);

/** Waits until the run has written so many rows; an end of the run before that is an error of the test. */
async function untilRows(wanted: number, running: Running): Promise<void> {
  while ((await rows()) < wanted) {
    if (running.process.exitCode !== null) {
      const { stdout, stderr } = await running.outcome;
      throw new Error(`the run ended before ${wanted} rows: ${stdout}${stderr}`);
    }
    await sleep(5);
  }
}

/** A number from 0 to 1 that is the same in every run of the tests. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return state / 2 ** 32;
  };
}

describe("a run that is killed", () => {
  it("at ten random moments leaves whole batches, and one more run makes the same table as an undisturbed one", async () => {
    await work.run(["sync"], env);
    const undisturbed = await dump(mariadb);
    await mariadb.sql("truncate table users");
    const random = seeded(20_261_123);
    let partial = 0;
    for (let kill = 0; kill < 10; kill += 1) {
      const running = work.start(["sync"], env);
      const before = await rows();
      // Somewhere from the start-up to the end of the load, most of them while it writes.
      if (kill > 1)
        await Promise.race([untilRows(before + Math.floor(random() * 1500), running).catch(() => {}), running.outcome]);
      else await sleep(random() * 400);
      running.process.kill("SIGKILL");
      await running.outcome;
      await freeLock();
      const left = await rows();
      expect(left % 500 === 0 || left === active).toBe(true);
      if (left > 0 && left < active) partial += 1;
    }
    expect(partial).toBeGreaterThanOrEqual(5);
    const { code, counts } = await work.json(["sync"], env);
    expect([code, counts.read]).toEqual([0, active]);
    expect(await dump(mariadb)).toBe(undisturbed);
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("by %s finishes the open batch, says what was done, and ends with %i", async (signal, exitCode) => {
    const running = work.start(["sync", "--json"], env);
    await untilRows(1000, running);
    running.process.kill(signal);
    const { code, stdout, stderr } = await running.outcome;
    const document = JSON.parse(stdout);
    expect([code, document.outcome, document.error.message]).toEqual([
      exitCode,
      "interrupted",
      `interrupted by ${signal}`,
    ]);
    expect(stderr).toContain(`error: interrupted by ${signal} (run again to finish)`);
    expect(document.counts.inserted).toBe(await rows());
    expect(document.counts.inserted).toBeLessThan(active);
  });
});

it("a network that fails five times, in the middle of statements and commits, leaves every row counted once", async () => {
  const proxy = await startProxy({ to: mariadb });
  await work.configure(staffConfig(slapd, { ...mariadb, port: proxy.port }));
  const running = work.start(["sync", "--json", "--verbose", "--limit", "0"], env);
  for (let cut = 1; cut <= 5; cut += 1) {
    await untilRows(cut * 2500, running);
    proxy.cutAfterBytes(cut * 7919, cut % 2 === 0 ? "toServer" : "toClient");
  }
  const { code, stdout } = await running.outcome;
  await proxy.stop();
  expect([code, JSON.parse(stdout).counts]).toEqual([0, expect.objectContaining({ read: active, inserted: active })]);
  expect(await independentReading(slapd, mariadb)).toBe(whole);
});
