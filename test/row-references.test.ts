import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { type Attributes, base, jsonLines, ldif, type Workspace, workspace } from "./program.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

const databases = [
  { name: "MariaDB", start: mariadbDatabase, id: "int unsigned auto_increment primary key", number: "int unsigned" },
  { name: "SQLite", start: sqliteDatabase, id: "integer primary key", number: "integer" },
] as const;

const dnOf = (uid: string): string => `uid=${uid},${base}`;

type People = Readonly<Record<string, Attributes>>;

/** People by user name, each with the DN of a manager or none. */
const staff = (managers: Readonly<Record<string, string | undefined>>): People =>
  Object.fromEntries(
    Object.entries(managers).map(([uid, manager]) => [
      `uid=${uid}`,
      { uid: [uid], ...(manager && { manager: [manager] }) },
    ]),
  );

const inactive = (people: People, uid: string): People => ({
  ...people,
  [`uid=${uid}`]: { ...people[`uid=${uid}`], employeeType: ["gone"] },
});

describe.each(databases)("references in $name", ({ start, id, number }) => {
  let database: TestDatabase;
  let work: Workspace;
  let config: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    database = await start();
    work = await workspace();
    await database.sql(
      `create table users (id ${id}, username varchar(64) not null unique, title varchar(20), external_id varchar(36) unique,
         manager_id ${number}, constraint has_manager foreign key (manager_id) references users (id))`,
    );
    const { timeoutMs: _, ...target } = database.config("users", "username");
    config = {
      source: {
        url: "file:people.ldif",
        baseDn: base,
        filter: "(objectClass=inetOrgPerson)",
        active: "(employeeType=active)",
      },
      target,
      mapping: { username: "uid", title: "title", manager_id: { attribute: "manager", reference: "id" } },
    };
  });
  afterAll(() => database?.stop());
  beforeEach(async () => {
    await database.sql("update users set manager_id = null");
    await database.sql("delete from users");
    await work.configure(config);
  });

  const write = (people: People) => writeFile(work.path("people.ldif"), ldif(people));

  /** Who has whom as a manager in the table. */
  const managers = async (): Promise<Record<string, unknown>> => {
    const rows = await database.sql(
      "select u.username, m.username as manager from users u left join users m on m.id = u.manager_id order by u.username",
    );
    return Object.fromEntries(rows.map(({ username, manager }) => [String(username), manager]));
  };

  const idOf = async (username: string): Promise<string> =>
    String((await database.sql("select id from users where username = ?", [username]))[0]?.id);

  it("lead to the row of the entry, wherever in the read it comes: later ones, circles, oneself", async () => {
    await write(
      staff({ a: dnOf("z"), b: dnOf("c"), c: dnOf("b"), self: dnOf("self"), top: undefined, z: dnOf("top") }),
    );
    const { counts, changes, notices, ...rest } = await work.here(["sync", "--batch-size", "2"]);
    expect([rest.code, counts, notices]).toEqual([0, { ...noCounts, read: 6, inserted: 6 }, []]);
    expect(await managers()).toEqual({ a: "z", b: "c", c: "b", self: "self", top: null, z: "top" });
    expect(changes.filter(({ key }) => key === "a")).toEqual([
      {
        kind: "insert",
        key: "a",
        dn: dnOf("a"),
        columns: {
          username: { from: null, to: "a" },
          title: { from: null, to: null },
          manager_id: { from: null, to: null },
        },
      },
      { kind: "update", key: "a", dn: dnOf("a"), columns: { manager_id: { from: null, to: await idOf("z") } } },
    ]);
    const second = await work.here(["sync"]);
    expect([second.counts, second.changes]).toEqual([{ ...noCounts, read: 6, unchanged: 6 }, []]);
  });

  it("compare DNs by what they mean, however they are written", async () => {
    const spellings = [
      "UID=BOSS,OU=People,DC=Example,DC=COM",
      " uid = boss , ou = people,  dc=example , dc=com ",
      "uid=\\62oss,ou=p\\65ople,dc=example,dc=com",
      "uid=#0404626F7373,ou=people,dc=example,dc=com",
      'uid="boss";ou=people;dc=example;dc=com',
      "0.9.2342.19200300.100.1.1=boss,2.5.4.11=people,0.9.2342.19200300.100.1.25=example,DC=com",
    ];
    const people = staff(Object.fromEntries(spellings.map((spelling, at) => [`p${at}`, spelling])));
    await write({ ...people, ...staff({ boss: undefined }) });
    expect((await work.here(["sync"])).notices).toEqual([]);
    const expected = spellings.map((_, at) => [`p${at}`, "boss"]);
    expect(await managers()).toEqual({ ...Object.fromEntries(expected), boss: null });
  });

  it("are NULL where the entry is not synchronised, which is counted and told with names", async () => {
    const people = inactive(
      staff({
        a: dnOf("nobody"),
        b: dnOf("retired"),
        c: "no DN at all",
        d: dnOf("x"),
        retired: undefined,
        x: undefined,
      }),
      "retired",
    );
    await write({ ...people, "uid=x": { uid: ["x"], title: ["longer than the twenty characters that it may have"] } });
    const { counts, notices, code, unresolved } = await work.here(["sync"]);
    const rejected = database.title.endsWith(".sqlite") ? 0 : 1;
    expect([code, counts]).toEqual([
      rejected === 1 ? 3 : 0,
      { ...noCounts, read: 5, inserted: 5 - rejected, rejected },
    ]);
    expect(notices).toEqual([
      rejected === 1
        ? `manager_id is NULL of 4 users who name in manager an entry that is not synchronised: ${dnOf("nobody")} and ${dnOf("retired")} and no DN at all and others`
        : `manager_id is NULL of 3 users who name in manager an entry that is not synchronised: ${dnOf("nobody")} and ${dnOf("retired")} and no DN at all`,
    ]);
    expect(unresolved[0]).toEqual({
      dn: dnOf("a"),
      key: "a",
      column: "manager_id",
      refersTo: dnOf("nobody"),
    });
    expect((await work.here(["sync"])).changes).toEqual([]);
  });

  it("count somebody whose manager alone changed as updated, and follow who leaves, is moved or is named no more", async () => {
    await write(staff({ a: dnOf("boss"), b: dnOf("boss"), boss: undefined, c: undefined }));
    await work.run(["sync"]);
    await write(staff({ a: dnOf("c"), b: undefined, boss: undefined, c: undefined }));
    const moved = await work.here(["sync"]);
    expect(moved.counts).toEqual({ ...noCounts, read: 4, updated: 2, unchanged: 2 });
    expect(moved.changes).toEqual([
      {
        kind: "update",
        key: "a",
        dn: dnOf("a"),
        columns: { manager_id: { from: await idOf("boss"), to: await idOf("c") } },
      },
      { kind: "update", key: "b", dn: dnOf("b"), columns: { manager_id: { from: await idOf("boss"), to: null } } },
    ]);
    await write({
      ...staff({ a: `cn=new name,ou=elsewhere,${base}` }),
      "cn=new name,ou=elsewhere": { uid: ["c"], cn: ["new name"] },
    });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 2, unchanged: 2 });
    expect(await managers()).toMatchObject({ a: "c" });
    await write(inactive(staff({ a: dnOf("c"), c: undefined }), "c"));
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 1, updated: 1 });
    expect(await managers()).toMatchObject({ a: null });
  });

  it("count somebody whose row changed beside the manager once", async () => {
    await write(staff({ a: undefined, boss: undefined }));
    await work.run(["sync"]);
    await write({ "uid=a": { uid: ["a"], title: ["Ms"], manager: [dnOf("boss")] }, ...staff({ boss: undefined }) });
    const { counts, changes } = await work.here(["sync", "--changes", "changes.jsonl"]);
    expect(counts).toEqual({ ...noCounts, read: 2, updated: 1, unchanged: 1 });
    expect(changes.map(({ columns }) => Object.keys(columns))).toEqual([["title"], ["manager_id"]]);
    expect(await jsonLines(work.path("changes.jsonl"))).toEqual(changes);
  });

  it("of one person alone find the manager in the directory, and the row that an earlier run wrote", async () => {
    const people = inactive(
      staff({
        a: "UID=Boss, OU=people, DC=example,DC=com",
        b: dnOf("retired"),
        c: dnOf("new"),
        boss: undefined,
        retired: undefined,
      }),
      "retired",
    );
    await write(people);
    await work.run(["sync", "--filter", "(|(uid=boss)(uid=retired))"]);
    await write({ ...people, ...staff({ new: undefined }) });
    const filter = (uid: string) => ["sync", "--filter", `(uid=${uid})`];
    const [a, b, c] = [await work.here(filter("a")), await work.here(filter("b")), await work.here(filter("c"))];
    expect([a.counts, a.notices]).toEqual([{ ...noCounts, read: 1, inserted: 1 }, []]);
    expect([b.counts, b.notices.length]).toEqual([{ ...noCounts, read: 1, inserted: 1 }, 1]);
    expect([c.counts, c.notices.length]).toEqual([{ ...noCounts, read: 1, inserted: 1 }, 1]);
    expect(await managers()).toEqual({ a: "boss", b: null, boss: null, c: null });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 5, inserted: 1, updated: 1, unchanged: 3 });
    expect(await managers()).toEqual({ a: "boss", b: null, boss: null, c: "new", new: null });
  });

  it("are foretold by a dry run, but for the numbers that only the database gives", async () => {
    await write(staff({ a: undefined, b: dnOf("old"), old: undefined }));
    await work.run(["sync"]);
    const old = await idOf("old");
    await write(staff({ a: dnOf("new"), b: dnOf("a"), new: dnOf("old"), newer: dnOf("new"), old: dnOf("old") }));
    const dry = await work.here(["dry-run"]);
    const verified = await work.here(["dry-run", "--verify"]);
    const wet = await work.here(["sync"]);
    expect(dry.counts).toEqual({ ...noCounts, read: 5, inserted: 2, updated: 3 });
    expect([verified.counts, wet.counts]).toEqual([dry.counts, dry.counts]);
    const known = (changes: typeof dry.changes, id: string) =>
      JSON.parse(JSON.stringify(changes).replaceAll(`"${id}"`, '"(id of the new row new)"'));
    expect(dry.changes).toEqual(known(wet.changes, await idOf("new")));
    expect(verified.changes).toEqual(dry.changes);
    expect(dry.changes.filter(({ columns }) => columns.manager_id?.to)).toEqual([
      {
        kind: "update",
        key: "a",
        dn: dnOf("a"),
        columns: { manager_id: { from: null, to: "(id of the new row new)" } },
      },
      { kind: "update", key: "b", dn: dnOf("b"), columns: { manager_id: { from: old, to: await idOf("a") } } },
      { kind: "update", key: "old", dn: dnOf("old"), columns: { manager_id: { from: null, to: old } } },
      { kind: "update", key: "new", dn: dnOf("new"), columns: { manager_id: { from: null, to: old } } },
      {
        kind: "update",
        key: "newer",
        dn: dnOf("newer"),
        columns: { manager_id: { from: null, to: "(id of the new row new)" } },
      },
    ]);
  });

  it("count in the limits: a manager who changes is a changed row, and nothing is written beyond", async () => {
    await write(staff({ a: dnOf("boss"), b: dnOf("boss"), boss: undefined }));
    await work.run(["sync"]);
    await write(staff({ a: dnOf("b"), b: dnOf("a"), boss: undefined }));
    await work.configure({ ...config, limits: { update: { max: 1 } } });
    const refused = await work.here(["sync"]);
    expect([refused.code, refused.error?.message]).toEqual([
      4,
      "the run would write 2 changed rows, the limit is 1: nothing was written",
    ]);
    expect(await managers()).toEqual({ a: "boss", b: "boss", boss: null });
    expect((await work.here(["dry-run"])).code).toBe(4);
    expect((await work.here(["sync", "--max-update", "2"])).counts).toEqual({
      ...noCounts,
      read: 3,
      updated: 2,
      unchanged: 1,
    });
    // A row that is new is one, however many times it is written.
    await write(staff({ a: dnOf("b"), b: dnOf("a"), boss: undefined, new: dnOf("a") }));
    await work.configure({ ...config, limits: { update: { max: 0 }, insert: { max: 1 } } });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 4, inserted: 1, unchanged: 3 });
  });

  it("leave protected rows alone, and say so", async () => {
    await write(staff({ admin: undefined, boss: undefined }));
    await work.run(["sync"]);
    await write(staff({ admin: dnOf("boss"), boss: dnOf("admin") }));
    await work.configure({ ...config, protect: [{ username: "admin" }] });
    const { counts } = await work.here(["dry-run"]);
    const { code, stderr } = await work.run(["sync", "--log-format", "json"]);
    expect([code, counts]).toEqual([0, { ...noCounts, read: 2, updated: 1, unchanged: 1 }]);
    expect(stderr).toContain(
      `admin (${dnOf("admin")}) is protected: left as it is, where the directory has another manager_id`,
    );
    expect(await managers()).toEqual({ admin: null, boss: "admin" });
  });

  it("are written with new rows alone, kept where there is no value, or required, as the rule says", async () => {
    const rule = (more: object) =>
      work.configure({
        ...config,
        mapping: { username: "uid", manager_id: { attribute: "manager", reference: "id", ...more } },
      });
    await write(staff({ a: dnOf("b"), b: undefined }));
    await rule({ on: "insert" });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 2, inserted: 2 });
    await write(staff({ a: dnOf("a"), b: dnOf("a") }));
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 2, unchanged: 2 });
    await write(staff({ a: undefined, b: dnOf("a") }));
    await rule({ onEmpty: "keep" });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 2, updated: 1, unchanged: 1 });
    expect(await managers()).toEqual({ a: "b", b: "a" });
    await rule({ required: true });
    // Whoever is rejected is nobody's manager.
    const { counts, rejects } = await work.here(["sync"]);
    expect([counts, rejects]).toEqual([
      { ...noCounts, read: 2, updated: 1, rejected: 1 },
      [{ dn: dnOf("a"), key: "a", column: "manager_id", reason: "column manager_id: manager has no value (required)" }],
    ]);
  });

  it("take any column of the row, also one that the same run changes", async () => {
    const people = (name: string): People => ({
      "uid=a": { uid: ["a"], manager: [dnOf("b")] },
      "uid=b": { uid: ["b"], title: [name] },
    });
    await work.configure({
      ...config,
      mapping: { username: "uid", title: "title", external_id: { attribute: "manager", reference: "title" } },
    });
    await write(people("Mr"));
    await work.run(["sync"]);
    await write(people("Dr"));
    const dry = await work.here(["dry-run"]);
    const wet = await work.here(["sync"]);
    expect(dry.changes).toEqual(wet.changes);
    expect(dry.changes).toContainEqual({
      kind: "update",
      key: "a",
      dn: dnOf("a"),
      columns: { external_id: { from: "Mr", to: "Dr" } },
    });
    expect((await work.here(["sync"])).changes).toEqual([]);
  });

  it("lead to rows that are found by any of several match keys, adopted and renamed ones too", async () => {
    const { target, mapping } = config as { target: object; mapping: object };
    await work.configure({
      ...config,
      target: { ...target, matchKey: ["external_id", "username"] },
      mapping: { ...mapping, external_id: "entryUUID" },
    });
    await database.sql("insert into users (username, external_id) values ('adopted', null), ('before', 'id-1')");
    await write({
      "uid=adopted": { uid: ["adopted"], entryUUID: ["id-0"], manager: [dnOf("renamed")] },
      "uid=renamed": { uid: ["renamed"], entryUUID: ["id-1"], manager: [dnOf("adopted")] },
      "uid=plain": { uid: ["plain"], manager: [dnOf("adopted")] },
      "uid=led": { uid: ["led"], entryUUID: ["id-2"], manager: [dnOf("plain")] },
    });
    const dry = await work.here(["dry-run"]);
    const wet = await work.here(["sync"]);
    const plain = await idOf("plain");
    expect(wet.counts).toEqual({ ...noCounts, read: 4, inserted: 2, updated: 2 });
    expect(dry.counts).toEqual(wet.counts);
    expect(JSON.stringify(dry.changes)).toBe(
      JSON.stringify(wet.changes).replaceAll(`"${plain}"`, '"(id of the new row plain)"'),
    );
    expect(await managers()).toEqual({ adopted: "renamed", led: "plain", plain: "adopted", renamed: "adopted" });
    expect((await work.here(["sync"])).counts).toEqual({ ...noCounts, read: 4, unchanged: 4 });
    expect((await work.here(["dry-run", "--filter", "(uid=led)"])).counts).toEqual({
      ...noCounts,
      read: 1,
      unchanged: 1,
    });
  });

  it("that the database refuses are a reject, of a row that was written in the same run a warning first", async () => {
    await work.configure({
      ...config,
      mapping: { username: "uid", title: "title", external_id: { attribute: "manager", reference: "title" } },
    });
    // Two who have one manager, where the column must be unique.
    await write({
      "uid=a": { uid: ["a"], manager: [dnOf("c")] },
      "uid=b": { uid: ["b"], manager: [dnOf("c")] },
      "uid=c": { uid: ["c"], title: ["Mr"] },
    });
    const dry = await work.here(["dry-run"]);
    const first = await work.here(["sync"]);
    const warning = `${dnOf("b")}: external_id "Mr" already belongs to the row with username "a"`;
    for (const run of [dry, first]) {
      expect([run.code, run.counts]).toEqual([0, { ...noCounts, read: 3, inserted: 3 }]);
      expect(run.warnings.filter((message) => message.includes("already belongs"))).toEqual([
        `${warning} (${dnOf("a")}); the rest of the row is written`,
      ]);
    }
    const again = await work.here(["dry-run"]);
    const second = await work.here(["sync"]);
    for (const run of [again, second]) {
      expect([run.code, run.counts]).toEqual([3, { ...noCounts, read: 3, unchanged: 2, rejected: 1 }]);
      expect(run.rejects).toMatchObject([{ dn: dnOf("b"), key: "b", column: "external_id" }]);
    }
  });
});
