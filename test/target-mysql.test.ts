import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Kind } from "../src/mapping/value.ts";
import { fitter } from "../src/target/fit.ts";
import { mysqlDialect } from "../src/target/mysql.ts";
import { clashedIndex, writableColumn } from "../src/target/table.ts";
import type { RowValues, Target, Write, WriteError } from "../src/target/target.ts";
import { failure, type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

const insert = (id: string, value: string | null): Write => ({
  kind: "insert",
  columns: ["id", "c"],
  values: [id, value],
});
const update = (id: string, value: string | null): Write => ({
  kind: "update",
  key: id,
  columns: ["c"],
  values: [value],
});

const servers = [
  { server: "as it comes", args: [] },
  {
    server: "with defaults that are all different",
    args: [
      "--sql-mode=ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH,PIPES_AS_CONCAT",
      "--character-set-server=latin1",
      "--default-time-zone=+05:30",
    ],
  },
  { server: "with no SQL mode", args: ["--sql-mode=", "--character-set-server=ucs2", "--default-time-zone=-11:00"] },
];

describe.each(servers)("a MariaDB $server", ({ args }) => {
  let database: MariadbDatabase;
  let numbered = 0;
  beforeAll(async () => {
    database = await mariadbDatabase({ args });
  });
  afterAll(() => database.stop());

  async function withColumn<T>(type: string, use: (target: Target, table: string) => Promise<T>): Promise<T> {
    numbered += 1;
    await database.sql(
      `set sql_mode = ''; create table t${numbered} (id int primary key, c ${type}) character set utf8mb4`,
    );
    const target = await database.open(`t${numbered}`, "id");
    return use(target, `t${numbered}`).finally(() => target.close());
  }

  const zeros = "0".repeat(6);
  it.each<[string, Kind, (string | null)[]]>([
    ["char(5)", "text", ["", "ab", "ab   ", " b", "é\t", "😀😀😀😀😀", null]],
    ["varchar(5)", "text", ["", " ", "ab ", "😀😀😀😀😀", "nul\0", "\\'\"\n", null]],
    ["varchar(9) character set latin1", "text", ["", "Zoë €", "\u0081", "ÿ "]],
    ["varchar(9) character set utf8mb3", "text", ["", "名", "ÿ "]],
    ["varchar(9) character set ascii", "text", ["", "~\u007f"]],
    ["varchar(9) character set utf32", "text", ["", "😀"]],
    ["tinytext", "text", ["", " ", "é".repeat(127), null]],
    ["text", "text", ["", "x".repeat(65_535)]],
    ["mediumtext", "text", ["", "é".repeat(100_000)]],
    ["longtext", "json", ['["a", "b"]']],
    ["json", "json", ['["é","😀"]', '{"a":1}', null]],
    [
      String.raw`enum('Active','it''s','a,b','a\nb','a\\b','','1')`,
      "text",
      ["ACTIVE", "it's", "a,b", "a\nb", "A\\B", "", "1"],
    ],
    ["tinyint(1)", "boolean", ["true", "false", null]],
    ["tinyint", "integer", ["-128", "127"]],
    ["tinyint unsigned", "integer", ["0", "255"]],
    ["smallint", "integer", ["-32768", "32767"]],
    ["smallint unsigned", "integer", ["65535"]],
    ["mediumint", "integer", ["-8388608", "8388607"]],
    ["mediumint unsigned", "integer", ["16777215"]],
    ["int", "integer", ["-2147483648", "2147483647", null]],
    ["int unsigned", "integer", ["4294967295", "0"]],
    ["int(6) zerofill", "integer", ["7", "0"]],
    ["bigint", "integer", ["-9223372036854775808", "9223372036854775807", "9007199254740993"]],
    ["bigint unsigned", "integer", ["18446744073709551615", "5", "0"]],
    ["bigint(20) zerofill", "integer", ["7", "18446744073709551615", "0"]],
    ["year", "text", ["1901", "2155", "2024", null]],
    ["decimal(10,2)", "text", ["1.5", "-0", "+1", "007", "12345678.9", "-12345678.90", ".05", null]],
    ["decimal(10,2) zerofill", "text", ["1.5", "0"]],
    ["decimal(65,30)", "text", [`-${"9".repeat(35)}.${"9".repeat(30)}`, `0.${"0".repeat(29)}1`]],
    ["decimal(3)", "integer", ["-999", "0"]],
    ["decimal(2,2)", "text", ["0.99", "-.01"]],
    ["float", "text", ["0.1", "-1e-30", "3.4028234663852886e38", "16777217", "1e-45", "123456.789", "0"]],
    [
      "double",
      "text",
      ["0.1", "-0", "1.7976931348623157e308", "5e-324", "-2.2250738585072014e-308", "-1.2345678901234567e-300", "1e21"],
    ],
    ["date", "datetime", ["2024-02-29T23:59:59.999999Z"]],
    ["date", "text", ["1000-01-01", "9999-12-31", "0001-01-01", null]],
    ["datetime", "datetime", ["2024-02-29T23:59:59.999999Z"]],
    ["datetime", "text", ["1000-01-01 00:00:00", "9999-12-31 23:59:59", "2024-03-31 02:30:00", null]],
    ["datetime(3)", "datetime", [`2024-02-29T23:59:59.999999Z`, `2024-02-29T12:00:00.${zeros}Z`]],
    ["datetime(6)", "datetime", ["2024-02-29T23:59:59.999999Z", `2024-02-29T12:00:00.${zeros}Z`]],
    ["timestamp null", "text", ["1970-01-01 00:00:01", "2038-01-19 03:14:07", "2024-03-31 01:30:00", null]],
    ["timestamp(6) null", "datetime", ["2024-02-29T23:59:59.000001Z"]],
    ["bit(1)", "boolean", ["true", "false", null]],
    ["bit(9)", "integer", ["511", "256", "0"]],
    ["bit(64)", "integer", ["18446744073709551615", "1"]],
    ["binary(16)", "text", ["", "abc", "\0", "é\\'", "x".repeat(16), null]],
    ["varbinary(16)", "text", ["", "abc", "\0", " ", "x".repeat(16)]],
    ["tinyblob", "text", ["", "x".repeat(255)]],
    ["blob", "text", ["", "x".repeat(65_535), null]],
    ["mediumblob", "text", ["", "\0".repeat(100_000)]],
    ["longblob", "text", ["", "é"]],
    ["binary(16)", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", "00000000-0000-4000-8000-000000000000", null]],
    ["varbinary(36)", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", null]],
    ["char(36)", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", null]],
    ["binary(4)", "binary", ["0x", "0xff", "0x00000000", "0x0a00ff20", null]],
    ["varbinary(4)", "binary", ["0x", "0xff", "0xff00", "0xffffffff", null]],
    ["longblob", "binary", ["0x", "0xffd8ff00", `0x${"ffd800e0".repeat(250_000)}`, null]],
    ["decimal(20)", "integer", ["18446744073709551615", "-9223372036854775808", "9007199254740993", null]],
    ["decimal(30)", "integer", ["123456789012345678901234567890", "-9007199254740993"]],
    ["uuid", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", "FFFFFFFF-0000-4000-8000-00000000000F", null]],
  ])("gives back from %s what was written, by insert and by update", async (type, kind, given) => {
    await withColumn(type, async (target) => {
      const column = writableColumn(target.table, "c", "c");
      const fitted = given.map(fitter(kind, column, column.type));
      const values = fitted.filter((value) => value === null || typeof value === "string");
      expect(values).toEqual(fitted);
      const ids = values.map((_, at) => String(at));
      const read = async (order: readonly string[]) => (await target.find(order, ["c"])).map(({ row }) => row?.[0]);
      await target.write(values.map((value, at) => insert(String(at), value)));
      expect(await read(ids)).toEqual(values);
      await target.write(values.map((value, at) => update(String(values.length - 1 - at), value)));
      expect(await read(ids.toReversed())).toEqual(values);
      // And one at a time, so that no value has a neighbour whose type rubs off.
      for (const [at, value] of values.entries()) await target.write([update(String(at), value)]);
      expect(await read(ids)).toEqual(values);
    });
  });

  it.each([
    ["varchar(3)", "abcd"],
    ["text", "x".repeat(65_536)],
    ["text", "x".repeat(100_000)],
    ["blob", "78".repeat(65_536)],
    ["blob", "78".repeat(100_000)],
    ["tinyblob", "78".repeat(256)],
    ["char(3)", "abcd"],
    ["tinytext", "x".repeat(256)],
    ["varchar(3) character set latin1", "Ł"],
    ["tinyint", "128"],
    ["int unsigned", "-1"],
    ["decimal(3,1)", "100.0"],
    ["date", "2023-02-29"],
    ["date", "0000-00-00"],
    ["datetime", "2024-01-01 25:00:00"],
    ["enum('a','b')", "c"],
    ["varbinary(3)", "61626364"],
    ["int not null", null],
    ["varchar(9) check (c <> 'bad')", "bad"],
    ["json", "{"],
  ])("refuses what %s cannot hold, where the check before the write did not see it: %#", async (type, value) => {
    await withColumn(type, async (target, table) => {
      for (const write of [insert("2", value), update("1", value)]) {
        await database.sql(`delete from ${table}`);
        await target.write([
          insert("1", /int|dec/.test(type) ? "1" : /date/.test(type) ? "2024-01-01" : type === "json" ? "{}" : "a"),
        ]);
        expect(await failure(target.write([write]))).toMatchObject({ name: "WriteError", trouble: "refused" });
        expect(await target.count()).toBe(1);
      }
    });
  });

  it.each(["mediumtext", "mediumblob"])("cuts nothing off %s of any length", async (type) => {
    const lengths = [0, 1, 255, 256, 16_383, 16_384, 21_844, 21_845, 65_535, 65_536, 100_000, 262_143, 262_144];
    await withColumn(type, async (target, table) => {
      await target.write(lengths.map((length) => insert(String(length), "")));
      for (const character of type === "mediumblob" ? ["78", "e9"] : ["x", "\u00e9"]) {
        await target.write(lengths.map((length) => update(String(length), character.repeat(length))));
        const rows = await database.sql(`select id, char_length(c) as length from ${table} order by id`);
        expect(rows.map(({ length }) => Number(length))).toEqual(lengths);
      }
    });
  });

  it("counts the instants of a timestamp in UTC", async () => {
    await withColumn("timestamp null", async (target, table) => {
      await target.write([insert("1", "2024-02-29 12:00:00")]);
      const [row] = await database.sql(`select unix_timestamp(c) as c from ${table}`);
      expect(Number(row?.c) * 1000).toBe(Date.UTC(2024, 1, 29, 12));
    });
  });

  it("keeps a 0 in an AUTO_INCREMENT match key", async () => {
    await database.sql("create table roots (id int primary key auto_increment, c int)");
    const target = await database.open("roots", "id");
    await target.write([insert("0", "1")]);
    expect((await target.find(["0"], ["c"]))[0]?.row).toEqual(["1"]);
    await target.close();
  });
});

describe("a MariaDB that tells every statement", () => {
  let database: MariadbDatabase;
  beforeAll(async () => {
    database = await mariadbDatabase({ generalLog: true });
  });
  afterAll(() => database.stop());

  const statements = async (since: string): Promise<string[]> =>
    (await database.server.generalLog())
      .slice(since.length)
      .split("\n")
      .flatMap((line) => / Query\t(.*)$/.exec(line)?.[1] ?? []);

  it("is sent one look-up and one transaction with one statement for each kind and shape, and nothing else", async () => {
    await database.sql("create table talk (id int primary key, a varchar(20), b varchar(20))");
    const target = await database.open("talk", "id");
    await target.find(["1"], ["a"]);
    const before = await database.server.generalLog();
    const ids = Array.from({ length: 500 }, (_, at) => String(at));
    await target.find(ids, ["a", "b"]);
    await target.write([
      ...ids.map((id): Write => ({ kind: "insert", columns: ["id", "a"], values: [id, "x"] })),
      { kind: "insert", columns: ["id", "b"], values: ["500", "x"] },
    ]);
    await target.write([
      ...ids.map((id): Write => ({ kind: "update", key: id, columns: ["a"], values: ["y"] })),
      { kind: "insert", columns: ["id", "a"], values: ["501", "x"] },
      { kind: "update", key: "500", columns: ["a", "b"], values: ["y", "y"] },
    ]);
    await target.write([
      ...ids.map(
        (id): Write => ({
          ...{ kind: "update", key: id, columns: ["a"], values: ["z"] },
          expect: { columns: ["id", "a", "b"], values: [id, "y", null] },
        }),
      ),
      {
        ...{ kind: "update", key: "501", columns: ["b"], values: ["z"] },
        expect: { columns: ["a"], values: ["x"] },
      },
    ]);
    await target.close();
    expect((await statements(before)).map((sql) => /^\w+( into)?/.exec(sql)?.[0].toLowerCase())).toEqual([
      "select",
      ...["begin", "insert into", "insert into", "commit"],
      ...["begin", "update", "update", "insert into", "commit"],
      ...["begin", "select", "update", "update", "commit"],
    ]);
  });

  it("never hears of a way to write that could change another row", async () => {
    const said = await database.server.generalLog();
    expect(said).toMatch(/insert into/);
    expect(said).not.toMatch(/\Won duplicate key|\Wreplace\W|insert ignore/i);
  });

  it.each([
    "varchar(40) character set utf8mb4 collate utf8mb4_general_ci",
    "varchar(40) character set utf8mb4 collate utf8mb4_unicode_ci",
    "varchar(40) character set utf8mb4 collate utf8mb4_bin",
    "varchar(40) character set utf8mb4 collate utf8mb4_unicode_nopad_ci",
    "varchar(40) character set utf8mb3 collate utf8mb3_general_ci",
    "varchar(40) character set latin1 collate latin1_swedish_ci",
    "varchar(40) character set ascii",
    "char(40) character set utf8mb4",
    "int",
    "bigint unsigned",
    "smallint",
    "uuid",
    "binary(16)",
    "varbinary(16)",
  ])("finds and updates by the index of a match key of type %s", async (type) => {
    await database.sql(`create or replace table many (k ${type} not null, note int, unique (k))`);
    const uuid = {
      sql: "cast(concat('00000000-0000-0000-0000-', lpad(seq, 12, '0')) as uuid)",
      before: "00000000-0000-0000-0000-000000000000",
    };
    const bytes = { sql: "unhex(lpad(seq, 32, '0'))", before: "0".repeat(32) };
    const { sql, before } = /uuid/.test(type) ? uuid : /binary/.test(type) ? bytes : { sql: "seq", before: "" };
    await database.sql(`insert into many select ${sql}, seq from seq_1_to_3000; analyze table many`);
    const target = await database.open("many", "k");
    const key = writableColumn(target.table, "k", "k");
    const dialect = mysqlDialect(database.config("many", "k"));
    const keys = ["7", "8", "9999"].map((n) => dialect.bind(`${before.slice(0, -n.length)}${n}`, key.type));
    const statementOf = ({ sql, bindings }: ReturnType<typeof dialect.lookup>) =>
      database.sql(
        `explain ${sql}`,
        bindings.map((value) => (typeof value === "bigint" ? Number(value) : value)),
      );
    const note = writableColumn(target.table, "note", "note");
    for (const statement of [
      dialect.lookup(
        "many",
        [key],
        keys.map((each) => [each]),
        ["u.`note`"],
      ),
      dialect.update(
        "many",
        key,
        [note],
        keys.map((each) => [each, 1]),
      ),
    ]) {
      const access = (await statementOf(statement)).find((row) => row.table === "u");
      expect(access).toMatchObject({ type: expect.stringMatching(/^(eq_ref|ref)$/), key: "k" });
    }
    await target.close();
  });

  it.each([
    ["autocommit", "0", "1"],
    ["completion_type", "CHAIN", "NO_CHAIN"],
    ["completion_type", "2", "NO_CHAIN"],
    ["sql_select_limit", "1", "18446744073709551615"],
    ["sql_safe_updates", "1", "0"],
    ["max_join_size", "1", "18446744073709551615"],
  ])("is asked and written to as ever where %s is %s", async (setting, value, usual) => {
    await database.sql("drop table if exists set_apart; create table set_apart (id int primary key, a varchar(9))");
    await database.sql(`insert into set_apart values (1, 'x'), (2, 'y'); set global ${setting} = ${value}`);
    const target = await database
      .open("set_apart", "id")
      .finally(() => database.sql(`set global ${setting} = ${usual}`));
    const rows = async () => (await target.find(["1", "2", "3"], ["a"])).map(({ row }) => row?.[0]);
    expect(await rows()).toEqual(["x", "y", undefined]);
    await database.sql("update set_apart set a = 'other' where id = 2");
    expect(await rows()).toEqual(["x", "other", undefined]);
    await target.write(
      [update("1", "X"), insert("3", "z")].map((write) => ({
        ...write,
        columns: write.columns.map((name) => (name === "c" ? "a" : name)),
      })),
    );
    expect(await database.sql("select a from set_apart order by id")).toEqual([{ a: "X" }, { a: "other" }, { a: "z" }]);
    await database.sql("update set_apart set a = 'again' where id = 1");
    expect(await rows()).toEqual(["again", "other", "z"]);
    await target.close();
  });

  it("keeps the rows that an update expects as they are until its transaction ends", async () => {
    await database.sql("create table held (id int primary key, a varchar(9), guid varchar(9) unique)");
    await database.sql("insert into held values (1, 'x', 'g1'), (2, 'y', 'g2')");
    const target = await database.open("held", "id");
    const expected = (id: string, values: RowValues): Write => ({
      ...{ kind: "update", key: id, columns: ["a"], values: ["new"] },
      expect: { columns: ["a", "guid"], values },
    });
    // Somebody else gives the row to another person and has not yet committed when the write begins.
    const other = await createConnection({ socketPath: database.server.socket, user: "root", database: "idm" });
    await other.query("begin");
    await other.query("update held set guid = 'g3' where id = 2");
    const writing = failure(target.write([expected("1", ["x", "g1"]), expected("2", ["y", "g2"])]));
    // The server looks again only where nobody has asked for 100 ms.
    await vi.waitFor(
      async () => {
        const waits = await database.sql("select 1 from information_schema.innodb_trx where trx_state = 'LOCK WAIT'");
        expect(waits).toHaveLength(1);
      },
      { timeout: 10_000, interval: 150 },
    );
    await other.query("commit");
    await other.end();
    expect(await writing).toMatchObject({
      trouble: "conflict",
      message: "1 of 2 rows were changed by somebody else meanwhile",
    });
    expect(await database.sql("select * from held order by id")).toEqual([
      { id: 1, a: "x", guid: "g1" },
      { id: 2, a: "y", guid: "g3" },
    ]);
    await target.close();
  });

  it("names the index of a clash whatever its name and the values", async () => {
    await database.sql(
      "create table clashes (id int primary key, a varchar(40), b varchar(40), c varchar(100), unique `dot.ted` (a, b), unique `it's` (b, c))",
    );
    const target = await database.open("clashes", "id");
    const columns = ["id", "a", "b", "c"];
    const row = (...values: string[]): Write => ({ kind: "insert", columns, values });
    await target.write([row("1", "a' for key 'PRIMARY", "b", "c")]);
    const clash = async (write: Write) =>
      clashedIndex(target.table, (await failure(target.write([write]))) as WriteError)?.columns;
    expect(await clash(row("2", "a' for key 'PRIMARY", "b", "other"))).toEqual(["a", "b"]);
    expect(await clash(row("2", "other", "b", "c"))).toEqual(["b", "c"]);
    expect(await clash(row("1", "other", "other", "other"))).toEqual(["id"]);
    await target.close();
  });

  it.each([
    ["MyISAM", "target.table: no_transactions uses the engine MyISAM, which has no transactions"],
    ["Aria", "target.table: no_transactions uses the engine Aria, which has no transactions"],
  ])("is refused with a table of the engine %s", async (engine, message) => {
    await database.sql(`create or replace table no_transactions (id int primary key) engine = ${engine}`);
    expect(await failure(database.open("no_transactions", "id"))).toMatchObject({
      turn: "configuration",
      message,
      hint: "ALTER TABLE `no_transactions` ENGINE = InnoDB",
    });
  });

  it.each([
    ["double(10,2)", "double(10,2)"],
    ["time", "time"],
    ["set('a','b')", "set('a','b')"],
    ["varchar(20) character set latin2", "varchar(20) character set latin2"],
  ])("says that %s cannot be written", async (type, declared) => {
    await database.sql(`create or replace table odd (id int primary key, c ${type})`);
    const target = await database.open("odd", "id");
    await target.close();
    expect(() => writableColumn(target.table, "c", "mapping.c")).toThrow(
      `mapping.c: odd.c is of type ${declared}, which cannot be written`,
    );
  });

  it.each([
    "timestamp not null default current_timestamp on update current_timestamp",
    "datetime(6) default null on update current_timestamp(6)",
  ])("says of a column that is %s that it cannot be kept", async (definition) => {
    await database.sql(`create or replace table touched (id int primary key, c ${definition})`);
    const target = await database.open("touched", "id");
    await target.close();
    expect(() => writableColumn(target.table, "c", "mapping.c")).toThrow(
      "mapping.c: the column touched.c is set by the database at every update",
    );
  });

  it("knows what fills a column that an insert leaves out", async () => {
    await database.sql(`create table defaults (id int primary key auto_increment, a int not null, b int not null default 0,
      c int, d timestamp not null default current_timestamp, e varchar(40) not null default (uuid()))`);
    const target = await database.open("defaults", "id");
    await target.close();
    expect([...target.table.columns.values()].map(({ name, hasDefault }) => [name, hasDefault])).toEqual([
      ["id", true],
      ["a", false],
      ["b", true],
      ["c", true],
      ["d", true],
      ["e", true],
    ]);
  });

  it("stores in latin1 exactly the characters that are said to fit", async () => {
    const fits = fitter(
      "text",
      { name: "c", declared: "", type: undefined, nullable: true, hasDefault: true, generated: false },
      { type: "text", charset: "latin1", padded: false },
    );
    const rows = await database.sql(
      `select hex(c) as hex from (select convert(char(seq using utf32) using utf8mb4) as c from seq_0_to_65535 where seq not between 0xd800 and 0xdfff) x
       where c = convert(convert(c using latin1) using utf8mb4) collate utf8mb4_nopad_bin`,
    );
    const stored = rows.map(({ hex }) => Buffer.from(String(hex), "hex").toString());
    const fitting = Array.from({ length: 0xffff }, (_, point) => String.fromCharCode(point)).filter(
      (character) => fits(character) === character,
    );
    expect(fitting).toEqual(stored.sort());
    expect(stored).toHaveLength(256);
  });
});

describe("a MariaDB that takes statements of 128 KiB at most", () => {
  const room = 128 * 1024;
  let database: MariadbDatabase;
  let target: Target;
  beforeAll(async () => {
    database = await mariadbDatabase({ args: ["--max-allowed-packet=128K"] });
    await database.sql("create table t (id int primary key, c mediumtext, d int)");
    target = await database.open("t", "id");
  });
  afterAll(async () => {
    await target.close();
    await database.stop();
  });

  const ids = (count: number) => Array.from({ length: count }, (_, at) => String(at));

  it.each([
    ["many rows without values", 20_000, ""],
    ["a few rows of characters that are written as two bytes", 24, "'\\\n\0".repeat(room / 16)],
    ["a few rows of characters of three bytes", 24, "名".repeat(room / 4)],
  ])("is sent %s in pieces that fit", async (_, count, value) => {
    await database.sql("delete from t");
    await target.write(ids(count).map((id) => insert(id, null)));
    await target.write(ids(count).map((id) => update(id, value)));
    expect(new Set((await target.find(ids(count), ["c"])).map(({ row }) => row?.[0]))).toEqual(new Set([value]));
    await database.sql("delete from t");
    await target.write(ids(count).map((id) => insert(id, value)));
    expect(new Set((await target.find(ids(count), ["c"])).map(({ row }) => row?.[0]))).toEqual(new Set([value]));
  });

  it.each<[string, string, number]>([
    ["characters of one byte", "x", 1],
    ["characters of three bytes", "名", 3],
    ["characters that are escaped", "'", 2],
  ])("gets a row of %s to the last byte that fits", async (_, character, bytes) => {
    const most = Math.floor((room * 7) / 8 / bytes) - 10;
    await database.sql("delete from t");
    await target.write([insert("1", character.repeat(most))]);
    await target.write([update("1", character.repeat(most - 1)), insert("2", character.repeat(most))]);
    expect((await target.find(["1", "2"], ["c"])).map(({ row }) => row?.[0]?.length)).toEqual([most - 1, most]);
    expect(await failure(target.write([update("1", character.repeat(most + 40))]))).toMatchObject({
      trouble: "refused",
      message: expect.stringMatching(/^the row has \d+ bytes, max_allowed_packet allows 114688$/),
    });
  });

  it("gets nothing of a batch with a row that is larger", async () => {
    await database.sql("delete from t");
    expect(await failure(target.write([insert("1", "a"), insert("2", "x".repeat(room))]))).toMatchObject({
      name: "WriteError",
      trouble: "refused",
      message: expect.stringMatching(/^the row has \d+ bytes, max_allowed_packet allows 114688$/),
    });
    expect(await target.count()).toBe(0);
  });
});
