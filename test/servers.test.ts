import { readFile } from "node:fs/promises";
import { createConnection } from "mysql2/promise";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificates } from "./servers/certificates.ts";
import { program, run } from "./servers/command.ts";
import { recordsIn } from "./servers/ldif.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { baseLdif, dnOf, peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

describe("a private slapd", () => {
  let slapd: Slapd;
  beforeAll(async () => {
    slapd = await startSlapd({ people: peopleLdif({ count: 1200 }), sizeLimit: 500, tls: true, overlays: ["retcode"] });
  });
  afterAll(() => slapd.stop());

  const asSync = () => ({ dn: slapd.syncDn, password: slapd.syncPassword });
  const countPeople = async () => (await slapd.search(["(uid=*)", "1.1"])).match(/^dn:/gm)?.length;

  it("gives the sync user everybody by pages", async () => {
    const found = await slapd.search(["-E", "pr=500/noprompt", "(uid=*)", "1.1"], asSync());
    expect(found.match(/^dn:/gm)).toHaveLength(1200);
  });

  it("gives the sync user the error of the size limit without pages", async () => {
    await expect(slapd.search(["(uid=*)", "1.1"], asSync())).rejects.toThrow(
      "ldapsearch ended with 4: Size limit exceeded",
    );
  });

  it("holds the people as they were generated", async () => {
    const { dn, attributes } = person(47);
    const found = await slapd.search(["(uid=u000047)"]);
    expect(dn).toBe("uid=u000047,ou=Zürich,ou=people,dc=example,dc=com");
    expect(recordsIn(found)).toEqual([{ dn, attributes }]);
  });

  it("takes the bearer of the client certificate for the sync user", async () => {
    const { ca, clientCert, clientKey } = certificates();
    const env = {
      ...process.env,
      LDAPTLS_CACERT: ca,
      LDAPTLS_CERT: clientCert,
      LDAPTLS_KEY: clientKey,
    };
    const whoAmI = (...args: string[]) => run([program("ldapwhoami"), "-Q", "-Y", "EXTERNAL", ...args], { env });
    expect([await whoAmI("-H", slapd.tlsUrl), await whoAmI("-ZZ", "-H", slapd.url)]).toEqual([
      "dn:cn=sync,dc=example,dc=com\n",
      "dn:cn=sync,dc=example,dc=com\n",
    ]);
  });

  it("returns any error on demand", async () => {
    await expect(slapd.search(["-b", "cn=busy,ou=RetCodes,dc=example,dc=com"])).rejects.toThrow("ended with 51");
  });

  it("keeps its data when it is killed, and when it is restarted", async () => {
    await slapd.modify(`dn: ${dnOf(3)}\nchangetype: delete\n`);
    await slapd.kill();
    await expect(slapd.search(["(uid=*)"])).rejects.toThrow("Can't contact LDAP server");
    await slapd.restart();
    expect(await countPeople()).toBe(1199);
    await slapd.restart();
    expect(await countPeople()).toBe(1199);
  });

  it("tells what it was asked", async () => {
    await slapd.search(["(uid=nobody-of-this-name)"]);
    expect(await slapd.log()).toContain('filter="(uid=nobody-of-this-name)"');
  });
});

describe("a private MariaDB", () => {
  let mariadb: Mariadb;
  beforeAll(async () => {
    mariadb = await startMariadb({ generalLog: true });
    await mariadb.sql("CREATE TABLE users (name VARCHAR(50) PRIMARY KEY, since DATE)");
  });
  afterAll(() => mariadb.stop());

  const asUser = async (text: string): Promise<unknown> => {
    const { host, port, user, password, database } = mariadb;
    const ssl = { ca: await readFile(certificates().ca) };
    const connection = await createConnection({ host, port, user, password, database, ssl, dateStrings: true });
    const [rows] = await connection.query(text).finally(() => connection.destroy());
    return rows;
  };

  it("answers the user, over TLS too", async () => {
    await asUser("INSERT INTO users VALUES ('𠮷田', '2024-02-29')");
    expect(await asUser("SELECT * FROM users")).toEqual([{ name: "𠮷田", since: "2024-02-29" }]);
  });

  it("gives root on the socket what the user wrote", async () => {
    expect(await mariadb.sql("SELECT * FROM users WHERE since = ?", ["2024-02-29"])).toEqual([
      { name: "𠮷田", since: "2024-02-29" },
    ]);
  });

  it("keeps what was committed when it is killed, and loses nothing when it is restarted", async () => {
    await asUser("INSERT INTO users VALUES ('last', NULL)");
    await mariadb.kill();
    await expect(asUser("SELECT 1")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    await mariadb.restart();
    expect(await asUser("SELECT name FROM users ORDER BY name")).toEqual([{ name: "last" }, { name: "𠮷田" }]);
    await mariadb.restart();
    expect(await asUser("SELECT name FROM users ORDER BY name")).toEqual([{ name: "last" }, { name: "𠮷田" }]);
  });

  it("tells every statement", async () => {
    await asUser("SELECT 'said once'");
    expect(await mariadb.generalLog()).toContain("SELECT 'said once'");
  });
});

describe("the invented people", () => {
  it("are the same each time, and other people with another seed", () => {
    expect([...peopleLdif({ count: 50 })]).toEqual([...peopleLdif({ count: 50 })]);
    expect(person(3, { seed: 2 })).not.toEqual(person(3));
  });

  it("are those of a larger directory too, after its base entries", () => {
    expect([...peopleLdif({ count: 60 })].slice(0, 51)).toEqual([...peopleLdif({ count: 50 })]);
    expect([...peopleLdif({ count: 1 })][0]).toBe(baseLdif());
  });

  it("are inactive in seven of a hundred cases", () => {
    const inactive = Array.from({ length: 10_000 }, (_, index) => person(index)).filter(({ active }) => !active);
    expect(inactive.length).toBeGreaterThan(600);
    expect(inactive.length).toBeLessThan(800);
  });
});
