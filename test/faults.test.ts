import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Running, type Workspace, workspace } from "./program.ts";
import { run } from "./servers/command.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person } from "./servers/people.ts";
import { startProxy, type TcpProxy } from "./servers/proxy.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { dump, independentReading, passwords, staffConfig, staffTable } from "./staff.ts";

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

describe("a directory that dies in the middle", () => {
  it("ends the run with exit code 1; finished batches stand, the next run completes", async () => {
    const running = work.start(["sync", "--json"], env);
    await untilRows(1000, running);
    await slapd.kill();
    const { code, stdout } = await running.outcome;
    await slapd.restart();
    const { outcome, counts, error } = JSON.parse(stdout);
    expect([code, outcome]).toEqual([1, "failed"]);
    expect(error.message).toMatch(
      /^ldap:\/\/127\.0\.0\.1:\d+: the read below .* is not complete: after \d+ entries .*(closed|lost)/,
    );
    expect([counts.inserted, counts.inserted % 500]).toEqual([await rows(), 0]);
    expect((await work.json(["sync"], env)).code).toBe(0);
    expect(await independentReading(slapd, mariadb)).toBe(whole);
  });
});

describe("a database that goes away in the middle", () => {
  it.each([
    ["restarted", async () => {}],
    ["killed and started again", async () => mariadb.kill()],
  ])("and is %s is waited for; the run completes and says so", async (_, first) => {
    const running = work.start(["sync"], env);
    await untilRows(2000, running);
    await first();
    await mariadb.restart();
    const { code, stdout, stderr } = await running.outcome;
    expect([code, stdout]).toEqual([0, expect.stringContaining(`${active.toLocaleString("en-US")} inserted`)]);
    expect(stderr).toMatch(/warning: .*; attempt 1 of 5 to go on in \d/);
    expect(await independentReading(slapd, mariadb)).toBe(whole);
  });

  it("and does not come back ends the run with exit code 1 and what to do", async () => {
    await work.configure(staffConfig(slapd, mariadb, { retry: { attempts: 1 } }));
    const running = work.start(["sync", "--json"], env);
    await untilRows(1000, running);
    await mariadb.kill();
    const { code, stdout } = await running.outcome;
    await mariadb.restart();
    const { counts, error } = JSON.parse(stdout);
    // It may have died between a commit and the answer to it, and then the run says that it does not know.
    const unknown = error.hint.includes("whether the last batch (500 rows, ");
    expect([code, unknown ? [0, 500] : [0]]).toEqual([1, expect.arrayContaining([(await rows()) - counts.inserted])]);
    expect(error).toEqual({
      message: expect.stringMatching(/^the database at 127\.0\.0\.1:\d+ .*; given up after 1 attempts? to go on$/),
      hint: expect.stringMatching(
        /^finished batches stand; (whether .* is not known and not counted; )?run again when the database is well$/,
      ),
    });
  });

  describe("through a network that fails", () => {
    let proxy: TcpProxy;
    beforeEach(async () => {
      proxy = await startProxy({ to: { host: mariadb.host, port: mariadb.port } });
      await work.configure(staffConfig(slapd, { ...mariadb, port: proxy.port }));
    });

    it("five times, in the middle of statements and commits, counts every row once", async () => {
      const running = work.start(["sync", "--json", "--verbose", "--limit", "0"], env);
      for (let cut = 1; cut <= 5; cut += 1) {
        await untilRows(cut * 2500, running);
        proxy.cutAfterBytes(cut * 7919, cut % 2 === 0 ? "toServer" : "toClient");
      }
      const { code, stdout } = await running.outcome;
      await proxy.stop();
      expect([code, JSON.parse(stdout).counts]).toEqual([
        0,
        expect.objectContaining({ read: active, inserted: active }),
      ]);
      expect(await independentReading(slapd, mariadb)).toBe(whole);
    });
  });
});

describe("two people with one mail address under a unique index", () => {
  it("are one reject that names both; nobody's row is overwritten", async () => {
    await mariadb.sql("alter table users add unique key by_email (email)");
    await work.run(["sync"], env);
    const dn = (uid: string) => `uid=${uid},ou=people,${slapd.suffix}`;
    const mail = (await mariadb.sql("select email from users where username = 'u000000'"))[0]?.email;
    await slapd.modify(`dn: ${dn("u000003")}\nchangetype: modify\nreplace: mail\nmail: ${mail}\n\n`);
    const before = await dump(mariadb);
    const { code, counts, rejects } = await work.json(["sync"], env);
    await slapd.modify(`dn: ${dn("u000003")}\nchangetype: modify\nreplace: mail\nmail: other@example.com\n\n`);
    expect([code, counts.rejected, counts.updated]).toEqual([3, 1, 0]);
    const id = (await mariadb.sql("select external_id as id from users where username = 'u000003'"))[0]?.id;
    const holder = (await mariadb.sql("select external_id as id from users where username = 'u000000'"))[0]?.id;
    const reason = `email "${mail}" already belongs to the row with external_id "${holder}" (${dn("u000000")})`;
    expect(rejects).toEqual([{ dn: dn("u000003"), key: id, column: "email", reason }]);
    expect(await dump(mariadb)).toBe(before);
  });
});

describe("--verbose", () => {
  it("shows the ldapsearch command that reads the same entries", async () => {
    const { stderr } = await work.run(["sync", "--verbose", "--filter", "(sn=*'*)"], env);
    const command = stderr.split("\n").find((line) => line.startsWith("ldapsearch ")) ?? "";
    const found = await run(["sh", "-c", command.replace(" -W ", ` -w ${slapd.syncPassword} `)]);
    const expected = await slapd.search(["(&(objectClass=inetOrgPerson)(employeeType=active)(sn=*'*))", "dn"]);
    const count = (text: string): number => text.match(/^dn:/gm)?.length ?? 0;
    expect(count(expected)).toBeGreaterThan(0);
    expect([count(found), await rows()]).toEqual([count(expected), count(expected)]);
  });
});

describe("a search continuation reference", () => {
  it("is counted and named in the summary", async () => {
    const dn = `ou=elsewhere,ou=people,${slapd.suffix}`;
    await slapd.modify(
      `dn: ${dn}\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://other.example.com/ou=x\n\n`,
    );
    const { code, stdout } = await work.run(["sync"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ {2}notice {5}ldap:\/\/127\.0\.0\.1:\d+ referred to ldap:\/\/other\.example\.com\/ou=x\S*: not followed/m,
    );
  });
});
