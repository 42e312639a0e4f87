import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { openTarget } from "../src/target/open.ts";
import type { Target, Write } from "../src/target/target.ts";
import { type Ambush, forget, killed } from "./prepared-faults.ts";
import { startProxy, type TcpProxy } from "./servers/proxy.ts";
import { type Person, rowOf, synced, twoColumns } from "./synced.ts";
import { failure, type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** Statements that are prepared where the server, the table or the connection does not stay as it was. */

let database: MariadbDatabase;
/** That a connection was killed, where one is to be. */
let ambushed: Promise<void> | undefined;
let proxy: TcpProxy;
/** The same database through the proxy. */
let cuttable: MariadbDatabase;
beforeAll(async () => {
  database = await mariadbDatabase();
  proxy = await startProxy({ to: database.server });
  const config: MariadbDatabase["config"] = (...of) => {
    const own = database.config(...of);
    return { ...own, connection: { ...own.connection, host: proxy.host, port: proxy.port } };
  };
  cuttable = { ...database, config, open: (table, key, options) => openTarget(config(table, key), options) };
});
beforeEach(() => database.sql(twoColumns));
afterEach(async () => {
  vi.restoreAllMocks();
  await database.sql("set global max_prepared_stmt_count = default");
});
afterAll(async () => {
  await proxy?.stop();
  await database?.stop();
});

const batchSize = 100;
const batches = 10;
const people = Array.from({ length: batches * batchSize }, (_, at): Person => ({ name: `user${1000 + at}` }));
const mail = (at: number): string => `${people[at]?.name}@example.com`;

const counter = async (name: "prepare" | "execute"): Promise<number> => {
  const [row] = await database.sql(`show global status like 'Com_stmt_${name}'`);
  return Number(row?.Value);
};

/** How many connections the user of the program has now. */
const connected = () => database.sql("select count(*) as Value from information_schema.processlist where user = 'idm'");

const ambush = (of: Ambush) => async (): Promise<void> => {
  ambushed = (await killed(database, of)).done;
};

interface Disturbance {
  readonly name: string;
  /** After how many transactions; the second one prepares the statement, those after it execute it. */
  readonly after: number;
  readonly does: string | (() => unknown);
  /** How many executions the server counts; of a new connection it depends on by which one a batch is sent. */
  readonly executed: number | "some";
  readonly through?: "proxy";
}

const replaced = `create table other (email varchar(100) unique, extra int, username varchar(64) not null primary key);
  insert into other (username, email) select username, email from users; drop table users; rename table other to users`;

/** A statement whose table has changed is prepared once more by the server itself, and counted twice. */
const again = 10;

const disturbances: readonly Disturbance[] = [
  { name: "nothing", after: 1, does: "do 1", executed: 9 },
  { name: "the server prepares nothing", after: 1, does: "set global max_prepared_stmt_count = 0", executed: 0 },
  { name: "the server prepares nothing more", after: 4, does: "set global max_prepared_stmt_count = 0", executed: 9 },
  { name: "another column", after: 4, does: "alter table users add column extra int first", executed: again },
  {
    name: "a column of another type",
    after: 4,
    does: "alter table users modify email varbinary(300)",
    executed: again,
  },
  {
    name: "a trigger",
    after: 4,
    does: "create trigger own before insert on users for each row set new.email = lower(new.email)",
    executed: again,
  },
  { name: "tables that are flushed", after: 4, does: "flush tables", executed: 9 },
  { name: "another table of that name, with other columns first", after: 4, does: replaced, executed: again },
  { name: "a statement that is not known when it was just prepared", after: 1, does: () => forget(1), executed: 0 },
  { name: "a statement that is not known any more", after: 4, does: () => forget(3), executed: 3 + 2 },
  {
    name: "a connection killed as it prepares",
    after: 1,
    does: ambush({
      hold: "begin; select count(*) from users",
      beside: "alter table users add column extra int",
      release: "rollback",
      victim: "command = 'Prepare'",
    }),
    // What prepares badly once may do so again and again.
    executed: 0,
  },
  {
    name: "a connection killed as it executes",
    after: 4,
    does: ambush({ hold: "lock tables users write", release: "unlock tables", victim: "command = 'Execute'" }),
    executed: "some",
  },
  {
    name: "a connection killed as it commits",
    after: 4,
    does: ambush({
      hold: "backup stage start; backup stage block_commit",
      release: "backup stage end",
      victim: "info like 'COMMIT%'",
    }),
    executed: "some",
  },
  ...(["unheard", "unanswered"] as const).flatMap((how): Disturbance[] => [
    {
      name: `a connection cut as it prepares, ${how}`,
      after: 1,
      does: () => proxy.cutAround("(?,?)", 0, how),
      executed: 0,
      through: "proxy",
    },
    {
      name: `a connection cut as it executes, ${how}`,
      after: 4,
      does: () => proxy.cutAround(mail(450), 0, how),
      executed: "some",
      through: "proxy",
    },
    {
      name: `a connection cut as it commits, ${how}`,
      after: 4,
      does: () => proxy.cutAround("COMMIT", 0, how),
      executed: "some",
      through: "proxy",
    },
  ]),
];

describe("a first load has each person once, and counts them so, whatever comes between:", () => {
  it.each(disturbances)("$name", async ({ after, does, executed, through }) => {
    const before = await counter("execute");
    const run = await synced(through ? cuttable : database, people, {
      batchSize,
      after,
      meanwhile: typeof does === "string" ? does : async () => does(),
    });
    await ambushed;
    ambushed = undefined;
    const rows = await database.sql("select username, email from users order by username");
    expect(rows.map((row) => `${row.username} ${row.email}`)).toEqual(people.map(rowOf));
    const { error, reasons, counts } = run;
    expect({ error, reasons, counts }).toEqual({
      error: undefined,
      reasons: [],
      counts: { inserted: people.length, updated: 0, unchanged: 0, rejected: 0 },
    });
    const count = (await counter("execute")) - before;
    // Those before it was disturbed.
    if (executed === "some") expect(count).toBeGreaterThanOrEqual(after - 1);
    else expect(count).toBe(executed);
  });
});

describe("in one transaction", () => {
  let target: Target;
  beforeEach(async () => {
    target = await database.open("users", "username");
  });
  afterEach(() => target.close());

  const both = ["username", "email"];
  const inserts = (from: number, columns: readonly string[]): Write[] =>
    Array.from({ length: batchSize }, (_, at) => ({
      kind: "insert",
      columns,
      values: columns.map((name) => (name === "email" ? mail(from + at) : String(people[from + at]?.name))),
    }));
  /** Two statements, each of which came before. */
  const shapes = (from: number): Write[] => [...inserts(from, both), ...inserts(from + batchSize, ["username"])];
  const rows = async (): Promise<string[]> => {
    const found = await database.sql("select username from users order by username");
    return found.map(({ username }) => String(username));
  };
  const named = (count: number): string[] => people.slice(0, count).map(({ name }) => name);

  it.each([
    { name: "the first statement is not known", which: 1, executed: 0 },
    { name: "the second one is not known", which: 2, executed: 1 },
  ])("$name: it has all rows, or none", async ({ which, executed }) => {
    await target.write(shapes(0));
    await target.write(shapes(200));
    const before = await counter("execute");
    forget(which);
    await target.attempt(shapes(400));
    expect(await rows()).toEqual(named(400));
    vi.restoreAllMocks();
    // On the same connection nothing is prepared from then on, and all is written.
    const after = await counter("execute");
    expect(after - before).toBe(executed);
    await target.write(shapes(400));
    expect(await rows()).toEqual(named(600));
    expect(await counter("execute")).toBe(after);
  });

  it("nothing can be prepared any more: it has all rows, or none", async () => {
    await target.write(inserts(0, both));
    await target.write(inserts(100, both));
    await target.write(inserts(200, ["username"]));
    await database.sql("set global max_prepared_stmt_count = 0");
    // The first statement is executed, the second one is to be prepared.
    const more = [...inserts(300, both), ...inserts(400, ["username"])];
    const before = await counter("execute");
    await target.attempt(more);
    expect(await rows()).toEqual(named(300));
    expect((await counter("execute")) - before).toBe(1);
    await target.write(more);
    expect(await rows()).toEqual(named(500));
  });

  it("a row is refused after a statement was not known: it has none, and the next one all", async () => {
    await target.write(inserts(0, both));
    await target.write(inserts(100, both));
    forget(1);
    const refused = await failure(target.write([...inserts(200, both), ...inserts(0, ["username"])]));
    expect(refused).toMatchObject({ name: "WriteError", trouble: "refused", index: "PRIMARY" });
    expect(await rows()).toEqual(named(200));
    await target.write(inserts(200, both));
    expect(await rows()).toEqual(named(300));
  });

  it.each([
    { name: "to prepare", times: 1 },
    { name: "to execute", times: 2 },
  ])("there is no table $name: it fails as a text does, and the connection is good", async ({ times }) => {
    for (let time = 0; time < times; time += 1) await target.write(inserts(time * batchSize, both));
    const [{ Value: connections } = {}] = await connected();
    await database.sql("rename table users to elsewhere");
    const prepared = await failure(target.write(inserts(200, both)));
    const text = await failure(target.write(inserts(200, both).slice(1)));
    expect(prepared).toMatchObject({ turn: "database", message: expect.stringContaining("doesn't exist") });
    expect({ ...(prepared as Error), cause: undefined }).toEqual({ ...(text as Error), cause: undefined });
    expect((prepared as Error).message).toBe((text as Error).message);
    await database.sql("rename table elsewhere to users");
    await target.write(inserts(times * batchSize, both));
    expect(await rows()).toEqual(named((times + 1) * batchSize));
    expect((await connected())[0]?.Value).toBe(connections);
  });
});
