import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { TestDatabase } from "../target-databases.ts";
import { type Changes, databases, type House, inShort, openHouse } from "./house.ts";

/** Cards, roles and sessions of the people; sessions go with their role. */
const tables = (id: string) => [
  `create table users_logins (login varchar(50) collate ${id.startsWith("int unsigned") ? "utf8mb4_czech_ci" : "nocase"})`,
  `create table users_cards (id ${id}, user_id int, type varchar(20), state varchar(20), closed datetime)`,
  `create table users_roles (id ${id}, user_id int not null, role varchar(20))`,
  `create table users_sessions (id ${id}, role_id int, ` +
    "foreign key (role_id) references users_roles (id) on delete cascade)",
];

const takenForOne: [string, (table: string) => object, string] = [
  "a key that takes two users for one",
  (table) => ({ table: `${table}_logins`, key: "login", column: "username", delete: true }),
  "leavers.related[0].key: TABLE_logins.login has the collation utf8mb4_czech_ci, TABLE.username ",
];

describe.each(databases)("what follows in other tables, in $name", ({ start, name, ...sql }) => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await start();
  });
  afterAll(() => database?.stop());

  const house = async (leavers: (table: string) => Changes, changes: Changes = {}): Promise<House> => {
    const opened = await openHouse(database, sql, changes);
    const { table, sql: ask, configure, people, run } = opened;
    // A key of the same type as the one that it refers to, or the constraint is refused.
    for (const create of tables(sql.id).map((text) => text.replaceAll("_id int", `_id ${keyType(sql.id)}`)))
      await ask(create);
    await people(["a", "b", "c"]);
    expect(inShort(await run("sync"))).toBe("0 inserted 3");
    for (const [type, state] of [
      ["card", "on"],
      ["key", "on"],
      ["pin", "on"],
      ["pin", "locked"],
      [null, "on"],
    ])
      await ask(
        `insert into users_cards (user_id, type, state) select id, ${type === null ? "null" : `'${type}'`}, '${state}' from users`,
      );
    await ask(
      "insert into users_roles (user_id, role) select id, 'reader' from users union all select id, 'writer' from users",
    );
    await ask("insert into users_sessions (role_id) select id from users_roles");
    await configure({ ...changes, leavers: leavers(table) });
    return opened;
  };
  const cards = async ({ sql: ask }: House) =>
    (
      await ask(
        "select u.username as who, c.type as type, c.state as state from users_cards c join users u on u.id = c.user_id order by c.id",
      )
    ).map((row) => `${row.who} ${row.type} ${row.state}`);
  const number = async ({ sql: ask }: House, from: string): Promise<number> =>
    Number((await ask(`select count(*) as n from ${from}`))[0]?.n);

  it("is set by type, deleted with all that goes with it, told in the change, and not done to what is so already", async () => {
    const opened = await house((table) => ({
      related: [
        {
          table: `${table}_cards`,
          key: "user_id",
          where: { type: ["card", "key"] },
          set: { state: "inactive", closed: "now" },
        },
        { table: `${table}_cards`, key: "user_id", where: { type: "pin" }, set: { state: "locked" } },
        { table: `${table}_cards`, key: "user_id", where: { type: null }, delete: true },
        { table: `${table}_roles`, key: "user_id", delete: true },
      ],
    }));
    const { table, people, run, sql: ask } = opened;
    const before = await cards(opened);
    await people(["a", "c"]);
    const dry = await run("dry-run");
    const verified = await run("dry-run", "--verify");
    expect(await cards(opened)).toEqual(before);
    const real = await run("sync");
    expect(real.document.changes).toEqual([
      {
        kind: "deactivate",
        key: "b",
        dn: "",
        columns: { state: { from: "active", to: "inactive" } },
        related: { [`${table}_cards`]: 4, [`${table}_roles`]: 2 },
      },
    ]);
    expect([dry.document.changes, verified.document.changes]).toEqual([real.document.changes, real.document.changes]);
    const others = before.filter((card) => !card.startsWith("b"));
    const after = await cards(opened);
    expect(after.filter((card) => !card.startsWith("b"))).toEqual(others);
    expect(after.filter((card) => card.startsWith("b"))).toEqual([
      "b card inactive",
      "b key inactive",
      "b pin locked",
      "b pin locked",
    ]);
    expect([await number(opened, "users_roles"), await number(opened, "users_sessions")]).toEqual([4, 4]);
    const start = (real.document.startedAt as string).slice(0, 19).replace("T", " ");
    expect(await ask("select distinct closed as closed from users_cards where closed is not null")).toEqual([
      { closed: start },
    ]);
    expect(inShort(await run("sync"))).toBe("0 unchanged 2");
  });

  it("is found by another column than the primary key", async () => {
    const opened = await house((table) => ({
      related: [{ table: `${table}_mail`, key: "login", column: "username", set: { active: 0 } }],
    }));
    const { table, people, run, sql: ask } = opened;
    await ask("create table users_mail (login varchar(50), active int)");
    await ask("insert into users_mail values ('a', 1), ('b', 1), ('b', 0), ('b', null), ('B2', 1)");
    await people(["a", "c"]);
    const { document } = await run("sync");
    expect(document.changes[0].related).toEqual({ [`${table}_mail`]: 2 });
    expect(await ask("select login as l, active as a from users_mail order by 1, 2")).toEqual(
      [
        { l: "a", a: 1 },
        { l: "b", a: 0 },
        { l: "b", a: 0 },
        { l: "b", a: 0 },
        { l: "B2", a: 1 },
      ].sort((one, other) => (name === "SQLite" ? (one.l < other.l ? -1 : 1) : 0)),
    );
  });

  it("is undone with the row that is refused, which is a reject; the others of the batch are written", async () => {
    const opened = await house((table) => ({ related: [{ table: `${table}_roles`, key: "user_id", delete: true }] }));
    const { people, run, rows, sql: ask } = opened;
    await ask(
      `create table users_keeps (role_id ${keyType(sql.id)}, foreign key (role_id) references users_roles (id))`,
    );
    await ask(
      "insert into users_keeps select min(r.id) from users_roles r join users u on u.id = r.user_id where u.username = 'b'",
    );
    await people([]);
    // Nobody at all is another matter.
    await people(["a"]);
    const { code, document } = await run("sync");
    expect([code, document.outcome, document.counts.deactivated, document.counts.read, document.rejects]).toEqual([
      3,
      "partial",
      1,
      1,
      [
        {
          dn: "",
          key: "b",
          column: "",
          reason: expect.stringMatching(/^the database refused the row: .*foreign key/i),
        },
      ],
    ]);
    expect(await rows()).toBe("a:active b:active c:inactive");
    expect([await number(opened, "users_roles"), await number(opened, "users_keeps")]).toEqual([4, 1]);
  });

  it.each<[string, (table: string) => object, string]>([
    [
      "a table that is not there",
      () => ({ table: "nowhere", key: "user_id", delete: true }),
      "leavers.related[0].table: the database",
    ],
    [
      "a column that is not there",
      (table) => ({ table: `${table}_roles`, key: "user", delete: true }),
      'leavers.related[0].key: the table TABLE_roles has no column "user"',
    ],
    [
      "a condition on no column",
      (table) => ({ table: `${table}_cards`, key: "user_id", where: { typ: "x" }, delete: true }),
      'leavers.related[0].where.typ: the table TABLE_cards has no column "typ"',
    ],
    [
      "a value that does not fit",
      (table) => ({ table: `${table}_cards`, key: "user_id", set: { user_id: "x" } }),
      'leavers.related[0].set.user_id: "x" does not fit the column user_id',
    ],
    [
      "a column of the users that several may have alike",
      (table) => ({ table: `${table}_cards`, key: "type", column: "note", delete: true }),
      "leavers.related[0].column: two rows may have the same value in TABLE.note: it has no unique index of its own",
    ],
    // SQLite does not tell the collation of a column without a unique index.
    ...(name === "MariaDB" ? [takenForOne] : []),
    [
      "a column that tells nothing of a row",
      (table) => ({ table: `${table}_cards`, key: "closed", delete: true }),
      "leavers.related[0].key: TABLE_cards.closed is of type datetime",
    ],
  ])("is checked before anything is read: %s", async (_, follower, message) => {
    const opened = await openHouse(database, sql);
    const { table, sql: ask, configure, people, run } = opened;
    for (const create of tables(sql.id).map((text) => text.replaceAll("_id int", `_id ${keyType(sql.id)}`)))
      await ask(create);
    await people(["a"]);
    await configure({ leavers: { related: [follower(table)] } });
    const { code, document } = await run("sync");
    expect([code, document.error.message]).toEqual([2, expect.stringContaining(message.replaceAll("TABLE", table))]);
  });
});

const keyType = (id: string): string => (id.startsWith("int unsigned") ? "int unsigned" : "integer");
