import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { lengthOf, units } from "./prepared-kinds.ts";
import { fewest, rowsOf, type Texts, type Ways, waysInto } from "./prepared-ways.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** Rows of any length and statements of any size are the same, inserted as a text and by a prepared statement. */

let database: MariadbDatabase;
const opened: Ways[] = [];
beforeAll(async () => {
  database = await mariadbDatabase({ args: ["--max-allowed-packet=256M", "--innodb-log-file-size=1G"] });
});
afterEach(async () => {
  for (const ways of opened.splice(0)) await ways.close();
});
afterAll(() => database?.stop());

const into = async (definition: string): Promise<Ways> => {
  const ways = await waysInto(database, definition);
  opened.push(ways);
  return ways;
};

describe("texts of any length", () => {
  const lengths = [0, 1, 83, 84, 125, 126, 250, 251, 252, 65_534, 65_535, 65_536, 65_537];
  it.each(units)("of %j", async (unit) => {
    const ways = await into("id int primary key, c mediumtext, b mediumblob");
    const rows = rowsOf(lengths.map((length) => unit.repeat(length))).map(([id = null, c = null]) => [
      id,
      c,
      Buffer.from(c ?? "").toString("hex"),
    ]);
    const [text, prepared] = await ways.both(rows, ["id", "c", "b"]);
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ inserted: rows.length });
    expect(await ways.executed()).toBe(1);
  });

  it("of 16 million characters and more, in several packets", async () => {
    const ways = await into("id int primary key, c longtext");
    const long = ["x".repeat(2 ** 24 - 1), "x".repeat(2 ** 24), "é".repeat(2 ** 23)];
    const rows = rowsOf(["x"]);
    for (const [at, each] of long.entries()) rows[at] = [String(at), each];
    const [text, prepared] = await ways.both(rows);
    expect(prepared).toEqual(text);
    expect(long.map((_, at) => lengthOf(text, at))).toEqual(long.map((each) => Buffer.byteLength(each)));
    expect(await ways.executed()).toBe(1);
  });

  // The packet of the protocol that ends where the statement does is followed by an empty one.
  it("where the packet has just as many bytes as one can have", async () => {
    const ways = await into("id int primary key, c longtext");
    // 4 of a length, 1 of each other one, 8 of each id, 2 of each type, NULLs, and what all packets begin with.
    const others = 4 + (fewest - 1) * 2 + fewest * 8 + 2 * fewest * 2 + Math.ceil((2 * fewest) / 8) + 1 + 10;
    for (const size of [2 ** 24 - 2, 2 ** 24 - 1, 2 ** 24]) {
      const rows = rowsOf(["x"]);
      rows[0] = ["0", "y".repeat(size - others)];
      const before = await ways.received();
      const [text, prepared] = await ways.both(rows);
      expect(prepared).toEqual(text);
      expect(text).toMatchObject({ inserted: fewest });
      expect((await ways.received()) - before).toBeGreaterThan(size);
    }
    expect(await ways.executed()).toBe(3);
  });
});

describe("of the shapes of statements", () => {
  const ids = (count: number, width: number): Texts[] =>
    Array.from({ length: count }, (_, id) => [String(id), ...Array.from({ length: width - 1 }, () => "1")]);

  it.each([
    { name: "as many places as there may be", rows: 13_107, width: 5, executed: 1 },
    { name: "one row more than that", rows: 13_108, width: 5, executed: 0 },
    { name: "the fewest rows", rows: fewest, width: 5, executed: 1 },
    { name: "one row less", rows: fewest - 1, width: 5, executed: 0 },
    { name: "one column", rows: fewest, width: 1, executed: 1 },
  ])("$name: prepared $executed times", async ({ rows, width, executed }) => {
    const names = Array.from({ length: width - 1 }, (_, at) => `c${at}`);
    const ways = await into(["id int primary key", ...names.map((name) => `${name} int`)].join(", "));
    const [text, prepared] = await ways.both(ids(rows, width));
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ inserted: rows });
    expect(await ways.executed()).toBe(executed);
  });

  it("eight are kept of a connection", async () => {
    const ways = await into("id int primary key, c int");
    for (let shape = 0; shape < 10; shape += 1) {
      const [text, prepared] = await ways.both(ids(fewest + shape, 2));
      expect(prepared).toEqual(text);
      expect(text).toMatchObject({ inserted: fewest + shape });
    }
    for (let shape = 0; shape < 10; shape += 1) await ways.both(ids(fewest + shape, 2));
    expect([await ways.prepared(), await ways.executed()]).toEqual([8, 8 * 2]);
  });

  it("no more are kept of a connection than have 2^17 places", async () => {
    const ways = await into("id int primary key, c0 int, c1 int, c2 int, c3 int");
    for (const rows of [13_107, 13_106, 13_105, fewest]) {
      const [text, prepared] = await ways.both(ids(rows, 5));
      expect(prepared).toEqual(text);
    }
    expect([await ways.prepared(), await ways.executed()]).toEqual([2, 2]);
  });

  it("those that are kept are given up where the server has no memory for one more", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `c${at}`);
    await database.sql("set global max_session_mem_used = 5500000");
    const ways = await into(["id int primary key", ...names.map((name) => `${name} int`)].join(", "));
    await database.sql("set global max_session_mem_used = default");
    const kept = async () => Number((await database.sql("show global status like 'Prepared_stmt_count'"))[0]?.Value);
    const before = await kept();
    for (const rows of [500, 499, 500]) {
      const [text, prepared] = await ways.both(ids(rows, 13));
      expect(prepared).toEqual(text);
      expect(text).toMatchObject({ inserted: rows });
      expect(await ways.executed()).toBe(1);
      expect((await kept()) - before).toBe(rows === 500 && (await ways.prepared()) === 1 ? 1 : 0);
    }
  });

  it("none is kept for which the server has no memory", async () => {
    const names = Array.from({ length: 12 }, (_, at) => `c${at}`);
    await database.sql("set global max_session_mem_used = 2600000");
    const ways = await into(["id int primary key", ...names.map((name) => `${name} int`)].join(", "));
    await database.sql("set global max_session_mem_used = default");
    for (let time = 0; time < 2; time += 1) {
      const [text, prepared] = await ways.both(ids(500, 13));
      expect(prepared).toEqual(text);
      expect(text).toMatchObject({ inserted: 500 });
    }
    expect(await ways.executed()).toBe(0);
  });
});
