import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { watchAbsence } from "../../src/absent.ts";
import { loadConfig } from "../../src/config/load.ts";
import { Failure } from "../../src/errors.ts";
import type { Leavers } from "../../src/leavers/pass.ts";
import { planLeavers } from "../../src/leavers/plan.ts";
import { makePlan } from "../../src/plan.ts";
import type { Report } from "../../src/report/event.ts";
import { type Run, sync } from "../../src/sync.ts";
import { openTarget } from "../../src/target/open.ts";
import { type Target, WriteError } from "../../src/target/target.ts";
import { bin } from "../program.ts";
import { type MariadbDatabase, mariadbDatabase, type SqliteDatabase, sqliteDatabase } from "../target-databases.ts";
import { type Changes, type House, inShort, many, openHouse } from "./house.ts";

/** What happens to leavers while others write, and where a run ends in the middle. */

const sqlWords = { id: "int unsigned auto_increment primary key" };

describe("leavers in a table that others write to", () => {
  let database: MariadbDatabase;
  beforeAll(async () => {
    database = await mariadbDatabase();
  });
  afterAll(() => database?.stop());

  it.each([
    ["blocks somebody", "update users set state = 'blocked' where username = 'b'", "a:active b:blocked c:inactive"],
    [
      "takes somebody out of the scope",
      "update users set origin = 'local' where username = 'b'",
      "a:active b:active c:inactive",
    ],
    ["protects somebody", "update users set note = 'keep' where username = 'b'", "a:active b:active c:inactive"],
    ["deletes somebody", "delete from users where username = 'b'", "a:active c:inactive"],
    [
      "changes what is nobody's business",
      "update users set email = 'b@x' where username = 'b'",
      "a:active b:inactive c:inactive",
    ],
  ])("are judged again where somebody else %s between the look and the write", async (_, change, expected) => {
    const opened = await openHouse(database, sqlWords, {
      leavers: { scope: { origin: "ldap" } },
      protect: [{ note: "keep" }],
    });
    const { people, run, rows, sql } = opened;
    await people(["a", "b", "c"]);
    await run("sync");
    const events = await meanwhile(opened, () => sql(change));
    const deactivated = expected.match(/:inactive/g)?.map(() => "deactivate") ?? [];
    // What is no reason to leave the row alone is no reason to look again.
    const retries = change.includes("email") ? [] : ["retry"];
    expect([await rows(), events]).toEqual([expected, [...deactivated, ...retries]]);
  });

  it("are deactivated once where the answer to the commit was lost", async () => {
    const opened = await openHouse(
      database,
      sqlWords,
      { leavers: { grace: { runs: 2, runsColumn: "missed" } } },
      ", missed int",
    );
    const { people, run, rows } = opened;
    await people(["a", "b", "c"]);
    await run("sync");
    const lost = new WriteError("outage", "the connection was cut", { undecided: true });
    expect(await meanwhile(opened, undefined, lost)).toEqual(["missing", "missing", "retry"].sort());
    expect(await rows("missed")).toBe("a:active:NULL b:active:1 c:active:1");
    expect(await meanwhile(opened, undefined, lost)).toEqual(["deactivate", "deactivate", "retry"]);
    expect(await rows("missed")).toBe("a:active:NULL b:inactive:2 c:inactive:2");
  });

  it.each([1, 2])(
    "are all deactivated in the end, with what follows, where the run is killed in the middle: %i",
    async (round) => {
      const opened = await openHouse(database, sqlWords, {
        batchSize: 5,
        limits: { deactivate: { max: 1000, maxPercent: 100 } },
      });
      const { people, run, sql, folder, table, configure } = opened;
      await sql("create table users_roles (user_id int unsigned, role varchar(20))");
      await configure({ leavers: { related: [{ table: `${table}_roles`, key: "user_id", delete: true }] } });
      await people(many(200));
      await run("sync");
      await sql("insert into users_roles select id, 'r' from users");
      await people(many(50));
      const child = spawn(process.execPath, [bin, "sync"], {
        cwd: folder,
        env: { ...process.env, XDG_STATE_HOME: `${folder}/state` },
        stdio: "ignore",
      });
      const exited = new Promise((resolve) => child.on("exit", resolve));
      const gone = async () => Number((await sql("select count(*) as n from users where state = 'inactive'"))[0]?.n);
      while (child.exitCode === null && (await gone()) < 50 * round) await sleep(1);
      child.kill("SIGKILL");
      await exited;
      const after = await gone();
      expect(after % 5).toBe(0);
      // What was done is done as a whole.
      expect(
        await sql(
          "select count(*) as n from users_roles r join users u on u.id = r.user_id where u.state = 'inactive'",
        ),
      ).toEqual([{ n: 0 }]);
      expect(await sql("select count(*) as n from users_roles")).toEqual([{ n: 200 - after }]);
      await sql("delete from idm_ldap_sync_lock where name = 'users'");
      expect(inShort(await run("sync"))).toBe(
        after === 150 ? "0 unchanged 50" : `0 unchanged 50 deactivated ${150 - after}`,
      );
      expect([await gone(), await sql("select count(*) as n from users_roles")]).toEqual([150, [{ n: 50 }]]);
    },
  );
});

describe("leavers", () => {
  let database: SqliteDatabase;
  beforeAll(async () => {
    database = await sqliteDatabase();
  });
  afterAll(() => database?.stop());

  const left = async (changes: Changes = {}): Promise<House> => {
    const opened = await openHouse(database, { id: "integer primary key" }, changes);
    await opened.people(["a", "b", "c", "d", "e"]);
    await opened.run("sync");
    return opened;
  };

  it("are looked for in the directory once more: whoever is active there, or may be, stays", async () => {
    const opened = await left();
    const look: Leavers["secondLook"]["of"] = async (rows) =>
      rows.map(({ key }) => {
        if (key === "b") return { kind: "active", dn: "uid=b" };
        if (key === "c") return { kind: "unknown", dn: "uid=c", why: "is hidden" };
        return key === "d" ? { kind: "inactive", dn: "uid=d", why: "is closed" } : { kind: "gone" };
      });
    expect(await meanwhile(opened, undefined, undefined, { look })).toEqual([
      "b was not read and is active in the directory: moved or changed during the read, the row is left as it is",
      "c was not read, and it is not known whether the entry is active: the row is left as it is",
      "deactivate",
      "deactivate",
    ]);
    expect(await opened.rows()).toBe("a:active b:active c:active d:inactive e:inactive");
  });

  it("are nobody where the second look fails", async () => {
    const opened = await left();
    const look = () => Promise.reject(new Failure("directory", "cut"));
    await expect(meanwhile(opened, undefined, undefined, { look })).rejects.toMatchObject({
      message: "cut",
      hint: "nobody was deactivated",
    });
    expect(await opened.rows()).toBe("a:active b:active c:active d:active e:active");
  });

  it("are nobody where an entry shows neither a match key nor an immutable id", async () => {
    const opened = await left();
    const strangers = { ...nobody, keyless: { count: 2, dns: ["cn=x", "cn=y"] }, byIdAlone: 0, has: () => false };
    expect(await meanwhile(opened, undefined, undefined, { strangers })).toEqual([
      "nobody was deactivated: 2 entries show no match key (cn=x; cn=y), so that it is not known whose rows theirs are",
    ]);
    expect(await opened.rows()).toBe("a:active b:active c:active d:active e:active");
  });

  it.each([
    [0, "a:active b:active c:inactive d:inactive e:inactive"],
    [1, "a:active b:active c:inactive d:active e:active"],
  ])(
    "are not those whose immutable id an entry shows, nor those without one where %i show theirs alone",
    async (byIdAlone, rows) => {
      const opened = await left({ mapping: { external_id: "entryUUID" } });
      await opened.sql("update users set external_id = upper(username) where username in ('b', 'c')");
      const strangers = { ...nobody, keyless: { count: 0, dns: [] }, byIdAlone, has: (id: string) => id === "B" };
      await meanwhile(opened, undefined, undefined, { strangers });
      expect(await opened.rows()).toBe(rows);
    },
  );
});

/** What the pass does not ask of those who have no row of their own. */
const nobody = { meet: () => {}, reject: () => {}, doubt: () => {}, take: () => [], close: () => {} };

describe("people who are not active and have no row", () => {
  let database: SqliteDatabase;
  beforeAll(async () => {
    database = await sqliteDatabase();
  });
  afterAll(() => database?.stop());

  const given = [
    { name: "state", column: "state", text: "inactive", shown: "inactive" },
    { name: "note", column: "note", text: "idm-ldap-sync", shown: "idm-ldap-sync" },
  ];
  const entry = (uid: string, mail?: string) => ({
    dn: `uid=${uid}`,
    attributes: new Map([["uid", [uid]], ...(mail === undefined ? [] : [["mail", [mail]] as const])]),
  });

  it("get one that is not active; whoever has a row, or is read as active, gets none, and a second run writes nothing", async () => {
    const definition =
      "username varchar(50) not null unique, email varchar(9) unique, origin varchar(20), note varchar(50), state varchar(20)";
    const opened = await openHouse(database, { id: "integer primary key" }, {}, "", definition);
    await opened.people(["b"]);
    await opened.run("sync");
    const people = [
      entry("a"),
      entry("b"),
      entry("x", "x@x"),
      entry("y", "x@x"),
      entry("z", "z".repeat(10)),
      entry("X", ""),
    ];
    const inactive = {
      given,
      entries: async function* () {
        yield people.slice(0, 3);
        yield people.slice(3);
      },
    };
    const told = await meanwhile(opened, undefined, undefined, { inactive, batchSize: 2 });
    expect(told).toEqual([
      '1 person who is not active got no row; the first is uid=y: email "x@x" already belongs to the row with username "x" (uid=x)',
      "deactivate",
      "insert",
      "insert",
      "insert",
      "insert",
    ]);
    expect(await opened.rows("email", "origin", "note")).toBe(
      "X:inactive:NULL:ldap:idm-ldap-sync a:active:NULL:ldap:NULL b:inactive:NULL:ldap:NULL x:inactive:x@x:ldap:idm-ldap-sync z:inactive:zzzzzzzzzz:ldap:idm-ldap-sync",
    );
    const again = await meanwhile(opened, undefined, undefined, { inactive, batchSize: 2 });
    expect(again).toEqual([expect.stringMatching(/^1 person who is not active got no row; /)]);
  });
});

/**
 * A sync of which "a" alone is left; before its first write to leavers somebody else does something, or after it the answer
 * is lost. Gives what was told of changes, retries and rejects.
 */
async function meanwhile(
  { folder }: House,
  before?: () => Promise<unknown>,
  lost?: WriteError,
  more: Partial<Run> & { readonly look?: Leavers["secondLook"]["of"] } = {},
): Promise<string[]> {
  const { config } = await loadConfig({ cwd: folder, file: undefined, env: {}, version: "1" });
  const target = await openTarget(config.target);
  const told: string[] = [];
  const report: Report = (event) => {
    if (event.type === "change") told.push(event.kind);
    else if (event.type === "reject" || event.type === "retry") told.push(event.type);
    else if (event.type === "notice" || event.type === "warning") told.push(event.message);
  };
  let isFirst = true;
  const write: Target["write"] = async (writes) => {
    const first = isFirst;
    isFirst = false;
    if (first) await before?.();
    await target.write(writes);
    if (first && lost) throw lost;
  };
  const signal = new AbortController().signal;
  const retry = { attempts: 3, report, signal, wait: async () => {}, random: () => 1 };
  const plan = makePlan(config, target.table);
  const leaverPlan = await planLeavers(config, plan, target, new Date());
  if (!leaverPlan) throw new Error("leavers are left alone");
  const entries = async function* () {
    yield [{ dn: "uid=a", attributes: new Map([["uid", ["a"]]]) }];
  };
  await sync({
    source: { title: "", filter: "", commands: [], entries },
    plan,
    target: { ...target, write },
    report,
    retry,
    batchSize: 500,
    mostRejects: 0,
    signal,
    absence: watchAbsence([]),
    ...more,
    leavers: {
      plan: leaverPlan,
      limit: { isMeant: false },
      name: "",
      succeededBefore: async () => true,
      secondLook: { of: more.look ?? (async (some) => some.map(() => ({ kind: "gone" }))), close: () => {} },
      isShown: false,
    },
  }).finally(() => target.close());
  return told.sort();
}
