import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksIn, readmeOf } from "./directories/example.ts";
import { inProcess } from "./in-process.ts";
import { type Workspace, workspace } from "./program.ts";
import { run as runCommand } from "./servers/command.ts";
import { toolCommand, toolEnv } from "./servers/ldap-server.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/** The least rights that SECURITY.md gives to the two accounts are enough, and whichever is taken away is named. */

const root = new URL("../", import.meta.url);
const count = 600;
const active = Array.from({ length: count }, (_, i) => person(i)).filter((each) => each.active).length;
const config = { dn: "cn=config", password: "config-password" };

const security = await readFile(new URL("SECURITY.md", root), "utf8");
const [ldif = "", aci = ""] = blocksIn(security, "ldif");
const [grants = ""] = blocksIn(security, "sql");

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;
let env: Record<string, string>;

beforeAll(async () => {
  slapd = await startSlapd({
    people: peopleLdif({ count }),
    global: ["database config", `rootpw ${config.password}`],
    limits: ["sizelimit 500", "access to attrs=userPassword by anonymous auth by * none", "access to * by * none"],
  });
  mariadb = await startMariadb();
  const readme = await readFile(new URL("README.md", root), "utf8");
  await mariadb.sql(blocksIn(readme, "sql")[0] ?? "");
  await mariadb.sql("create or replace user 'idm'@'%' identified by 'least-password'");
  await mariadb.sql(grants);
  await modify(ldif);
  work = await workspace();
  await work.configure(configOf(blocksIn(readme, "jsonc")[0] ?? ""));
  env = { LDAP_PASSWORD: slapd.syncPassword, DB_PASSWORD: "least-password" };
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

/** The configuration of the README, with these servers and a history in the database. */
function configOf(readme: string): object {
  const written = JSON.parse(readme.replace(/ \/\/ .*$/gm, ""));
  const connection = { ...written.target.connection, host: mariadb.host, port: mariadb.port };
  return {
    ...written,
    source: { ...written.source, url: slapd.url, startTls: false },
    target: { ...written.target, connection },
    history: { table: "idm_ldap_sync_runs" },
  };
}

const modify = (input: string) => runCommand(toolCommand("ldapmodify", slapd.url, config), { input, env: toolEnv() });

/** Runs a command, and gives what it says: warnings, errors, and the stages of `check` that are not well. */
async function said(args: readonly string[]): Promise<{ code: number | null; words: string }> {
  const { code, document, stderr } = await inProcess(work.folder, args, env);
  const stages: Record<string, string>[] = document.stages ?? [];
  const unwell = stages.filter(({ status }) => status === "warning" || status === "failed");
  const words = [
    ...unwell.map(({ message, hint }) => `${message} (${hint})`),
    ...(stderr.match(/^(warning|error): .*/gm) ?? []),
  ];
  return { code, words: words.join("\n") };
}

describe("with the rights of SECURITY.md", () => {
  it("every command does its work, and has nothing to say", async () => {
    const well = { code: 0, words: "" };
    expect(await said(["check"])).toEqual(well);
    expect(await said(["dry-run"])).toEqual(well);
    expect(await said(["sync"])).toEqual(well);
    await mariadb.sql(
      "update users set phones = 'wrong' where username = 'u000002'; delete from users where username = 'u000003'",
    );
    expect(await said(["dry-run", "--verify"])).toEqual(well);
    const { document } = await inProcess(work.folder, ["sync"], env);
    expect(document.counts).toMatchObject({ read: active, inserted: 1, updated: 1, unchanged: active - 2 });
    expect(await said(["explain", "(uid=u000003)"])).toEqual(well);
    const { code, document: told } = await inProcess(work.folder, ["status", "--exit-code"], env);
    expect([code, told.names[0].runs.filter(({ command }: { command: string }) => command === "sync").length]).toEqual([
      0, 2,
    ]);
  });

  it("a dry run says what it may not see", async () => {
    const { stdout } = await work.run(["dry-run"], env);
    expect(stdout).toContain("check constraints and foreign keys and triggers are not foreseen");
  });
});

/** The rights one by one: a verb with its columns, and the table. */
const rights = [...grants.matchAll(/^GRANT (.*) ON idm\.(\w+) TO (\S+);$/gm)].flatMap(
  ([, list = "", table = "", account = ""]) =>
    list.split(/, (?=[A-Z])/).map((right) => ({ right, verb: right.split(" ")[0] ?? "", table, account })),
);

/** As before the first sync, which makes the table, or before the first row in it. */
const anew = (verb: string, table: string) =>
  verb === "CREATE" ? `drop table if exists ${table}` : `delete from ${table}`;

describe("where one right of the SQL account is missing", () => {
  it.each(rights.map((each) => [`${each.verb} on ${each.table}`, each] as const))(
    "and it is %s, the program says so",
    async (_, { right, verb, table, account }) => {
      await mariadb.sql(`revoke ${right} on ${table} from ${account}`);
      if (table !== "users") await mariadb.sql(anew(verb, table));
      const { words } = await said(table === "users" ? ["check"] : ["sync"]);
      await mariadb.sql(`grant ${right} on ${table} to ${account}; drop table if exists idm_ldap_sync_lock`);
      expect(words).toMatch(
        new RegExp(table === "users" ? `no ${verb} on users` : `${verb} command denied to user .*${table}`),
      );
      expect((await said(["sync"])).words).toBe("");
    },
  );

  it.each(rights.filter(({ table }) => table === "users"))(
    "of one column alone, $verb, check names the column",
    async ({ verb, account }) => {
      await mariadb.sql(`revoke ${verb} (email) on users from ${account}`);
      const { code, words } = await said(["check"]);
      await mariadb.sql(`grant ${verb} (email) on users to ${account}`);
      expect([code, words]).toEqual([1, expect.stringContaining(`the user has no ${verb} on users (email)`)]);
    },
  );
});

describe("where one right of the directory account is missing", () => {
  const [, list = ""] = /attrs=(\S+)/.exec(ldif) ?? [];
  const attributes = list.split(",");
  const database = /^dn: .*\nchangetype: .*\n/.exec(ldif)?.[0] ?? "";
  const [limit = "", access = ""] = ldif
    .slice(database.length)
    .split(/^-$/m)
    .map((each) => each.trim());
  const take = (what: string) => modify(`${database}delete: ${what}\n${what}: {0}\n`);
  const give = (text: string) => modify(`${database}${text}\n`);

  it.each(attributes)("check names %s", async (attribute) => {
    await take("olcAccess");
    await give(access.replace(list, attributes.filter((each) => each !== attribute).join(",")));
    const { words } = await said(["check", "--sample", "20"]);
    await take("olcAccess");
    await give(access);
    expect(words).toContain(attribute === "entry" ? "ou=people,dc=example,dc=com does not exist" : attribute);
    expect(words).toContain("bind");
  });

  it("a run says that there is a limit", async () => {
    await take("olcLimits");
    const { code, words } = await said(["dry-run"]);
    await give(limit);
    expect([code, words]).toEqual([1, expect.stringContaining("sizeLimitExceeded")]);
  });
});

describe("SECURITY.md", () => {
  it("gives the rights of the examples as they are tried there", async () => {
    expect(await readmeOf("389ds")).toContain(aci);
  });

  it("names tests that are there", () => {
    const named = [...security.matchAll(/`(test\/[\w/-]+\.test\.ts)`/g)].map(([, file = ""]) => file);
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((file) => !existsSync(new URL(file, root)))).toEqual([]);
  });
});
