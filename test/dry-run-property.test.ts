import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Io } from "../src/io.ts";
import { main } from "../src/main.ts";
import { type Attributes, base, ldif } from "./program.ts";
import { instanceFolder } from "./servers/folder.ts";
import { mariadbDatabase, sqliteDatabase, type TestDatabase } from "./target-databases.ts";

/**
 * A dry run and the sync after it, over random directories, mappings and tables that are made to clash: few different
 * values, unique indexes of one column and of two (one of them not in the mapping), collations that ignore letter case,
 * columns that are too short, must have a value, or have no default.
 */

const letters = ["a", "A", "b", "B", "c", "ä", "d "];
const some = <T>(values: readonly T[]) => fc.constantFrom(...values);
const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 4 });

const person = fc.record({
  uid: maybe(some([...letters, "e", "f", "g", "h", "i"])),
  mail: maybe(some(["x", "X", "y", "z", "w", "v", "u"])),
  id: maybe(some(["1", "2", "3", "4", "5", "6", "7", "8"])),
  displayName: maybe(some(["short", "much too long for it", "é", " "])),
  employeeNumber: maybe(some(["7", "007", "8", "many", "99999"])),
});
/** People who pass their mail addresses on, in one direction or the other; the last one gets a new one, or the first one's. */
const chain = fc
  .record({
    length: fc.integer({ min: 2, max: 7 }),
    back: fc.boolean(),
    circle: fc.boolean(),
    order: fc.infiniteStream(fc.nat()),
  })
  .map(({ length, back, circle, order }) => {
    const one = (at: number, mail: number) => ({
      uid: `u${at}`,
      id: `${10 + at}`,
      mail: `m${mail}`,
      displayName: undefined,
      employeeNumber: undefined,
    });
    const places = [...order.take(length)].map((weight, at) => ({ weight, at })).sort((a, b) => a.weight - b.weight);
    const mails = places.map(({ at }) => at);
    const moved = mails.map((mail) => (circle ? (mail + (back ? 1 : length - 1)) % length : mail + (back ? 1 : -1)));
    return { people: mails.map((mail, at) => one(at, mail)), later: moved.map((mail, at) => one(at, mail)) };
  });
const row = fc.record({
  username: some([...letters, "q", "r"]),
  mail: maybe(some(["x", "y", "z", "w", "v"])),
  id: maybe(some(["1", "2", "3", "8", "9"])),
  badge: maybe(some(["7", "8"])),
  site: some(["main", "other"]),
  state: some(["active", "inactive"]),
});
const crowd = fc.record({ people: fc.array(person, { maxLength: 14 }), later: fc.array(person, { maxLength: 14 }) });
const scenario = fc.record({
  days: fc.oneof({ weight: 3, arbitrary: crowd }, { weight: 1, arbitrary: chain }),
  rows: fc.array(row, { maxLength: 6 }),
  matchKey: some(["username", "external_id"]),
  batchSize: some([1, 2, 3, 5, 500]),
  ignoreCase: fc.boolean(),
  uniqueBadge: fc.boolean(),
  withoutDefault: fc.boolean(),
  keepMail: fc.boolean(),
  mapsId: fc.boolean(),
  mostRejects: some([0, 1, 3, 100]),
  mostUpdates: maybe(some([0, 2])),
  protect: fc.boolean(),
  name: some(["attribute", "required", "template", "map", "join"] as const),
});
type Scenario = typeof scenario extends fc.Arbitrary<infer T> ? T : never;
type Person = typeof person extends fc.Arbitrary<infer T> ? T : never;

const attributesOf = (each: Person): Attributes =>
  Object.fromEntries(
    Object.entries({ ...each, entryUUID: each.id, id: undefined }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, [value]]],
    ),
  );
const directory = (people: readonly Person[]): string =>
  ldif(Object.fromEntries(people.map((each, at) => [`cn=p${at}`, attributesOf(each)])));

const displayNames = {
  attribute: { attribute: "displayName", transform: ["trim"] },
  required: { attribute: ["displayName", "mail"], required: true },
  template: { template: "{uid}/{mail}" },
  map: { attribute: "displayName", map: { short: "s", é: "e" } },
  join: { attribute: "objectClass", multi: "join", separator: "", transform: [{ truncate: 3 }] },
};

function configOf(each: Scenario, target: object) {
  return {
    source: { url: "file:people.ldif", baseDn: base, filter: "(objectClass=inetOrgPerson)" },
    target,
    mapping: {
      username: "uid",
      ...((each.mapsId || each.matchKey === "external_id") && { external_id: "entryUUID" }),
      mail: { attribute: "mail", onEmpty: each.keepMail ? "keep" : "null" },
      display_name: displayNames[each.name],
      badge: { attribute: "employeeNumber", as: "integer" },
      created_by: { value: "sync", on: "insert" },
    },
    state: { column: "state" },
    batchSize: each.batchSize,
    protect: each.protect ? [{ username: "c" }] : [],
    limits: {
      reject: { max: each.mostRejects },
      update: each.mostUpdates === undefined ? {} : { max: each.mostUpdates },
    },
  };
}

const tableOf = (each: Scenario, collate: string): string =>
  `create table users (
  n integer primary key NUMBERED, username varchar(20) COLLATED not null unique, external_id varchar(20) unique,
  mail varchar(20) COLLATED unique, display_name varchar(8), badge smallint, site varchar(9) not null default 'main',
  ${each.withoutDefault ? "level varchar(9) not null," : ""}
  created_by varchar(9), state varchar(9) not null${each.uniqueBadge ? ", unique (site, badge)" : ""})`
    .replaceAll("COLLATED", each.ignoreCase ? collate : "")
    .replace("NUMBERED", collate === "collate nocase" ? "" : "auto_increment");

/** Runs one command line in this process, in a folder. */
async function inProcess(folder: string, args: readonly string[]) {
  const sink = () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write: (chunk, _, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    return { stream, text: () => chunks.join("") };
  };
  const [out, err] = [sink(), sink()];
  const io: Io = { stdout: out.stream, stderr: err.stream, env: {}, cwd: () => folder, on: () => {}, off: () => {} };
  const code = await main([...args, "--json", "--limit", "1000"], io);
  return { code, document: JSON.parse(out.text()), stderr: err.text() };
}

const databases = [
  { name: "SQLite", start: sqliteDatabase, collate: "collate nocase", runs: 250 },
  { name: "MariaDB", start: mariadbDatabase, collate: "collate utf8mb4_general_ci", runs: 60 },
] as const;

describe.each(databases)(
  "over random directories, mappings and tables in $name, a dry run",
  ({ start, collate, runs }) => {
    let database: TestDatabase;
    beforeAll(async () => {
      database = await start();
    });
    afterAll(() => database.stop());
    const table = () => database.sql("select * from users order by n");

    /** What a run tells that the other one must tell too. */
    const told = ({ code, document }: Awaited<ReturnType<typeof inProcess>>) => {
      const { counts, changes, rejects, outcome, error } = document;
      return { code, outcome, counts, changes, rejects, error: error?.message };
    };

    async function previewAndSync(folder: string): Promise<void> {
      const before = await table();
      const plain = await inProcess(folder, ["dry-run"]);
      const verified = await inProcess(folder, ["dry-run", "--verify"]);
      expect(await table()).toEqual(before);
      const real = await inProcess(folder, ["sync"]);
      if (real.document.outcome === "refused") {
        // Where limits.update is set, a sync counts the whole plan before it says a word of it; the dry run shows the plan.
        expect([plain.code, verified.code]).toEqual([4, 4]);
        expect(plain.document.error.message).toBe(real.document.error.message);
        expect(told(verified)).toEqual(told(plain));
      } else {
        expect(told(plain)).toEqual(told(real));
        expect(told(verified)).toEqual(told(real));
      }
    }

    it("says what the sync after it does, to the last change and reject, and leaves the table as it is", async () => {
      const folder = join(await instanceFolder("property-"), "work");
      await mkdir(folder);
      const outcomes = new Map<string, number>();
      const property = fc.asyncProperty(scenario, async (each) => {
        await database.sql("drop table if exists users");
        await database.sql(tableOf(each, collate));
        const seen = new Set<string>();
        for (const { username, mail = null, id = null, badge = null, site, state } of each.rows) {
          const level = each.withoutDefault ? ", 'x'" : "";
          const columns = `username, mail, external_id, badge, site, state${each.withoutDefault ? ", level" : ""}`;
          const values = [username, mail, id, badge, site, state];
          if (seen.has(username.trim().toLowerCase())) continue;
          seen.add(username.trim().toLowerCase());
          // Rows that clash with each other are none.
          await database
            .sql(`insert into users (${columns}) values (?, ?, ?, ?, ?, ?${level})`, values)
            .catch(() => {});
        }
        const config = configOf(each, database.config("users", each.matchKey));
        await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
        for (const people of [each.days.people, each.days.later]) {
          await writeFile(join(folder, "people.ldif"), directory(people));
          await previewAndSync(folder);
        }
        const again = await inProcess(folder, ["dry-run"]);
        outcomes.set(again.document.outcome, (outcomes.get(again.document.outcome) ?? 0) + 1);
      });
      await fc.assert(property, { numRuns: runs });
      expect([...outcomes.keys()].sort()).toEqual(expect.arrayContaining(["partial", "refused", "succeeded"]));
    }, 300_000);
  },
);
