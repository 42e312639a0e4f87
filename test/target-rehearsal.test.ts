import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TableRule, UniqueIndex } from "../src/target/column.ts";
import { rehearse } from "../src/target/rehearsal.ts";
import { inOrder, inSteps } from "../src/target/steps.ts";
import type { RowValues, Target, Write } from "../src/target/target.ts";
import { failure, mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

const databases = [
  { name: "MariaDB", start: mariadbDatabase, numbered: "int auto_increment primary key" },
  { name: "SQLite", start: sqliteDatabase, numbered: "integer primary key" },
] as const;

describe.each(databases)("a target in $name", ({ name: product, start, numbered }) => {
  let database: TestDatabase;
  let count = 0;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database.stop());

  async function table(definition: string): Promise<string> {
    count += 1;
    await database.sql(`create table r${count} (${definition})`);
    return `r${count}`;
  }
  async function open<T>(name: string, key: string, use: (target: Target) => Promise<T>): Promise<T> {
    const target = await database.open(name, key);
    try {
      return await use(target);
    } finally {
      await target.close();
    }
  }
  const indexOf = (target: Target, ...columns: string[]): UniqueIndex => {
    const index = target.table.uniqueIndexes.find((each) => each.columns.join() === columns.join());
    if (!index) throw new Error(`no unique index of ${columns}`);
    return index;
  };
  const rows = (name: string) => database.sql(`select * from ${name} order by id`);

  it("tries writes and rolls them back, and refuses what a write would refuse", async () => {
    const name = await table("id int primary key, mail varchar(20) unique, age int check (age > 0)");
    await open(name, "id", async (target) => {
      await target.write([{ kind: "insert", columns: ["id", "mail", "age"], values: ["1", "a", "1"] }]);
      const before = await rows(name);
      await target.attempt([
        { kind: "insert", columns: ["id", "mail"], values: ["2", "b"] },
        { kind: "update", key: "1", columns: ["mail"], values: ["c"] },
      ]);
      expect(await rows(name)).toEqual(before);
      for (const write of [
        { kind: "insert", columns: ["id", "mail"], values: ["3", "a"] },
        { kind: "update", key: "1", columns: ["age"], values: ["-1"] },
      ] satisfies Write[]) {
        expect(await failure(target.attempt([write]))).toMatchObject({ name: "WriteError", trouble: "refused" });
      }
      expect(await rows(name)).toEqual(before);
    });
  });

  it("on a read-only connection finds rows and is refused every write by the database itself", async () => {
    const name = await table("id int primary key, mail varchar(20)");
    await database.sql(`insert into ${name} values (1, 'a')`);
    const target = await database.open(name, "id", { readOnly: true });
    expect((await target.find(["1"], ["mail"]))[0]?.row).toEqual(["a"]);
    for (const write of [
      { kind: "insert", columns: ["id"], values: ["2"] },
      { kind: "update", key: "1", columns: ["mail"], values: ["b"] },
    ] satisfies Write[]) {
      expect(await failure(target.write([write]))).toMatchObject({ message: expect.stringMatching(/read[- ]?only/i) });
    }
    await target.close();
    expect(await rows(name)).toEqual([{ id: 1, mail: "a" }]);
  });

  it("says who has values in a unique index, as its collation sees them, also of a row without a key", async () => {
    const collate = product === "SQLite" ? "collate nocase" : "collate utf8mb4_general_ci";
    const name = await table(`id int, key_ varchar(20) unique, mail varchar(20) ${collate}, site int`);
    await database.sql(`create unique index ${name}_mail on ${name} (mail, site)`);
    await database.sql(`insert into ${name} values (1, 'anna', 'A@x', 1), (2, null, 'b@x', 1)`);
    await open(name, "key_", async (target) => {
      const index = indexOf(target, "mail", "site");
      const values: RowValues[] = [
        ["a@X", "1"],
        ["b@x", "1"],
        ["a@x", "2"],
        ["A@X", "1"],
      ];
      const found = await target.holders(index, values);
      expect(found.map(({ key }) => key)).toEqual(["anna", null, undefined, "anna"]);
      expect(found[0]?.identity).toBe(found[3]?.identity);
      expect(new Set(found.map(({ identity }) => identity)).size).toBe(3);
    });
  });

  it("knows constant defaults, numbered columns, and the rules that the database alone can judge", async () => {
    await database.sql("create table parent (id int primary key)");
    const name = await table(
      `id ${numbered}, a varchar(9) not null default 'it''s', b int default 7, c int, d varchar(9) not null,
       e timestamp not null default current_timestamp, f int check (f > 0), g int references parent (id)`,
    );
    await database.sql(
      product === "SQLite"
        ? `create trigger ${name}_t before insert on ${name} begin select 1; end`
        : `create trigger ${name}_t before insert on ${name} for each row set new.c = 1`,
    );
    const target = await database.open(name, "id");
    const facts = [...target.table.columns.values()].map((column) => [
      column.name,
      column.defaultText,
      column.numbered,
    ]);
    await target.close();
    expect(facts).toEqual([
      ["id", product === "SQLite" ? null : undefined, true],
      ["a", "it's", false],
      ["b", "7", false],
      ["c", null, false],
      ["d", undefined, false],
      ["e", undefined, false],
      ["f", null, false],
      ["g", null, false],
    ]);
    const kinds = target.table.rules.map(({ kind, columns }: TableRule) => [kind, columns]);
    expect(kinds).toEqual([
      ["trigger", undefined],
      ["check constraint", undefined],
      ["foreign key", ["g"]],
    ]);
  });

  describe("in a rehearsal", () => {
    const insert = (index: UniqueIndex, id: string, mail: string | null): Write => ({
      kind: "insert",
      columns: ["id", "mail"],
      values: [id, mail],
      takes: [{ index, from: undefined, to: mail === null ? undefined : [mail] }],
    });
    const change = (index: UniqueIndex, id: string, from: string | null, to: string | null): Write => ({
      kind: "update",
      key: id,
      columns: ["mail"],
      values: [to],
      takes: [{ index, from: from === null ? undefined : [from], to: to === null ? undefined : [to] }],
    });

    it("refuses a value that a row has, that an earlier batch took, and lets go what was given up", async () => {
      const name = await table("id int primary key, mail varchar(20) unique, level int not null default 1");
      await database.sql(`insert into ${name} (id, mail) values (1, 'a'), (2, 'b')`);
      await open(name, "id", async (target) => {
        const mail = indexOf(target, "mail");
        await rehearse(target, async (rehearsal) => {
          const clash = { name: "WriteError", trouble: "refused", index: mail.name };
          expect(await failure(rehearsal.write([insert(mail, "3", "a")]))).toMatchObject(clash);
          await rehearsal.write([insert(mail, "3", "c"), insert(mail, "4", null), insert(mail, "5", null)]);
          expect(await failure(rehearsal.write([insert(mail, "6", "c")]))).toMatchObject(clash);
          expect((await rehearsal.holders(mail, [["c"], ["a"], ["d"]])).map(({ key }) => key)).toEqual([
            "3",
            "1",
            undefined,
          ]);
          await rehearsal.write([change(mail, "1", "a", "d")]);
          await rehearsal.write([insert(mail, "6", "a")]);
          expect((await rehearsal.holders(mail, [["a"], ["d"]])).map(({ key }) => key)).toEqual(["6", "1"]);
          // A batch that is refused leaves nothing behind.
          expect(await failure(rehearsal.write([change(mail, "2", "b", "e"), insert(mail, "7", "d")]))).toMatchObject(
            clash,
          );
          expect((await rehearsal.holders(mail, [["b"], ["e"]])).map(({ key }) => key)).toEqual(["2", undefined]);
        });
      });
      expect((await rows(name)).map(({ id, mail }) => [id, mail])).toEqual([
        [1, "a"],
        [2, "b"],
      ]);
    });

    it("names a row by the key that it has since", async () => {
      const collate = product === "SQLite" ? "collate nocase" : "collate utf8mb4_general_ci";
      const name = await table(`id varchar(9) ${collate} primary key, mail varchar(20) unique`);
      await database.sql(`insert into ${name} values ('ANNA', 'a')`);
      await open(name, "id", (target) =>
        rehearse(target, async (rehearsal) => {
          await rehearsal.write([{ kind: "update", key: "ANNA", columns: ["id"], values: ["anna"] }]);
          expect((await rehearsal.holders(indexOf(target, "mail"), [["a"]])).map(({ key }) => key)).toEqual(["anna"]);
        }),
      );
    });

    it("refuses a new row without what has no default, but not where a trigger may fill it", async () => {
      const name = await table("id int primary key, mail varchar(20) unique, level int not null");
      const write = (target: Target) =>
        rehearse(target, (rehearsal) => rehearsal.write([insert(indexOf(target, "mail"), "1", "a")]));
      await open(name, "id", async (target) => {
        expect(await failure(write(target))).toMatchObject({ trouble: "refused", missing: "level" });
        expect(await failure(target.write([insert(indexOf(target, "mail"), "1", "a")]))).toMatchObject({
          trouble: "refused",
          missing: "level",
        });
      });
      await database.sql(
        product === "SQLite"
          ? `create trigger ${name}_t before insert on ${name} begin select 1; end`
          : `create trigger ${name}_t before insert on ${name} for each row set new.level = 1`,
      );
      await open(name, "id", async (target) => {
        const real = () => target.write([insert(indexOf(target, "mail"), "1", "a")]);
        if (product === "SQLite") {
          // A trigger of SQLite cannot change the row that is on its way.
          expect(await failure(write(target))).toMatchObject({ missing: "level" });
          expect(await failure(real())).toMatchObject({ missing: "level" });
        } else {
          await write(target);
          await real();
        }
      });
    });
  });
});

describe("unique indexes on which no clash can be foreseen are told apart", () => {
  it("in MariaDB: of the beginning of a text", async () => {
    const database = await mariadbDatabase();
    await database.sql(
      "create table t (id int primary key, a varchar(50), b text, unique key whole (a), unique key start (b(10)))",
    );
    const target = await database.open("t", "id");
    await target.close();
    await database.stop();
    expect(target.table.uniqueIndexes.map(({ name, opaque }) => [name, opaque])).toEqual([
      ["PRIMARY", undefined],
      ["whole", undefined],
      ["start", "prefix"],
    ]);
  });

  it("in SQLite: of an expression, and of a part of the rows, which makes no match key", async () => {
    const database = await sqliteDatabase();
    await database.sql(`create table t (id int unique, a text, b text);
      create unique index lowered on t (lower(a)); create unique index some on t (b) where a is not null`);
    const target = await database.open("t", "id");
    await target.close();
    const kinds = target.table.uniqueIndexes.map(({ name, opaque }) => [name, opaque]);
    expect(new Map(kinds as [string, string | undefined][])).toEqual(
      new Map([
        ["lowered", "expression"],
        ["some", "rows"],
        ["sqlite_autoindex_t_1", undefined],
      ]),
    );
    expect(await failure(database.open("t", "b"))).toMatchObject({
      message: "target.matchKey: t.b has no unique index of its own, so two rows could be the same person",
    });
    await database.stop();
  });
});

describe("writes that wait for each other", () => {
  const mail: UniqueIndex = { name: "mail", columns: ["mail"] };
  const move = (key: string, from: string, to: string): Write => ({
    kind: "update",
    key,
    columns: ["mail"],
    values: [to],
    takes: [{ index: mail, from: [from], to: [to] }],
  });
  const join = (key: string, to: string): Write => ({
    kind: "insert",
    columns: ["id", "mail"],
    values: [key, to],
    takes: [{ index: mail, from: undefined, to: [to] }],
  });
  const name = (write: Write) => (write.kind === "update" ? write.key : String(write.values[0]));
  const steps = (...writes: Write[]) => inSteps(writes, () => undefined).map((step) => step.map(name));

  it.each<[string, Write[], string[][]]>([
    ["nobody", [move("1", "a", "x"), move("2", "b", "y")], [["1", "2"]]],
    ["one the next", [move("1", "a", "b"), move("2", "b", "c"), move("3", "c", "d")], [["3"], ["2"], ["1"]]],
    ["a new row an old one", [join("9", "a"), move("1", "a", "b")], [["1"], ["9"]]],
    ["in a circle", [move("1", "a", "b"), move("2", "b", "a"), move("3", "c", "d")], [["3"], ["1"], ["2"]]],
    [
      "two for what looks the same",
      [move("1", "q", "E"), move("2", "e", "x"), move("3", "é", "y")],
      [["2", "3"], ["1"]],
    ],
    ["in a circle that is none but for letter case", [move("1", "a", "E"), move("2", "e", "A")], [["1"], ["2"]]],
    [
      "whatever their letter case, accents and last spaces",
      [move("1", "a", "É "), move("2", "e", "c")],
      [["2"], ["1"]],
    ],
  ])("stand in steps: %s", (_, writes, expected) => {
    expect(steps(...writes)).toEqual(expected);
  });

  const inTwo = (...writes: Write[]) =>
    inSteps(writes, (_, [taking]) =>
      taking?.from?.[0] === "fixed" ? undefined : { columns: ["mail"], values: [null] },
    ).map((step) =>
      step.map((write) => [name(write), ...write.values, ...(write.takes ?? []).flatMap(({ from }) => from ?? ["-"])]),
    );

  it.each<[string, Write[], unknown[][]]>([
    [
      "that two stand in",
      [move("1", "a", "b"), move("2", "b", "a")],
      [[["1", null, "a"]], [["2", "a", "b"]], [["1", "b", "-"]]],
    ],
    [
      "whose first one cannot give up",
      [move("1", "fixed", "b"), move("2", "b", "fixed")],
      [[["2", null, "b"]], [["1", "b", "fixed"]], [["2", "fixed", "-"]]],
    ],
    [
      "that others wait for",
      [move("0", "z", "a"), join("9", "z"), move("1", "a", "b"), move("2", "b", "c"), move("3", "c", "b")],
      [
        [["2", null, "b"]],
        [
          ["1", "b", "a"],
          ["3", "b", "c"],
        ],
        [
          ["0", "a", "z"],
          ["2", "c", "-"],
        ],
        [["9", "9", "z", "-"]],
      ],
    ],
    [
      "beside another one",
      [move("1", "a", "b"), move("2", "b", "a"), move("3", "c", "d"), move("4", "d", "c")],
      [
        [["1", null, "a"]],
        [["2", "a", "b"]],
        [["1", "b", "-"]],
        [["3", null, "c"]],
        [["4", "c", "d"]],
        [["3", "d", "-"]],
      ],
    ],
  ])("in a circle %s: one gives up its value before", (_, writes, expected) => {
    expect(inTwo(...writes)).toEqual(expected);
  });

  it("give up all that others wait for, and nothing else", () => {
    const indexes = ["mail", "badge", "site"].map((column) => ({ name: column, columns: [column] }));
    const all = (key: string, ...pairs: [string, string][]): Write => ({
      kind: "update",
      key,
      columns: indexes.map((index) => index.name),
      values: pairs.map(([, to]) => to),
      takes: indexes.map((index, at) => ({ index, from: [pairs[at]?.[0] ?? ""], to: [pairs[at]?.[1] ?? ""] })),
    });
    const given: string[][] = [];
    inSteps(
      [all("1", ["a", "b"], ["7", "8"], ["x", "y"]), all("2", ["b", "a"], ["8", "7"], ["v", "w"])],
      (write, takings) => {
        given.push([name(write), ...takings.map(({ index }) => index.name)]);
        return { columns: [], values: [] };
      },
    );
    expect(given).toEqual([["1", "mail", "badge"]]);
  });

  it("keep their order where nobody waits", () => {
    const writes = [join("9", "q"), move("1", "a", "x"), join("8", "r")];
    expect(inOrder(writes)).toBe(writes);
    expect(inOrder([join("9", "a"), move("1", "a", "x")]).map(name)).toEqual(["1", "9"]);
  });
});
