import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Writable } from "node:stream";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { main } from "../src/main.ts";
import { lockTable } from "../src/target/lock-table.ts";
import { mysqlLock } from "../src/target/mysql-lock.ts";
import { base, type Workspace, workspace } from "./program.ts";
import { type Behaviour, formsOf, inputs, repeated, type Secrets, type WayOut, waysOut } from "./secret-paths.ts";
import { type ScriptedLdap, scriptedLdap } from "./servers/ldap-script.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

/** Marked secrets, by every way in and every way out of every command: they stand in nothing that is printed or written. */

const kinds: Readonly<Record<string, Secrets>> = {
  "letters and digits": { ldap: "markedldap4711", database: "markeddatabase4711", header: "Bearer markedheader4711" },
  "characters that mean something elsewhere": {
    ldap: "marked$&.*(l)[d]{a}p\\^|?+%20&amp;<b>",
    database: "marked'\"`;--\\$1 %s ?? :x #{y} 日本語 database",
    header: "Basic marked$&.*\\'\"%41+/==",
  },
  "several lines": {
    ldap: 'marked line of the directory\nmarked "second" line\tof it',
    database: "marked line of the database\nmarked\u0007second line of it",
    header: "Digest marked=header, marked/response",
  },
};
/** The ways in, in turn, so that each kind goes in by each. */
const { create: createLockTable } = mysqlLock("idm", () => Promise.reject(new Error("not asked for")));
const ways = ["literal", "env", "file"] as const;

let mariadb: Mariadb;
let ldap: ScriptedLdap;
let http: Server;
let behaviour: Behaviour = "well";
let release = (): void => {};
let asked = (): void => {};
let known: Secrets;

const echo = (): string => `was sent ${repeated(known.ldap).join(" and ")}`;
const people = ["anna", "bert"].map((uid) => ({ dn: `uid=${uid},${base}`, uid, mail: `${uid}@example.com` }));

beforeAll(async () => {
  mariadb = await startMariadb();
  ldap = await scriptedLdap(async (request, reply) => {
    if (request.op === "bind") {
      if (behaviour === "echoes at the bind") reply.bindResponse(49, echo());
      else reply.bindResponse(request.password === known.ldap ? 0 : 49);
    } else if (request.op === "search") {
      if (behaviour === "echoes at the search") return reply.searchDone(80, { diagnostic: echo() });
      if (behaviour === "hangs") {
        const released = new Promise<void>((resolve) => {
          release = resolve;
        });
        asked();
        await released;
      }
      if (request.scope === "base" && request.base !== "")
        reply.searchEntry(base, { objectClass: "organizationalUnit" });
      const found =
        request.scope === "base"
          ? []
          : people.filter(({ uid }) => !request.filter.includes("(username=") || request.filter.includes(uid));
      for (const { dn, uid, mail } of found)
        reply.searchEntry(dn, { objectClass: "inetOrgPerson", employeeType: "active", uid, mail });
      reply.searchDone(0);
    }
  });
  // Repeats what it is sent.
  http = createServer((request, response) => {
    const sent = Buffer.from(request.headers.authorization ?? "", "latin1").toString("latin1");
    response.writeHead(400, sent.replace(/[^\x20-\x7e]/g, "?")).end(sent);
  });
  await new Promise<void>((resolve) => http.listen(0, "127.0.0.1", resolve));
});
afterAll(async () => {
  http?.close();
  await Promise.all([mariadb?.stop(), ldap?.stop()]);
});

describe.each(Object.keys(kinds).map((kind, at) => [kind, at] as const))("secrets of %s", (kind, at) => {
  const secrets = kinds[kind] as Secrets;
  let work: Workspace;
  let env: Record<string, string>;
  const user = `marked${at}`;

  beforeAll(async () => {
    known = secrets;
    work = await workspace();
    env = { XDG_STATE_HOME: work.path("state"), PATH: process.env.PATH ?? "", TMPDIR: work.folder };
    await mkdir(work.path("secrets"));
    await mariadb.sql(`drop table if exists users, ${lockTable}, runs;
      create table users (username varchar(64) not null unique, email varchar(100), state varchar(20))`);
    await mariadb.sql(`create user ${user}@'%' identified by ?; grant all on idm.* to ${user}@'%'`, [secrets.database]);
    await mariadb.sql(
      "create trigger echo before insert on users for each row if new.username = 'bert' then signal sqlstate '45000' set message_text = ?; end if",
      [`was sent ${secrets.database}`],
    );
  });

  /** How a secret stands in the configuration. */
  async function given(name: keyof Secrets, turn: number): Promise<unknown> {
    const way = ways[(at + turn) % ways.length];
    if (way === "literal") return secrets[name];
    const variable = `MARKED_${name.toUpperCase()}`;
    if (way === "env") {
      env[variable] = secrets[name];
      return { env: variable };
    }
    await writeFile(work.path(`secrets/${name}`), `${secrets[name]}\n`);
    return { file: `secrets/${name}` };
  }

  async function configure({ changes = (config) => config, wrong }: WayOut): Promise<void> {
    const { port } = http.address() as AddressInfo;
    const authorization = await given("header", 2);
    const password = wrong === "database" ? `${secrets.database} not` : await given("database", 1);
    // Says what it was given by its environment, and what a file of secrets holds: its last line is told.
    const script = `env > hook-environment; cat secrets/* 2>/dev/null; echo; cat secrets/* | tr '\\n' ' '; exit 1`;
    const config = {
      name: "marked",
      source: {
        ...{ url: ldap.url, baseDn: base, bindDn: "cn=sync", bindPassword: await given("ldap", 0), timeoutMs: 5000 },
        ...{ filter: "(objectClass=inetOrgPerson)", active: "(employeeType=active)" },
      },
      target: {
        client: "mysql2",
        connection: { host: mariadb.host, port: mariadb.port, user, password, database: mariadb.database },
        ...{ table: "users", matchKey: "username" },
      },
      mapping: { username: "uid", email: "mail" },
      state: { column: "state" },
      retry: { attempts: 0 },
      schedule: { expression: "0 2 * * *" },
      history: { table: "runs" },
      metrics: { file: "metrics.prom" },
      hooks: {
        onChange: { command: ["sh", "-c", script] },
        onFailure: { url: `http://127.0.0.1:${port}/`, headers: { authorization }, retries: 0 },
      },
    };
    await work.configure(changes(config, secrets));
  }

  /** Runs one command line here, and gives all that it prints. */
  async function run(args: readonly string[], meanwhile: WayOut["meanwhile"]): Promise<{ code: number; text: string }> {
    const chunks: string[] = [];
    const stream = () =>
      new Writable({
        write: (chunk, _, done) => {
          chunks.push(String(chunk));
          done();
        },
      });
    let interrupt = (): void => {};
    asked = async () => {
      if (meanwhile === "SIGINT") interrupt();
      else if (meanwhile !== undefined) await mariadb.kill();
      release();
    };
    const on = (signal: string, listener: () => void) => {
      if (signal === "SIGINT") interrupt = listener;
    };
    const code = await main(args, {
      stdout: stream(),
      stderr: stream(),
      env,
      cwd: () => work.folder,
      on,
      off: () => {},
    });
    if (meanwhile === "the database is killed") await mariadb.restart();
    return { code, text: chunks.join("") };
  }

  // Where others repeat secrets, each kind; in all other ways one, in turn.
  const own = Object.entries<WayOut>(waysOut).filter((_, way) => way < 3 || way % 3 === at);
  it.each(own)("stand in nothing that comes of %s", async (_, way) => {
    await configure(way);
    const found: string[] = [];
    const codes: Record<string, number> = {};
    for (const command of Object.keys(way.commands)) {
      for (const style of [["--verbose"], ["--json", "--verbose", "--log-format", "json"]]) {
        await mariadb.sql(`delete from users; drop table if exists ${lockTable}`);
        if (way.before !== undefined) await takeLock();
        behaviour = way.directory ?? "well";
        const bare = /--(help|version|no-such)/.test(command);
        const { code, text } = await run([...command.split(" "), ...(bare ? [] : style)], way.meanwhile);
        behaviour = "well";
        codes[command] = code;
        found.push(...leaks(text, `${command} ${style.join(" ")}`));
      }
    }
    for (const [file, text] of await written(work)) found.push(...leaks(text, file));
    const [exists] = await mariadb.sql("show tables like 'runs'");
    if (exists) found.push(...leaks(JSON.stringify(await mariadb.sql("select * from runs")), "the history"));
    expect(found).toEqual([]);
    expect(codes).toEqual(way.commands);
  });

  it("stand in no process title, in nothing that a library prints to whoever debugs it, and in no environment of a hook", async () => {
    await configure({ commands: {} });
    await mariadb.sql(`delete from users; drop table if exists ${lockTable}`);
    behaviour = "hangs";
    const debugged = { ...env, DEBUG: "*", NODE_DEBUG: "net,tls,http" };
    let titles = "";
    asked = async () => {
      titles = await processes();
      release();
    };
    const { stdout, stderr } = await work.start(["sync", "--verbose"], debugged).outcome;
    behaviour = "well";
    expect(titles).toContain("idm-ldap-sync");
    expect(await readFile(work.path("hook-environment"), "utf8")).toContain("PATH=");
    const files = await written(work);
    expect(
      [["titles", titles], ["output", stdout + stderr], ...files].flatMap(([name = "", text = ""]) =>
        leaks(text, name),
      ),
    ).toEqual([]);
  });

  const takeLock = () =>
    mariadb.sql(
      `${createLockTable}; insert into ${lockTable}
       values ('marked', 'users', 1, 'somebody else', 'host', 1, 'user', utc_timestamp(6), utc_timestamp(6) + interval 1 hour, null)`,
    );

  /** Which secret stands where, with what is around it. */
  function leaks(text: string, where: string): string[] {
    return Object.entries(secrets).flatMap(([name, secret]) =>
      formsOf(secret).flatMap((form) => {
        const position = text.indexOf(form);
        return position < 0
          ? []
          : [`${name} in ${where}: ${text.slice(Math.max(0, position - 80), position + form.length + 20)}`];
      }),
    );
  }
});

/** What was written into the workspace, but for the files that hold the secrets. Removed, so that each way has its own. */
async function written(work: Workspace): Promise<[string, string][]> {
  const names = await readdir(work.folder, { recursive: true, withFileTypes: true });
  const files = names.filter((each) => each.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const outputs = files.filter((file) => !inputs(work).some((input) => file === input || file.startsWith(`${input}/`)));
  return Promise.all(
    outputs.map(async (file) => {
      const text = await readFile(file, "latin1").then((latin) => Buffer.from(latin, "latin1").toString());
      await rm(file);
      return [file, text];
    }),
  );
}

/** The command lines of all processes. */
const processes = async (): Promise<string> => (await promisify(execFile)("ps", ["-eo", "args", "-ww"])).stdout;
