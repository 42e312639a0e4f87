import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Column } from "../src/target/column.ts";
import { mysqlDialect } from "../src/target/mysql.ts";
import { failure, type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** Each of them is, under some collation, equal to another one that it is not equal to under others. */
const words = [
  ...["anna", "Anna", "ANNA", "ännä", "a\u0308nna\u0308", "anna\u00a0", "anna\u2003", "anna\u3000", "anna ", "anna  "],
  ...["anna\t", "anna\0", "anna\u00ad", "anna\u200b", " anna", "\u00adanna", "", " ", "\u00a0", "\0", "\u200b"],
  ...["ﬁ", "fi", "ﬀ", "ff", "ß", "ẞ", "ss", "s", "sz", "straße", "strasse", "STRASSE", "İ", "I", "i", "ı", "i\u0307"],
  ...[
    "æ",
    "ae",
    "ä",
    "å",
    "A\u030a",
    "aa",
    "ø",
    "o",
    "ö",
    "oe",
    "œ",
    "ü",
    "ue",
    "u",
    "y",
    "é",
    "e\u0301",
    "e",
    "\u0301",
  ],
  ...[
    "ch",
    "c\u0300h",
    "cz",
    "ll",
    "ij",
    "ĳ",
    "dž",
    "ǆ",
    "þ",
    "th",
    "ð",
    "đ",
    "d",
    "ł",
    "l",
    "ñ",
    "n",
    "v",
    "w",
    "ž",
    "z",
  ],
  ...[
    "ａｎｎａ",
    "ｱ",
    "ア",
    "あ",
    "カ",
    "ガ",
    "が",
    "か",
    "は",
    "ば",
    "ς",
    "σ",
    "Σ",
    "ё",
    "е",
    "①",
    "1",
    "²",
    "2",
    "½",
  ],
  ...[
    "名",
    "漢",
    "㊤",
    "上",
    "😀",
    "😁",
    "\ufffd",
    "a",
    "a\u0001",
    "a \u0001",
    "a\u001f",
    "a\0",
    "a!",
    "a b",
    "ab",
    "ﷺ",
  ],
  ...[`${"x".repeat(60)}${"ﷺ".repeat(30)}`, `${"x".repeat(60)}${"ﷺ".repeat(30)}y`],
];

/** For each value the position of the first one that is equal. */
const firstOf = (values: readonly string[]): number[] => values.map((value) => values.indexOf(value));

describe("the collations of MariaDB", () => {
  let database: MariadbDatabase;
  let connection: Connection;
  beforeAll(async () => {
    database = await mariadbDatabase();
    connection = await createConnection({ socketPath: database.server.socket, user: "root", database: "idm" });
    await connection.query("set names utf8mb4, sql_mode = ''");
  });
  afterAll(async () => {
    await connection.end();
    await database.stop();
  });

  const dialect = () => mysqlDialect(database.config("words", "v"));

  /** The words that the database calls equal to an earlier one, and those whose identities are equal, as positions. */
  async function equality(charset: string, collation: string): Promise<{ database: number[]; identities: number[] }> {
    const column = `varchar(100) character set ${charset} collate ${collation}`;
    await connection.query(`create or replace table words (i int, v ${column}) engine = memory`);
    await connection.query(`insert into words values ${words.map((_, i) => `(${i}, ?)`).join(", ")}`, words);
    const key: Column = {
      ...{ name: "v", declared: column, type: undefined, nullable: true, hasDefault: true, generated: false },
      collation,
    };
    const { sql, bindings } = dialect().lookup(
      "words",
      [key],
      words.map((word) => [word]),
      ["u.i"],
    );
    const [rows] = await connection.query<never>({ sql, rowsAsArray: true }, [...bindings]);
    const equal: number[] = [];
    const identities: string[] = [];
    for (const [word, identity, , row] of rows as [number, Buffer | string, string, number][]) {
      equal[word] = Math.min(equal[word] ?? row, row);
      identities[word] = Buffer.isBuffer(identity) ? identity.toString("latin1") : identity;
    }
    return { database: equal, identities: firstOf(identities) };
  }

  it("give a match key an identity that is equal where `=` says so, or are refused for one", async () => {
    const [collations] = await connection.query<never>(
      `select character_set_name as charset, full_collation_name as collation
       from information_schema.collation_character_set_applicability
       where character_set_name in ('ascii', 'latin1', 'ucs2', 'utf8mb3', 'utf8mb4', 'utf16', 'utf16le', 'utf32')`,
    );
    const all = collations as { charset: string; collation: string }[];
    const known = all.filter(({ collation }) => dialect().keyCollations.known(collation));
    const wrong: string[] = [];
    for (const { charset, collation } of known) {
      const { database, identities } = await equality(charset, collation);
      if (String(database) !== String(identities)) wrong.push(collation);
    }
    expect(wrong).toEqual([]);
    const refused = all.filter((each) => !known.includes(each)).map(({ collation }) => collation);
    expect(refused.filter((collation) => !/_uca1400_(.*_)?(ai_cs|as_ci|as_cs)$|_thai_520_w2$/.test(collation))).toEqual(
      [],
    );
    expect(known.length).toBeGreaterThan(400);
  }, 120_000);

  it("of which a strange one is refused before anything is read", async () => {
    await database.sql(
      "create table odd (id int primary key, username varchar(50) collate utf8mb4_uca1400_as_ci unique)",
    );
    expect(await failure(database.open("odd", "username"))).toMatchObject({
      turn: "configuration",
      message: "target.matchKey: odd.username has the collation utf8mb4_uca1400_as_ci, which cannot be a match key's",
      hint: "use a _ai_ci or _bin collation for that column",
    });
    // In another column it is no matter.
    await (await database.open("odd", "id")).close();
  });
});

it.each([
  ["utf8mb4_0900_ai_ci", true],
  ["utf8mb4_de_pb_0900_ai_ci", true],
  ["utf8mb4_0900_bin", true],
  ["binary", true],
  ["utf8mb4_0900_as_ci", false],
  ["utf8mb4_0900_as_cs", false],
  ["utf8mb4_ja_0900_as_cs_ks", false],
  ["utf8mb4_uca1500_some_cs", false],
  ["utf8mb4_thai_520_w2", false],
])("of collations that MariaDB 10.11 does not have, %s: %s", (collation, known) => {
  const dialect = mysqlDialect({
    client: "mysql2",
    connection: { host: "db", port: 3306, user: "idm", database: "idm" },
    table: "users",
    matchKey: ["username"],
    timeoutMs: 1000,
  });
  expect(dialect.keyCollations.known(collation)).toBe(known);
});
