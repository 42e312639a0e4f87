import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { User } from "../src/change.ts";
import type { ResolvedConfig } from "../src/config/load.ts";
import { makePlan } from "../src/plan.ts";
import { settledMeanwhile } from "./meanwhile.ts";
import { type Attributes, base, fileConfig, ldif, type Workspace, workspace } from "./program.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/** People who are found by an id, and those whose rows have none yet by their user name. */

const keys = ["external_id", "username"];
const person = (uid: string, id?: string, rest: Attributes = {}): Attributes => ({
  uid: [uid],
  ...(id !== undefined && { entryUUID: [id] }),
  ...rest,
});
const mapping = { external_id: "entryUUID", username: "uid", email: "mail" };

interface Case {
  readonly name: string;
  /** User name, id, mail. */
  readonly rows: readonly (readonly [string | null, string | null, string | null])[];
  readonly people: Readonly<Record<string, Attributes>>;
  readonly after: Case["rows"];
  readonly changes: readonly string[];
  readonly reasons?: readonly string[];
}

const cases: readonly Case[] = [
  {
    name: "adopts a row that has no id, and gives it the entry's",
    rows: [["ANNA", null, "a"]],
    people: { "cn=a": person("anna", "1", { mail: ["a"] }) },
    after: [["anna", "1", "a"]],
    changes: ["update 1 by username"],
  },
  {
    name: "updates who has another user name, mail and DN, and the same id",
    rows: [["anna", "1", "a"]],
    people: { "cn=elsewhere": person("anne", "1", { mail: ["b"] }) },
    after: [["anne", "1", "b"]],
    changes: ["update 1 by id"],
  },
  {
    name: "never adopts a row with another id",
    rows: [["anna", "1", null]],
    people: { "cn=new": person("anna", "2") },
    after: [["anna", "1", null]],
    changes: [],
    reasons: [
      `cn=new,${base}: the row with username "anna" belongs to another entry: its external_id is 1, this entry's is 2`,
    ],
  },
  {
    name: "names the entry of that row, also where it comes later",
    rows: [["anna", "1", null]],
    people: { "cn=new": person("anna", "2"), "cn=old": person("anna", "1") },
    after: [["anna", "1", null]],
    changes: [],
    reasons: [
      `cn=new,${base}: the row with username "anna" belongs to cn=old,${base}: its external_id is 1, this entry's is 2`,
    ],
  },
  {
    name: "does not give the row of an id to an entry that shows none",
    rows: [["anna", "1", null]],
    people: { "cn=blind": person("anna") },
    after: [["anna", "1", null]],
    changes: [],
    reasons: [
      `cn=blind,${base}: the row with username "anna" belongs to another entry: its external_id is 1, this entry's is not shown`,
    ],
  },
  {
    name: "lets the first of two with one user name adopt, and names it to the second",
    rows: [["anna", null, null]],
    people: { "cn=first": person("anna", "1"), "cn=second": person("Anna", "2") },
    after: [["anna", "1", null]],
    changes: ["update 1 by username"],
    reasons: [`cn=second,${base}: username "Anna" is also that of cn=first,${base}, which was read first`],
  },
  {
    name: "lets the first of two with one user name have the new row",
    rows: [],
    people: { "cn=first": person("anna", "1"), "cn=second": person("anna", "2") },
    after: [["anna", "1", null]],
    changes: ["insert 1 by id"],
    reasons: [`cn=second,${base}: username "anna" is also that of cn=first,${base}, which was read first`],
  },
  {
    name: "gives the user name that somebody leaves to a new person with the DN of before",
    rows: [["anna", "1", null]],
    people: { "cn=gone": person("anne", "1"), "uid=anna": person("anna", "2") },
    after: [
      ["anna", "2", null],
      ["anne", "1", null],
    ],
    changes: ["update 1 by id", "insert 2 by id"],
  },
  {
    name: "finds who shows no id by the user name",
    rows: [["anna", null, "a"]],
    people: { "cn=a": person("anna", undefined, { mail: ["b"] }), "cn=b": person("bert") },
    after: [
      ["anna", null, "b"],
      ["bert", null, null],
    ],
    changes: ["update anna by id", "insert bert by id"],
  },
  {
    name: "rejects who has none of the keys",
    rows: [],
    people: { "cn=none": { mail: ["n"] } },
    after: [],
    changes: [],
    reasons: [`cn=none,${base}: external_id, username: no value, but they are the match keys (from entryUUID, uid)`],
  },
];

const databases = [
  { name: "SQLite", start: sqliteDatabase, text: "text collate nocase", number: "integer primary key" },
  {
    name: "MariaDB",
    start: mariadbDatabase,
    text: "varchar(60) collate utf8mb4_general_ci",
    number: "int auto_increment primary key",
  },
] as const;

describe.each(databases)("with several match keys in $name, a sync", ({ start, text, number }) => {
  let database: TestDatabase;
  let work: Workspace;
  beforeAll(async () => {
    database = await start();
    work = await workspace();
  });
  afterAll(() => database.stop());
  beforeEach(async () => {
    await database.sql("drop table if exists users");
    await database.sql(
      `create table users (id ${number}, username ${text} unique, external_id varchar(60) unique, email varchar(60) unique)`,
    );
  });
  const fill = async (rows: Case["rows"]) => {
    for (const row of rows) {
      const values = row.map((value) => (value === null ? "null" : `'${value}'`)).join(", ");
      await database.sql(`insert into users (username, external_id, email) values (${values})`);
    }
  };
  const table = async () =>
    (await database.sql("select username, external_id, email from users order by username")).map((row) =>
      Object.values(row),
    );

  it.each(cases)("$name", async ({ rows, people, after, changes, reasons = [] }) => {
    await fill(rows);
    await writeFile(work.path("people.ldif"), ldif(people));
    for (const batchSize of [1, 500]) {
      await work.configure(
        fileConfig({ target: database.config("users", keys), mapping, state: undefined, batchSize }),
      );
      const { rejects, ...document } = await work.here(["dry-run"]);
      expect({
        changes: document.changes.map(({ kind, key, adopted = "id" }) => `${kind} ${key} by ${adopted}`),
        reasons: rejects.map(({ dn, reason }) => `${dn}: ${reason}`),
        adopted: document.adopted,
      }).toEqual({
        changes,
        reasons,
        adopted: document.changes.flatMap(({ key, dn, adopted: by }) => (by === undefined ? [] : [{ key, dn, by }])),
      });
    }
    const synced = await work.here(["sync", "--batch-size", "1"]);
    expect(synced.rejects.map(({ dn, reason }) => `${dn}: ${reason}`)).toEqual(reasons);
    expect(await table()).toEqual(after);
    expect((await work.here(["sync"])).counts).toMatchObject({ inserted: 0, updated: 0 });
  });

  /** What is told of one user; somebody else changes the table just before the first write. */
  async function settled(user: User, meanwhile: string) {
    const config = { mapping, protect: [], target: database.config("users", keys) } as unknown as ResolvedConfig;
    const target = await database.open("users", keys);
    const plan = makePlan(config, target.table);
    const change = () => database.sql(meanwhile);
    const events = await settledMeanwhile(plan, target, user, change).finally(() => target.close());
    return events.flatMap((event) =>
      event.type === "change" ? [event.change.adopted] : event.type === "reject" ? [event.reject.reason] : [],
    );
  }
  const anna: User = { dn: "uid=anna", key: "1", values: ["1", "anna", null] };

  it("does not adopt a row that somebody else gives another id at the same time", async () => {
    await fill([["anna", null, null]]);
    expect(await settled(anna, "update users set external_id = '2'")).toEqual([
      `the row with username "anna" belongs to another entry: its external_id is 2, this entry's is 1`,
    ]);
    expect(await table()).toEqual([["anna", "2", null]]);
  });

  it("adopts a row that somebody else makes at the same time", async () => {
    expect(await settled(anna, "insert into users (username) values ('anna')")).toEqual(["username"]);
    expect(await table()).toEqual([["anna", "1", null]]);
  });

  it("updates a row that somebody else gives the entry's own id at the same time", async () => {
    await fill([["anna", null, "old"]]);
    expect(await settled(anna, "update users set external_id = '1'")).toEqual([undefined]);
    expect(await table()).toEqual([["anna", "1", null]]);
  });

  it("explains by which key a row is found, and that it is adopted", async () => {
    await fill([["anna", null, null]]);
    await writeFile(work.path("people.ldif"), ldif({ "cn=a": person("anna", "1") }));
    await work.configure(fileConfig({ target: database.config("users", keys), mapping, state: undefined }));
    for (const key of ["1", "anna"]) {
      const { stdout } = await work.run(["explain", key]);
      expect(stdout).toContain('row     username = "anna"');
      expect(stdout).toContain("the row is adopted: it is found by username");
    }
    expect((await work.run(["explain", "nobody"])).stdout).toContain(
      'no entry and no row has external_id or username "nobody"',
    );
    expect((await work.run(["check"])).stdout).toMatch(
      /\(external_id\) and \S+ \(username\) keep the match keys unique/,
    );
  });
});
