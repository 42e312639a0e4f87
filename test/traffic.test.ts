import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Place, placeAt } from "./bench/peers.ts";
import { openSite, type Site } from "./bench/site.ts";
import { type Traffic, trafficOf } from "./bench/traffic.ts";
import { passwords, staffConfig } from "./staff.ts";

/**
 * What a run asks of the directory and the database, exactly: who adds a statement for each batch, or for each person,
 * changes a line here and knows it.
 */

const people = 2000;
/** As in the configuration, where nothing else is said there. */
const pageSize = 500;
const batchSize = 500;

type Kinds = Traffic["kinds"];

/**
 * Server; columns, engine, triggers, references, rights on triggers; indexes; the table as it was made. How often a session is
 * set up is another question, see `settings`.
 */
const description: Kinds = { select: 6, show_keys: 1, show_create_table: 1 };

const opening = [description];

/** On a connection of its own: who holds it; taken, looked after at the end, given back. */
const lock = [{ select: 1, update: 3 }];

/** The table of locks is not there, is made, and gets a row. */
const firstLock = [{ select: 2, create_table: 1, insert: 1, update: 2 }];

/** For a batch. */
const lookUp: Kinds = { select: 1 };
/** Is there no row at all, and how are keys told apart. If there is none, nobody is looked up any more. */
const overview: Kinds = { select: 1 };
/** The next rows of the table as they lie, where the first batch found its rows. */
const readOn: Kinds = { select: 1 };
/** For as many changes as a batch has, or what there is in the end: a transaction, in which the lock is held by an update. */
const transaction: Kinds = { begin: 1, update: 1, commit: 1 };
const insert: Kinds = { insert: 1 };
/** An insert whose like came before is prepared, once, and executed; the first one is not, nor is the last, of fewer rows. */
const prepared = (batches: number): readonly Kinds[] => [{ stmt_prepare: 1, stmt_execute: batches - 2 }];
/** All rows of a batch in one statement, each to values of its own. */
const update: Kinds = { update_multi: 1 };

/**
 * What sets up the sessions. A second connection is opened where a batch is looked up while the one before it still is,
 * or is written; the lock has one of its own. In a dry run the database is also told to refuse writes.
 */
const settings = { sync: { least: 2, most: 3 }, "dry-run": { least: 2, most: 4 } } as const;

/** Of a batch that a dry run would insert: who has these user names, whose index is unique. */
const holders: Kinds = { select: 1 };

const times = (count: number, ...some: readonly Kinds[]): readonly Kinds[] =>
  Array.from({ length: count }, () => some).flat();

function sum(...some: readonly (readonly Kinds[])[]): Kinds {
  const all: Record<string, number> = {};
  for (const [kind, count] of some.flat().flatMap((kinds) => Object.entries(kinds))) {
    all[kind] = (all[kind] ?? 0) + count;
  }
  return all;
}

/** The first batch is looked up, and no other one: the people are in the order of their rows, which are read three batches at once. */
const inOrder = (batches: number): readonly Kinds[] => [
  lookUp,
  overview,
  ...times(Math.ceil((batches - 1) / 3.3), readOn),
];

/** What a run of so many batches asks of the database. */
interface Expectation {
  readonly name: string;
  readonly command: "sync" | "dry-run";
  /** What is done to the table before. */
  readonly before?: (site: Site) => Promise<unknown>;
  readonly asks: (batches: number) => Kinds;
  /** What is configured beside the usual. */
  readonly config?: object;
}

/** Of leavers: how many rows are owned, and one page of them; the look for them is in the table alone. */
const leavers: Kinds = { select: 2 };

const changeOneBatch = ({ mariadb }: Site) =>
  mariadb.sql("update users set title = 'Before' where employee_number between 100001 and 100009");

/** One after the other: each finds the table as the one before it has left it. */
const expectations: readonly Expectation[] = [
  {
    name: "a dry run of the first load",
    command: "dry-run",
    before: (site) => site.empty(),
    asks: (batches) => sum(opening, [overview], times(batches, lookUp, holders)),
  },
  {
    name: "the first load",
    command: "sync",
    asks: (batches) =>
      sum(opening, firstLock, [lookUp, overview], times(batches, transaction, insert), prepared(batches)),
  },
  {
    name: "nothing changed",
    command: "sync",
    asks: (batches) => sum(opening, lock, inOrder(batches)),
  },
  {
    name: "a dry run with nothing changed",
    command: "dry-run",
    asks: (batches) => sum(opening, inOrder(batches)),
  },
  {
    name: "a dry run with 1 % changed, some in each batch",
    command: "dry-run",
    before: (site) => site.outdate(),
    asks: (batches) => sum(opening, inOrder(batches)),
  },
  {
    name: "1 % changed, some in each batch",
    command: "sync",
    asks: (batches) => sum(opening, lock, inOrder(batches), [transaction, update]),
  },
  {
    name: "a few changed in one batch",
    command: "sync",
    before: changeOneBatch,
    asks: (batches) => sum(opening, lock, inOrder(batches), [transaction, update]),
  },
  {
    name: "nothing changed, where it is judged who has left and nobody has",
    command: "sync",
    config: { leavers: { action: "deactivate" } },
    asks: (batches) => sum(opening, lock, inOrder(batches), [leavers]),
  },
];

describe("a run asks of directory and database exactly", () => {
  let site: Site;
  let place: Place;
  beforeAll(async () => {
    site = await openSite(people);
    place = await placeAt(site);
  });
  afterAll(() => site?.stop());

  it.each(expectations)("$name", async ({ command, before, asks, config }) => {
    await before?.(site);
    if (config) await place.plain.configure(staffConfig(site.slapd, site.mariadb, config));
    const env = passwords(site.slapd, site.mariadb);
    const { result, traffic } = await trafficOf(site, () => place.plain.run([command], env));
    const { searches, entries } = traffic;
    const { set_option: sessions = 0, ...kinds } = traffic.kinds;
    expect({ code: result.code, searches, entries, kinds }).toEqual({
      code: 0,
      searches: Math.ceil(site.active / pageSize),
      entries: site.active,
      kinds: asks(Math.ceil(site.active / batchSize)),
    });
    expect(sessions).toBeGreaterThanOrEqual(settings[command].least);
    expect(sessions).toBeLessThanOrEqual(settings[command].most);
    if (command === "sync") expect(await site.wrong()).toBeUndefined();
  });
});

describe("the benchmark's look at the table", () => {
  let site: Site;
  beforeAll(async () => {
    site = await openSite(50);
  });
  afterAll(() => site?.stop());

  it.each([
    ["one value in other letters", "update users set title = lower(title) where username = 'u000000'", "u000000"],
    ["one space at the end", "update users set surname = concat(surname, ' ') where username = 'u000000'", "u000000"],
    ["NULL instead of a value", "update users set email = null where username = 'u000000'", "u000000"],
    ["a row too few", "delete from users where username = 'u000000'", "u000000"],
    ["a row too many", "insert into users (external_id, username, state) values ('x', 'x', 'active')", "none"],
  ])("sees %s", async (_, change, who) => {
    await site.fill();
    expect(await site.wrong()).toBeUndefined();
    await site.mariadb.sql(change);
    expect(await site.wrong()).toMatch(new RegExp(`; missing or different: ${who}$`));
  });
});
