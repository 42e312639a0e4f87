import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { type Attributes, fileWorkspace, ldif, sqlite, type Workspace } from "./program.ts";

/** Tables and people on which a preview could differ from the sync after it. */

type People = Readonly<Record<string, Attributes>>;

const mapping = { username: "uid", email: "mail" };

/** A workspace with this table in the place of the usual one. */
async function withTable(table: string, people: People, changes: object = {}): Promise<Workspace> {
  const work = await fileWorkspace(people, { mapping, state: undefined, ...changes });
  sqlite(work.path("idm.sqlite"), `drop table users; ${table}`);
  return work;
}

/** Runs the preview, with and without --verify, and the sync; all three tell the same, and this is it. */
async function agreed(work: Workspace) {
  const told = async (...args: string[]) => {
    const { code, outcome, counts, changes, rejects } = await work.here(args);
    return { code, outcome, counts, changes, rejects };
  };
  const plain = await told("dry-run");
  const verified = await told("dry-run", "--verify");
  const real = await told("sync");
  expect(plain).toEqual(real);
  expect(verified).toEqual(real);
  return real;
}

const person = (uid: string, mail?: string): Attributes => ({
  uid: [uid],
  ...(mail !== undefined && { mail: [mail] }),
});

describe("a dry run and the sync agree", () => {
  it.each<[string, string, People, object, number[]]>([
    [
      "where a trigger does something else than to fill a column that must have a value",
      `create table users (username text primary key, email text, level text not null);
       create trigger t after insert on users begin select 1; end`,
      { "uid=anna": person("anna") },
      {},
      [0, 1],
    ],
    [
      "on a part of the primary key of a table WITHOUT ROWID that is not mapped",
      "create table users (n integer primary key, username text unique, email text) without rowid",
      { "uid=anna": person("anna") },
      {},
      [0, 1],
    ],
    [
      "on a composite primary key with a number in it",
      `create table users (username text not null unique, tenant integer not null default 1, email text not null,
       primary key (tenant, email))`,
      { "uid=anna": person("anna", "a"), "uid=bert": person("bert", "a"), "uid=carl": person("carl", "c") },
      {},
      [2, 1],
    ],
    [
      "where the default of a column that must have a value is NULL",
      "create table users (username text unique, email text, level text not null default null)",
      { "uid=anna": person("anna") },
      {},
      [0, 1],
    ],
    [
      "where a second index on the match key is narrower",
      "create table users (username text collate nocase primary key, email text); create unique index n on users (username collate binary)",
      { "uid=anna": person("anna"), "uid=bert": person("B"), "uid=ben": person("b") },
      {},
      [2, 1],
    ],
    [
      "where a second index on the match key is stricter",
      "create table users (username text unique, email text); create unique index strict on users (username collate nocase)",
      { "uid=anna": person("anna"), "uid=Anna2": person("Anna") },
      {},
      [1, 1],
    ],
    [
      "where the default of a column in a unique index does not suit its type",
      "create table users (username text unique, email text, k integer default 'abc', unique (email, k))",
      { "uid=anna": person("anna", "a"), "uid=bert": person("bert", "b") },
      {},
      [2, 0],
    ],
    [
      "where a constant default is a part of a unique index",
      "create table users (username text unique, email text, site text not null default 'it''s', unique (site, email))",
      { "uid=anna": person("anna", "a"), "uid=bert": person("bert", "a"), "uid=carl": person("carl", "c") },
      { batchSize: 1 },
      [2, 1],
    ],
    [
      "where a person points at another one of an earlier batch",
      "create table users (username text primary key, email text references users (username))",
      { "uid=anna": person("anna"), "uid=bert": person("bert", "anna") },
      { batchSize: 1 },
      [2, 0],
    ],
  ])("%s", async (_, table, people, changes, [inserted, rejected]) => {
    const { counts } = await agreed(await withTable(table, people, changes));
    expect([counts.inserted, counts.rejected]).toEqual([inserted, rejected]);
  });

  it("with --verify on an expression index that two people of one batch clash on, and warns of it without", async () => {
    const table =
      "create table users (username text unique, email text); create unique index low on users (lower(email))";
    const people = {
      "uid=anna": person("anna", "A@x"),
      "uid=bert": person("bert", "a@x"),
      "uid=carl": person("carl", "c"),
    };
    const work = await withTable(table, people);
    const plain = await work.here(["dry-run"]);
    expect([plain.counts.inserted, plain.warnings]).toEqual([
      3,
      ["what the unique index low would refuse is not foreseen: --verify lets the database try every batch"],
    ]);
    const verified = await work.here(["dry-run", "--verify"]);
    const real = await work.here(["sync"]);
    expect([verified.counts, verified.rejects]).toEqual([real.counts, real.rejects]);
    expect(real.counts).toMatchObject({ inserted: 2, rejected: 1 });
    expect(verified.warnings).toEqual([
      "a clash of two batches on the unique index low is not foreseen, because each batch is rolled back",
    ]);
  });

  it("with --verify but for an expression index whose value an earlier batch gave up, which it says", async () => {
    const table =
      "create table users (username text unique, email text); create unique index low on users (lower(email))";
    const work = await withTable(
      table,
      { "uid=anna": person("anna", "a"), "uid=bert": person("bert", "b") },
      { batchSize: 1 },
    );
    await work.run(["sync"]);
    await writeFile(
      work.path("people.ldif"),
      ldif({ "uid=anna": person("anna", "c"), "uid=bert": person("bert", "A") }),
    );
    const { counts, notices } = await work.here(["dry-run", "--verify"]);
    expect([counts, notices]).toEqual([
      expect.objectContaining({ updated: 1, rejected: 1 }),
      ["1 row may end otherwise in a sync, because earlier batches were rolled back"],
    ]);
    const real = await work.here(["sync"]);
    expect(real.counts).toMatchObject({ updated: 2, rejected: 0 });
  });
});

describe("people of one batch who pass a mail address on", () => {
  const mails = (...given: string[]): People =>
    Object.fromEntries(given.map((mail, i) => [`uid=p${i}`, person(`p${i}`, mail)]));
  const table = "create table users (username text primary key, email text unique)";

  it.each<[string, string[], string[]]>([
    ["up the line", ["a", "b", "c", "d"], ["b", "c", "d", "e"]],
    ["down the line", ["a", "b", "c", "d"], ["z", "a", "b", "c"]],
    ["to somebody new", ["a", "b"], ["x", "y", "a"]],
    ["in a circle", ["a", "b", "c", "d"], ["b", "c", "a", "e"]],
    ["in what is a circle but for letter case and accents", ["a", "e", "q", "x"], ["E", "a", "é", "Q"]],
  ])("%s all get theirs, and a bad row among them does not come between", async (_, before, after) => {
    const work = await withTable(table, mails(...before));
    await work.run(["sync"]);
    const taken = after.at(-1) ?? "";
    await writeFile(work.path("people.ldif"), ldif({ "uid=a bad one": person("bad", taken), ...mails(...after) }));
    sqlite(
      work.path("idm.sqlite"),
      "create trigger no before insert on users when new.username = 'bad' begin select raise(abort, 'bad'); end",
    );
    const real = await work.here(["sync"]);
    expect(real.rejects.map(({ key }) => key)).toEqual(["bad"]);
    const rows = sqlite(work.path("idm.sqlite"), "select email from users order by username");
    expect(rows.map(({ email }) => email)).toEqual(after);
  });

  it.each([
    ["up the line", ["a", "b", "c"], ["b", "c", "d"], 3],
    ["in what is a circle but for letter case and accents", ["a", "e", "q", "x"], ["E", "a", "é", "Q"], 4],
    ["in a circle", ["a", "b", "c"], ["b", "a", "d"], 3],
  ])("%s are foreseen", async (_, before, after, updated) => {
    const work = await withTable(table, mails(...before));
    await work.run(["sync"]);
    await writeFile(work.path("people.ldif"), ldif(mails(...after)));
    expect((await agreed(work)).counts.updated).toBe(updated);
  });
});
