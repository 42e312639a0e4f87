import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { inProcess, mainIn } from "../in-process.ts";
import { jsonLines } from "../program.ts";
import { instanceFolder } from "../servers/folder.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "../target-databases.ts";
import { unseen } from "../unseen.ts";
import { directories } from "./directories.ts";
import { columns, type Expected, expectedRow, textOf } from "./expected.ts";
import { inFilter } from "./hostile.ts";
import { base, type HostilePerson, hostilePeople, valuesOf } from "./people.ts";
import { fuzzRuns, fuzzSeed, type Random, seeded, tell } from "./random.ts";

/**
 * Directories full of hostile values, through both kinds of source into both databases. What each row must be comes from
 * `expected.ts`, which keys are the same from the database itself.
 */

/** Defaults of a server that this program must not go by. */
const otherHabits = [
  [],
  ["--character-set-server=latin1", "--sql-mode=", "--init-connect=set names sjis, sql_mode = 'ORACLE'"],
  [
    "--character-set-server=utf8mb3",
    "--sql-mode=ANSI,NO_BACKSLASH_ESCAPES,TRADITIONAL",
    "--skip-character-set-client-handshake",
  ],
  ["--lower-case-table-names=1", "--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT", "--max-allowed-packet=1M"],
] as const;

const databases = {
  SQLite: {
    kind: "sqlite",
    start: (_random: Random) => sqliteDatabase(),
    collations: ["binary", "nocase", "rtrim"],
    bytes: (name: string) => `hex(${name})`,
    text: (hex: string) => `cast(x'${hex}' as text)`,
    ignore: "insert or ignore",
  },
  MariaDB: {
    kind: "mariadb",
    start: (random: Random) => mariadbDatabase({ args: random.pick(otherHabits) }),
    collations: ["utf8mb4_bin", "utf8mb4_general_ci", "utf8mb4_unicode_520_ci", "utf8mb4_nopad_bin", "uca1400_ai_ci"],
    bytes: (name: string) => (name === "photo" ? `hex(${name})` : `hex(convert(${name} using utf8mb4))`),
    text: (hex: string) => `convert(x'${hex}' using utf8mb4)`,
    ignore: "insert ignore",
  },
} as const;
type Database = (typeof databases)[keyof typeof databases];

const create = ({ kind }: Database, collation: string): string =>
  `create table users (${columns
    .map(({ name, types }) =>
      `${name} ${types[kind]}`
        .replace("COLLATED", "character set utf8mb4")
        .replace("unique", `collate ${collation} unique`),
    )
    .join(", ")})`;

/** For each DN the key that it claims: the first one of those that the database calls the same. */
async function claimsOf(
  database: TestDatabase,
  { kind, text, ignore }: Database,
  entries: ReadonlyMap<string, HostilePerson>,
): Promise<ReadonlySet<number>> {
  const keyed = [...entries.values()].flatMap((person) => {
    const [key] = expectedRow(person, kind);
    return Buffer.isBuffer(key) ? [`(${text(key.toString("hex"))}, ${person.number})`] : [];
  });
  await database.sql("delete from claims");
  await database.sql(`${ignore} into claims (username, n) values ${keyed.join(", ")}`);
  return new Set((await database.sql("select n from claims")).map(({ n }) => Number(n)));
}

/** The rows as hexadecimal bytes, by key. */
async function tableOf(database: TestDatabase, { bytes }: Database): Promise<Map<string, (string | null)[]>> {
  const rows = await database.sql(
    `select ${columns.map(({ name }, at) => `${bytes(name)} as c${at}`).join(", ")} from users`,
  );
  // SQLite's hex() makes an empty text of NULL.
  const nulls = await database.sql(
    `select ${columns.map(({ name }, at) => `${name} is null as c${at}`).join(", ")} from users`,
  );
  return new Map(
    rows.map((row, which) => {
      const values = columns.map((_, at) => (Number(nulls[which]?.[`c${at}`]) === 1 ? null : String(row[`c${at}`])));
      return [values[0] ?? "", values];
    }),
  );
}

const hexOf = (row: readonly Expected[]): (string | null)[] =>
  row.map((value) => (Buffer.isBuffer(value) ? value.toString("hex").toUpperCase() : null));

/** The first rows that are not the same: of a thousand nobody could make out anything. */
function differences(found: ReadonlyMap<string, unknown>, wanted: ReadonlyMap<string, unknown>): object[] {
  const keys = new Set([...found.keys(), ...wanted.keys()]);
  return [...keys]
    .filter((key) => JSON.stringify(found.get(key)) !== JSON.stringify(wanted.get(key)))
    .map((key) => ({ key, found: found.get(key), wanted: wanted.get(key) }))
    .slice(0, 3);
}

async function quietly(folder: string, args: readonly string[]): Promise<void> {
  const { stdout, stderr } = await mainIn(folder, args);
  expect(stdout).not.toMatch(unseen);
  expect(stderr).not.toMatch(unseen);
  expect(stdout.length).toBeGreaterThan(0);
}

const cases = Object.entries(directories).flatMap(([from, directory]) =>
  Object.entries(databases).map(([into, database]) => ({ from, into, directory, database })),
);

describe.each(cases)("hostile values from $from into $into", ({ from, into, directory: open, database }) => {
  it("end exactly in the table or in a reject that names entry and column, and are found again", async () => {
    const seed = fuzzSeed();
    const random = seeded(seed);
    const size = fuzzRuns(500);
    const folder = await instanceFolder("fuzz-");
    const directory = open(folder, random);
    const target = await database.start(random);
    const counts = { values: 0, entries: 0, rejects: 0, "found again": 0 };
    const collation = random.pick<string>(database.collations);
    try {
      await target.sql(create(database, collation));
      await target.sql(`create table claims (${create(database, collation).match(/username [^,]+/)?.[0]}, n integer)`);
      let people: HostilePerson[] | undefined;
      const wanted = new Map<string, (string | null)[]>();
      for (const day of [1, 2]) {
        people = hostilePeople(random, size, directory.taste, people);
        const entries = await directory.hold(people);
        const config = {
          source: { ...directory.source(), baseDn: base, filter: "(objectClass=inetOrgPerson)" },
          target: target.config("users", "username"),
          mapping: Object.fromEntries(columns.map(({ name, rule }) => [name, rule])),
          limits: { reject: { max: 1_000_000 } },
          batchSize: random.pick([7, 100, 500]),
        };
        await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
        counts.values += valuesOf(people);
        counts.entries += entries.size;
        const good = await run(folder, target, database, entries, wanted);
        counts.rejects += entries.size - good.length;
        await quietly(folder, ["check"]);
        if (day === 2) counts["found again"] = await findAgain(folder, target, database, random, good);
      }
    } finally {
      // Also of a test that failed.
      tell(`values from ${from} into ${into} (${collation})`, seed, counts);
      await target.stop();
      await directory.stop();
    }
  }, 3_600_000);
});

/** An entry that is in the table, with its match key. */
interface Present {
  readonly dn: string;
  readonly key: Buffer;
}

/** Runs dry-run and sync over the entries and compares both with what must be. Gives those who are no rejects. */
async function run(
  folder: string,
  target: TestDatabase,
  database: Database,
  entries: ReadonlyMap<string, HostilePerson>,
  wanted: Map<string, (string | null)[]>,
): Promise<Present[]> {
  const claims = await claimsOf(target, database, entries);
  const bad = new Map<string, string[]>();
  const good: Present[] = [];
  for (const [dn, person] of entries) {
    const row = expectedRow(person, database.kind);
    const [key] = row;
    const names = columns.filter((_, at) => row[at] === "bad").map(({ name }) => name);
    if (key === null || !claims.has(person.number)) names.push("username");
    if (names.length > 0) bad.set(dn, names);
    else {
      const [hex, ...others] = hexOf(row);
      wanted.set(hex ?? "", [hex ?? "", ...others]);
      good.push({ dn, key: Buffer.from(hex ?? "", "hex") });
    }
  }
  const before = await tableOf(target, database);
  const told = ({ code, document: { outcome, counts, changes, rejects } }: Awaited<ReturnType<typeof inProcess>>) => ({
    code,
    outcome,
    counts,
    changes,
    rejects,
  });
  const dry = await inProcess(folder, ["dry-run"]);
  expect(dry.document.error).toBe(null);
  expect(differences(await tableOf(target, database), before)).toEqual([]);
  await quietly(folder, ["dry-run", "--limit", "100000", "--verbose"]);
  const real = await inProcess(folder, ["sync", "--rejects", join(folder, "rejects.jsonl")]);
  expect(told(dry)).toEqual(told(real));
  expect(real.stdout).not.toMatch(unseen);
  expect(differences(await tableOf(target, database), wanted)).toEqual([]);
  const rejects = (await jsonLines(join(folder, "rejects.jsonl"))) as { dn: string; column: string; reason: string }[];
  expect(rejects.map(({ dn }) => dn).sort()).toEqual([...bad.keys()].sort());
  for (const { dn, column } of rejects) expect(bad.get(dn)).toContain(column);
  const again = await inProcess(folder, ["sync"]);
  expect(again.document.counts).toMatchObject({ inserted: 0, updated: 0, rejected: bad.size });
  await quietly(folder, ["sync", "--verbose", "--limit", "100000"]);
  return good;
}

/** Finds some of the people by key, filter and DN, and brings their rows back by a filter. Gives how many. */
async function findAgain(
  folder: string,
  target: TestDatabase,
  { bytes }: Database,
  random: Random,
  present: readonly Present[],
): Promise<number> {
  const some = 8;
  for (let found = 0; found < some; found += 1) {
    const { dn, key: bytesOfKey } = random.pick(present);
    const key = textOf(bytesOfKey) ?? "";
    const filter = `(uid=${inFilter(bytesOfKey)})`;
    // What begins with a parenthesis is a filter, and what could be a DN is one.
    const asKey = !key.startsWith("(") && !key.includes("=");
    for (const asked of asKey ? [key, filter, dn] : [filter, dn]) {
      const { code, stdout } = await mainIn(folder, ["explain", "--json", "--", asked]);
      const dns: string[] = JSON.parse(stdout).entries.map((entry: { dn: string }) => entry.dn);
      // A filter may find others too, of whom no more than ten are explained.
      expect({ asked, code, dns, found: dns.includes(dn) || dns.length === 10 }).toMatchObject({
        code: 0,
        found: true,
      });
      await quietly(folder, ["explain", "--verbose", "--", asked]);
    }
    await target.sql(`delete from users where ${bytes("username")} = '${bytesOfKey.toString("hex").toUpperCase()}'`);
    const { document } = await inProcess(folder, ["sync", "--filter", filter]);
    expect({ filter, error: document.error, inserted: document.counts.inserted }).toEqual({
      filter,
      error: null,
      inserted: 1,
    });
  }
  return some;
}
