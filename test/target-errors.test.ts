import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer, type Socket } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { inspect } from "node:util";
import Libsql from "libsql";
import { type Connection, createConnection } from "mysql2/promise";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { mysqlError } from "../src/target/mysql-errors.ts";
import { openTarget } from "../src/target/open.ts";
import { sqliteError } from "../src/target/sqlite-errors.ts";
import { clashedIndex } from "../src/target/table.ts";
import type { Target, Write, WriteError } from "../src/target/target.ts";
import { certificates } from "./servers/certificates.ts";
import { listenOnFreePort } from "./servers/port.ts";
import {
  failure,
  type MariadbDatabase,
  mariadbDatabase,
  type SqliteDatabase,
  sqliteDatabase,
} from "./target-databases.ts";

const insert = (id: string, a: string): Write => ({ kind: "insert", columns: ["id", "a"], values: [id, a] });
const update = (id: string, a: string): Write => ({ kind: "update", key: id, columns: ["a"], values: [a] });

/** What an error tells: turn or trouble, words, hint. */
const told = (error: unknown): object => {
  const { name, turn, trouble, message, hint } = error as Record<string, string>;
  return { name, ...(turn ? { turn } : { trouble }), message, ...(hint !== undefined && { hint }) };
};
const outage = (message: string) => ({ name: "WriteError", trouble: "outage", message });
const conflict = (message: string) => ({ name: "WriteError", trouble: "conflict", message });

/** Stops a process, and waits until none of its threads runs any more. */
async function freeze(pid: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  for (;;) {
    const threads = await readdir(`/proc/${pid}/task`);
    const states = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/stat`, "utf8")));
    if (states.every((stat) => / T /.test(stat.slice(stat.lastIndexOf(")"))))) return;
    await pause(1);
  }
}

describe("MariaDB", () => {
  let database: MariadbDatabase;
  let address: string;
  let target: Target;
  let other: Connection;

  beforeAll(async () => {
    database = await mariadbDatabase({ args: ["--max-connections=10"] });
    address = `${database.server.host}:${database.server.port}`;
    await database.sql(
      "create table t (id int primary key, a varchar(40)); create table many (id int primary key, n int)",
    );
    await database.sql("insert into many select seq, 0 from seq_1_to_1000");
  });
  afterAll(() => database.stop());

  beforeEach(async () => {
    await database.sql("delete from t; insert into t values (1, 'one'), (2, 'two')");
    target = await database.open("t", "id");
    other = await createConnection({ socketPath: database.server.socket, user: "root", database: "idm" });
  });
  afterEach(async () => {
    other.destroy();
    await target.close();
  });

  const rows = async (): Promise<unknown[][]> => (await database.sql("select * from t order by id")).map(Object.values);
  const asTheyWere = [
    [1, "one"],
    [2, "two"],
  ];

  /** Waits until the target's statement waits for a lock, and gives the id of its connection. */
  async function waiting(): Promise<number> {
    for (;;) {
      const [row] = await database.sql(
        `select p.id from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
         where t.trx_state = 'LOCK WAIT' and p.command = 'Query'`,
      );
      if (row) return Number(row.id);
      // The server looks again only where nobody has asked for 100 ms.
      await pause(110);
    }
  }

  /** Lets a write run into a row that somebody else holds, does something to it there, and gives how it failed. */
  async function disturbed(disturb: (connectionId: number) => Promise<unknown>): Promise<unknown> {
    await other.query("begin");
    await other.query("update t set a = 'held' where id = 2");
    const failing = failure(target.write([insert("3", "three"), update("1", "eins"), update("2", "zwei")]));
    await disturb(await waiting());
    return failing;
  }

  /** The target goes on as if nothing had been, and nothing of the write that failed stands. */
  async function expectRecovery(): Promise<void> {
    other.destroy();
    expect(await rows()).toEqual(asTheyWere);
    expect((await target.find(["1"], ["a"]))[0]?.row).toEqual(["one"]);
    await target.write([insert("3", "three"), update("2", "zwei")]);
    expect(await rows()).toEqual([
      [1, "one"],
      [2, "zwei"],
      [3, "three"],
    ]);
  }

  describe("that cannot be opened says why", () => {
    const config = () => database.config("t", "id");
    const running = "is it running, and are host and port in target.connection right?";
    const opened = async (connection: object, timeoutMs = 20_000) =>
      told(
        await failure(openTarget({ ...config(), timeoutMs, connection: { ...config().connection, ...connection } })),
      );

    it("with a wrong password", async () => {
      expect(await opened({ password: "not this one" })).toEqual({
        name: "Failure",
        turn: "database",
        message: `the database at ${address} says: Access denied for user 'idm'@'127.0.0.1' (using password: YES)`,
        hint: "check target.connection.user and password",
      });
    });

    it("with a database that is not there, or not for this user", async () => {
      expect(await opened({ database: "idn" })).toEqual({
        name: "Failure",
        turn: "database",
        message: `the database at ${address} says: Access denied for user 'idm'@'%' to database 'idn'`,
        hint: "grant the user SELECT, INSERT and UPDATE on the table",
      });
      expect(await opened({ user: "root", password: "", socketPath: database.server.socket, database: "idn" })).toEqual(
        {
          name: "Failure",
          turn: "database",
          message: `the database at ${database.server.socket} says: Unknown database 'idn'`,
          hint: "check target.connection.database",
        },
      );
    });

    it("where nobody listens", async () => {
      const server = createServer();
      const port = await listenOnFreePort(server);
      await new Promise((resolve) => server.close(resolve));
      const message = `the database at 127.0.0.1:${port} refused the connection`;
      expect(await opened({ port })).toEqual({ name: "Failure", turn: "database", message, hint: running });
    });

    it("where the socket is not there", async () => {
      const socketPath = `${database.server.socket}-not`;
      expect(await opened({ socketPath })).toEqual({
        name: "Failure",
        turn: "database",
        message: `the database at ${socketPath} has no socket there`,
        hint: running,
      });
    });

    it("where the host has no address", async () => {
      expect(await opened({ host: "no-such-host.invalid" })).toMatchObject({
        turn: "database",
        message: expect.stringMatching(/^the database at no-such-host\.invalid:\d+ cannot be found/),
      });
    });

    it.each<[string, (socket: Socket) => void, RegExp]>([
      [
        "that greets as something else",
        (socket) => socket.write("SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n"),
        /^the database at 127\.0\.0\.1:\d+ did not answer in time$/,
      ],
      [
        "that speaks another protocol",
        (socket) => socket.write(Buffer.from("\x05\0\0\0\x09abc\0")),
        /^the database at 127\.0\.0\.1:\d+ answers what the driver does not understand: /,
      ],
      ["that hangs up", (socket) => socket.end(), /^the database at 127\.0\.0\.1:\d+ cut the connection$/],
      ["that resets", (socket) => socket.resetAndDestroy(), /^the database at 127\.0\.0\.1:\d+ cut the connection$/],
      ["that says nothing", () => {}, /^the database at 127\.0\.0\.1:\d+ did not answer in time$/],
    ])("with a server %s", async (_, greet, message) => {
      const sockets = new Set<Socket>();
      const server = createServer((socket) => {
        sockets.add(socket.on("error", () => {}));
        greet(socket);
      });
      const port = await listenOnFreePort(server);
      try {
        expect(await opened({ port }, 300)).toMatchObject({
          name: "Failure",
          turn: "database",
          message: expect.stringMatching(message),
          hint: expect.any(String),
        });
      } finally {
        for (const socket of sockets) socket.destroy();
        server.close();
      }
    });

    it("with a certificate of an authority that is not trusted, and opens with the right one", async () => {
      const { ca, otherCa } = certificates();
      const tls = { rejectUnauthorized: true };
      expect(await opened({ tls: { ...tls, ca: otherCa } })).toEqual({
        name: "Failure",
        turn: "database",
        message: expect.stringMatching(`^the database at ${address}: TLS failed: .*certificate`),
        hint: expect.stringMatching(/^set target\.connection\.tls\.ca to .*tls\.servername/),
      });
      const { connection } = config();
      const encrypted = await openTarget({ ...config(), connection: { ...connection, tls: { ...tls, ca } } });
      expect((await encrypted.find(["1"], ["a"]))[0]?.row).toEqual(["one"]);
      const [sessions] = await database.sql(
        "select count(*) as n from information_schema.processlist where user = 'idm'",
      );
      expect(Number(sessions?.n)).toBeGreaterThan(0);
      await encrypted.close();
    });

    it("with no connection left", async () => {
      const { host, port, user, password } = database.server;
      const crowd: Connection[] = [];
      // The place of a session that has just been closed may become free a little later.
      for (let refused = 0; refused < 5; ) {
        try {
          crowd.push(await createConnection({ host, port, user, password }));
        } catch {
          refused += 1;
          await pause(20);
        }
      }
      expect(await opened({})).toEqual({
        name: "Failure",
        turn: "database",
        message: `the database at ${address} says: Too many connections`,
        hint: "a sync has three connections open at a time: raise the limit, or end what else has connections open",
      });
      for (const one of crowd) await one.end();
    });
  });

  it("killed in the middle of a transaction is an outage; started again, it goes on", async () => {
    expect(told(await disturbed(() => database.server.kill()))).toEqual(
      outage(`the database at ${address} cut the connection`),
    );
    expect(told(await failure(target.find(["1"], ["a"])))).toEqual(
      outage(`the database at ${address} refused the connection`),
    );
    // What never began cannot have been committed.
    expect(await failure(target.write([insert("4", "four")]))).toMatchObject({ trouble: "outage", undecided: false });
    await database.server.restart();
    await expectRecovery();
  });

  it.each([
    ["KILL", (id: number) => database.sql(`kill ${id}`), /cut the connection$|: Connection was killed$/],
    ["KILL QUERY", (id: number) => database.sql(`kill query ${id}`), /: Query execution was interrupted$/],
  ])("calls the %s of its connection an outage", async (_, kill, message) => {
    const error = await disturbed(kill);
    expect(told(error)).toEqual({ name: "WriteError", trouble: "outage", message: expect.stringMatching(message) });
    await expectRecovery();
  });

  it("calls a connection that died while nobody used it an outage at most", async () => {
    const [session] = await database.sql("select id from information_schema.processlist where user = 'idm'");
    await database.sql(`kill ${session?.id}`);
    await target.find(["1"], ["a"]).catch((error: unknown) => expect(error).toMatchObject({ trouble: "outage" }));
    await expectRecovery();
  });

  it("calls a lock that is not given a conflict", async () => {
    await database.sql("set global innodb_lock_wait_timeout = 1");
    expect(told(await disturbed(async () => {}))).toEqual(
      conflict(`the database at ${address} says: Lock wait timeout exceeded; try restarting transaction`),
    );
    await database.sql("set global innodb_lock_wait_timeout = 50");
    await expectRecovery();
  });

  it("calls a deadlock a conflict", async () => {
    await other.query("begin");
    // The transaction that has changed less is the one that InnoDB rolls back.
    await other.query("update many set n = n + 1");
    await other.query("update t set a = 'held' where id = 2");
    const failing = failure(
      target.write([{ kind: "update", key: "1", columns: ["id", "a"], values: ["1", "eins"] }, update("2", "zwei")]),
    );
    await waiting();
    await other.query("update t set a = 'held' where id = 1");
    expect(told(await failing)).toEqual(
      conflict(`the database at ${address} says: Deadlock found when trying to get lock; try restarting transaction`),
    );
    await other.query("rollback");
    await expectRecovery();
  });

  it("that is read-only fails with a hint", async () => {
    await database.sql("set global read_only = 1");
    expect(told(await failure(target.write([insert("3", "three")])))).toEqual({
      name: "Failure",
      turn: "database",
      message: expect.stringContaining("read-only"),
      hint: "the server is read-only; point target.connection at the primary",
    });
    await database.sql("set global read_only = 0");
    await expectRecovery();
  });

  it("that lets the user read only fails with a hint", async () => {
    await database.sql("create user reader@'%' identified by 'reader-password'; grant select on idm.t to reader@'%'");
    const { connection, ...config } = database.config("t", "id");
    const reader = await openTarget({
      ...config,
      connection: { ...connection, user: "reader", password: "reader-password" },
    });
    expect(told(await failure(reader.write([insert("3", "three")])))).toEqual({
      name: "Failure",
      turn: "database",
      message: `the database at ${address} says: INSERT command denied to user 'reader'@'127.0.0.1' for table \`idm\`.\`t\``,
      hint: "grant the user SELECT, INSERT and UPDATE on the table",
    });
    await reader.close();
  });

  describe("that has stalled", () => {
    let hasty: Target;
    beforeEach(async () => {
      hasty = await openTarget({ ...database.config("t", "id"), timeoutMs: 300 });
    });
    afterEach(async () => {
      process.kill(database.server.pid, "SIGCONT");
      await hasty.close();
    });

    it("is an outage for who asks and for who connects, and goes on when it does", async () => {
      await freeze(database.server.pid);
      const late = outage(`the database at ${address} did not answer in time`);
      expect(told(await failure(hasty.find(["1"], ["a"])))).toEqual(late);
      expect(told(await failure(hasty.write([update("1", "eins")])))).toEqual(late);
      process.kill(database.server.pid, "SIGCONT");
      expect((await hasty.find(["1"], ["a"]))[0]?.row).toEqual(["one"]);
      await expectRecovery();
    });

    it("in the middle of a transaction, leaves nothing of it", async () => {
      await other.query("begin");
      await other.query("update t set a = 'held' where id = 2");
      const failing = failure(hasty.write([update("1", "eins"), insert("3", "three"), update("2", "zwei")]));
      await waiting();
      await freeze(database.server.pid);
      expect(told(await failing)).toEqual(outage(`the database at ${address} did not answer in time`));
      process.kill(database.server.pid, "SIGCONT");
      await expectRecovery();
    });
  });

  it("takes the SIGNAL of a trigger for a refused row, whatever number it has", async () => {
    await database.sql(`create or replace table signals (id int primary key, a varchar(40));
      create trigger no_more before insert on signals for each row
        signal sqlstate '45000' set mysql_errno = 30001, message_text = 'no more people'`);
    const signals = await database.open("signals", "id");
    const error = told(await failure(signals.write([insert("1", "one")])));
    await signals.close();
    expect(error).toEqual({ name: "WriteError", trouble: "refused", message: "no more people" });
  });

  it("calls it an outage where the pool gets no connection in time", () => {
    const error = Object.assign(new Error("Knex: Timeout acquiring a connection."), { name: "KnexTimeoutError" });
    expect(told(mysqlError(error, "db:3306"))).toEqual(outage("the database at db:3306 did not answer in time"));
  });

  it("tells of a refused row the clash, and neither the statement, the other values nor the password", async () => {
    await database.sql("create or replace table secrets (id int primary key, a varchar(40), mail varchar(40) unique)");
    const secrets = await database.open("secrets", "id");
    const row = (id: string, a: string): Write => ({
      kind: "insert",
      columns: ["id", "a", "mail"],
      values: [id, a, "m@x"],
    });
    await secrets.write([row("1", "first-private-value")]);
    const error = (await failure(secrets.write([row("2", "second-private-value")]))) as WriteError;
    await secrets.close();
    expect(told(error)).toEqual({
      name: "WriteError",
      trouble: "refused",
      message: "Duplicate entry 'm@x' for key 'mail'",
    });
    expect(clashedIndex(secrets.table, error)?.columns).toEqual(["mail"]);
    expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/private-value|idm-password|insert into/i);
  });
});

describe("SQLite", () => {
  let database: SqliteDatabase;
  let target: Target;
  let other: Libsql.Database;

  beforeEach(async () => {
    database = await sqliteDatabase();
    await database.sql(`create table sites (id int primary key);
      create table t (id int primary key, a varchar(40), site int references sites (id) deferrable initially deferred)`);
    target = await database.open("t", "id");
    await target.write([insert("1", "one"), insert("2", "two")]);
    other = new Libsql(database.filename);
  });
  afterEach(async () => {
    other.close();
    await target.close();
    await database.stop();
  });

  const rows = async (): Promise<unknown[][]> =>
    (await database.sql("select id, a from t order by id")).map(Object.values);

  async function expectRecovery(): Promise<void> {
    expect(await rows()).toEqual([
      [1, "one"],
      [2, "two"],
    ]);
    await target.write([insert("3", "three"), update("2", "zwei")]);
    expect(await rows()).toEqual([
      [1, "one"],
      [2, "zwei"],
      [3, "three"],
    ]);
  }

  it.each([
    ["writes", "begin immediate", "rollback"],
    ["has locked it all", "begin exclusive", "rollback"],
  ])("that somebody else %s is a conflict", async (_, lock, release) => {
    other.exec(lock);
    expect(told(await failure(target.write([insert("3", "three"), update("1", "eins")])))).toEqual(
      conflict(`another program has ${database.filename} locked`),
    );
    other.exec(release);
    await expectRecovery();
  });

  it("that somebody else still reads at the COMMIT is a conflict, and the transaction does not stay open", async () => {
    other.exec("begin");
    other.prepare("select * from t").all();
    const locked = conflict(`another program has ${database.filename} locked`);
    expect(told(await failure(target.write([insert("3", "three"), update("1", "eins")])))).toEqual(locked);
    expect(told(await failure(target.write([insert("3", "three"), update("1", "eins")])))).toEqual(locked);
    other.exec("rollback");
    // Nothing of it is left that would keep somebody else from writing.
    other.exec("begin exclusive");
    other.exec("rollback");
    await expectRecovery();
  });

  it("locked when it is opened, is a failure of the database", async () => {
    other.exec("begin exclusive");
    expect(told(await failure(database.open("t", "id")))).toEqual({
      name: "Failure",
      turn: "database",
      message: `another program has ${database.filename} locked`,
      hint: "run again when nobody else is in the way",
    });
    other.exec("rollback");
  });

  it("refuses at the COMMIT what a deferred foreign key forbids, and goes on", async () => {
    const write: Write = { kind: "insert", columns: ["id", "site"], values: ["9", "99"] };
    expect(told(await failure(target.write([write])))).toEqual({
      name: "WriteError",
      trouble: "refused",
      message: "FOREIGN KEY constraint failed",
    });
    await expectRecovery();
  });

  it("keeps the row that a new one clashes with, even where the table says ON CONFLICT REPLACE", async () => {
    await database.sql("create table replaced (id text primary key, a text unique on conflict replace)");
    const replaced = await database.open("replaced", "id");
    await replaced.write([insert("1", "x"), insert("2", "y")]);
    expect(await failure(replaced.write([insert("3", "x")]))).toMatchObject({ trouble: "refused" });
    expect(await failure(replaced.write([update("2", "x")]))).toMatchObject({ trouble: "refused" });
    expect((await replaced.find(["1", "2", "3"], ["a"])).map(({ row }) => row)).toEqual([["x"], ["y"], undefined]);
    await replaced.close();
  });

  it("refuses a row that a trigger leaves out in silence", async () => {
    await database.sql("create trigger g before insert on t when new.a = 'no' begin select raise(ignore); end");
    expect(told(await failure(target.write([insert("3", "three"), insert("4", "no")])))).toEqual({
      name: "WriteError",
      trouble: "refused",
      message: "the database left out 1 of 2 new rows without an error",
    });
    await database.sql("drop trigger g");
    await expectRecovery();
  });

  it("that is not there is a matter of the configuration", async () => {
    const filename = join(dirname(database.filename), "nowhere.sqlite");
    expect(told(await failure(openTarget({ ...database.config("t", "id"), connection: { filename } })))).toEqual({
      name: "Failure",
      turn: "configuration",
      message: `target.connection.filename: ${filename} does not exist`,
      hint: "create the database and its table first",
    });
  });

  it("that is a folder, or no database, says so", async () => {
    const folder = join(dirname(database.filename), "folder");
    const text = join(dirname(database.filename), "text.sqlite");
    await mkdir(folder);
    await writeFile(text, "Dear diary, this is not a database. ".repeat(100));
    const opening = async (filename: string) =>
      told(await failure(openTarget({ ...database.config("t", "id"), connection: { filename } })));
    expect(await opening(folder)).toEqual({
      name: "Failure",
      turn: "database",
      message: `${folder} cannot be opened`,
      hint: "target.connection.filename must name a SQLite database that this user can read and write",
    });
    expect(await opening(text)).toEqual({
      name: "Failure",
      turn: "database",
      message: `${text}: file is not a database`,
      hint: "target.connection.filename must name a SQLite database",
    });
  });

  // The user who runs the tests may be one whom no file mode and no quota stops, so the library's own errors are made here.
  it.each([
    [
      "is read-only",
      "pragma query_only = on",
      "attempt to write a readonly database",
      "let this user write to the file and to its folder",
    ],
    ["has no room", "pragma max_page_count = 4", "database or disk is full", "make room on the disk"],
  ])("that %s fails with a hint", async (_, pragma, message, hint) => {
    other.prepare(pragma).all();
    const error = await failure(
      (async () => {
        for (let id = 10; id < 1000; id += 1)
          other.prepare("insert into t (id, a) values (?, ?)").run(id, "x".repeat(500));
      })(),
    );
    expect(told(sqliteError(error, "idm.sqlite"))).toEqual({
      name: "Failure",
      turn: "database",
      message: `idm.sqlite: ${message}`,
      hint,
    });
  });
});
