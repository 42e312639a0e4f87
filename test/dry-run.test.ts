import { readFile, writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { base, fileConfig, fileWorkspace, jsonLines, ldif, sqlite, type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person, uidOf } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { dump, passwords, staffConfig, staffTable } from "./staff.ts";

const anna = {
  "uid=anna": { uid: ["anna"], mail: ["Anna@Example.com "], displayName: ["Anna Åberg"], entryUUID: ["id-anna"] },
};
const bert = {
  "uid=bert": { uid: ["bert"], mail: ["bert@example.com"], displayName: ["Bert 花子"], entryUUID: ["id-bert"] },
};
const carl = { "uid=carl": { uid: ["carl"], mail: ["bert@example.com"], entryUUID: ["id-carl"] } };
const rowsIn = (work: Workspace) => sqlite(work.path("idm.sqlite"), "select * from users order by id");
const normal = (work: Workspace, text: string): string =>
  text
    .replaceAll(work.folder, ".")
    .replace(/\([\d.]+ m?s\)/, "(TIME)")
    .replace(/SQLite [\d.]+/, "SQLite");

describe("a dry run shows people", () => {
  it("who is new, changed and rejected, old beside new and what fills each column, and what to run next", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    await work.run(["sync"]);
    sqlite(work.path("idm.sqlite"), "delete from users where username = 'bert'");
    const married = {
      "uid=anna": { ...anna["uid=anna"], mail: ["anna.oberg@example.com"], displayName: ["Anna Öberg"] },
    };
    await writeFile(work.path("people.ldif"), ldif({ ...married, ...bert, ...carl }));
    const before = rowsIn(work);
    const { code, stdout, stderr } = await work.run(["dry-run", "--allow-empty"]);
    expect(code).toBe(3);
    expect(normal(work, stdout)).toBe(`dry-run default: nothing was written; some entries would be rejected (TIME)
  from       file:./people.ldif ${base}
  filter     (&(objectClass=inetOrgPerson)(employeeType=active))
  active     (employeeType=active)
  into       users in ./idm.sqlite (SQLite)
  end state  state = "active"
  effect     nothing is written, the connection is read-only

New (1)
  + bert  uid=bert,${base}
      username      "bert"              uid
      external_id   "id-bert"           entryUUID
      email         "bert@example.com"  mail
      display_name  "Bert 花子"         displayName
      created_by    "sync"              value "sync"
      state         "active"            state.active

Changed (1)
  ~ anna  uid=anna,${base}
      email         "anna@example.com" → "anna.oberg@example.com"  mail
      display_name  "Anna Åberg"       → "Anna Öberg"              displayName

Leaving  not judged: leavers.action is "ignore", rows without an active entry are left as they are

Rejected (1)
  ! uid=carl,${base}
      email "bert@example.com" already belongs to the row with username "bert" (uid=bert,${base})

  3 active entries read
  1 would be inserted
  1 would be updated
  0 unchanged
  1 would be rejected

a rejected entry is left out until its reason is mended; to write these 2 changes: idm-ldap-sync sync --allow-empty
`);
    expect(stderr).toMatch(/^dry-run default: from file:.* into users in .*\n$/);
    expect(rowsIn(work)).toEqual(before);
  });

  it("that there is nothing to do, and is quiet about it where asked to be", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    const { code, stdout } = await work.run(["dry-run", "--exit-code"]);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining("\nnothing to do: what was read is in the table as it should be\n"),
    ]);
    expect(await work.run(["dry-run", "--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("as many changes as --limit says, of each kind its part, and counts all", async () => {
    const people = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`] }]));
    const work = await fileWorkspace(people);
    await work.run(["sync"]);
    sqlite(
      work.path("idm.sqlite"),
      "delete from users where id <= 12; update users set display_name = 'x' where id > 17",
    );
    const { stdout } = await work.run(["dry-run", "--limit", "5"]);
    const shown = stdout.split("\n").filter((line) => /^ {2}[+~] /.test(line));
    expect(shown.map((line) => line.slice(0, 5))).toEqual(["  + p", "  + p", "  + p", "  ~ p", "  ~ p"]);
    expect(stdout).toContain("New (12)");
    expect(stdout).toContain("  and 9 more: --limit N shows more, --changes FILE and --report FILE.html hold all");
    expect(stdout).toContain("Changed (3)");
    const document = await work.here(["dry-run", "--limit", "5"]);
    expect([document.changes.length, document.counts]).toEqual([
      5,
      { ...noCounts, read: 20, inserted: 12, updated: 3, unchanged: 5 },
    ]);
  });

  it("long values folded in the middle, and no character that moves the cursor", async () => {
    const name = `${"long ".repeat(30)}\u001b[2J\u202eend`;
    const work = await fileWorkspace({ "uid=anna": { uid: ["anna"], displayName: [name] } });
    const { stdout } = await work.run(["dry-run"]);
    expect(stdout).toMatch(/display_name {2}"long long [long ]*…[long ]*\\u\{1b\}\[2J\\u\{202e\}end"/);
    expect(stdout).not.toMatch(/\p{Cf}|(?!\n)\p{Cc}/u);
  });
});

describe("a dry run for machines", () => {
  it("gives the same document and files as the sync after it, but for the name of the command", async () => {
    const work = await fileWorkspace({ ...anna, ...bert, ...carl }, { batchSize: 1 });
    const files = (of: string) => ["--changes", `${of}.changes`, "--rejects", `${of}.rejects`];
    const dry = await work.here(["dry-run", ...files("dry")]);
    const real = await work.here(["sync", ...files("real")]);
    const run = { runId: "", startedAt: "", finishedAt: "", durationMs: 0, command: "" };
    expect([dry.command, real.command, dry.code]).toEqual(["dry-run", "sync", 3]);
    expect({ ...dry, ...run }).toEqual({ ...real, ...run });
    for (const file of ["changes", "rejects"]) {
      expect(await jsonLines(work.path(`dry.${file}`))).toEqual(await jsonLines(work.path(`real.${file}`)));
    }
  });

  it.each<[string, readonly string[], number]>([
    ["changes are pending", ["--exit-code"], 10],
    ["changes are pending and not asked for", [], 0],
    ["one person has changes pending", ["--exit-code", "--filter", "(uid=anna)"], 10],
    ["nobody is looked at", ["--exit-code", "--filter", "(uid=nobody)"], 0],
  ])("exits as it should where %s", async (_, args, code) => {
    const work = await fileWorkspace({ ...anna, ...bert });
    expect((await work.run(["dry-run", ...args])).code).toBe(code);
  });

  it("exits with 10 where changes are pending and some entries are rejected", async () => {
    const work = await fileWorkspace({ ...bert, ...carl });
    const { code, outcome } = await work.here(["dry-run", "--exit-code"]);
    expect([code, outcome]).toEqual([10, "partial"]);
  });
});

describe("the page of a dry run", () => {
  /** A record as far as these tests look at it. */
  type PageRecord = readonly [name: string, data: { raw?: object; reactivated?: boolean } & Record<string, unknown>];

  /** The data of a page, as its script reads them. */
  async function dataOf(work: Workspace, file: string) {
    const html = await readFile(work.path(file), "utf8");
    const blocks = [...html.matchAll(/<script type="application\/json" data-name="(\w+)">([\s\S]*?)<\/script>/g)];
    const of = (name: string) => blocks.filter(([, each]) => each === name).map(([, , json = ""]) => JSON.parse(json));
    return { header: of("header")[0], records: of("records").flat() as PageRecord[], end: of("end")[0] };
  }

  it("holds the changes and rejects of the document, with the values that the directory sent", async () => {
    const work = await fileWorkspace({ ...anna, ...bert, ...carl });
    const args = ["--config", ".syncrc.json", "--report", "preview.html"];
    const document = await work.here(["dry-run", ...args]);
    const { header, records, end } = await dataOf(work, "preview.html");
    const of = (name: string) => records.filter(([each]) => each === name).map(([, data]) => data);
    expect(of("changes").map(({ raw: _, reactivated: __, chosen: ___, ...change }) => change)).toEqual(
      document.changes,
    );
    expect(of("changes")[0]?.raw).toEqual({
      uid: ["anna"],
      entryuuid: ["id-anna"],
      mail: ["Anna@Example.com "],
      displayname: ["Anna Åberg"],
    });
    expect(of("rejects")).toEqual(document.rejects);
    expect([end.outcome, end.counts]).toEqual(["partial", document.counts]);
    expect([header.next, header.effect, header.leavers]).toEqual([
      "idm-ldap-sync sync --config .syncrc.json",
      "nothing is written, the connection is read-only",
      "ignore",
    ]);
  });

  it("is whole and says why where the run fails, and is replaced by the next one", async () => {
    const work = await fileWorkspace(anna);
    await writeFile(work.path("people.ldif"), "no LDIF");
    const failed = await work.here(["dry-run", "--report", "preview.html"]);
    const first = await dataOf(work, "preview.html");
    expect([failed.code, first.end.outcome, first.end.error.message]).toEqual([1, "failed", failed.error?.message]);
    await writeFile(work.path("people.ldif"), ldif(anna));
    expect((await work.here(["dry-run", "--report", "preview.html"])).code).toBe(0);
    expect((await dataOf(work, "preview.html")).records).toHaveLength(1);
  });

  it("ends with exit code 1 where it cannot be finished, after the result", async () => {
    const work = await fileWorkspace(anna);
    const { code, stdout, stderr } = await work.run(["dry-run", "--report", "/dev/full"]);
    expect(code).toBe(1);
    expect(stdout + stderr).toMatch(/error: --report: cannot write to \/dev\/full: ENOSPC/);
  });

  it.each<[string, readonly string[], string]>([
    [
      "a file that is not one of its own",
      ["--report", "people.ldif"],
      "people.ldif exists and is not a file that this option wrote",
    ],
    ["a folder that is not there", ["--report", "no/folder/file.html"], "--report: cannot write to"],
    ["the file of another option", ["--changes", "x", "--report", "./x"], "--changes and --report: both name ./x"],
  ])("is refused as %s", async (_, args, words) => {
    const work = await fileWorkspace(anna);
    const { code, stderr } = await work.run(["dry-run", ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(words)]);
    expect(await readFile(work.path("people.ldif"), "utf8")).toBe(ldif(anna));
  });
});

describe("a dry run of a sync that a limit refuses", () => {
  const people = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`] }]));

  it("shows the plan, refuses it in the words of the sync, and names the way to raise the limit", async () => {
    const work = await fileWorkspace(people, { limits: { insert: { max: 10 } }, batchSize: 5 });
    const dry = await work.here(["dry-run"]);
    const real = await work.here(["sync"]);
    expect([dry.code, dry.outcome, dry.error]).toEqual([real.code, "refused", real.error]);
    expect([dry.counts, real.counts]).toEqual([{ ...noCounts, read: 12, inserted: 12 }, noCounts]);
    const { stdout } = await work.run(["dry-run"]);
    expect(stdout).toMatch(/^dry-run default: nothing was written; a sync would be refused \(/);
    expect((await work.here(["dry-run", "--max-insert", "12"])).code).toBe(0);
  });

  it("refuses an empty directory as the sync does", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    await writeFile(work.path("people.ldif"), ldif({}));
    const dry = await work.here(["dry-run"]);
    expect([dry.code, dry.error]).toEqual([4, (await work.here(["sync"])).error]);
  });

  it("counts as rejects, and not against the limit of new rows, who would be rejected", async () => {
    const same = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [
        `uid=p${i}`,
        { uid: [`p${i}`], mail: [i < 8 ? "same@example.com" : `${i}@example.com`] },
      ]),
    );
    const work = await fileWorkspace(same, { limits: { insert: { max: 5 } } });
    const dry = await work.here(["dry-run"]);
    const real = await work.here(["sync"]);
    expect([dry.code, dry.counts]).toEqual([3, { ...noCounts, read: 12, inserted: 5, rejected: 7 }]);
    expect(real.counts).toEqual(dry.counts);
  });
});

describe("what the database alone knows", () => {
  const table = `drop table users; create table teams (id text primary key); create table users (
    username text primary key, email text check (email like '%@%'), team text references teams (id), state text)`;
  const changes = {
    mapping: { username: "uid", email: "mail", team: "ou" },
  };
  const people = {
    "uid=anna": { uid: ["anna"], mail: ["anna@example.com"] },
    "uid=bert": { uid: ["bert"], mail: ["no address"] },
    "uid=carl": { uid: ["carl"], ou: ["nowhere"] },
  };

  it("is warned of by a dry run, and tried by --verify, which writes nothing either", async () => {
    const work = await fileWorkspace(people, changes);
    sqlite(work.path("idm.sqlite"), table);
    const { code, stderr } = await work.run(["dry-run"]);
    expect([code, stderr]).toEqual([
      0,
      expect.stringContaining(
        "warning: what the check constraint of the table, the foreign key on team would refuse is not foreseen: --verify lets the database try every batch\n",
      ),
    ]);
    const verified = await work.here(["dry-run", "--verify"]);
    expect(sqlite(work.path("idm.sqlite"), "select * from users")).toEqual([]);
    const { stdout, stderr: said } = await work.run(["dry-run", "--verify"]);
    expect(stdout).toContain("  effect     every batch is executed in a transaction and rolled back (--verify)\n");
    expect(said).not.toContain("warning");
    const real = await work.here(["sync"]);
    expect([verified.counts, verified.rejects]).toEqual([real.counts, real.rejects]);
    expect(real.rejects.map(({ key, reason }) => [key, reason])).toEqual([
      ["bert", expect.stringMatching(/^the database refused the row: CHECK constraint failed/)],
      ["carl", "the database refused the row: FOREIGN KEY constraint failed"],
    ]);
  });
});

describe("a dry run into MariaDB", () => {
  let slapd: Slapd;
  let mariadb: Mariadb;
  let work: Workspace;
  let env: Record<string, string>;
  const active = Array.from({ length: 1200 }, (_, i) => person(i)).filter((each) => each.active).length;

  beforeAll(async () => {
    slapd = await startSlapd({ people: peopleLdif({ count: 1200 }) });
    mariadb = await startMariadb({ generalLog: true });
    await mariadb.sql(staffTable);
    work = await workspace();
    await work.configure(staffConfig(slapd, mariadb));
    env = passwords(slapd, mariadb);
  });
  afterAll(async () => {
    await slapd?.stop();
    await mariadb?.stop();
  });

  /** The statements that the server got meanwhile, by their first word. */
  async function statementsOf(work: () => Promise<unknown>): Promise<ReadonlyMap<string, number>> {
    const before = (await mariadb.generalLog()).length;
    await work();
    const words = new Map<string, number>();
    for (const [, sql = ""] of (await mariadb.generalLog()).slice(before).matchAll(/ (?:Query|Execute)\t(.*)/g)) {
      const word = /^\w+/.exec(sql.trim())?.[0]?.toLowerCase() ?? "";
      words.set(word, (words.get(word) ?? 0) + 1);
    }
    return words;
  }
  const addPhone = async (text: string) =>
    slapd.modify(
      [11, 222, 333]
        .map(
          (i) =>
            `dn: uid=${uidOf(i)},ou=people,${slapd.suffix}\nchangetype: modify\nreplace: title\ntitle: ${text}\n\n`,
        )
        .join(""),
    );

  it("sends the server no statement but those that read, on a connection that refuses the others", async () => {
    const log = (await mariadb.generalLog()).length;
    const seen = await statementsOf(async () => {
      const { code, counts } = await work.here(["dry-run"], env);
      expect([code, counts]).toEqual([0, { ...noCounts, read: active, inserted: active }]);
    });
    expect([...seen.keys()].sort()).toEqual(["select", "set", "show"]);
    expect((await mariadb.generalLog()).slice(log)).toContain("set session transaction read only");
    expect(await mariadb.sql("select count(*) as n from users")).toEqual([{ n: 0 }]);
  });

  it("needs no more than the right to read", async () => {
    await mariadb.sql("create user reader@'%' identified by 'reader-secret'; grant select on idm.users to reader@'%'");
    await work.configure(staffConfig(slapd, { ...mariadb, user: "reader" }));
    const reader = { ...env, DB_PASSWORD: "reader-secret" };
    const { code, counts } = await work.here(["dry-run"], reader);
    const { stderr } = await work.run(["dry-run"], reader);
    await work.configure(staffConfig(slapd, mariadb));
    expect([code, counts]).toEqual([0, { ...noCounts, read: active, inserted: active }]);
    expect(stderr.match(/^warning: .*$/gm)).toEqual([
      "warning: the user has no INSERT on users: a sync as this user would fail",
      "warning: the user has no UPDATE on users: a sync as this user would fail",
    ]);
  });

  it("knows checks and foreign keys of a table that it may only read, and says that it may not see its triggers", async () => {
    await mariadb.sql(`create table towns (name varchar(100) primary key);
      create table odd (username varchar(64) primary key, email varchar(191) check (email <> 'x'), town varchar(100),
        data longtext check (json_valid(data)), constraint \`a check\` check (town <> 'y'),
        constraint of_town foreign key (town) references towns (name));
      create table cards (email varchar(191), key (email));
      grant select on idm.* to reader@'%'`);
    await mariadb.sql("alter table odd add unique key (email)");
    await mariadb.sql("alter table cards add constraint of_owner foreign key (email) references odd (email)");
    const config = staffConfig(slapd, { ...mariadb, user: "reader" }, { state: undefined });
    const mapping = { username: "uid", email: "mail", town: "l" };
    await work.configure({ ...config, mapping, target: { ...config.target, table: "odd", matchKey: "username" } });
    const { stdout, stderr } = await work.run(["dry-run"], { ...env, DB_PASSWORD: "reader-secret" });
    await work.configure(staffConfig(slapd, mariadb));
    expect(stderr).toContain(
      "what the check constraint of email, the check constraint a check, the foreign key of_town, the foreign key cards.of_owner that points here would refuse is not foreseen",
    );
    expect(stdout).toContain(
      "  effect     nothing is written, the connection is read-only; triggers are not foreseen, because this user may not see them\n",
    );
  });

  it("with --verify executes every batch and rolls every one back", async () => {
    const batches = Math.ceil(active / 500);
    const seen = await statementsOf(async () => {
      const { code, counts } = await work.here(["dry-run", "--verify"], env);
      expect([code, counts]).toEqual([0, { ...noCounts, read: active, inserted: active }]);
    });
    expect([seen.get("insert"), seen.get("rollback"), seen.get("commit")]).toEqual([batches, batches, undefined]);
    expect(await mariadb.sql("select count(*) as n from users")).toEqual([{ n: 0 }]);
  });

  it("says of the next sync what that one does, and changes nothing in the table", async () => {
    await work.here(["sync"], env);
    await addPhone("Chief");
    const before = [await dump(mariadb), await mariadb.sql("checksum table users")];
    const dry = await work.here(["dry-run"], env);
    expect([await dump(mariadb), await mariadb.sql("checksum table users")]).toEqual(before);
    const real = await work.here(["sync"], env);
    expect(real.counts.updated).toBeGreaterThan(0);
    expect([dry.counts, dry.changes, dry.rejects]).toEqual([real.counts, real.changes, real.rejects]);
  });

  it("warns where the server lets nobody write", async () => {
    await mariadb.sql("set global read_only = 1");
    const { warnings } = await work.here(["dry-run"], env);
    await mariadb.sql("set global read_only = 0");
    expect(warnings).toEqual(["the server is read-only (read_only is on): a sync would fail"]);
  });

  it("knows that an ENUM without a default takes its first member", async () => {
    await mariadb.sql("alter table users add column kind enum('person', 'machine') not null");
    await mariadb.sql("delete from users where username < 'u000010'");
    const dry = await work.here(["dry-run"], env);
    const real = await work.here(["sync"], env);
    await mariadb.sql("alter table users drop column kind");
    expect(real.counts.inserted).toBeGreaterThan(0);
    expect([dry.code, dry.warnings, dry.counts]).toEqual([0, [], real.counts]);
  });

  it("says in a failure that nothing was written, and not that anything stands", async () => {
    await slapd.kill();
    const { code, stdout, stderr } = await work.run(["dry-run"], env);
    await slapd.restart();
    expect([code, stdout]).toEqual([1, expect.stringMatching(/^dry-run staff: failed; nothing was written \(/)]);
    expect(stderr).toMatch(/error: ldap:\/\/127\.0\.0\.1:\d+ refused the connection/);
    expect(stderr).not.toContain("stand");
  });
});

it("a dry run does not make a database file that is not there", async () => {
  const work = await fileWorkspace(anna);
  await work.configure(
    fileConfig({
      target: { client: "sqlite", connection: { filename: "no.sqlite" }, table: "users", matchKey: "username" },
    }),
  );
  const { code, stderr } = await work.run(["dry-run"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("no.sqlite does not exist")]);
  await expect(readFile(work.path("no.sqlite"))).rejects.toThrow("ENOENT");
});
