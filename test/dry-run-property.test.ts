import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";
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
/**
 * People who exchange mail addresses and badges in whatever circles and chains, each now and then in another letter case,
 * with some that nobody had; the last ones are new and take part.
 */
const exchange = fc
  .record({
    length: fc.integer({ min: 2, max: 9 }),
    newcomers: fc.integer({ min: 0, max: 2 }),
    order: fc.infiniteStream(fc.nat()),
    upper: fc.infiniteStream(fc.boolean()),
  })
  .map(({ length, newcomers, order, upper }) => {
    const weights = order[Symbol.iterator]();
    const shuffled = (count: number): number[] =>
      Array.from({ length: count }, (_, at) => ({ at, weight: weights.next().value ?? 0 }))
        .sort((a, b) => a.weight - b.weight)
        .map(({ at }) => at);
    const cases = upper[Symbol.iterator]();
    const one = (at: number, mail: number, badge: number) => ({
      uid: `u${at}`,
      id: `${10 + at}`,
      mail: `${cases.next().value ? "M" : "m"}${mail}`,
      displayName: undefined,
      employeeNumber: `${100 + badge}`,
    });
    const [mails, badges] = [shuffled(length + 3), shuffled(length + 3)];
    return {
      people: shuffled(length).map((at) => one(at, at, at)),
      later: shuffled(length + newcomers).map((at) => one(at, mails[at] ?? 0, badges[at] ?? 0)),
    };
  });
const row = fc.record({
  username: some([...letters, "q", "r"]),
  mail: maybe(some(["x", "y", "z", "w", "v"])),
  id: maybe(some(["1", "2", "3", "8", "9"])),
  badge: maybe(some(["7", "8"])),
  site: some(["main", "other"]),
  state: some(["active", "inactive", "locked"]),
  setBy: maybe(some(["idm-ldap-sync", "hr"])),
});
const crowd = fc.record({ people: fc.array(person, { maxLength: 14 }), later: fc.array(person, { maxLength: 14 }) });
/** People each of whom can have what the directory says, among others. */
const days = fc
  .record({ others: crowd, content: fc.option(fc.oneof(chain, exchange), { nil: undefined }), alone: fc.boolean() })
  .map(({ others, content, alone }) => ({
    people: content ? mixed(alone ? [] : others.people, content.people) : others.people,
    later: content ? mixed(alone ? [] : others.later, content.later) : others.later,
    content,
    alone,
  }));
const mixed = <T>(one: readonly T[], other: readonly T[]): T[] =>
  Array.from({ length: Math.max(one.length, other.length) }, (_, at) => [
    ...one.slice(at, at + 1),
    ...other.slice(at, at + 1),
  ]).flat();
const scenario = fc.record({
  days,
  rows: fc.array(row, { maxLength: 6 }),
  matchKey: some([
    ["username"],
    ["external_id"],
    ["external_id", "username"],
    ["external_id", "badge", "username"],
    ["external_id", "mail"],
    ["username", "external_id"],
  ]),
  batchSize: some([1, 2, 3, 5, 500]),
  ignoreCase: fc.boolean(),
  uniqueBadge: fc.boolean(),
  withoutDefault: fc.boolean(),
  keepMail: fc.boolean(),
  mailMustBe: fc.boolean(),
  mapsId: fc.boolean(),
  mostRejects: some([0, 1, 3, 100]),
  mostUpdates: maybe(some([0, 2])),
  protect: fc.boolean(),
  nullableName: fc.boolean(),
  adopts: fc.boolean(),
  setBy: fc.boolean(),
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
      ...((each.mapsId || each.matchKey.includes("external_id")) && { external_id: "entryUUID" }),
      mail: {
        attribute: "mail",
        onEmpty: each.keepMail ? "keep" : "null",
      },
      display_name: displayNames[each.name],
      badge: { attribute: "employeeNumber", as: "integer" },
      created_by: { value: "sync", on: "insert" },
    },
    state: { column: "state", ...(each.setBy && { setBy: "set_by" }) },
    batchSize: each.batchSize,
    protect: each.protect ? [{ username: "c" }] : [],
    limits: {
      reject: { max: each.mostRejects },
      update: each.mostUpdates === undefined ? {} : { max: each.mostUpdates },
    },
  };
}

/** Rows of people from before there were ids. */
const toAdopt = ({ adopts, matchKey, days: { people } }: Scenario): Scenario["rows"] =>
  !adopts || matchKey.length === 1
    ? []
    : people.flatMap(({ uid, mail }) =>
        uid === undefined || mail === undefined
          ? []
          : [
              {
                username: uid,
                mail,
                id: undefined,
                badge: undefined,
                site: "main",
                state: "inactive",
                setBy: undefined,
              },
            ],
      );

const tableOf = (each: Scenario, collate: string): string =>
  `create table users (
  n integer primary key NUMBERED, username varchar(20) COLLATED ${each.nullableName ? "" : "not null"} unique, external_id varchar(20) unique,
  mail varchar(20) COLLATED ${each.mailMustBe ? "not null" : ""} unique, display_name varchar(8), badge smallint, site varchar(9) not null default 'main',
  ${each.withoutDefault ? "level varchar(9) not null," : ""}
  created_by varchar(9), state varchar(9) not null, set_by varchar(20)${each.uniqueBadge ? ", unique (site, badge)" : ""}
  ${each.matchKey.includes("badge") ? ", unique (badge)" : ""})`
    .replaceAll("COLLATED", each.ignoreCase ? collate : "")
    .replace("NUMBERED", collate === "collate nocase" ? "" : "auto_increment");

/** What nobody but who has set it may change, where `state.setBy` is configured. */
const blockedByOthers = `select n, state, set_by from users
  where state <> 'active' and not (state = 'inactive' and coalesce(set_by, '') = 'idm-ldap-sync') order by n`;

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
      const { counts, changes, adopted, blocked, rejects, outcome, error } = document;
      return { code, outcome, counts, changes, adopted, blocked, rejects, error: error?.message };
    };

    async function previewAndSync(folder: string) {
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
      return real.document;
    }

    /** What the table has of these people, by its own rules of letter case. */
    async function expectInTable(people: readonly Person[]): Promise<void> {
      const rows = await database.sql(
        "select username, mail, badge from users where username like 'u%' order by username",
      );
      const wanted = people.map(({ uid, mail, employeeNumber: badge }) => ({
        username: uid,
        mail,
        badge: badge === undefined ? null : Number(badge),
      }));
      expect(rows.map((each) => ({ ...each }))).toEqual(
        wanted.sort((a, b) => (String(a.username) < String(b.username) ? -1 : 1)),
      );
    }

    it("says what the sync after it does, to the last change and reject, and leaves the table as it is", async () => {
      const folder = join(await instanceFolder("property-"), "work");
      await mkdir(folder);
      const outcomes = new Map<string, number>();
      let adoptions = 0;
      let blocked = 0;
      const property = fc.asyncProperty(scenario, async (each) => {
        await database.sql("drop table if exists users");
        await database.sql(tableOf(each, collate));
        const seen = new Set<string>();
        for (const { username, mail = null, id = null, badge = null, site, state, setBy = null } of [
          ...toAdopt(each),
          ...each.rows,
        ]) {
          const level = each.withoutDefault ? ", 'x'" : "";
          const columns = `username, mail, external_id, badge, site, state, set_by${each.withoutDefault ? ", level" : ""}`;
          const values = [username, mail, id, badge, site, state, setBy];
          if (seen.has(username.trim().toLowerCase())) continue;
          seen.add(username.trim().toLowerCase());
          // Rows that clash with each other are none.
          await database
            .sql(`insert into users (${columns}) values (?, ?, ?, ?, ?, ?, ?${level})`, values)
            .catch(() => {});
        }
        const config = configOf(each, database.config("users", each.matchKey));
        await writeFile(join(folder, ".syncrc.json"), JSON.stringify(config), { mode: 0o600 });
        const blockedRows = async () => (each.setBy ? await database.sql(blockedByOthers) : []);
        const before = await blockedRows();
        const { content, alone } = each.days;
        let last: Awaited<ReturnType<typeof previewAndSync>>;
        for (const day of ["people", "later"] as const) {
          await writeFile(join(folder, "people.ldif"), directory(each.days[day]));
          last = await previewAndSync(folder);
          adoptions += last.adopted.length;
          blocked += last.blocked.length;
          expect(await blockedRows()).toEqual(before);
          // Whose row was to be found by a mail address that day has another address the next day.
          if (last.outcome === "refused" && each.matchKey.includes("mail")) break;
          if (!content || each.withoutDefault || last.outcome === "refused") continue;
          // Who is found by a name that is not his own any more is a reject; and a badge of one's own is a rule of its own.
          if (each.matchKey.includes("badge") || each.matchKey.indexOf("external_id") > 0) continue;
          if (alone) expect(last.outcome).toBe("succeeded");
          await expectInTable(content[day]);
        }
        const again = await inProcess(folder, ["dry-run"]);
        // Who is rejected may find a value free the next time.
        if (last.outcome === "succeeded") expect(again.document.changes).toEqual([]);
        outcomes.set(again.document.outcome, (outcomes.get(again.document.outcome) ?? 0) + 1);
      });
      const notSeen = (): string[] => [
        ...["partial", "refused", "succeeded"].filter((outcome) => !outcomes.has(outcome)),
        ...(adoptions === 0 ? ["adoptions"] : []),
        ...(blocked === 0 ? ["blocked"] : []),
      ];
      await fc.assert(property, { numRuns: runs });
      // Chance may leave one of these out of a few dozen scenarios, but not out of ten times as many.
      for (let more = 1; more < 10 && notSeen().length > 0; more += 1) await fc.assert(property, { numRuns: runs });
      expect(notSeen()).toEqual([]);
    }, 300_000);
  },
);
