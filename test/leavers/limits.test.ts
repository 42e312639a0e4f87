import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../target-databases.ts";
import { type Changes, databases, type House, inShort, many, openHouse } from "./house.ts";

/** Too many at once: an outage, a filter that was edited, a mapping with a slip of the pen. */

describe.each(databases)("too many leavers, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  const house = async (count: number, changes: Changes = {}): Promise<House> => {
    const opened = await openHouse(database, sql, changes);
    await opened.people(many(count));
    expect(inShort(await opened.run("sync"))).toBe(`0 inserted ${count}`);
    return opened;
  };
  const active = async ({ sql: ask }: House): Promise<number> =>
    Number((await ask("select count(*) as n from users where state = 'active'"))[0]?.n);

  it.each([
    ["ten pass whatever their percentage", 20, 10, {}, "0 unchanged 10 deactivated 10", undefined],
    [
      "eleven of twenty do not",
      20,
      11,
      {},
      "4 unchanged 9",
      "11 of 20 active rows would be deactivated (55 %), and the limit is 10 (limits.deactivate.maxPercent 10): nobody was deactivated; they are p00000, p00001, p00002, p00003, p00004, p00005, p00006, p00007, p00008, p00009, 1 more",
    ],
    ["a tenth passes", 150, 15, {}, "0 unchanged 135 deactivated 15", undefined],
    [
      "more than a tenth does not",
      150,
      16,
      {},
      "4 unchanged 134",
      expect.stringMatching(
        /^16 of 150 active rows would be deactivated \(10.7 %\), and the limit is 15 \(limits.deactivate.maxPercent 10\): /,
      ),
    ],
    ["max is the most", 20, 3, { max: 3 }, "0 unchanged 17 deactivated 3", undefined],
    [
      "also of few",
      20,
      4,
      { max: 3, maxPercent: 100 },
      "4 unchanged 16",
      "4 of 20 active rows would be deactivated (20 %), and the limit is 3 (limits.deactivate.max): nobody was deactivated; they are p00000, p00001, p00002, p00003",
    ],
  ])("%s", async (_, count, leaving, deactivate, expected, message) => {
    const opened = await house(count, { limits: { deactivate } });
    const { people, run } = opened;
    await people(many(count - leaving, leaving));
    const dry = await run("dry-run");
    const { code, document, ...rest } = await run("sync");
    expect([inShort({ code, document, ...rest }), document.error?.message]).toEqual([expected, message]);
    expect([dry.code, dry.document.error?.message, dry.document.counts.deactivated]).toEqual([code, message, leaving]);
    expect(await active(opened)).toBe(message === undefined ? count - leaving : count);
    if (message === undefined) return;
    expect(document.error.hint).toBe(
      `look at them with dry-run; if that is meant, raise the limit for this run with --max-deactivate ${leaving}`,
    );
    expect(inShort(await run("sync", "--max-deactivate", String(leaving - 1)))).toBe(expected);
    const raised = await run("sync", "--max-deactivate", String(leaving));
    expect(inShort(raised)).toBe(`0 unchanged ${count - leaving} deactivated ${leaving}`);
    expect(await active(opened)).toBe(count - leaving);
  });

  it("stop those alone: what was inserted and updated before stands, and the hint says so (M11, M14)", async () => {
    const opened = await house(20);
    const { people, run, rows } = opened;
    await people([...many(5), "new"]);
    const { code, document } = await run("sync");
    expect([code, document.counts.inserted, document.counts.deactivated, document.error.hint]).toEqual([
      4,
      1,
      0,
      "finished batches stand; look at them with dry-run; if that is meant, raise the limit for this run with --max-deactivate 15",
    ]);
    expect(await rows()).toMatch(/^new:active( p\d+:active){20}$/);
  });

  it("are counted of the rows that there were before the run, in a dry run and in a sync alike", async () => {
    const opened = await house(20);
    const { people, run } = opened;
    await people([...many(8), ...many(500, 100)]);
    const dry = await run("dry-run");
    const real = await run("sync");
    expect([dry.code, dry.document.error.message]).toEqual([4, real.document.error.message]);
    expect(real.document.error.message).toMatch(/^12 of 20 active rows would be deactivated \(60 %\)/);
  });

  it("are none where the directory shows nobody: that is refused before (M6, M7, M16)", async () => {
    const opened = await house(5);
    const { people, run } = opened;
    await people([]);
    const { code, document } = await run("sync");
    expect([code, document.error.message]).toEqual([4, expect.stringMatching(/^the directory has no active entry/)]);
    expect(await active(opened)).toBe(5);
  });

  it("may be meant, where the directory shows nobody and --allow-empty says so", async () => {
    const opened = await house(5);
    const { people, run } = opened;
    await people([]);
    expect(inShort(await run("sync", "--allow-empty"))).toBe("0 deactivated 5");
    expect(await active(opened)).toBe(0);
  });
});

describe.each(databases)("the first run, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  /** A table that others have filled, of which the directory knows one row. */
  const filled = async (changes: Changes = {}): Promise<House> => {
    const opened = await openHouse(database, sql, changes);
    await opened.sql("insert into users (username, state) values ('a', 'active'), ('b', 'active'), ('c', 'active')");
    await opened.people(["a"]);
    return opened;
  };

  it("deactivates nobody, in a dry run and a sync alike, unless --max-deactivate is given (M22)", async () => {
    const opened = await filled();
    const { run, rows, table } = opened;
    const dry = await run("dry-run");
    const { code, document } = await run("sync");
    expect([code, document.outcome, document.error]).toEqual([
      4,
      "refused",
      {
        message: `2 of 3 active rows would be deactivated (66.7 %), and no sync "${table}" into ${table} has succeeded yet, as far as is known: nobody was deactivated; they are b, c`,
        hint: "look at them with dry-run; if that is meant, raise the limit for this run with --max-deactivate 2",
      },
    ]);
    expect([dry.code, dry.document.error, dry.document.counts.deactivated]).toEqual([4, document.error, 2]);
    // A refused run is no success.
    expect((await run("sync")).code).toBe(4);
    expect(await rows()).toBe("a:active b:active c:active");
    expect(inShort(await run("sync", "--max-deactivate", "2"))).toBe("0 unchanged 1 deactivated 2");
  });

  it("is over when a sync has succeeded, of all people", async () => {
    const opened = await filled();
    const { run, people, rows } = opened;
    expect((await run("sync", "--filter", "(uid=a)")).code).toBe(0);
    expect((await run("sync")).code).toBe(4);
    await people(["a", "b", "c"]);
    expect((await run("sync")).code).toBe(0);
    await people(["a"]);
    expect(inShort(await run("sync"))).toBe("0 unchanged 1 deactivated 2");
    expect(await rows()).toBe("a:active b:inactive c:inactive");
  });

  it.each<[string, (opened: House) => Promise<unknown>, string]>([
    [
      "the history alone is left",
      ({ sql: ask }) => ask("delete from idm_ldap_sync_lock"),
      "0 unchanged 1 deactivated 2",
    ],
    [
      "the table of locks is of an earlier version",
      ({ sql: ask }) => ask("alter table idm_ldap_sync_lock drop column succeeded_at"),
      "0 unchanged 1 deactivated 2",
    ],
    [
      "the history is lost",
      ({ folder }) => rm(join(folder, "state"), { recursive: true }),
      "0 unchanged 1 deactivated 2",
    ],
    [
      "both are lost",
      async ({ folder, sql: ask }) => {
        await rm(join(folder, "state"), { recursive: true });
        await ask("drop table idm_ldap_sync_lock");
      },
      "4 unchanged 1",
    ],
  ])("is known by the history and by the table of locks: %s", async (_, lose, expected) => {
    const opened = await filled();
    const { run, people } = opened;
    await people(["a", "b", "c"]);
    expect((await run("sync")).code).toBe(0);
    await people(["a"]);
    await lose(opened);
    expect(inShort(await run("sync"))).toBe(expected);
  });

  it("is known by a history that is a table", async () => {
    const opened = await filled({ history: { table: "runs" } });
    const { run, people, sql: ask } = opened;
    await people(["a", "b", "c"]);
    expect((await run("sync")).code).toBe(0);
    await people(["a"]);
    await ask("drop table idm_ldap_sync_lock");
    expect(inShort(await run("dry-run"))).toBe("0 unchanged 1 deactivated 2");
    expect(inShort(await run("sync"))).toBe("0 unchanged 1 deactivated 2");
  });

  it("of the same name into another table is another one", async () => {
    const opened = await filled();
    const { run, people, folder, config, table } = opened;
    await people(["a", "b", "c"]);
    expect((await run("sync")).code).toBe(0);
    const other = `other_${table}`;
    await database.sql(`create table ${other} as select * from ${table}`);
    await database.sql(`create unique index ${other}_key on ${other} (username)`);
    await people(["a"]);
    const target = { ...(config().target as object), table: other };
    await writeFile(join(folder, ".syncrc.json"), JSON.stringify({ ...config(), target }), { mode: 0o600 });
    expect(inShort(await run("dry-run"))).toBe("4 unchanged 1 deactivated 2");
    expect(inShort(await run("sync"))).toBe("4 unchanged 1");
  });

  it("of another name into the same table is another one", async () => {
    const opened = await filled();
    const { run, people, configure } = opened;
    await people(["a", "b", "c"]);
    expect((await run("sync")).code).toBe(0);
    await people(["a"]);
    await configure({ name: "other" });
    expect((await run("sync")).code).toBe(4);
  });
});
