import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type Workspace, workspace } from "./program.ts";
import { run } from "./servers/command.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { dump, passwords, staffConfig, staffTable } from "./staff.ts";

/** What a sync between slapd and MariaDB says of what it meets. */

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;
let env: Record<string, string>;

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count: 1000 }), sizeLimit: 500 });
  mariadb = await startMariadb();
  work = await workspace();
  env = passwords(slapd, mariadb);
  await work.configure(staffConfig(slapd, mariadb));
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});
beforeEach(async () => {
  await mariadb.sql("drop table if exists users");
  await mariadb.sql(staffTable);
});

const rows = async (): Promise<number> => Number((await mariadb.sql("select count(*) as n from users"))[0]?.n);

describe("two people with one mail address under a unique index", () => {
  it("are one reject that names both; nobody's row is overwritten", async () => {
    await mariadb.sql("alter table users add unique key by_email (email)");
    await work.run(["sync"], env);
    const dn = (uid: string) => `uid=${uid},ou=people,${slapd.suffix}`;
    const mail = (await mariadb.sql("select email from users where username = 'u000000'"))[0]?.email;
    await slapd.modify(`dn: ${dn("u000003")}\nchangetype: modify\nreplace: mail\nmail: ${mail}\n\n`);
    const before = await dump(mariadb);
    const { code, counts, rejects } = await work.json(["sync"], env);
    await slapd.modify(`dn: ${dn("u000003")}\nchangetype: modify\nreplace: mail\nmail: other@example.com\n\n`);
    expect([code, counts.rejected, counts.updated]).toEqual([3, 1, 0]);
    const id = (await mariadb.sql("select external_id as id from users where username = 'u000003'"))[0]?.id;
    const holder = (await mariadb.sql("select external_id as id from users where username = 'u000000'"))[0]?.id;
    const reason = `email "${mail}" already belongs to the row with external_id "${holder}" (${dn("u000000")})`;
    expect(rejects).toEqual([{ dn: dn("u000003"), key: id, column: "email", reason }]);
    expect(await dump(mariadb)).toBe(before);
  });
});

describe("--verbose", () => {
  it("shows the ldapsearch command that reads the same entries", async () => {
    const { stderr } = await work.run(["sync", "--verbose", "--filter", "(sn=*'*)"], env);
    const command = stderr.split("\n").find((line) => line.startsWith("ldapsearch ")) ?? "";
    const found = await run(["sh", "-c", command.replace(" -W ", ` -w ${slapd.syncPassword} `)]);
    const expected = await slapd.search(["(&(objectClass=inetOrgPerson)(employeeType=active)(sn=*'*))", "dn"]);
    const count = (text: string): number => text.match(/^dn:/gm)?.length ?? 0;
    expect(count(expected)).toBeGreaterThan(0);
    expect([count(found), await rows()]).toEqual([count(expected), count(expected)]);
  });
});

describe("a search continuation reference", () => {
  it("is counted and named in the summary", async () => {
    const dn = `ou=elsewhere,ou=people,${slapd.suffix}`;
    await slapd.modify(
      `dn: ${dn}\nchangetype: add\nobjectClass: referral\nobjectClass: extensibleObject\nou: elsewhere\nref: ldap://other.example.com/ou=x\n\n`,
    );
    const { code, stdout } = await work.run(["sync"], env);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^ {2}notice {5}ldap:\/\/127\.0\.0\.1:\d+ referred to ldap:\/\/other\.example\.com\/ou=x\S*: not followed/m,
    );
  });
});

it("writes and finds the same where Node may not make code of texts", async () => {
  const strict = { ...env, NODE_OPTIONS: "--disallow-code-generation-from-strings" };
  expect((await work.json(["sync"], env)).code).toBe(0);
  const before = await dump(mariadb);
  expect(await work.json(["sync"], strict)).toMatchObject({ code: 0, counts: { inserted: 0, updated: 0 } });
  await mariadb.sql("truncate users");
  expect(await work.json(["sync"], strict)).toMatchObject({ code: 0 });
  expect(await dump(mariadb)).toBe(before);
});
