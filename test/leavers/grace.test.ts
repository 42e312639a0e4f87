import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../target-databases.ts";
import { type Changes, databases, type House, inShort, many, openHouse } from "./house.ts";

describe.each(databases)("a grace period, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  const house = async (grace: Changes, extra = "", changes: Changes = {}): Promise<House> => {
    const columns = `, missed int, since ${sql.moment}${extra}`;
    const opened = await openHouse(database, sql, { ...changes, leavers: { grace } }, columns);
    await opened.people(["a", "b"]);
    expect(inShort(await opened.run("sync"))).toBe("0 inserted 2");
    await opened.people(["a"]);
    return opened;
  };
  /** As if it had been so many days ago that a row was seen to be missing. */
  const ago = (days: number): string =>
    new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 19).replace("T", " ");
  /** Dry run and sync: they agree. */
  const both = async ({ run }: House): Promise<string> => {
    const dry = await run("dry-run");
    const real = await run("sync");
    expect([dry.document.counts, dry.document.changes]).toEqual([real.document.counts, real.document.changes]);
    return inShort(real);
  };

  it("of three runs: the third one deactivates, and not before", async () => {
    const opened = await house({ runs: 3, runsColumn: "missed" });
    const { rows, run } = opened;
    expect(await both(opened)).toBe("0 unchanged 1 missing 1");
    expect(await rows("missed")).toBe("a:active:NULL b:active:1");
    const { document } = await run("sync");
    expect(document.changes).toEqual([
      { kind: "missing", key: "b", dn: "", columns: { missed: { from: "1", to: "2" } } },
    ]);
    expect(await both(opened)).toBe("0 unchanged 1 deactivated 1");
    expect(await rows("missed")).toBe("a:active:NULL b:inactive:3");
    expect(await both(opened)).toBe("0 unchanged 1");
  });

  it("of fourteen days: noted once, and due when they have passed", async () => {
    const opened = await house({ days: 14, sinceColumn: "since" });
    const { rows, run, sql: ask } = opened;
    const dry = await run("dry-run");
    const { document } = await run("sync");
    expect(document.changes).toEqual([
      { kind: "missing", key: "b", dn: "", columns: { since: { from: null, to: "now" } } },
    ]);
    expect(dry.document.changes).toEqual(document.changes);
    const second = (document.startedAt as string).slice(0, 19).replace("T", " ");
    expect(await rows("since")).toBe(`a:active:NULL b:active:${second}`);
    expect(await both(opened)).toBe("0 unchanged 1");
    await ask(`update users set since = '${ago(13.9)}' where username = 'b'`);
    expect(await both(opened)).toBe("0 unchanged 1");
    const since = ago(14.1);
    await ask(`update users set since = '${since}' where username = 'b'`);
    expect(await both(opened)).toBe("0 unchanged 1 deactivated 1");
    expect(await rows("since")).toBe(`a:active:NULL b:inactive:${since}`);
  });

  it.each([
    ["runs alone", 2, 1, "0 unchanged 1 missing 1"],
    ["days alone", 0, 15, "0 unchanged 1 missing 1"],
    ["both", 2, 15, "0 unchanged 1 deactivated 1"],
  ])("of runs and days is over when both are: %s", async (_, missed, days, expected) => {
    const opened = await house({ runs: 3, runsColumn: "missed", days: 14, sinceColumn: "since" });
    await opened.sql(`update users set missed = ${missed}, since = '${ago(days)}' where username = 'b'`);
    expect(await both(opened)).toBe(expected);
  });

  it("counts from nothing where a column does not begin at NULL, and stops at what the column holds", async () => {
    const opened = await house({ runs: 100, runsColumn: "few" }, ", few tinyint not null default 0");
    const { rows, sql: ask } = opened;
    expect(await both(opened)).toBe("0 unchanged 1 missing 1");
    expect(await rows("few")).toBe("a:active:0 b:active:1");
    await ask("update users set few = 127 where username = 'b'");
    expect(await both(opened)).toBe("0 unchanged 1 deactivated 1");
  });

  it.runIf(name === "SQLite")("counts from nothing where the column holds what is no count", async () => {
    const opened = await house({ runs: 2, runsColumn: "missed" });
    await opened.sql("update users set missed = 'x' where username = 'b'");
    expect(await both(opened)).toBe("0 unchanged 1 missing 1");
    expect(await opened.rows("missed")).toBe("a:active:NULL b:active:1");
  });

  it("is held against the limit when many are first missed, and again when they are due (M14, M15)", async () => {
    const opened = await house({ runs: 2, runsColumn: "missed" });
    const { people, run, rows } = opened;
    await people([..."ab", ...many(20)]);
    await run("sync");
    await people(["a", "b"]);
    const first = await run("sync");
    expect([first.code, first.document.error.message]).toEqual([
      4,
      expect.stringMatching(/^20 of 22 active rows would be counted as missing \(90.9 %\), and the limit is 10 /),
    ]);
    expect(await rows("missed")).not.toMatch(/:1/);
    expect(inShort(await run("sync", "--max-deactivate", "20"))).toBe("0 unchanged 2 missing 20");
    expect((await run("sync")).code).toBe(4);
    expect(inShort(await run("sync", "--max-deactivate", "20"))).toBe("0 unchanged 2 deactivated 20");
  });

  it.each([
    ["a text", { runs: 2, runsColumn: "note" }, "leavers.grace.runsColumn: TABLE.note is of type varchar(50)"],
    ["no moment", { days: 2, sinceColumn: "missed" }, "leavers.grace.sinceColumn: TABLE.missed is of type int"],
    [
      "no column",
      { days: 2, sinceColumn: "sinse" },
      'leavers.grace.sinceColumn: the table TABLE has no column "sinse"',
    ],
  ])("is kept in a column that can keep it, not in %s", async (_, grace, message) => {
    const opened = await openHouse(database, sql, { leavers: { grace } }, ", missed int, since datetime");
    await opened.people(["a"]);
    const { code, document } = await opened.run("dry-run");
    const said = (document.error.message as string).replace(/of type int(\(11\))?$/i, "of type int");
    expect([code, said]).toEqual([2, message.replace("TABLE", opened.table)]);
  });
});
