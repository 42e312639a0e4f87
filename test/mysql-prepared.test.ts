import fc from "fast-check";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { fitter } from "../src/target/fit.ts";
import { type TypedColumn, writableColumn } from "../src/target/table.ts";
import { columnKinds, type Kind, strange } from "./prepared-kinds.ts";
import { fewest, rowsOf, type Texts, type Ways, waysInto } from "./prepared-ways.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** The same rows, inserted as a text and by a prepared statement, leave the same bytes or fail with the same error. */

let database: MariadbDatabase;
const opened: Ways[] = [];
beforeAll(async () => {
  database = await mariadbDatabase();
});
afterEach(async () => {
  for (const ways of opened.splice(0)) await ways.close();
});
afterAll(() => database?.stop());

const into = async (definition: string, before = ""): Promise<Ways> => {
  const ways = await waysInto(database, definition, before);
  opened.push(ways);
  return ways;
};

describe("rows of every kind of column", () => {
  const definition = columnKinds.map(({ declared }, at) => `c${at} ${declared}`).join(", ");
  let ways: Ways;
  let columns: TypedColumn[];
  beforeAll(async () => {
    ways = await waysInto(database, `id int primary key, ${definition}`);
    columns = columnKinds.map((_, at) => writableColumn(ways.table, `c${at}`, "c"));
  });
  afterAll(() => ways?.close());

  const fits = (column: TypedColumn, { as = "text" }: Kind, text: string): string | null => {
    const fitted = fitter(as, column, column.type)(text);
    return typeof fitted === "object" ? null : fitted;
  };

  /** Of each column as many values as there are rows. */
  const values = fc.tuple(
    ...columnKinds.map(({ values }) =>
      fc.array(fc.option(values, { freq: 4, nil: null }), { minLength: fewest, maxLength: fewest }),
    ),
  );
  const table = (some: readonly Texts[]): Texts[] =>
    Array.from({ length: fewest }, (_, id) => [
      String(id),
      ...columns.map((column, at) => {
        const text = some[at]?.[id] ?? null;
        return text === null ? null : fits(column, columnKinds[at] as Kind, text);
      }),
    ]);

  it("are the same, to the byte", async () => {
    const before = await ways.executions();
    let runs = 0;
    let filled = 0;
    await fc.assert(
      fc.asyncProperty(values, async (some) => {
        const rows = table(some);
        const [text, prepared] = await ways.both(rows);
        expect(prepared).toEqual(text);
        expect(text).toMatchObject({ inserted: fewest });
        runs += 1;
        filled += rows.flat().filter((value) => value !== null).length;
      }),
      { numRuns: 40 },
    );
    expect((await ways.executions()) - before).toBe(runs);
    // Most values are of their columns.
    expect(filled).toBeGreaterThan((runs * fewest * columnKinds.length) / 2);
  });

  it("fail alike where a value is not one of its column, and are the same where it is", async () => {
    const before = await ways.executions();
    let [runs, failed] = [0, 0];
    const places = fc.array(
      fc.nat(columnKinds.length - 1).chain((at) => {
        const { type } = columns[at] ?? {};
        const isNumber = type?.type === "integer" || type?.type === "bit";
        return fc.tuple(
          fc.constant(at),
          fc.nat(fewest - 1),
          isNumber ? strange.integer : type?.type === "binary" ? strange.bytes : strange.text,
        );
      }),
      { minLength: 1, maxLength: 2 },
    );
    const some = fc.sample(values, 8).map(table);
    await fc.assert(
      fc.asyncProperty(fc.nat(some.length - 1), places, async (which, others) => {
        const rows = (some[which] ?? []).map((row) => [...row]);
        for (const [at, row, text] of others) rows[row]?.splice(at + 1, 1, text);
        const [text, prepared] = await ways.both(rows);
        expect(prepared).toEqual(text);
        runs += 1;
        if ("error" in text) failed += 1;
      }),
      { numRuns: 400 },
    );
    expect((await ways.executions()) - before).toBe(runs);
    expect(failed).toBeGreaterThan(runs / 10);
    expect(failed).toBeLessThan(runs);
  });
});

describe("what the table refuses, is refused alike:", () => {
  it.each<[string, string, Texts, object]>([
    ["too long a text", "c varchar(3)", ["abc", "abcd"], { code: "ER_DATA_TOO_LONG" }],
    ["too many bytes", "c varbinary(3)", ["616263", "61626364"], { code: "ER_DATA_TOO_LONG" }],
    ["too large a number", "c tinyint", ["127", "128"], { code: "ER_WARN_DATA_OUT_OF_RANGE" }],
    [
      "a number of more than 64 bits",
      "c bigint unsigned",
      ["1", `${2n ** 64n}`],
      { code: "ER_WARN_DATA_OUT_OF_RANGE" },
    ],
    ["one below", "c bigint", ["1", `${-(2n ** 63n) - 1n}`], { code: "ER_WARN_DATA_OUT_OF_RANGE" }],
    ["a number below 0", "c int unsigned", ["1", "-1"], { code: "ER_WARN_DATA_OUT_OF_RANGE" }],
    ["too many bits", "c bit(4)", ["15", "16"], { code: "ER_DATA_TOO_LONG" }],
    ["another word of an enum", "c enum('a', 'b')", ["a", "c"], { errno: 1265 }],
    ["a day that is none", "c date", ["2024-02-29", "2023-02-29"], { errno: 1292 }],
    ["no day at all", "c date", ["2024-02-29", "0000-00-00"], { errno: 1292 }],
    ["a year that is none", "c year", ["1901", "1900"], { errno: 1264 }],
    ["what is no JSON", "c json", ["{}", "{"], { errno: 4025 }],
    ["what is no UUID", "c uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", "x"], { errno: 1292 }],
    ["a letter that is not in latin1", "c varchar(9) character set latin1", ["é", "Ł"], { errno: 1366 }],
    ["four bytes in utf8mb3", "c varchar(9) character set utf8mb3", ["é", "😀"], { errno: 1366 }],
    ["a CHECK", "c varchar(9) check (c <> 'bad')", ["good", "bad"], { errno: 4025 }],
    ["NULL", "c int not null", ["1", null], { errno: 1048, sorted: { missing: "c" } }],
    ["a value that is there", "c varchar(9) unique", ["a", "b"], { errno: 1062, sorted: { index: "c" } }],
    [
      "a value that is there but for letters",
      "c varchar(9), unique own (c)",
      ["ä", "A"],
      { errno: 1062, sorted: { index: "own" } },
    ],
  ])("%s", async (_, definition, texts, error) => {
    const ways = await into(`id int primary key, ${definition}`);
    const [text, prepared] = await ways.both(rowsOf(texts));
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ error });
    expect(await ways.executed()).toBe(1);
  });

  it("a column that has to have a value and is left out", async () => {
    const ways = await into("id int primary key, c int, other int not null");
    const [text, prepared] = await ways.both(rowsOf(["1"]), ["id", "c"]);
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ error: { errno: 1364, sorted: { missing: "other" } } });
    // That is said before it is executed, or then.
    expect(await ways.prepared()).toBe(1);
  });

  it("a row of another table that is not there", async () => {
    const ways = await into(
      "id int primary key, c int, foreign key (c) references houses (id)",
      "create table houses (id int primary key); insert into houses values (1), (2)",
    );
    const [text, prepared] = await ways.both(rowsOf(["1", null, "3"]));
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ error: { errno: 1452, sorted: { foreignKey: true } } });
    const [good, alike] = await ways.both(rowsOf(["1", null, "2"]));
    expect(alike).toEqual(good);
    expect(good).toMatchObject({ inserted: fewest });
  });

  it("what a trigger refuses, and what it changes is changed alike", async () => {
    const ways = await into("id int primary key, c varchar(9) not null");
    await database.sql(`create trigger watch before insert on ${ways.table.name} for each row begin
      if new.c = 'no' then signal sqlstate '45000' set message_text = 'not that'; end if;
      set new.c = concat('<', coalesce(new.c, 'none'), '>'); end`);
    for (const [texts, expected] of [
      [["a", "no"], { error: { errno: 1644, sqlMessage: "not that" } }],
      [["a", "b"], { inserted: fewest }],
      [["a", null], {}],
    ] as const) {
      const [text, prepared] = await ways.both(rowsOf(texts));
      expect(prepared).toEqual(text);
      expect(text).toMatchObject(expected);
    }
    expect(await ways.executed()).toBe(3);
  });

  it("a view through which a row would not be seen", async () => {
    const ways = await into("id int primary key, c int");
    const view = `v${ways.table.name}`;
    await database.sql(`create view ${view} as select * from ${ways.table.name} where c > 0 with check option`);
    const [text, prepared] = await ways.both(rowsOf(["1", "0"]), ["id", "c"], view);
    expect(prepared).toEqual(text);
    expect(text).toMatchObject({ error: { errno: 1369 } });
    expect(await ways.executed()).toBe(1);
  });
});
