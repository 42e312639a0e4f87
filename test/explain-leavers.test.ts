import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";
import { base, fileConfig, fileWorkspace, ldif, sqlite } from "./program.ts";
import { instanceFolder } from "./servers/folder.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/** What `explain` says of the rows of people who are not among the active ones. */

const databases = [
  { name: "SQLite", start: sqliteDatabase },
  { name: "MariaDB", start: mariadbDatabase },
] as const;

const caveat =
  "only after a complete read, within limits.deactivate, and in a first run with --max-deactivate alone: dry-run judges all";

describe.each(databases)("explain of leavers in $name", ({ start }) => {
  let database: TestDatabase;
  let folder: string;
  const rows = [
    ["active", "active", "ldap", null],
    ["gone", "active", "ldap", null],
    ["left", "active", "ldap", null],
    ["moved", "active", "ldap", 2],
    ["blocked", "inactive", "ldap", null],
    ["foreign", "active", "hand", null],
    ["admin", "active", "ldap", null],
    ["unknown", "active", "ldap", null],
  ] as const;
  beforeAll(async () => {
    database = await start();
    folder = join(await instanceFolder("explain-leavers-"), "work");
    await mkdir(folder);
    await database.sql(`create table users (id integer primary key, username varchar(20) not null unique, state varchar(9),
      origin varchar(9), missing_runs int, set_by varchar(20), left_at datetime)`);
    await database.sql("create table badges (user_id integer, state varchar(9))");
    for (const [at, values] of rows.entries())
      await database.sql("insert into users (id, username, state, origin, missing_runs) values (?, ?, ?, ?, ?)", [
        at,
        ...values,
      ]);
    await database.sql("insert into badges values (1, 'active'), (1, 'inactive'), (2, 'active')");
    const entry = (uid: string, rest = {}) => ({ [`uid=${uid}`]: { uid: [uid], ...rest } });
    await writeFile(
      join(folder, "people.ldif"),
      ldif({
        ...entry("active"),
        ...entry("left", { employeeType: ["left"] }),
        ...entry("blocked", { employeeType: ["left"] }),
        ...entry("moved", { objectClass: ["account"] }),
        ...entry("admin", { employeeType: ["left"] }),
      }),
    );
  });
  afterAll(() => database?.stop());

  const configured = (leavers: object) =>
    writeFile(
      join(folder, ".syncrc.json"),
      JSON.stringify(
        fileConfig({
          target: database.config("users", "username"),
          mapping: { username: "uid" },
          state: { column: "state", setBy: "set_by" },
          protect: [{ username: "admin" }],
          leavers: { action: "deactivate", scope: { origin: "ldap" }, ...leavers },
        }),
      ),
      { mode: 0o600 },
    );
  const explained = async (key: string) => {
    const { document } = await inProcess(folder, ["explain", key]);
    const [entry] = document.entries;
    return (entry ?? document.row).would;
  };
  const table = async () => [await database.sql("select * from users"), await database.sql("select * from badges")];

  it("says who would be deactivated, why, and what follows, and writes nothing", async () => {
    await configured({
      set: { left_at: "now" },
      related: [{ table: "badges", key: "user_id", set: { state: "inactive" } }],
    });
    const before = await table();
    const columns = {
      state: { from: "active", to: "inactive" },
      set_by: { from: null, to: "idm-ldap-sync" },
      left_at: { from: null, to: "now" },
    };
    const change = { kind: "deactivate", key: "gone", dn: "", columns, related: { badges: 1 } };
    const follows = "what follows in other tables: badges (1 row)";
    expect(await explained("gone")).toEqual({
      action: "deactivate",
      change,
      because: ["no entry has its key", follows, caveat],
    });
    expect(await explained("left")).toEqual({
      action: "deactivate",
      change: { ...change, key: "left", dn: `uid=left,${base}` },
      because: ['source.active does not match; (employeeType=active): the entry has "left"', follows, caveat],
    });
    expect(await explained("moved")).toMatchObject({
      action: "deactivate",
      because: [
        'source.filter does not match; (objectClass=inetOrgPerson): the entry has "account"',
        "what follows in other tables: badges (no row)",
        caveat,
      ],
    });
    expect(await table()).toEqual(before);
  });

  it("says of whom nothing becomes, and why", async () => {
    await configured({});
    const because = async (key: string) => (await explained(key)).because.slice(1);
    expect(await explained("active")).toMatchObject({ action: "none" });
    expect(await because("blocked")).toEqual([
      'the row is not active any more: state is "inactive", and left as it is',
    ]);
    expect(await because("foreign")).toEqual([
      "the row is not one of leavers.scope: it is not this sync's, and left as it is",
    ]);
    expect(await because("admin")).toEqual(["the row meets a condition of protect: it is never written"]);
  });

  it("says how long somebody is waited for", async () => {
    await configured({ grace: { runs: 3, runsColumn: "missing_runs" } });
    expect(await explained("gone")).toEqual({
      action: "missing",
      change: { kind: "missing", key: "gone", dn: "", columns: { missing_runs: { from: null, to: "1" } } },
      because: ["no entry has its key", "leavers.grace: missing in 1 run with this one, 3 are waited for", caveat],
    });
    expect(await explained("moved")).toMatchObject({
      action: "deactivate",
      because: [
        'source.filter does not match; (objectClass=inetOrgPerson): the entry has "account"',
        "leavers.grace: missing in 3 runs with this one, 3 are waited for",
        caveat,
      ],
    });
  });
});

it("says it in words: at length, and in a line", async () => {
  const work = await fileWorkspace(
    { "uid=anna": { uid: ["anna"], employeeType: ["left"] } },
    { leavers: { action: "deactivate" } },
  );
  sqlite(work.path("idm.sqlite"), "insert into users (username, state) values ('anna', 'active'), ('bert', 'active')");
  const why = 'source.active does not match; (employeeType=active): the entry has "left"';
  expect((await work.run(["explain", "anna"])).stdout).toContain(
    [`  sync    would deactivate the row: state`, `          ${why}`, `          ${caveat}`, ""].join("\n"),
  );
  expect((await work.run(["explain", "anna"])).stdout).toMatch(
    /^ {2}\* state +"active" → "inactive" {2}state\.inactive$/m,
  );
  expect((await work.run(["explain", "bert"])).stdout).toMatch(
    new RegExp(`\n {2}sync {4}would deactivate the row: state\n {10}no entry has its key\n {10}${caveat}\n$`),
  );
  expect((await work.run(["explain", "anna", "--quiet"])).stdout).toBe(
    `uid=anna,${base}: would deactivate the row: state; ${why}; ${caveat}\n`,
  );
  expect((await work.run(["explain", "bert", "--quiet"])).stdout).toBe(
    `row "bert": would deactivate the row: state; no entry has its key; ${caveat}\n`,
  );
});

it("shows the row that somebody who is not active gets, and what of it is not the mapping's", async () => {
  const work = await fileWorkspace(
    { "uid=anna": { uid: ["anna"], employeeType: ["left"] } },
    { leavers: { inactive: "create" }, mapping: { username: "uid" } },
  );
  const why = 'source.active does not match; (employeeType=active): the entry has "left"';
  const { stdout } = await work.run(["explain", "anna"]);
  expect(stdout).toContain(
    [
      '  * username  "anna"      uid "anna"',
      '  * state     "inactive"  state.inactive',
      "  sync    would insert a row",
      `          ${why}`,
      '          leavers.inactive "create": it gets a row that is not active',
    ].join("\n"),
  );
  await work.run(["sync"]);
  expect((await work.run(["explain", "anna"])).stdout).toContain("  sync    would not read the entry\n");
});

it("shows old and new of a leaver's row in a dry run, each with the key that says so", async () => {
  const work = await fileWorkspace(
    { "uid=bert": { uid: ["bert"] } },
    { leavers: { action: "deactivate", set: { email: "none" } }, mapping: { username: "uid" } },
  );
  sqlite(work.path("idm.sqlite"), "insert into users (username, email, state) values ('anna', 'a@x', 'active')");
  expect((await work.run(["dry-run", "--max-deactivate", "1"])).stdout).toContain(
    [
      "  - anna  no active entry",
      '      state  "active" → "inactive"  state.inactive',
      '      email  "a@x"    → "none"      leavers.set',
    ].join("\n"),
  );
});
