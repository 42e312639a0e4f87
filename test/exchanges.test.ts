import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reject } from "../src/change.ts";
import { inProcess } from "./in-process.ts";
import { type Attributes, base, ldif, type Workspace, workspace } from "./program.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/** People who pass unique values on and exchange them, from one day to the next. */

/** A mail address for each name; further attributes after it. */
type Day = readonly (readonly [string, string, Attributes?])[];

interface Case {
  readonly name: string;
  /** Of the columns after the key; `mail` is one of them. */
  readonly columns: string;
  readonly batchSize: number;
  readonly before: Day;
  readonly now: Day;
  /** As `a=x b=y`. */
  readonly after: string;
  readonly rejects?: readonly string[];
}

const unique = "mail varchar(40) unique";
const abc: Day = [
  ["a", "a@x"],
  ["b", "b@x"],
  ["c", "c@x"],
];
const taken = (mail: string, by: string) =>
  `mail "${mail}" already belongs to the row with username "${by}" (cn=${by},${base})`;
const noNumber = { displayName: ["none"] };

const cases: readonly Case[] = [
  {
    name: "two who exchange, in one batch",
    columns: unique,
    batchSize: 500,
    before: abc,
    now: [
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "c@x"],
    ],
    after: "a=b@x b=a@x c=c@x",
  },
  {
    name: "two who exchange, in two batches",
    columns: unique,
    batchSize: 1,
    before: abc,
    now: [
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "c@x"],
    ],
    after: "a=b@x b=a@x c=c@x",
  },
  {
    name: "a chain of five in the worst order",
    columns: unique,
    batchSize: 1,
    before: [...abc, ["d", "d@x"], ["e", "e@x"]],
    now: [
      ["a", "b@x"],
      ["b", "c@x"],
      ["c", "d@x"],
      ["d", "e@x"],
      ["e", "f@x"],
    ],
    after: "a=b@x b=c@x c=d@x d=e@x e=f@x",
  },
  {
    name: "a circle of three in three batches, and somebody new behind one of two",
    columns: unique,
    batchSize: 1,
    before: [...abc, ["d", "d@x"]],
    now: [
      ["new", "d@x"],
      ["a", "b@x"],
      ["b", "c@x"],
      ["c", "a@x"],
      ["d", "e@x"],
    ],
    after: "a=b@x b=c@x c=a@x d=e@x new=d@x",
  },
  {
    name: "a circle in one batch, which somebody bad and halves come between",
    columns: `${unique}, display_name varchar(9) unique`,
    batchSize: 500,
    before: [
      ["a", "a@x", { displayName: ["mine"] }],
      ["b", "b@x"],
      ["c", "c@x"],
    ],
    now: [
      ["a", "b@x", { displayName: ["mine"] }],
      ["bad", "n@x", { displayName: ["mine"] }],
      ["b", "c@x"],
      ["c", "a@x"],
    ],
    after: "a=b@x b=c@x c=a@x",
    rejects: [`display_name "mine" already belongs to the row with username "a" (cn=a,${base})`],
  },
  {
    name: "one behind somebody who is a reject himself",
    columns: `${unique}, display_name int`,
    batchSize: 1,
    before: abc,
    now: [
      ["a", "b@x"],
      ["b", "z@x", noNumber],
      ["c", "y@x"],
    ],
    after: "a=a@x b=b@x c=y@x",
    rejects: ['display_name: "none" is not an integer (from displayName "none")', taken("b@x", "b")],
  },
  {
    name: "two who want what a third one gives up: the first",
    columns: unique,
    batchSize: 1,
    before: abc,
    now: [
      ["a", "c@x"],
      ["b", "c@x"],
      ["c", "d@x"],
    ],
    after: "a=c@x b=b@x c=d@x",
    rejects: [taken("c@x", "a")],
  },
  {
    name: "those of an exchange whose column must have a value and is checked, in one batch",
    columns: "mail varchar(40) not null unique check (mail like '%@x')",
    batchSize: 500,
    before: abc,
    now: [
      ["a", "b@x"],
      ["b", "c@x"],
      ["c", "a@x"],
    ],
    after: "a=b@x b=c@x c=a@x",
  },
  {
    name: "those of an exchange whose column must have a value, in many batches",
    columns: "mail varchar(40) not null unique",
    batchSize: 1,
    before: abc,
    now: [
      ["a", "b@x"],
      ["b", "c@x"],
      ["c", "a@x"],
    ],
    after: "a=b@x b=c@x c=a@x",
  },
  {
    name: "nobody in an exchange whose column has no other value, in one batch",
    columns: "mail date not null unique",
    batchSize: 500,
    before: [
      ["a", "2001-01-01"],
      ["b", "2002-02-02"],
      ["c", "2003-03-03"],
    ],
    now: [
      ["a", "2002-02-02"],
      ["b", "2001-01-01"],
      ["c", "2004-04-04"],
    ],
    after: "a=2001-01-01 b=2002-02-02 c=2004-04-04",
    rejects: [taken("2002-02-02", "b"), taken("2001-01-01", "a")],
  },
  {
    name: "those who exchange numbers that must be there",
    columns: "mail int not null unique",
    batchSize: 2,
    before: [
      ["a", "1"],
      ["b", "2"],
      ["c", "3"],
    ],
    now: [
      ["a", "2"],
      ["b", "3"],
      ["c", "1"],
    ],
    after: "a=2 b=3 c=1",
  },
  {
    name: "those whose index has a second column that is not mapped, and one that is",
    columns:
      "mail varchar(40), site varchar(9) not null default 'main', display_name varchar(9) not null, unique (site, display_name, mail)",
    batchSize: 1,
    before: [
      ["a", "a@x", { displayName: ["A"] }],
      ["b", "b@x", { displayName: ["B"] }],
    ],
    now: [
      ["a", "b@x", { displayName: ["B"] }],
      ["b", "a@x", { displayName: ["A"] }],
    ],
    after: "a=b@x b=a@x",
  },
  {
    name: "those whose addresses differ in letter case alone from what they exchange",
    columns: "mail varchar(40) IGNORING CASE unique",
    batchSize: 1,
    before: abc,
    now: [
      ["a", "B@x"],
      ["b", "A@X"],
      ["c", "C@x"],
    ],
    after: "a=B@x b=A@X c=C@x",
  },
];

const see = "insert into seen values (new.username, new.mail)";
const databases = [
  { name: "SQLite", start: sqliteDatabase, ignoringCase: "collate nocase", watching: `begin ${see}; end` },
  { name: "MariaDB", start: mariadbDatabase, ignoringCase: "collate utf8mb4_general_ci", watching: see },
] as const;

describe.each(databases)("in $name", ({ start, ignoringCase, watching }) => {
  let database: TestDatabase;
  let work: Workspace;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    work = await workspace();
    for (const table of ["badges", "users"]) await database.sql(`drop table if exists ${table}`);
  });

  const people = (day: Day) =>
    writeFile(
      work.path("people.ldif"),
      ldif(Object.fromEntries(day.map(([uid, mail, more]) => [`cn=${uid}`, { uid: [uid], mail: [mail], ...more }]))),
    );
  const configure = (columns: string, batchSize: number, more: object = {}) =>
    work.configure({
      source: { url: "file:people.ldif", baseDn: base, filter: "(objectClass=inetOrgPerson)" },
      target: database.config("users", "username"),
      mapping: {
        username: "uid",
        mail: "mail",
        ...(columns.includes("display_name") && { display_name: "displayName" }),
      },
      batchSize,
      ...more,
    });
  const mails = async (): Promise<string> =>
    (await database.sql("select username, mail from users order by username"))
      .map(({ username, mail }) => `${username}=${mail}`)
      .join(" ");
  const told = async (...args: string[]) => {
    const { code, document } = await inProcess(work.folder, args);
    const { outcome, counts, changes, rejects } = document;
    return { code, outcome, counts, changes, rejects: rejects as Reject[] };
  };
  /** The first day, with a table of its own. */
  async function dayOne(columns: string, batchSize: number, day: Day): Promise<void> {
    await database.sql(
      `create table users (username varchar(20) primary key, ${columns.replace("IGNORING CASE", ignoringCase)})`,
    );
    await configure(columns, batchSize);
    await people(day);
    expect((await told("sync")).outcome).toBe("succeeded");
  }

  it.each(cases.map((each) => [each.name, each] as const))(
    "get theirs in one run, as foreseen: %s",
    async (_, each) => {
      await dayOne(each.columns, each.batchSize, each.before);
      await people(each.now);
      const plain = await told("dry-run");
      const verified = await told("dry-run", "--verify");
      const real = await told("sync");
      expect([plain, verified]).toEqual([real, real]);
      expect([await mails(), real.rejects.map(({ reason }) => reason)]).toEqual([each.after, each.rejects ?? []]);
      const { read, inserted = 0, updated = 0, unchanged = 0, rejected = 0 } = real.counts;
      expect([read, inserted + updated + unchanged + rejected]).toEqual([each.now.length, each.now.length]);
      expect((await told("sync")).counts).toMatchObject({ inserted: 0, updated: 0, rejected });
    },
  );

  it("those of an exchange are rejects where a check refuses what comes between, and others are written", async () => {
    await dayOne("mail varchar(40) not null unique check (mail in ('a@x', 'b@x', 'c@x', 'd@x'))", 500, abc);
    await people([
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "d@x"],
    ]);
    const verified = await told("dry-run", "--verify");
    const real = await told("sync");
    expect(verified).toEqual(real);
    expect([await mails(), real.rejects.map(({ reason }) => reason)]).toEqual([
      "a=a@x b=b@x c=d@x",
      [taken("b@x", "b"), taken("a@x", "a")],
    ]);
  });

  it("rows of another table that follow a value by ON UPDATE CASCADE end with that of their person", async () => {
    await dayOne(unique, 500, abc);
    await database.sql(
      "create table badges (n int primary key, mail varchar(40), foreign key (mail) references users (mail) on update cascade)",
    );
    await database.sql("insert into badges values (1, 'a@x'), (2, 'b@x')");
    await people([
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "c@x"],
    ]);
    expect((await told("sync")).counts).toMatchObject({ updated: 2, rejected: 0 });
    expect((await database.sql("select mail from badges order by n")).map(({ mail }) => mail)).toEqual(["b@x", "a@x"]);
  });

  it("triggers see what comes between, and nothing of it is left", async () => {
    await dayOne(unique, 500, abc);
    await database.sql("drop table if exists seen");
    await database.sql("create table seen (username varchar(20), mail varchar(40))");
    await database.sql(`create trigger watch after update on users for each row ${watching}`);
    await people([
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "c@x"],
    ]);
    expect((await told("sync")).counts).toMatchObject({ updated: 2, unchanged: 1, rejected: 0 });
    const seen = await database.sql("select username, mail from seen");
    expect(seen.map(({ username, mail }) => [username, mail])).toEqual([
      ["a", expect.stringMatching(/^[0-9a-z]{12}b@x$/)],
      ["b", "a@x"],
      ["a", "b@x"],
    ]);
    expect(await mails()).toBe("a=b@x b=a@x c=c@x");
  });

  it("limits.reject counts those who are refused in the end, and not those who only waited", async () => {
    await dayOne(unique, 1, abc);
    await configure(unique, 1, { limits: { reject: { max: 0 } } });
    await people([
      ["a", "b@x"],
      ["b", "a@x"],
      ["c", "c@x"],
    ]);
    expect((await told("sync")).counts).toMatchObject({ updated: 2, rejected: 0 });
    await people([
      ["a", "c@x"],
      ["b", "z@x"],
      ["c", "c@x"],
    ]);
    const { code, outcome, counts } = await told("sync");
    expect([code, outcome, counts.updated, counts.rejected]).toEqual([4, "refused", 1, 1]);
  });
});
