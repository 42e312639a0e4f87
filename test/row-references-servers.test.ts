import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "./staff.ts";

/** References on slapd and MariaDB: two thousand people, each of whom names as manager the one with a tenth of the number. */

const count = 2000;
const people = Array.from({ length: count }, (_, index) => person(index));
const active = people.filter((each) => each.active);
const byDn = new Map(people.map((each) => [each.dn, each]));
const managerOf = (dn: string) => byDn.get(byDn.get(dn)?.attributes.manager?.[0] ?? "");

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count }) });
  mariadb = await startMariadb({ generalLog: true });
  await mariadb.sql(staffTable);
  await mariadb.sql(
    "alter table users add column manager_id int unsigned, add constraint has_manager foreign key (manager_id) references users (id)",
  );
  work = await workspace();
  const { mapping, ...config } = staffConfig(slapd, mariadb);
  await work.configure({ ...config, mapping: { ...mapping, manager_id: { attribute: "manager", reference: "id" } } });
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

const env = () => passwords(slapd, mariadb);

async function managers(): Promise<Record<string, string | null>> {
  const rows = await mariadb.sql(
    "select u.username, m.username as manager from users u left join users m on m.id = u.manager_id",
  );
  return Object.fromEntries(rows.map(({ username, manager }) => [username, manager]));
}

/** By the people as they were made. */
const expected = Object.fromEntries(
  active.map(({ dn, uid }) => {
    const manager = managerOf(dn);
    return [uid, manager?.active ? manager.uid : null];
  }),
);
const without = active.filter(({ dn }) => managerOf(dn)?.active === false);
const withManager = active.filter(({ dn }) => managerOf(dn)?.active);

/** Somebody whose manager is active, and somebody whose manager is not. */
const led = withManager[20] ?? person(0);
const left = without[0] ?? person(0);

describe("references of two thousand people", () => {
  it("find the manager's row of one person alone, which an earlier run wrote", async () => {
    const manager = managerOf(led.dn);
    await work.here(["sync", "--filter", `(uid=${manager?.uid})`], env());
    const { counts, notices } = await work.here(["sync", "--filter", `(|(uid=${led.uid})(uid=${left.uid}))`], env());
    expect([counts.inserted, notices]).toEqual([
      2,
      [
        `manager_id is NULL of 1 user who names in manager an entry that is not synchronised: ${managerOf(left.dn)?.dn}`,
      ],
    ]);
    expect(await managers()).toMatchObject({ [led.uid]: manager?.uid, [left.uid]: null });
    await mariadb.sql("update users set manager_id = null");
    await mariadb.sql("delete from users");
  });

  it("are foretold, written in one run, and unchanged in the next", async () => {
    const dry = await work.here(["dry-run"], env());
    const wet = await work.here(["sync", "--limit", "10000"], env());
    const all = { inserted: active.length, updated: 0, unchanged: 0, rejected: 0 };
    expect([dry.code, wet.code]).toEqual([0, 0]);
    expect(dry.counts).toMatchObject(all);
    expect(wet.counts).toEqual(dry.counts);
    expect(wet.changes.filter(({ kind }) => kind === "update")).toHaveLength(withManager.length);
    expect(wet.notices).toEqual([expect.stringMatching(`^manager_id is NULL of ${without.length} users who name`)]);
    expect(await managers()).toEqual(expected);
    const before = (await mariadb.generalLog()).length;
    const again = await work.here(["sync"], env());
    expect([again.counts.unchanged, again.changes]).toEqual([active.length, []]);
    const statements = (await mariadb.generalLog()).slice(before);
    expect(statements).not.toMatch(/(?:update|insert into) `users`/i);
    // Of each batch the rows, and then those of its managers who were not looked up before.
    const batches = Math.ceil(active.length / 500);
    expect(statements.match(/left join `users`/gi)?.length).toBeLessThanOrEqual(2 * batches);
  });

  it("are shown in a preview as one change with the rest of a new row", async () => {
    const { dn, uid } = led;
    await mariadb.sql(
      "update users set manager_id = null where manager_id in (select * from (select id from users where username = ?) u)",
      [uid],
    );
    await mariadb.sql("delete from users where username = ?", [uid]);
    const { stdout } = await work.run(["dry-run", "--filter", `(uid=${uid})`], env());
    const [manager] = await mariadb.sql("select id from users where username = ?", [managerOf(dn)?.uid ?? ""]);
    expect(stdout).toMatch(new RegExp(`New \\(1\\)[^]*manager_id +"${manager?.id}" +manager\n`));
    expect(stdout).not.toContain("Changed (");
    await work.run(["sync"], env());
    expect(await managers()).toEqual(expected);
  });

  it("are followed by explain, from the DN to the row, or to where it ends", async () => {
    const manager = managerOf(led.dn);
    const explained = await work.run(["explain", led.dn], env());
    expect(explained.stdout).toMatch(
      new RegExp(
        `manager_id +"\\d+" +manager "${manager?.dn}" \\| row with external_id "[0-9a-f-]{36}" \\| id "\\d+"\n`,
      ),
    );
    expect(explained.stdout).toContain("would write nothing");
    const ended = await work.run(["explain", left.dn], env());
    expect(ended.stdout).toMatch(
      new RegExp(`manager_id +NULL +manager "${managerOf(left.dn)?.dn}" \\| it is not active: NULL\n`),
    );
    await mariadb.sql("update users set manager_id = null where username = ?", [led.uid]);
    const { stdout } = await work.run(["explain", led.dn], env());
    expect(stdout).toMatch(/\* manager_id +NULL → "\d+"/);
    expect(stdout).toContain("would update the row: manager_id");
  });

  it("are left out of a check's trial, which warns where the attribute holds no DN", async () => {
    const { stdout } = await work.run(["check"], env());
    expect(stdout).not.toContain("no DN");
    const { mapping, ...config } = staffConfig(slapd, mariadb);
    const own = await workspace();
    await own.configure({ ...config, mapping: { ...mapping, manager_id: { attribute: "mail", reference: "id" } } });
    const checked = await own.run(["check"], env());
    expect(checked.stdout).toMatch(
      /warning +values.* entries have in mail what is no DN, such as ".*": manager_id would be NULL/,
    );
  });

  it.each([
    ["a column that is not there", "idd", 'mapping.manager_id.reference: the table users has no column "idd"'],
    [
      "a date",
      "changed_at",
      "mapping.manager_id.reference: users.changed_at is of type timestamp(6), manager_id of type int(10) unsigned",
    ],
  ])("to %s are refused before anything is read", async (_, reference, message) => {
    const { mapping, ...config } = staffConfig(slapd, mariadb);
    const own = await workspace();
    await own.configure({ ...config, mapping: { ...mapping, manager_id: { attribute: "manager", reference } } });
    for (const command of ["sync", "check"]) {
      const { code, stdout, stderr } = await own.run([command], env());
      expect([code, `${stdout}${stderr}`]).toEqual([2, expect.stringContaining(message)]);
    }
  });
});
