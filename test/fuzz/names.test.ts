import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess, mainIn } from "../in-process.ts";
import { instanceFolder } from "../servers/folder.ts";
import { record } from "../servers/people.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "../target-databases.ts";
import { unseen } from "../unseen.ts";
import { hostileText } from "./hostile.ts";
import { base } from "./people.ts";
import { fuzzRuns, fuzzSeed, type Random, seeded, tell } from "./random.ts";

/** Tables and columns whose names are keywords, quotes, places for values, aliases of the program's own, or worse. */

const names = [
  ...[
    "select",
    "from",
    "where",
    "group",
    "order",
    "key",
    "table",
    "index",
    "values",
    "default",
    "null",
    "user",
    "limit",
  ],
  ...[
    "k",
    "u",
    "i",
    "v",
    "v0",
    "c0",
    "c1",
    "k.i",
    "column1",
    "column2",
    "rowid",
    "oid",
    "_rowid_",
    "new",
    "old",
    "set",
  ],
  ...['"', '""', "'", "''", "`", "``", 'a"b', "a'b", "a`b", "a``b", "[a]", "a]b", "\\", "a\\", "\\'", "\\`", '\\"'],
  ...[
    "a b",
    " a",
    "a.b",
    ".",
    "a\tb",
    "a\nb",
    "a\r\nb",
    "a/b",
    "../a",
    ";",
    "--",
    "/*",
    "*/",
    "#",
    "?",
    "??",
    ":a",
    "$1",
  ],
  ...[
    "@a",
    "@@a",
    "%",
    "%s",
    "{x}",
    "{{x}}",
    "1st",
    "123",
    "1e5",
    "0x41",
    "-1",
    "*",
    "(",
    ")",
    "a,b",
    "=",
    "\x1b[2J",
    "\x7f",
  ],
  ...[
    "constructor",
    "toString",
    "hasOwnProperty",
    "valueOf",
    "prototype",
    "__defineGetter__",
    "length",
    "then",
    "undefined",
  ],
  ...[
    "ünï",
    "用户",
    "ß",
    "ı",
    "ſ",
    "\u202eabc",
    "\u200b",
    "\ufeff",
    "\u0301",
    "\u2028",
    "\u009b1A",
    "NULL",
    "true",
    "表",
  ],
  ...["CONSTRAINT `x` CHECK (1)", "x` varchar(1), `y", "FOREIGN KEY (`a`)", "a) values (1", "x".repeat(64)],
];

/** Letters that a collation of names might take for others would make two of them one. */
const folded = (name: string): string =>
  name
    .normalize("NFKD")
    .replace(/[^\x21-\x7e]/g, "")
    .toLowerCase() || `u${name.codePointAt(0)}`;

/** Names that the database takes and can tell apart. */
function namesFor(random: Random, kind: Database["kind"], count: number): string[] {
  const chosen = new Map<string, string>();
  while (chosen.size < count) {
    let name = random.chance(0.7) ? random.pick(names) : hostileText(random).replaceAll("\0", "");
    // MariaDB's are in the basic plane, at most 64 characters, and do not end in a space.
    if (kind === "mariadb")
      name = name
        .replace(/[\u{10000}-\u{10ffff}]/gu, "")
        .slice(0, 64)
        .replace(/\s+$/u, "");
    const key = folded(name);
    const isOwn = /^idm_ldap_sync|^sqlite_|^__proto__$/i.test(name);
    if (name !== "" && !isOwn && !chosen.has(key)) chosen.set(key, name);
  }
  return [...chosen.values()];
}

const databases = {
  SQLite: {
    kind: "sqlite",
    start: sqliteDatabase,
    quote: (name: string) => `"${name.replaceAll('"', '""')}"`,
    id: "integer primary key",
  },
  MariaDB: {
    kind: "mariadb",
    start: mariadbDatabase,
    quote: (name: string) => `\`${name.replaceAll("`", "``")}\``,
    id: "int primary key auto_increment",
  },
} as const;
type Database = (typeof databases)[keyof typeof databases];

const person = (uid: string, title: string): string =>
  record(`uid=${uid},${base}`, { objectClass: ["inetOrgPerson"], uid: [uid], title: [title] });

describe.each(Object.entries(databases))("hostile names in %s", (into, database) => {
  const { kind, quote } = database;
  let target: TestDatabase;
  let folder: string;
  beforeAll(async () => {
    folder = await instanceFolder("names-");
    target = await database.start();
  });
  afterAll(() => target.stop());

  const expectQuiet = ({ stdout, stderr }: { stdout: string; stderr: string }) => {
    expect(stdout).not.toMatch(unseen);
    expect(stderr).not.toMatch(unseen);
  };

  async function oneTable(random: Random): Promise<void> {
    const chosen = namesFor(random, kind, 8);
    // Not the last three: the configuration refuses it as a key.
    if (random.chance(0.2)) chosen[random.below(5)] = "__proto__";
    const [table = "", id = "", state = "", own = "", index = "", key = "", title = "", photo = ""] = chosen;
    const columns = [
      `${quote(id)} ${database.id}`,
      `${quote(key)} varchar(50) not null`,
      `${quote(title)} varchar(200)`,
      `${quote(photo)} ${kind === "sqlite" ? "blob" : "varbinary(200)"}`,
      `${quote(state)} varchar(20)`,
      `${quote(own)} varchar(20) not null default 'own'`,
    ];
    await target.sql(`create table ${quote(table)} (${columns.join(", ")})`);
    await target.sql(`create unique index ${quote(`${index.slice(0, 60)}_i`)} on ${quote(table)} (${quote(key)})`);
    await target.sql(
      `insert into ${quote(table)} (${[key, title, state].map(quote).join(", ")}) values ('old', 'x', 'gone'), ('admin', 'x', 'gone'), ('other', 'x', 'gone')`,
    );
    const shown = [key, title, photo, state, own].map((name) => (name === photo ? `hex(${quote(name)})` : quote(name)));
    const rows = async () => {
      const found = await target.sql(
        `select ${shown.map((sql, at) => `${sql} as c${at}`).join(", ")} from ${quote(table)}`,
      );
      return found.map((row) => Object.values(row).map((value) => value || null)).sort();
    };
    const before = await rows();
    const value = hostileText(random).replaceAll("\0", "").trim() || "y";
    await writeFile(join(folder, "people.ldif"), ["old", "new", "admin"].map((uid) => person(uid, value)).join(""));
    const config = {
      name: value,
      source: { url: "file:people.ldif" },
      target: target.config(table, key),
      mapping: { [key]: "uid", [title]: "title", [photo]: { attribute: "uid", as: "binary" } },
      state: { column: state, active: "here" },
      protect: [{ [key]: "admin" }],
    };
    await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
    const dry = await inProcess(folder, ["dry-run"]);
    expect([dry.code, dry.document.error]).toEqual([0, null]);
    expectQuiet(await mainIn(folder, ["dry-run", "--verbose"]));
    expectQuiet(await mainIn(folder, ["explain", "--verbose", "old"]));
    expect(await rows()).toEqual(before);
    const real = await inProcess(folder, ["sync"]);
    expect(real.document.changes).toEqual(dry.document.changes);
    expectQuiet(real);
    const hex = (text: string) => Buffer.from(text).toString("hex").toUpperCase();
    expect(await rows()).toEqual([
      ["admin", "x", null, "gone", "own"],
      ["new", value, hex("new"), "here", "own"],
      ["old", value, hex("old"), "here", "own"],
      ["other", "x", null, "gone", "own"],
    ]);
    const again = await mainIn(folder, ["sync", "--verbose"]);
    expectQuiet(again);
    expect(again.stdout).toMatch(/^ +0 inserted\n +0 updated\n/m);
    expectQuiet(await mainIn(folder, ["check"]));
    await target.sql(`drop table ${quote(table)}`);
  }

  it("are the names of tables and columns like any others", async () => {
    const seed = fuzzSeed();
    let tables = 0;
    try {
      for (; tables < fuzzRuns(15); tables += 1) await oneTable(seeded(seed + tables));
    } finally {
      tell(`names in ${into}`, seed, { tables });
    }
  }, 3_600_000);
});
