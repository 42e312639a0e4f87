import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { bin, jsonLines, type Workspace, workspace } from "./program.ts";
import { outcomeOf } from "./servers/command.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { dnOf, peopleLdif, person, record, uidOf } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { independentReading, passwords, staffConfig, staffTable } from "./staff.ts";

const people = 100_000;
const activePeople = (count: number): number =>
  Array.from({ length: count }, (_, i) => person(i)).filter(({ active }) => active).length;

/** Runs a sync under GNU time; gives its counts and its largest memory in KiB. */
async function measured(work: Workspace, env: Record<string, string>, args: readonly string[] = ["sync"]) {
  const report = work.path("time");
  const command = ["/usr/bin/time", "-f", "%M", "-o", report, process.execPath, bin, ...args, "--json"];
  const { code, stdout, stderr } = await outcomeOf(command, { cwd: work.folder, env: { ...process.env, ...env } });
  if (code !== 0) throw new Error(stderr);
  const [peak] = (await jsonLines(report)) as [number];
  return { counts: JSON.parse(stdout).counts, peak };
}

describe("100,000 people in a directory that gives 500 at a time", () => {
  let slapd: Slapd;
  let mariadb: Mariadb;
  let work: Workspace;
  let env: Record<string, string>;
  const active = activePeople(people);
  /** Statements that write, as the server counts them, but for those of the lock: each of them changes one row there. */
  const writeStatements = async (): Promise<number> => {
    const names = ["Com_insert", "Com_update", "Com_update_multi", "Com_delete", "Com_replace", "Com_insert_select"];
    const rows = await mariadb.sql(
      `show global status where variable_name in (${names.map((name) => `'${name}'`).join(", ")})`,
    );
    expect(rows).toHaveLength(names.length);
    const locks = await mariadb.sql(
      "select rows_changed as n from information_schema.table_statistics where table_name = 'idm_ldap_sync_lock'",
    );
    return rows.reduce((sum, row) => sum + Number(row.Value), 0) - Number(locks[0]?.n ?? 0);
  };
  const now = async (): Promise<string> => String((await mariadb.sql("select now(6) as now"))[0]?.now);
  const rowsChangedSince = async (time: string): Promise<number> =>
    Number((await mariadb.sql("select count(*) as n from users where changed_at > ?", [time]))[0]?.n);

  beforeAll(async () => {
    slapd = await startSlapd({ people: peopleLdif({ count: people }), sizeLimit: 500 });
    mariadb = await startMariadb({ args: ["--userstat=1"] });
    await mariadb.sql(staffTable);
    work = await workspace();
    await work.configure(staffConfig(slapd, mariadb));
    env = passwords(slapd, mariadb);
  });
  afterAll(async () => {
    await slapd?.stop();
    await mariadb?.stop();
  });

  it("a dry run of the first load counts all the active ones in less than 160 MiB, and leaves the table empty", async () => {
    const before = await writeStatements();
    const { counts, peak: kibibytes } = await measured(work, env, ["dry-run"]);
    expect(counts).toEqual({ ...noCounts, read: active, inserted: active });
    expect(kibibytes).toBeLessThan(160 * 1024);
    expect(await writeStatements()).toBe(before);
    expect(await mariadb.sql("select count(*) as n from users")).toEqual([{ n: 0 }]);
  });

  it("the first load inserts all the active ones, in less than 160 MiB", async () => {
    const { counts, peak: kibibytes } = await measured(work, env);
    expect(counts).toEqual({ ...noCounts, read: active, inserted: active });
    expect(kibibytes).toBeLessThan(160 * 1024);
    expect(await independentReading(slapd, mariadb)).toBe(`${active} people, ${active} rows\n`);
  });

  it("the second run writes nothing, as the database counts it", async () => {
    const before = await writeStatements();
    const { counts, peak: kibibytes } = await measured(work, env);
    expect(counts).toEqual({ ...noCounts, read: active, unchanged: active });
    expect(kibibytes).toBeLessThan(160 * 1024);
    expect(await writeStatements()).toBe(before);
  });

  it("nor does a run that judges who has left, in hardly more memory; nor does it deactivate anybody", async () => {
    const leavers = { action: "deactivate", scope: { created_by: "sync" } };
    await work.configure(staffConfig(slapd, mariadb, { leavers }));
    const before = await writeStatements();
    const { counts, peak: kibibytes } = await measured(work, env);
    expect(counts).toEqual({ ...noCounts, read: active, unchanged: active });
    expect(kibibytes).toBeLessThan(160 * 1024);
    expect(await writeStatements()).toBe(before);
    await work.configure(staffConfig(slapd, mariadb));
  });

  it("after 50 changed, 20 added and 10 renamed entries, exactly those are written", async () => {
    const some = Array.from({ length: 3000 }, (_, i) => i * 31 + 5).filter((i) => person(i).active);
    const changed = some.slice(0, 50);
    const renamed = some.slice(50, 60);
    const added = Array.from({ length: 20 }, (_, i) => people + i);
    const addition = (i: number) =>
      record(`uid=${uidOf(i)},ou=people,${slapd.suffix}`, { ...person(i).attributes, employeeType: ["active"] });
    await slapd.modify(
      [
        ...changed.map(
          (i) =>
            `dn:: ${Buffer.from(dnOf(i)).toString("base64")}\nchangetype: modify\nreplace: title\ntitle: Chief ${i}\n\n`,
        ),
        ...renamed.map(
          (i) =>
            `dn:: ${Buffer.from(dnOf(i)).toString("base64")}\nchangetype: modrdn\nnewrdn: uid=renamed${i}\ndeleteoldrdn: 1\n\n`,
        ),
        ...added.map((i) => addition(i).replace("\n", "\nchangetype: add\n")),
      ].join(""),
    );
    const before = await now();
    const { counts, changes } = await work.json(["sync", "--changes", "changes"], env);
    expect(counts).toEqual({ ...noCounts, read: active + 20, inserted: 20, updated: 60, unchanged: active - 60 });
    expect(await rowsChangedSince(before)).toBe(80);
    const written = changes.map(({ kind, columns }) =>
      kind === "insert"
        ? ["insert", columns.username?.to]
        : [kind, Object.keys(columns), Object.values(columns)[0]?.to],
    );
    const expected = [
      ...changed.map((i) => ["update", ["title"], `Chief ${i}`]),
      ...renamed.map((i) => ["update", ["username"], `renamed${i}`]),
      ...added.map((i) => ["insert", uidOf(i)]),
    ];
    expect(written.map(String).sort()).toEqual(expected.map(String).sort());
    expect(await jsonLines(work.path("changes"))).toEqual(changes);
    expect(await independentReading(slapd, mariadb)).toBe(`${active + 20} people, ${active + 20} rows\n`);
  });

  it("after 1 % changed, a dry run and the sync after it agree in every count and change, and the dry run leaves no trace", async () => {
    const changed = Array.from({ length: people / 100 }, (_, i) => i * 100 + 3).filter(
      (i) => person(i).active && i % 31 !== 5,
    );
    const title = (i: number) =>
      `dn:: ${Buffer.from(dnOf(i)).toString("base64")}\nchangetype: modify\nreplace: title\ntitle: Head ${i}\n\n`;
    await slapd.modify(changed.map(title).join(""));
    const checksum = () => mariadb.sql("checksum table users");
    const before = await checksum();
    const dry = await work.json(["dry-run", "--changes", "dry"], env);
    expect(await checksum()).toEqual(before);
    const real = await work.json(["sync", "--changes", "real"], env);
    expect(real.counts.updated).toBe(changed.length);
    expect([dry.counts, dry.changes, dry.rejects]).toEqual([real.counts, real.changes, real.rejects]);
    expect(await jsonLines(work.path("dry"))).toEqual(await jsonLines(work.path("real")));
    expect(await checksum()).not.toEqual(before);
  });

  /** How much memory first loads take, the median of three: when V8 cleans up is chance, and moves a single one by a tenth. */
  async function firstLoads(from: Slapd, all: number): Promise<number> {
    await work.configure(staffConfig(from, mariadb));
    const peaks: number[] = [];
    for (let load = 0; load < 3; load += 1) {
      await mariadb.sql("drop table users");
      await mariadb.sql(staffTable);
      const { counts, peak: kibibytes } = await measured(work, env);
      expect(counts).toEqual({ ...noCounts, read: all, inserted: all });
      expect(kibibytes).toBeLessThan(160 * 1024);
      peaks.push(kibibytes);
    }
    return peaks.sort((one, other) => one - other)[1] ?? 0;
  }

  it("300,000 people take hardly more memory than 100,000", async () => {
    const [smaller, larger] = (await Promise.all(
      [people, 300_000].map((count) => startSlapd({ people: peopleLdif({ count }), sizeLimit: 500 })),
    )) as [Slapd, Slapd];
    try {
      const fewer = await firstLoads(smaller, active);
      expect(await firstLoads(larger, activePeople(300_000))).toBeLessThan(fewer * 1.1);
    } finally {
      await smaller.stop();
      await larger.stop();
    }
  }, 240_000);
});
