import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../src/config/load.ts";
import { mark } from "../src/leavers/mark.ts";
import { makePlan } from "../src/plan.ts";
import { inProcess } from "./in-process.ts";
import { settledMeanwhile } from "./meanwhile.ts";
import { fileConfig, ldif } from "./program.ts";
import { instanceFolder } from "./servers/folder.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/** Whose row becomes active again where `state.setBy` is configured, and what is emptied of somebody who is active. */

const grace = { runs: 3, runsColumn: "missing_runs", days: 2, sinceColumn: "missing_since" };
const mapping = { username: "uid", email: "mail" };
const state = { column: "state", active: "active", inactive: "inactive", setBy: "blocked_by" };
const leavers = { action: "deactivate", grace };
const since = "2026-11-01 10:00:00";
type Row = readonly [
  username: string,
  email: string | null,
  state: string | null,
  setBy: string | null,
  runs: number | null,
  since: string | null,
];

const tableOf = (runs: string, since: string): string =>
  `create table users (id integer primary key NUMBERED, username varchar(20) not null unique, email varchar(30),
  state varchar(9), blocked_by varchar(20), missing_runs ${runs}, missing_since ${since})`;

const databases = [
  { name: "SQLite", start: sqliteDatabase, numbered: "" },
  { name: "MariaDB", start: mariadbDatabase, numbered: "auto_increment" },
] as const;

describe.each(databases)("with state.setBy in $name", ({ start, numbered }) => {
  let database: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    database = await start();
    folder = join(await instanceFolder("set-by-"), "work");
    await mkdir(folder);
  });
  afterAll(() => database?.stop());
  const create = async (runs: string) => {
    await database.sql("drop table if exists users");
    await database.sql(tableOf(runs, "datetime").replace("NUMBERED", numbered));
  };
  beforeEach(() => create("int"));
  const fill = async (rows: readonly Row[]) => {
    const columns = "username, email, state, blocked_by, missing_runs, missing_since";
    for (const row of rows) await database.sql(`insert into users (${columns}) values (?, ?, ?, ?, ?, ?)`, [...row]);
  };
  const table = async () => {
    const shown = "username, email, state, blocked_by, missing_runs, cast(missing_since as char(19)) as since";
    return (await database.sql(`select ${shown} from users order by username`)).map((row) => Object.values(row));
  };
  const configured = async (changes: object = {}) => {
    const config = fileConfig({ target: database.config("users", "username"), mapping, state, ...changes });
    await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
  };
  const people = async (names: readonly string[]) => {
    const entries = names.map((name) => [`uid=${name}`, { uid: [name], mail: [`${name}@x`] }] as const);
    await writeFile(join(folder, "people.ldif"), ldif(Object.fromEntries(entries)));
  };
  const byKey = (one: { key: string }, other: { key: string }) => one.key.localeCompare(other.key);
  /** A dry run and the sync after it, which say the same; and a second sync, which writes nothing. */
  async function synced() {
    const before = await table();
    const told = ({ code, document }: Awaited<ReturnType<typeof inProcess>>) => {
      const { counts, changes, blocked, notices } = document;
      return { code, counts, changes, blocked: blocked.toSorted(byKey), notices };
    };
    const preview = told(await inProcess(folder, ["dry-run"]));
    expect(await table()).toEqual(before);
    const real = told(await inProcess(folder, ["sync"]));
    expect(preview).toEqual(real);
    const after = await table();
    const { document } = await inProcess(folder, ["sync"]);
    expect(document.counts).toMatchObject({ inserted: 0, updated: 0, unchanged: real.counts.read });
    expect(document.blocked.toSorted(byKey)).toEqual(real.blocked);
    expect(await table()).toEqual(after);
    return real;
  }

  it("only the rows that the sync deactivated become active; of the others all else is updated", async () => {
    await fill([
      ["admin-block", "old", "inactive", null, null, null],
      ["another-state", "old", "locked", mark, null, null],
      ["by-hand", "by-hand@x", "inactive", "hr", null, null],
      ["kept-note", "kept-note@x", "active", "hr", null, null],
      ["no-state", "old", null, null, null, null],
      ["returns", "old", "inactive", mark, null, null],
      ["spelt", "spelt@x", "ACTIVE", null, null, null],
      ["stale", "stale@x", "active", mark, null, null],
    ]);
    const names = [
      "admin-block",
      "another-state",
      "by-hand",
      "kept-note",
      "new",
      "no-state",
      "returns",
      "spelt",
      "stale",
    ];
    await people(names);
    await configured();
    const { code, counts, blocked, notices, changes } = await synced();
    expect({ code, counts, blocked, notices }).toEqual({
      code: 0,
      counts: {
        read: 9,
        inserted: 1,
        updated: 6,
        unchanged: 2,
        reactivated: 2,
        deactivated: 0,
        missing: 0,
        createdInactive: 0,
        rejected: 0,
      },
      blocked: [
        { dn: expect.stringMatching(/^uid=admin-block,/), key: "admin-block", state: "inactive" },
        { dn: expect.stringMatching(/^uid=another-state,/), key: "another-state", state: "locked" },
        { dn: expect.stringMatching(/^uid=by-hand,/), key: "by-hand", state: "inactive" },
      ],
      notices: [
        '3 people are active in the directory and keep another state in the table, which the sync did not set (state.setBy): by-hand "inactive" and admin-block "inactive" and another-state "locked"',
      ],
    });
    expect(changes.find(({ key }: { key: string }) => key === "returns")?.columns).toEqual({
      email: { from: "old", to: "returns@x" },
      state: { from: "inactive", to: "active" },
      blocked_by: { from: mark, to: null },
    });
    expect(await table()).toEqual([
      ["admin-block", "admin-block@x", "inactive", null, null, null],
      ["another-state", "another-state@x", "locked", mark, null, null],
      ["by-hand", "by-hand@x", "inactive", "hr", null, null],
      ["kept-note", "kept-note@x", "active", "hr", null, null],
      ["new", "new@x", "active", null, null, null],
      ["no-state", "no-state@x", "active", null, null, null],
      ["returns", "returns@x", "active", null, null, null],
      ["spelt", "spelt@x", "active", null, null, null],
      ["stale", "stale@x", "active", null, null, null],
    ]);
  });

  it("a state that stays takes no place in a unique index that the new one would", async () => {
    await database.sql("create unique index one_address on users (email, state)");
    await fill([
      ["anna", "shared@x", "active", null, null, null],
      ["bert", "old", "locked", null, null, null],
    ]);
    const sharing = (uid: string) => ({ [`uid=${uid}`]: { uid: [uid], mail: ["shared@x"] } });
    await writeFile(join(folder, "people.ldif"), ldif({ ...sharing("anna"), ...sharing("bert") }));
    await configured();
    expect((await synced()).counts).toMatchObject({ updated: 1, unchanged: 1, rejected: 0 });
    expect(await table()).toEqual([
      ["anna", "shared@x", "active", null, null, null],
      ["bert", "shared@x", "locked", null, null, null],
    ]);
  });

  it.each([
    { says: "its mark was taken away", change: "blocked_by = null", held: ["inactive", null] },
    { says: "it got another state", change: "state = 'locked'", held: ["locked", mark] },
  ])("a row that an administrator blocks between look-up and write stays blocked: $says", async ({ change, held }) => {
    await fill([["anna", "old", "inactive", mark, null, null]]);
    const target = await database.open("users", "username");
    const config = { mapping, state, leavers: {}, protect: [], target: database.config("users", "username") };
    try {
      const plan = makePlan(config as unknown as ResolvedConfig, target.table);
      const user = { dn: "uid=anna", key: "anna", values: ["anna", "anna@x", "active", null] };
      const events = await settledMeanwhile(plan, target, user, () => database.sql(`update users set ${change}`));
      expect(events).toEqual([
        expect.objectContaining({ type: "retry", reason: "1 of 1 rows were changed by somebody else meanwhile" }),
        expect.objectContaining({ kind: "update", reactivated: false }),
        { type: "blocked", blocked: { dn: "uid=anna", key: "anna", state: held[0] } },
      ]);
    } finally {
      await target.close();
    }
    expect(await table()).toEqual([["anna", "anna@x", ...held, null, null]]);
  });

  it.each([
    { runs: "int", none: null, none2: 0 },
    { runs: "int not null", none: 0, none2: 0 },
    { runs: "int default 0", none: 0, none2: null },
  ])("nobody who is active is counted as missing: $runs", async ({ runs, none, none2 }) => {
    await create(runs);
    await fill([
      ["active", "active@x", "active", null, none, null],
      ["counted", "counted@x", "active", null, 2, since],
      ["none", "none@x", "active", null, none2, null],
      ["returns", "returns@x", "inactive", mark, 3, since],
    ]);
    await people(["active", "counted", "new", "none", "returns"]);
    await configured({ leavers: { action: "ignore", grace } });
    expect((await inProcess(folder, ["dry-run"])).document.changes.map(({ key }: { key: string }) => key)).toEqual(
      // What is not switched on touches nothing.
      runs === "int not null" ? ["returns"] : ["new", "returns"],
    );
    await configured({ leavers });
    const { changes } = await synced();
    expect(changes).toEqual([
      expect.objectContaining({
        key: "counted",
        columns: {
          missing_since: { from: since, to: null },
          missing_runs: { from: "2", to: none === null ? null : "0" },
        },
      }),
      expect.objectContaining({ kind: "insert", key: "new" }),
      expect.objectContaining({ key: "returns" }),
    ]);
    expect(await table()).toEqual([
      ["active", "active@x", "active", null, none, null],
      ["counted", "counted@x", "active", null, none, null],
      ["new", "new@x", "active", null, none, null],
      ["none", "none@x", "active", null, none2, null],
      ["returns", "returns@x", "active", null, none, null],
    ]);
  });

  const states = "alter table users add flag int";
  it.each<[string, string, object, string, string]>([
    [
      "a mark in no column",
      "",
      { state: { ...state, setBy: "blocked_bye" } },
      'state.setBy: the table users has no column "blocked_bye"',
      'did you mean "blocked_by"?',
    ],
    [
      "a mark in a column that must have a value",
      "alter table users add bearer varchar(20) not null default ''",
      { state: { ...state, setBy: "bearer" } },
      "state.setBy: the column users.bearer is NOT NULL",
      "of an active user it is empty: let the column be NULL",
    ],
    [
      "a mark in a column of numbers",
      states,
      { state: { ...state, setBy: "flag" } },
      `state.setBy: users.flag cannot hold the mark "${mark}": "${mark}" is not an integer`,
      "use a text column of at least 13 characters",
    ],
    [
      "one text for both states",
      states,
      { state: { ...state, column: "flag", active: 1, inactive: true } },
      'state.inactive: the column users.flag holds it as it holds state.active: "1"',
      "use a value that the column tells from the other",
    ],
    [
      "a time in a text",
      "",
      { leavers: { action: "deactivate", grace: { ...grace, sinceColumn: "blocked_by" } } },
      "leavers.grace.sinceColumn: users.blocked_by is of type varchar(20)",
      "use a date or time column",
    ],
    [
      "a time that must have a value",
      "alter table users add since datetime not null default '2026-01-01 00:00:00'",
      { leavers: { action: "deactivate", grace: { ...grace, sinceColumn: "since" } } },
      "leavers.grace.sinceColumn: the column users.since is NOT NULL",
      "of an active user it is empty: let the column be NULL",
    ],
    [
      "a number in a text",
      "",
      { leavers: { action: "deactivate", grace: { ...grace, runsColumn: "email" } } },
      "leavers.grace.runsColumn: users.email is of type varchar(30)",
      "use an integer column",
    ],
  ])("%s is an error of the configuration", async (_, change, changes, message, hint) => {
    if (change !== "") await database.sql(change);
    const config = { mapping: { username: "uid" }, protect: [], state, leavers: {}, ...changes };
    const target = await database.open("users", "username");
    try {
      const own = { ...config, target: database.config("users", "username") } as unknown as ResolvedConfig;
      expect(() => makePlan(own, target.table)).toThrow(
        expect.objectContaining({ turn: "configuration", message, hint }),
      );
    } finally {
      await target.close();
    }
  });
});
