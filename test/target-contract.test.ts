import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../src/errors.ts";
import type { Kind } from "../src/mapping/value.ts";
import { fitter } from "../src/target/fit.ts";
import { clashedIndex, writableColumn } from "../src/target/table.ts";
import { type RowValues, type Target, type Write, WriteError } from "../src/target/target.ts";
import { failure, mariadbDatabase, type SqlRow, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/** The key of the row with these values in the unique index of these columns. */
async function holderOf(
  target: Target,
  columns: readonly string[],
  values: RowValues,
): Promise<string | null | undefined> {
  const index = target.table.uniqueIndexes.find((each) => each.columns.join() === columns.join());
  if (!index) throw new Error(`no unique index of ${columns}`);
  return (await target.holders(index, [values]))[0]?.key;
}

const quote = (name: string): string => `\`${name.replaceAll("`", "``")}\``;
const insert = (columns: readonly string[], ...rows: RowValues[]): Write[] =>
  rows.map((values) => ({ kind: "insert", columns, values }));
const update = (key: string, columns: readonly string[], values: RowValues): Extract<Write, { kind: "update" }> => ({
  kind: "update",
  key,
  columns,
  values,
});

const databases = [
  {
    name: "MariaDB",
    start: mariadbDatabase,
    exact: "varchar(191) character set utf8mb4 collate utf8mb4_bin",
    unsupported: "point",
    fallible: "varchar(9) check (flag <> 'bad')",
    trigger: (text: string) =>
      `create trigger t before insert on flags for each row if new.flag = 'trigger' then signal sqlstate '45000' set message_text = '${text}'; end if`,
    collations: [
      "utf8mb4_general_ci",
      "utf8mb4_unicode_ci",
      "utf8mb4_bin",
      "utf8mb4_unicode_nopad_ci",
      "utf8mb4_turkish_ci",
      "utf8mb4_uca1400_ai_ci",
      "utf8mb3_general_ci",
      "latin1_swedish_ci",
      "latin1_german2_ci",
    ],
  },
  {
    name: "SQLite",
    start: sqliteDatabase,
    exact: "varchar(191)",
    unsupported: "string",
    fallible: "varchar(9) check (flag <> 'bad')",
    trigger: (text: string) =>
      `create trigger t before insert on flags when new.flag = 'trigger' begin select raise(rollback, '${text}'); end`,
    collations: ["BINARY", "NOCASE", "RTRIM"],
  },
] as const;

describe.each(databases)("a target in $name", ({ start, exact, unsupported, fallible, trigger, collations }) => {
  let database: TestDatabase;
  let numbered = 0;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database.stop());

  /** A new table with these columns and constraints. */
  async function table(definition: string): Promise<string> {
    numbered += 1;
    await database.sql(`create table t${numbered} (${definition})`);
    return `t${numbered}`;
  }

  async function withTarget<T>(name: string, key: string, use: (target: Target) => Promise<T>): Promise<T> {
    const target = await database.open(name, key);
    try {
      return await use(target);
    } finally {
      await target.close();
    }
  }

  const rowsOf = (target: Target, keys: readonly string[], columns: readonly string[]) =>
    target.find(keys, columns).then((found) => found.map(({ row }) => row));

  const plain = (rows: SqlRow[]): unknown[][] => rows.map((row) => Object.values(row));

  describe("describes the table", () => {
    const title = () => database.title;

    it("by its columns and unique indexes", async () => {
      const name = await table(`id integer primary key, username ${exact} not null, mail varchar(50), age int default 7,
        twice int generated always as (age * 2) stored, shape ${unsupported}`);
      await database.sql(`create unique index ${name}_mail on ${name} (mail, age)`);
      await withTarget(name, "id", async (target) => {
        expect(target.title).toMatch(/^t\d+ in .* \((MariaDB|SQLite) [\d.]+\)$/);
        expect(target.title).toContain(title());
        const columns = [...target.table.columns.values()].map(({ name, nullable, generated, type }) => [
          name,
          nullable,
          generated,
          type?.type,
        ]);
        expect(columns).toEqual([
          ["id", false, false, "integer"],
          ["username", false, false, "text"],
          ["mail", true, false, "text"],
          ["age", true, false, "integer"],
          ["twice", true, true, "integer"],
          ["shape", true, false, undefined],
        ]);
        expect(target.table.columns.get("age")?.hasDefault).toBe(true);
        expect(target.table.columns.get("username")?.hasDefault).toBe(false);
        const indexes = target.table.uniqueIndexes.map(({ columns }) => columns).sort();
        expect(indexes).toEqual([["id"], ["mail", "age"]]);
      });
    });

    it.each<[string, string, string, string, string]>([
      [
        "a column that is not there",
        "username varchar(50) primary key",
        "usrname",
        'target.matchKey: the table TABLE has no column "usrname"',
        'did you mean "username"?',
      ],
      [
        "a match key without a unique index",
        "id int primary key, username varchar(50)",
        "username",
        "target.matchKey: TABLE.username has no unique index of its own, so two rows could be the same person",
        "CREATE UNIQUE INDEX TABLE_username ON TABLE (username)",
      ],
      [
        "a match key that is unique together with another column only",
        "site int, username varchar(50), unique (username, site)",
        "username",
        "target.matchKey: TABLE.username has no unique index of its own, so two rows could be the same person",
        "CREATE UNIQUE INDEX TABLE_username ON TABLE (username)",
      ],
      [
        "a match key that is one of two columns of the primary key",
        "username varchar(50), site int, primary key (username, site)",
        "username",
        "target.matchKey: TABLE.username has no unique index of its own, so two rows could be the same person",
        "CREATE UNIQUE INDEX TABLE_username ON TABLE (username)",
      ],
      [
        "a match key of a type that cannot be written",
        `username varchar(50) primary key, shape ${unsupported}`,
        "shape",
        `target.matchKey: TABLE.shape is of type ${unsupported}, which cannot be written`,
        "map a text, number, date or binary column instead",
      ],
      [
        "a match key of a type whose equality is not that of its text",
        "born date primary key",
        "born",
        "target.matchKey: TABLE.born is of type date, which cannot be a match key",
        "use a text, integer, binary or UUID column",
      ],
      [
        "a match key that the database computes",
        "name varchar(50), username varchar(50) generated always as (lower(name)) stored unique",
        "username",
        "target.matchKey: the column TABLE.username is computed by the database",
        "take it out of the mapping",
      ],
    ])("and refuses %s", async (_, definition, key, message, hint) => {
      const name = await table(definition);
      const error = await failure(database.open(name, key));
      expect(error).toBeInstanceOf(Failure);
      expect(error).toMatchObject({
        turn: "configuration",
        message: message.replaceAll("TABLE", name),
        hint: hint.replaceAll("TABLE", name),
      });
    });

    it("and tells a table that is not there from one of nearly that name", async () => {
      await database.sql("create table employees (id int primary key)");
      expect(await failure(database.open("employes", "id"))).toMatchObject({
        turn: "configuration",
        message: expect.stringMatching(/^target\.table: the database.* has no table "employes"$/),
        hint: 'did you mean "employees"?',
      });
      expect(await failure(database.open("something else", "id"))).toMatchObject({
        hint: expect.stringMatching(/^create it/),
      });
    });
  });

  it.each([
    "order",
    "select",
    "first name",
    'say "hi"',
    "it's",
    "back`tick",
    "dot.ted",
    "Zürich 名",
    "really?",
    "??",
    ":name",
    ":name:",
    "back\\slash",
    "\\?",
    "k.v",
    "c0",
    "-- x",
    "/* x",
    "# x",
    "__proto__",
    "constructor",
    "hasOwnProperty",
    "7",
  ])("uses the name %j for table, match key, column and index", async (name) => {
    const [key, other, both] = [name, `${name}2`, `${name}3`];
    await database.sql(`create table ${quote(name)} (${quote(key)} varchar(50) primary key, ${quote(other)} varchar(50),
      ${quote(both)} varchar(50))`);
    await database.sql(`create unique index ${quote(`i${name}`)} on ${quote(name)} (${quote(other)}, ${quote(both)})`);
    await withTarget(name, key, async (target) => {
      const columns = [key, other, both];
      await target.write(insert(columns, ["a", "? :name ??", "\\"], ["b", null, "y"]));
      await target.write([update("b", [key, other], ["B", "z"])]);
      expect(await rowsOf(target, ["a", "B"], columns)).toEqual([
        ["a", "? :name ??", "\\"],
        ["B", "z", "y"],
      ]);
      expect(await holderOf(target, [other, both], ["z", "y"])).toBe("B");
      expect(await target.count([{ column: other, oneOf: ["? :name ??"] }])).toBe(1);
      const error = await failure(target.write(insert(columns, ["c", "z", "y"])));
      expect(clashedIndex(target.table, error as WriteError)?.columns).toEqual([other, both]);
      const clash = await failure(target.write(insert(columns, ["a", "other", "other"])));
      expect(clashedIndex(target.table, clash as WriteError)?.columns).toEqual([key]);
    });
  });

  describe("finds rows", () => {
    it("in the order of the keys, absent and repeated ones too", async () => {
      const name = await table("username varchar(50) primary key, mail varchar(50)");
      await withTarget(name, "username", async (target) => {
        await target.write(insert(["username", "mail"], ["a", "a@x"], ["b", null], ["c", ""]));
        expect(await rowsOf(target, ["c", "x", "a", "c", "b", "x"], ["mail", "username"])).toEqual([
          ["", "c"],
          undefined,
          ["a@x", "a"],
          ["", "c"],
          [null, "b"],
          undefined,
        ]);
        expect(await target.find(["b"], [])).toEqual([{ identity: expect.any(String), row: [] }]);
        expect(await target.find([], ["mail"])).toEqual([]);
      });
    });

    it("of 10,000 keys in one call", async () => {
      const name = await table("username varchar(50) primary key, n int");
      const keys = Array.from({ length: 10_000 }, (_, n) => `user ${n}`);
      await withTarget(name, "username", async (target) => {
        await target.write(
          insert(["username", "n"], ...keys.filter((_, n) => n % 2 === 0).map((key, at) => [key, String(at * 2)])),
        );
        const found = await target.find(keys, ["n"]);
        expect(found.map(({ row }) => row)).toEqual(keys.map((_, n) => (n % 2 === 0 ? [String(n)] : undefined)));
        expect(new Set(found.map(({ identity }) => identity)).size).toBe(keys.length);
      });
    });

    const strange = [
      "it's",
      'say "x"',
      "back\\slash",
      "\\'",
      "100%",
      "under_score",
      "nul\0byte",
      "nul",
      "new\nline",
      "tab\t",
      "\u001a",
      "\b",
      "😀",
      "😁",
      "é",
      "e\u0301",
      "\ufeffbom",
      "?",
      "??",
      ":x",
      "\\?",
      "'; drop table users; --",
      "/*",
      "007",
      "7",
      "1e3",
      "NULL",
      "x".repeat(191),
      `${"x".repeat(190)}y`,
      "名".repeat(191),
      "",
    ];

    it("whatever characters the keys have", async () => {
      const name = await table(`username ${exact} primary key, note text`);
      await withTarget(name, "username", async (target) => {
        await target.write(insert(["username", "note"], ...strange.map((key) => [key, key])));
        const found = await target.find(strange, ["username", "note"]);
        expect(found.map(({ row }) => row)).toEqual(strange.map((key) => [key, key]));
        expect(new Set(found.map(({ identity }) => identity)).size).toBe(strange.length);
        for (const key of strange) await target.write([update(key, ["note"], [`${key}!`])]);
        expect(await rowsOf(target, strange, ["note"])).toEqual(strange.map((key) => [`${key}!`]));
      });
    });

    it("by integers, to the last digit", async () => {
      const name = await table("id bigint primary key, note varchar(50)");
      const ids = ["0", "-1", "42", "9007199254740992", "9007199254740993", `${2n ** 63n - 1n}`, `${-(2n ** 63n)}`];
      await withTarget(name, "id", async (target) => {
        await target.write(insert(["id", "note"], ...ids.map((id) => [id, id])));
        expect(await target.find([...ids, "43"], ["id", "note"])).toEqual([
          ...ids.map((id) => ({ identity: id, row: [id, id] })),
          { identity: "43", row: undefined },
        ]);
        await target.write([update("9007199254740993", ["note"], ["odd"]), update("-1", ["note"], ["minus"])]);
        expect(await rowsOf(target, ids, ["note"])).toEqual(
          ids.map((id) => [id === "9007199254740993" ? "odd" : id === "-1" ? "minus" : id]),
        );
      });
    });

    it("by their values, for the naming of a clash, and counts them", async () => {
      const name = await table("id int primary key, mail varchar(50), site int, unique (mail, site)");
      await withTarget(name, "id", async (target) => {
        await target.write(insert(["id", "mail", "site"], ["1", "a@x", "1"], ["2", "a@x", "2"], ["3", null, "2"]));
        expect(await holderOf(target, ["mail", "site"], ["a@x", "2"])).toBe("2");
        expect(await holderOf(target, ["mail", "site"], ["a@x", "3"])).toBeUndefined();
        expect([
          await target.count(),
          await target.count([{ column: "mail", oneOf: ["a@x"] }]),
          await target.count([{ column: "site", oneOf: ["9"] }]),
        ]).toEqual([3, 2, 0]);
      });
    });
  });

  describe.each(collations)("with a match key of collation %s", (collation) => {
    const charset = collation.includes("_") ? `character set ${collation.replace(/_.*/, "")}` : "";
    const column = `varchar(40) ${charset} collate ${collation}`;
    let name: string;
    let target: Target;
    beforeAll(async () => {
      name = await table(`name ${column} primary key, note varchar(40)`);
      await database.sql(`create table ${name}_oracle (i int, v ${column})`);
      target = await database.open(name, "name");
    });
    afterAll(() => target.close());

    /** For each text the position of the first text that the database calls equal. */
    async function equalInDatabase(texts: readonly string[]): Promise<number[]> {
      await database.sql(`delete from ${name}_oracle`);
      for (const [i, text] of texts.entries()) {
        // As bytes, so that nothing of the way that is under test is used.
        await database.sql(
          `insert into ${name}_oracle select ${i}, ${charset ? `convert(cast(x'${hex(text)}' as char character set utf8mb4) using ${collation.replace(/_.*/, "")})` : `cast(x'${hex(text)}' as text)`}`,
        );
      }
      const rows = await database.sql(
        `select a.i, min(b.i) from ${name}_oracle a join ${name}_oracle b on a.v = b.v group by a.i order by a.i`,
      );
      return plain(rows).map(([, first]) => Number(first));
    }
    const hex = (text: string): string => Buffer.from(text).toString("hex");

    async function expectSameEquality(texts: readonly string[]): Promise<void> {
      const storable = texts.filter((text) => fitted(text) === text);
      const first = await equalInDatabase(storable);
      const found = await target.find(storable, ["name"]);
      const identities = found.map(({ identity }) => identity);
      expect(identities.map((identity) => identities.indexOf(identity))).toEqual(first);
      // The rows are found by the same rule.
      await database.sql(`delete from ${name}`);
      await target.write(insert(["name"], ...storable.filter((_, at) => first[at] === at).map((text) => [text])));
      expect(await rowsOf(target, storable, ["name"])).toEqual(first.map((at) => [storable[at]]));
      await target.write(storable.flatMap((text, at) => (first[at] === at ? [update(text, ["note"], [text])] : [])));
    }
    const fitted = (text: string) => {
      const key = writableColumn(target.table, "name", "name");
      return fitter("text", key, key.type)(text);
    };

    it("calls those keys the same that the database calls the same", async () => {
      await expectSameEquality([
        ...[
          "anna",
          "Anna",
          "ANNA",
          "anna ",
          "anna   ",
          " anna",
          "änna",
          "Änna",
          "anna\t",
          "anna\0",
          "x\0ab",
          "X\0cd",
          "x\0abc",
          "anna \0",
          "a",
        ],
        ...[
          "straße",
          "strasse",
          "STRASSE",
          "strase",
          "ı",
          "i",
          "I",
          "İ",
          "ä",
          "ae",
          "å",
          "aa",
          "æ",
          "ø",
          "o",
          "œ",
          "oe",
        ],
        ...[
          "anna\u00a0",
          "anna\u3000",
          "anna\u200b",
          "anna\u00ad",
          "an-na",
          "",
          " ",
          "\u00a0",
          "\0",
          "ﬁ",
          "fi",
          "ñ",
          "n",
        ],
        ...["😀", "😁", "e\u0301", "é", "名", "名 ", "a\\", "a'", "a%", "a_", "ÿ", "y", "þ", "th", "ð", "d", "ŷ"],
      ]);
    });

    it("does so for random keys", async () => {
      const letters = [
        "a",
        "A",
        "ä",
        "s",
        "S",
        "ß",
        "i",
        "I",
        "ı",
        "İ",
        " ",
        " ",
        "\u00a0",
        "\0",
        "\t",
        "-",
        "é",
        "e",
        "\u0301",
      ];
      const text = fc.string({ unit: fc.constantFrom(...letters), maxLength: 4 });
      await fc.assert(fc.asyncProperty(fc.uniqueArray(text, { minLength: 8, maxLength: 16 }), expectSameEquality), {
        numRuns: 6,
      });
    });
  });

  describe("writes", () => {
    it("inserts and updates of different columns in one transaction, NULLs too", async () => {
      const name = await table("id int primary key, a varchar(9), b varchar(9) default 'own', n int");
      await withTarget(name, "id", async (target) => {
        await target.write(
          insert(["id", "a", "b", "n"], ["1", "x", "y", "1"], ["2", "x", "y", "2"], ["3", null, "", "3"]),
        );
        await target.write([
          ...insert(["id", "a"], ["4", "new"]),
          update("1", ["a", "n"], [null, "10"]),
          ...insert(["id", "b", "n"], ["5", null, null]),
          update("2", ["n", "a"], ["20", "z"]),
          ...insert(["id", "a"], ["6", null]),
          update("3", ["a", "n"], ["was null", "30"]),
        ]);
        expect(await rowsOf(target, ["1", "2", "3", "4", "5", "6"], ["a", "b", "n"])).toEqual([
          [null, "y", "10"],
          ["z", "y", "20"],
          ["was null", "", "30"],
          ["new", "own", null],
          [null, null, null],
          [null, "own", null],
        ]);
      });
    });

    it("a key in another spelling, and counts a row that keeps its values as found", async () => {
      const name = await table("id varchar(20) primary key, a varchar(9)");
      await withTarget(name, "id", async (target) => {
        await target.write(insert(["id", "a"], ["anna", "x"], ["bert", "y"]));
        await target.write([update("anna", ["id", "a"], ["Anna", "x"]), update("bert", ["id", "a"], ["bert", "y"])]);
        expect(plain(await database.sql(`select id, a from ${name} order by a`))).toEqual([
          ["Anna", "x"],
          ["bert", "y"],
        ]);
      });
    });

    it("nothing where a row to update is gone, and calls it a conflict", async () => {
      const name = await table("id int primary key, a varchar(9)");
      await withTarget(name, "id", async (target) => {
        await target.write(insert(["id", "a"], ["1", "x"]));
        const writes = [...insert(["id", "a"], ["5", "new"]), update("1", ["a"], ["y"]), update("2", ["a"], ["y"])];
        expect(await failure(target.write(writes))).toMatchObject({
          trouble: "conflict",
          message: "1 of 2 rows were changed by somebody else meanwhile",
        });
        expect(await rowsOf(target, ["1", "5"], ["a"])).toEqual([["x"], undefined]);
      });
    });

    describe("where an update expects what was looked up", () => {
      const seen = (key: string, expected: RowValues): Write => ({
        ...update(key, ["a"], ["new"]),
        expect: { columns: ["id", "a", "n", "x", "d"], values: expected },
      });
      const before: RowValues[] = [
        ["1", "x", "7", "0.1", "2024-02-29"],
        ["2", null, null, null, null],
        ["3", "z", "9", "5e-324", null],
      ];
      const withRows = async (use: (target: Target, name: string) => Promise<void>): Promise<void> => {
        const name = await table("id int primary key, a varchar(9), n bigint, x double, d date");
        await withTarget(name, "id", async (target) => {
          await target.write(insert(["id", "a", "n", "x", "d"], ...before));
          await use(target, name);
        });
      };

      it("all where the rows are as expected", async () => {
        await withRows(async (target) => {
          await target.write([...before.map((row) => seen(String(row[0]), row)), ...insert(["id"], ["4"])]);
          expect(await rowsOf(target, ["1", "2", "3", "4"], ["a"])).toEqual([["new"], ["new"], ["new"], [null]]);
        });
      });

      it.each([
        ["set another column of one of them", "update TABLE set n = 8 where id = 1", "1 of 3"],
        ["set one to NULL", "update TABLE set n = null where id = 1", "1 of 3"],
        ["filled what was NULL", "update TABLE set d = '2024-02-29' where id = 2", "1 of 3"],
        ["changed the case of a letter", "update TABLE set a = upper(a)", "2 of 3"],
        ["took one away", "delete from TABLE where id = 3", "1 of 3"],
        ["gave one another key", "update TABLE set id = 9 where id = 3", "1 of 3"],
      ])("nothing where somebody else %s, and calls it a conflict", async (_, change, rows) => {
        await withRows(async (target, name) => {
          await database.sql(change.replaceAll("TABLE", name));
          const now = plain(await database.sql(`select * from ${name} order by id`));
          const writes = [...insert(["id", "a"], ["5", "new"]), ...before.map((row) => seen(String(row[0]), row))];
          expect(await failure(target.write(writes))).toMatchObject({
            name: "WriteError",
            trouble: "conflict",
            message: `${rows} rows were changed by somebody else meanwhile`,
          });
          expect(plain(await database.sql(`select * from ${name} order by id`))).toEqual(now);
          // And the next write goes on.
          await target.write([update("1", ["a"], ["y"])]);
        });
      });

      it("nothing but what is expected counts", async () => {
        await withRows(async (target, name) => {
          await database.sql(`update ${name} set n = 8, x = 2`);
          await target.write([
            { ...update("1", ["a"], ["new"]), expect: { columns: ["d"], values: ["2024-02-29"] } },
            { ...update("2", ["a"], ["new"]), expect: { columns: ["a", "id"], values: [null, "2"] } },
            update("3", ["a"], ["new"]),
          ]);
          expect(await rowsOf(target, ["1", "2", "3"], ["a"])).toEqual([["new"], ["new"], ["new"]]);
        });
      });
    });

    describe("none of a batch in which a row", () => {
      const definition = async (): Promise<string> =>
        table(
          `id int primary key, mail varchar(50) unique, site int, phone int, "or" int unique, unique (site, phone)`.replaceAll(
            '"',
            "`",
          ),
        );
      it.each<[string, RowValues, readonly string[]]>([
        ["has the match key of another", ["1", "new", "9", "9", null], ["id"]],
        ["has a unique value of another", ["9", "a@x", "9", "9", null], ["mail"]],
        ["has a pair of values of another", ["9", "new", "1", "1", null], ["site", "phone"]],
        ["clashes in a column whose name is a keyword", ["9", "new", null, "1", "7"], ["or"]],
      ])("%s, and says which columns they are", async (_, clashing, columns) => {
        const name = await definition();
        const all = ["id", "mail", "site", "phone", "or"];
        const before = [
          ["1", "a@x", "1", "1", "7"],
          ["2", "b@x", "1", "2", null],
        ];
        await withTarget(name, "id", async (target) => {
          await target.write(insert(all, ...before));
          const error = await failure(
            target.write([update("2", ["mail"], ["c@x"]), ...insert(all, ["3", "d@x", null, null, null], clashing)]),
          );
          expect(error).toBeInstanceOf(WriteError);
          expect(error).toMatchObject({ trouble: "refused" });
          expect((error as Error).message).not.toMatch(/insert|values/);
          expect(clashedIndex(target.table, error as WriteError)?.columns).toEqual(columns);
          expect(await rowsOf(target, ["1", "2", "3", "9"], all)).toEqual([...before, undefined, undefined]);
          await target.write(insert(all, ["3", "d@x", null, null, null]));
        });
      });

      it("takes the unique value of another by an update", async () => {
        const name = await definition();
        await withTarget(name, "id", async (target) => {
          await target.write(insert(["id", "mail"], ["1", "a@x"], ["2", "b@x"]));
          const error = await failure(target.write([update("1", ["site"], ["5"]), update("2", ["mail"], ["a@x"])]));
          expect(clashedIndex(target.table, error as WriteError)?.columns).toEqual(["mail"]);
          expect(await rowsOf(target, ["1", "2"], ["mail", "site"])).toEqual([
            ["a@x", null],
            ["b@x", null],
          ]);
        });
      });

      it.each([
        ["breaks a CHECK", "bad", "1", /CHECK|CONSTRAINT/],
        ["points nowhere", "ok", "99", /foreign key/i],
        ["is refused by a trigger", "trigger", "1", /^not on my watch$/],
      ])("%s", async (_, flag, site, message) => {
        await database.sql("create table if not exists sites (id int primary key)");
        await database.sql("drop table if exists flags");
        await database.sql(
          `create table flags (id int primary key, flag ${fallible}, site int, foreign key (site) references sites (id))`,
        );
        await database.sql(trigger("not on my watch"));
        await database.sql("delete from sites");
        await database.sql("insert into sites values (1)");
        await withTarget("flags", "id", async (target) => {
          const columns = ["id", "flag", "site"];
          const error = await failure(target.write(insert(columns, ["1", "ok", "1"], ["2", flag, site])));
          expect(error).toMatchObject({
            name: "WriteError",
            trouble: "refused",
            message: expect.stringMatching(message),
          });
          expect(clashedIndex(target.table, error as WriteError)).toBeUndefined();
          expect(await target.count()).toBe(0);
          await target.write(insert(columns, ["1", "ok", "1"]));
          expect(await target.count()).toBe(1);
        });
      });
    });

    it("500 rows of 64 KB in one transaction", async () => {
      const name = await table("id int primary key, big mediumtext, n int");
      const big = (n: number) => `${n} 'é\\${"x".repeat(200)}`.repeat(400).slice(0, 65_000);
      await withTarget(name, "id", async (target) => {
        const rows = Array.from({ length: 500 }, (_, n) => [String(n), big(n), "0"]);
        await target.write(insert(["id", "big", "n"], ...rows));
        await target.write(rows.map(([id = "", text = ""]) => update(id, ["big", "n"], [`${text}!`, "1"])));
        const found = await rowsOf(
          target,
          rows.map(([id]) => String(id)),
          ["big", "n"],
        );
        expect(found.every((row, n) => row?.[0] === `${big(n)}!` && row[1] === "1")).toBe(true);
      });
    });
  });

  describe("tells bytes apart that would be the same letters to a collation", () => {
    // ABC and abc, with a space and a NUL behind them; é and É in Latin-1.
    const ids = ["41424300", "61626300", "61626320", "e9000000", "c9000000"].map((hex) => hex.padEnd(32, "0"));

    it.each(["binary(16)", "varbinary(16)"])("in a match key of type %s", async (type) => {
      const name = await table(`guid ${type} primary key, n int`);
      await withTarget(name, "guid", async (target) => {
        await target.write(insert(["guid", "n"], ...ids.map((id, n) => [id, String(n)])));
        expect(await rowsOf(target, ids, ["guid", "n"])).toEqual(ids.map((id, n) => [id, String(n)]));
        await target.write(ids.map((id, n) => update(id, ["n"], [String(n + 10)])));
        expect(await rowsOf(target, ids, ["n"])).toEqual(ids.map((_, n) => [String(n + 10)]));
        const free = `${ids[0]?.slice(0, -1)}1`;
        const identities = (await target.find([...ids, free], [])).map(({ identity }) => identity);
        expect(new Set(identities).size).toBe(ids.length + 1);
        expect(await rowsOf(target, [free], [])).toEqual([undefined]);
      });
    });

    it("in another unique index", async () => {
      const name = await table("id int primary key, guid binary(16), site int, unique (guid), unique (site, guid)");
      await withTarget(name, "id", async (target) => {
        await target.write(insert(["id", "guid", "site"], ...ids.map((id, n) => [String(n), id, "1"])));
        for (const [n, id] of ids.entries()) {
          expect(await holderOf(target, ["guid"], [id])).toBe(String(n));
          expect(await holderOf(target, ["site", "guid"], ["1", id])).toBe(String(n));
        }
        expect(await holderOf(target, ["guid"], ["f".repeat(32)])).toBeUndefined();
        expect(await failure(target.write(insert(["id", "guid"], ["9", ids[1] ?? ""])))).toMatchObject({
          name: "WriteError",
          trouble: "refused",
        });
      });
    });
  });

  describe("gives back what it was given, so that a second run finds nothing to write", () => {
    const stored = async (type: string, kind: Kind, given: readonly string[]): Promise<[unknown[], unknown[]]> => {
      const name = await table(`id int primary key, c ${type}`);
      return withTarget(name, "id", async (target) => {
        const column = writableColumn(target.table, "c", "c");
        const fitted = given.map(fitter(kind, column, column.type));
        expect(fitted.filter((value) => typeof value === "object")).toEqual([]);
        const values = fitted.map((value) => value as string);
        const ids = values.map((_, at) => String(at));
        await target.write(insert(["id", "c"], ...values.map((value, at) => [String(at), value])));
        const inserted = (await rowsOf(target, ids, ["c"])).map((row) => row?.[0]);
        // The other way round, by updates.
        await target.write(values.map((value, at) => update(String(values.length - 1 - at), ["c"], [value])));
        const updated = (await rowsOf(target, ids.toReversed(), ["c"])).map((row) => row?.[0]);
        expect(inserted).toEqual(values);
        return [values, updated];
      });
    };

    it.each<[string, Kind, string[]]>([
      ["varchar(50)", "text", ["", " ", "x ", "Ünï", "😀", "nul\0", "\n", "\\", "'", "007", "1e3"]],
      ["text", "text", ["", " ", "x ", "x".repeat(5000), "nul\0\0x", "007", "1.0"]],
      ["varchar(50)", "boolean", ["true", "false"]],
      ["varchar(50)", "datetime", ["2024-02-29T12:00:00.000000Z", "2024-02-29T12:00:00.120000Z"]],
      ["int", "integer", ["0", "-1", "2147483647", "-2147483648"]],
      ["int", "text", [" 007 ", "+7", "-0"]],
      ["int", "boolean", ["true", "false"]],
      ["bigint", "integer", ["9007199254740993", "-9007199254740993", `${2n ** 63n - 1n}`, `${-(2n ** 63n)}`]],
      ["boolean", "boolean", ["true", "false"]],
      [
        "double",
        "text",
        ["0", "-0", "0.1", "1e21", "-1.5", "1e308", "5e-324", "1152921504606846976", "0.30000000000000004"],
      ],
      ["decimal(30)", "text", ["1152921504606846976", "-4611686018427387904"]],
      ["date", "text", ["2024-02-29", "0001-01-01", "9999-12-31"]],
      ["date", "datetime", ["2024-02-29T23:59:59.999999Z"]],
      ["datetime", "datetime", ["2024-02-29T23:59:59.999999Z", "2024-07-01T00:00:00.000000Z"]],
      ["decimal(30)", "integer", ["9007199254740993", `${2n ** 63n - 1n}`, `${-(2n ** 63n)}`, "0"]],
      ["decimal(20,2)", "text", ["0.5", "-7", "1234567890123.25"]],
      ["blob", "text", ["", "\0", "é\\'", "x".repeat(1000)]],
      ["blob", "binary", ["0x", "0x00", "0xffd8ff00", "0x2020", `0x${"00ff27".repeat(20_000)}`]],
      ["varbinary(20)", "binary", ["0x", "0x00", "0xff20", "0x0a0d"]],
      ["binary(16)", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab", "41424300-0000-4000-8000-000000000000"]],
      ["char(36)", "uuid", ["0188d1d0-6f1e-7c3a-9a3e-0123456789ab"]],
      ["json", "json", ["[12345678901234567890,0.1234567890123456789]", '{"a":-9007199254740993}', "9007199254740993"]],
    ])("%s from %s", async (type, kind, given) => {
      const [values, updated] = await stored(type, kind, given);
      expect(updated).toEqual(values);
    });

    it("random texts, integers and numbers", async () => {
      const unit = fc.oneof(
        fc.constantFrom("\0", "\\", "'", '"', "?", "\x1a", " ", "%"),
        fc.string({ unit: "binary", minLength: 1, maxLength: 1 }),
      );
      const texts = fc.sample(fc.string({ unit, maxLength: 40 }), { numRuns: 300, seed: 5 });
      const integers = fc.sample(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), { numRuns: 300, seed: 5 });
      const numbers = fc.sample(fc.double({ noNaN: true, noDefaultInfinity: true }), { numRuns: 1000, seed: 5 });
      for (const [type, given] of [
        ["varchar(100)", texts],
        ["text", texts],
        ["blob", texts],
        ["bigint", integers.map(String)],
        ["double", numbers.map(String)],
      ] as const) {
        const [values, updated] = await stored(type, "text", given);
        expect(updated).toEqual(values);
      }
    });
  });
});
