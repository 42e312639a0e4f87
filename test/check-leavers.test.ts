import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ResolvedConfig } from "../src/config/load.ts";
import { planLeavers } from "../src/leavers/plan.ts";
import { missingLeaverRights } from "../src/leavers/rights.ts";
import { makePlan } from "../src/plan.ts";
import { openTarget } from "../src/target/open.ts";
import { checked } from "./check-report.ts";
import { fileConfig, fileWorkspace, sqlite, type Workspace } from "./program.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** What `check` says of leavers. */

const people = {
  "uid=anna": { uid: ["anna"], displayName: ["Anna"], mail: ["anna@x"], entryUUID: ["1"] },
};
const rows = (count: number) =>
  Array.from(
    { length: count },
    (_, at) => `insert into users (username, state, created_by) values ('p${at}', 'active', 'sync');`,
  ).join("\n");
const badges = "create table badges (user_id integer, kind text, state text not null)";
const related = [{ table: "badges", key: "user_id", where: { kind: ["card"] }, set: { state: "inactive" } }];

describe("check, where leavers are deactivated,", () => {
  const into = async (leavers: object, sql: string, changes: object = {}): Promise<Workspace> => {
    const work = await fileWorkspace(people, { leavers: { action: "deactivate", ...leavers }, ...changes });
    sqlite(work.path("idm.sqlite"), `${badges}; ${sql}`);
    return work;
  };
  const said = async (work: Workspace) => {
    const { code, stages } = await checked(work);
    const lines = stages.filter(({ stage }) => stage === "leavers");
    return { code, lines: lines.map(({ status, message, hint }) => [status, message, hint]) };
  };

  it("tells how many rows are this sync's, what limits it, and what would stop it", async () => {
    const work = await into({ related }, rows(40));
    const limited =
      "one run deactivates at most 10 (limits.deactivate: max 500, 10 %); what follows in badges can be done";
    const first = [
      "warning",
      'no sync "default" into users has succeeded yet, as far as is known: the first one that finds a leaver is refused',
      'let one sync succeed with leavers.action "ignore", or look at its dry-run and give it --max-deactivate N',
    ];
    const many = [
      "warning",
      "40 active rows and 1 active person: about 39 would be deactivated, 10 may be, so that a sync would be refused",
      "look at leavers.scope and at the filters; if that is meant, --max-deactivate N raises the limit for one run",
    ];
    expect(await said(work)).toEqual({
      code: 0,
      lines: [
        [
          "warning",
          "leavers are switched on without a scope: every active row of users counts as this sync's",
          "name in leavers.scope which rows are, unless no other way leads into the table",
        ],
        many,
        first,
        ["ok", `40 active rows of users are this sync's; ${limited}`, null],
      ],
    });
    await work.configure(fileConfig({ leavers: { action: "deactivate", scope: { created_by: "hr" } } }));
    expect((await said(work)).lines).toEqual([
      [
        "ok",
        "0 active rows of users are this sync's; one run deactivates at most 0 (limits.deactivate: max 500, 10 %)",
        null,
      ],
    ]);
    await work.configure(fileConfig({ leavers: { action: "ignore" } }));
    expect(await said(work)).toEqual({ code: 0, lines: [] });
    await work.json(["sync"]);
    await work.configure(
      fileConfig({
        leavers: { action: "deactivate", scope: { created_by: "sync" } },
        limits: { deactivate: { max: 100, maxPercent: 100 } },
      }),
    );
    expect((await said(work)).lines).toEqual([
      [
        "ok",
        "41 active rows of users are this sync's; one run deactivates at most 41 (limits.deactivate: max 100, 100 %)",
        null,
      ],
    ]);
  });

  it.each<[string, object, string]>([
    ["a scope", { scope: { origin: "ldap" } }, 'leavers.scope.origin: the table users has no column "origin"'],
    ["a value", { set: { id: "x" } }, 'leavers.set.id: "x" does not fit the column id: "x" is not an integer'],
    [
      "a table",
      { related: [{ ...related[0], table: "badge" }] },
      'leavers.related[0].table: the database has no table "badge"',
    ],
    [
      "a value of another table",
      { related: [...related, { ...related[0], set: { state: null } }] },
      "leavers.related[1].set.state: null does not fit the column state: no value, column is NOT NULL",
    ],
  ])("names the place of %s that cannot be", async (_, leavers, message) => {
    const { code, lines } = await said(await into(leavers, rows(1)));
    expect(code).toBe(2);
    expect(lines).toEqual([["failed", message, expect.any(String)]]);
  });
});

it("check warns of a word for a date, and of a scope that new rows are not in", async () => {
  const work = await fileWorkspace(people, {
    mapping: { username: "uid" },
    leavers: { action: "deactivate", scope: { created_by: "sync" }, set: { display_name: "now" } },
  });
  const { stages } = await checked(work);
  expect(stages.filter(({ stage, status }) => stage === "leavers" && status === "warning")).toMatchObject([
    {
      message: 'leavers.set.display_name: it is no date or time column, so that the word "now" is written there',
      hint: "name a date or time column",
    },
    {
      message:
        "leavers.scope.created_by: nothing fills users.created_by in a new row, so that people whom the sync adds are not this sync's when they leave",
      hint: 'map it: "created_by": { "value": "sync", "on": "insert" }',
    },
  ]);
});

describe("the rights that leavers need", () => {
  let database: MariadbDatabase;
  beforeAll(async () => {
    database = await mariadbDatabase();
  });
  afterAll(() => database?.stop());

  it("are told where they are missing, by table and column", async () => {
    for (const sql of [
      "create table users (id int primary key, username varchar(9) not null unique, state varchar(9), left_at datetime)",
      "create table badges (user_id int, state varchar(9))",
      "create user narrow@'%' identified by 'narrow'",
      "grant select on users to narrow@'%'",
      "grant insert, update (username, state) on users to narrow@'%'",
      "grant select on badges to narrow@'%'",
    ])
      await database.sql(sql);
    const own = database.config("users", "username");
    const target = await openTarget({ ...own, connection: { ...own.connection, user: "narrow", password: "narrow" } });
    try {
      const config = {
        target: own,
        mapping: { username: "uid" },
        protect: [],
        state: { column: "state", active: "active", inactive: "inactive" },
        leavers: {
          action: "deactivate",
          set: { left_at: "now" },
          related: [{ table: "badges", key: "user_id", set: { state: "inactive" } }],
        },
      } as unknown as ResolvedConfig;
      const plan = await planLeavers(config, makePlan(config, target.table), target, new Date());
      expect(plan && missingLeaverRights(plan, target.table)).toEqual([
        "the user has no UPDATE on users (left_at)",
        "the user has no UPDATE on badges",
      ]);
    } finally {
      await target.close();
    }
  });
});
