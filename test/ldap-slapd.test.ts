import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSource } from "../src/source/open.ts";
import { byFilter, dnsOf, failureOf, ldapConfig, type PlainEntry, readAll } from "./ldap-source.ts";
import { certificates } from "./servers/certificates.ts";
import { baseLdif, dnOf, peopleLdif, person } from "./servers/people.ts";
import { startProxy } from "./servers/proxy.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

const count = 2000;
const people = "ou=people,dc=example,dc=com";
const persons = "(objectClass=inetOrgPerson)";
const photo = Buffer.concat([
  Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16]),
  Buffer.from("JFIF\0"),
  Buffer.alloc(64, 0xfe),
]);

type Settings = Parameters<typeof ldapConfig>[0];

let slapd: Slapd;
beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count }), sizeLimit: 500, tls: true });
});
afterAll(() => slapd?.stop());

/** The sync user of the slapd of this file. */
const config = (settings: Settings = {}) =>
  ldapConfig({
    url: [slapd.url],
    bindDn: slapd.syncDn,
    bindPassword: slapd.syncPassword,
    baseDn: [people],
    filter: persons,
    ...settings,
  });

const allDns = (): string[] => Array.from({ length: count }, (_, index) => dnOf(index)).sort();

/** An entry as the reader ought to give it: names in lower case, values in an order of their own. */
const comparable = (dn: string, attributes: Readonly<Record<string, readonly (string | Buffer)[]>>): PlainEntry => ({
  dn,
  attributes: Object.fromEntries(
    Object.entries(attributes)
      .map(([name, values]) => [name.toLowerCase(), [...values].sort()] as const)
      .sort(([first], [second]) => (first < second ? -1 : 1)),
  ),
});

describe("a slapd with a hard size limit of 500", () => {
  it("gives all 2,000 people by pages of 500, value by value", async () => {
    const attributes = [
      ...new Set(Array.from({ length: count }, (_, index) => Object.keys(person(index).attributes)).flat()),
    ];
    const { entries, notices } = await readAll([config()], { attributes });
    const byDn = new Map(entries.map((entry) => [entry.dn, comparable(entry.dn, entry.attributes)]));
    const expected = Array.from({ length: count }, (_, index) => person(index));
    expect(entries).toHaveLength(count);
    expect([...byDn.values()].sort((a, b) => (a.dn < b.dn ? -1 : 1))).toEqual(
      expected.map((each) => comparable(each.dn, each.attributes)).sort((a, b) => (a.dn < b.dn ? -1 : 1)),
    );
    expect(notices).toEqual([]);
    // What makes this a test of more than ASCII.
    expect(entries.some(({ dn }) => dn.includes("ou=Zürich"))).toBe(true);
    expect(JSON.stringify(entries)).toContain("𠮷");
  });

  it("gives the same as ldapsearch, operational attributes included", async () => {
    const names = ["entryUUID", "modifyTimestamp", "createTimestamp"];
    const { entries } = await readAll([config()], { attributes: ["entryuuid", "MODIFYTIMESTAMP", "createTimestamp"] });
    const ldif = await slapd.search(["-b", people, persons, ...names]);
    const expected = ldif
      .trim()
      .split(/\n\n/)
      .map((record) => {
        const values = record.split("\n").map((line) => /^([^:]+)(::?) (.*)$/.exec(line)?.slice(1) ?? []);
        const read = ([, colons, text = ""]: string[]) =>
          colons === "::" ? Buffer.from(text, "base64").toString() : text;
        const [dn = [], ...rest] = values;
        return comparable(read(dn), Object.fromEntries(rest.map((value) => [value[0] ?? "", [read(value)]])));
      });
    expect(entries.map(({ dn, attributes }) => comparable(dn, attributes))).toEqual(expected);
  });

  it.each([1, 7, 499])("gives all in the scope with pages of %i too", async (pageSize) => {
    const filter = "(employeeNumber=1000*)";
    const { entries } = await readAll([config({ pageSize, filter })]);
    expect(dnsOf(entries).sort()).toEqual(Array.from({ length: 100 }, (_, index) => dnOf(index)).sort());
  });

  it("fails with pages of 1000, and the hint is about pageSize", async () => {
    expect(await failureOf(readAll([config({ pageSize: 1000 })]))).toEqual({
      turn: "directory",
      message: `${slapd.url}: the read below ${people} is not complete: after 0 entries the server ended it with adminLimitExceeded (11): illegal pagedResults page size`,
      hint: expect.stringContaining("source.pageSize"),
    });
  });

  it("names the part of a wrong base that exists", async () => {
    expect(await failureOf(readAll([config({ baseDn: ["ou=staff,ou=people,dc=example,dc=com"] })]))).toEqual({
      turn: "directory",
      message: `${slapd.url}: ou=staff,ou=people,dc=example,dc=com does not exist; ${people} does`,
      hint: "check source.baseDn, and whether bindDn may see it",
    });
    expect(await failureOf(readAll([config({ baseDn: ["dc=other"] })]))).toMatchObject({
      message: `${slapd.url}: dc=other does not exist; no part of it does`,
    });
  });

  it.each([
    ["base", dnOf(7), [dnOf(7)]],
    ["one", "ou=Zürich,ou=people,dc=example,dc=com", allDns().filter((dn) => dn.includes("ou=Zürich"))],
    ["one", people, allDns().filter((dn) => !dn.includes("ou=Zürich"))],
    ["sub", "ou=Zürich,ou=people,dc=example,dc=com", allDns().filter((dn) => dn.includes("ou=Zürich"))],
    ["sub", "dc=example,dc=com", allDns()],
  ] as const)("reads the scope %s of %s", async (scope, base, expected) => {
    expect(dnsOf((await readAll([config({ scope, baseDn: [base] })])).entries).sort()).toEqual(expected);
  });

  it("reads overlapping bases once, and several sources one after the other", async () => {
    const zurich = "OU=Zürich, ou=people,dc=example,dc=com";
    const { entries } = await readAll([config({ baseDn: [zurich, people] }), config({ filter: "(uid=u000001)" })]);
    expect(dnsOf(entries).sort()).toEqual([...allDns(), dnOf(1)].sort());
  });

  it("applies filters as they are written", async () => {
    const active = Array.from({ length: count }, (_, index) => person(index)).filter((each) => each.active);
    const settings = {
      filter: "(&(objectClass=inetOrgPerson)(sn=\\c3\\85*))",
      active: byFilter("(employeeType=active)"),
    };
    const { entries } = await readAll([config(settings)]);
    const expected = active.filter(({ attributes }) => attributes.sn?.[0]?.startsWith("Å"));
    expect(expected).not.toEqual([]);
    expect(dnsOf(entries).sort()).toEqual(dnsOf(expected).sort());
  });

  it("misses a canary that the filter leaves out", async () => {
    const mustContain = [dnOf(0).toUpperCase(), `cn=sync,dc=example,dc=com`];
    expect(await failureOf(readAll([config({ mustContain })]))).toMatchObject({
      message: expect.stringMatching(/the read is not complete: cn=sync,dc=example,dc=com was not/),
    });
    const { entries } = await readAll([config({ mustContain: [dnOf(0).toUpperCase()] })]);
    expect(entries).toHaveLength(count);
  });
});

describe("a bind to slapd", () => {
  const { ca, otherCa, clientCert, clientKey, serverKey } = certificates();
  const lastBinds = async () => (await slapd.log()).split("\n").filter((line) => / BIND dn=".+" mech=/.test(line));

  it("says who was refused, and never the password", async () => {
    const failure = await failureOf(readAll([config({ bindPassword: "not-the-password" })]));
    expect(failure).toEqual({
      turn: "directory",
      message: `${slapd.url} refused the bind as cn=sync,dc=example,dc=com: invalidCredentials (49)`,
      hint: "check source.bindDn and source.bindPassword",
    });
  });

  it("is not needed where the directory is open to all", async () => {
    const { url } = slapd;
    const { entries } = await readAll([ldapConfig({ url: [url], baseDn: [people], filter: persons })]);
    expect(entries).toHaveLength(count);
  });

  const encrypted: readonly [string, () => Settings][] = [
    ["ldaps", () => ({ url: [slapd.tlsUrl] })],
    ["StartTLS", () => ({ url: [slapd.url], startTls: true })],
  ];

  it.each(encrypted)("by %s reads all people where the authority is known", async (_, settings) => {
    const { entries } = await readAll([config({ ...settings(), tls: { ca } })]);
    expect(entries).toHaveLength(count);
  });

  it.each(encrypted)("by %s and SASL EXTERNAL is the one whom the client certificate names", async (_, settings) => {
    const before = (await lastBinds()).length;
    const tls = { ca, cert: clientCert, key: clientKey };
    const { entries } = await readAll([
      ldapConfig({ ...settings(), sasl: "external", baseDn: [people], filter: persons, tls }),
    ]);
    expect(entries).toHaveLength(count);
    expect((await lastBinds()).slice(before)).toEqual([
      expect.stringMatching(/ BIND dn="cn=sync,dc=example,dc=com" mech=EXTERNAL .*ssf=\d+/),
    ]);
  });

  it.each(encrypted)(
    "by %s refuses an authority or a name that is not the expected one, and sends no password",
    async (_, settings) => {
      const before = (await lastBinds()).length;
      for (const [tls, words] of [
        [{ ca: otherCa }, "has a certificate that is not accepted: "],
        [{}, "has a certificate that is not accepted: "],
        [{ ca, servername: "other.example.com" }, "other.example.com"],
      ] as const) {
        expect(await failureOf(readAll([config({ ...settings(), tls })]))).toEqual({
          turn: "directory",
          message: expect.stringContaining(words),
          hint: expect.stringContaining("source.tls.ca"),
        });
      }
      expect((await lastBinds()).length).toBe(before);
    },
  );

  it.each(encrypted)(
    "by %s goes on with the expected name, or with any where that is asked for",
    async (_, settings) => {
      const request = { attributes: ["uid"], filter: "(uid=u000001)" };
      for (const tls of [
        { ca, servername: "localhost" },
        { ca: otherCa, rejectUnauthorized: false },
      ]) {
        expect(dnsOf((await readAll([config({ ...settings(), tls })], request)).entries)).toEqual([dnOf(1)]);
      }
    },
  );

  it("with the key of another certificate is a failure of the configuration", async () => {
    const tls = { ca, cert: clientCert, key: serverKey };
    expect(await failureOf(readAll([config({ url: [slapd.tlsUrl], tls })]))).toEqual({
      turn: "configuration",
      message: expect.stringContaining("the files of source.tls cannot be used: "),
      hint: expect.stringContaining("tls.key"),
    });
  });

  it("names the wrong port where the one side speaks TLS and the other does not", async () => {
    const swapped = slapd.tlsUrl.replace("ldaps:", "ldap:");
    expect(await failureOf(readAll([config({ url: [swapped] })]))).toEqual({
      turn: "directory",
      message: `${swapped} closed the connection instead of answering the bind`,
      hint: expect.stringContaining("port"),
    });
    const other = slapd.url.replace("ldap:", "ldaps:");
    expect(await failureOf(readAll([config({ url: [other], tls: { ca } })]))).toEqual({
      turn: "directory",
      message: expect.stringContaining(`${other} `),
      hint: expect.stringContaining("port"),
    });
  });
});

describe("a read that asks for the names of attributes alone", () => {
  it("gives them without values", async () => {
    const [first] = (await readAll([config()], { attributes: ["uid", "mail", "entryUUID"], typesOnly: true })).entries;
    expect(first?.attributes).toEqual({ uid: [], mail: [], entryuuid: [] });
  });
});

describe("a slapd of its own", () => {
  it("that does not offer StartTLS is told so", async () => {
    const bare = await startSlapd();
    const settings = { url: [bare.url], startTls: true, tls: { ca: certificates().ca } };
    expect(await failureOf(readAll([config(settings)]))).toEqual({
      turn: "directory",
      message: expect.stringContaining(`${bare.url} refused StartTLS: `),
      hint: expect.stringContaining("ldaps://"),
    });
    await bare.stop();
  });

  it("gives bytes for what is no text", async () => {
    const entry = `dn: uid=photo,${people}\nobjectClass: inetOrgPerson\nuid: photo\ncn: Photo\nsn: Photo\njpegPhoto:: ${photo.toString("base64")}\n`;
    const own = await startSlapd({ people: `${baseLdif()}${entry}\n` });
    const { entries } = await readAll([config({ url: [own.url] })], { attributes: ["jpegPhoto", "sn"] });
    expect(entries).toEqual([{ dn: `uid=photo,${people}`, attributes: { sn: ["Photo"], jpegphoto: [photo] } }]);
    await own.stop();
  });

  it("that is dead is passed over for the next URL", async () => {
    const dead = await startSlapd();
    await dead.kill();
    const { entries } = await readAll([config({ url: [dead.url, slapd.url] })]);
    expect(entries).toHaveLength(count);
    await dead.stop();
  });

  it("that is killed in the middle of a read makes the read a failure", async () => {
    const own = await startSlapd({ people: peopleLdif({ count }) });
    const source = openSource([config({ url: [own.url], pageSize: 100 })], { attributes: ["uid", "cn"] }, () => {});
    let read = 0;
    const reading = async () => {
      for await (const piece of source.entries(new AbortController().signal)) {
        if (read === 0) await own.kill();
        read += piece.length;
      }
    };
    expect(await failureOf(reading())).toEqual({
      turn: "directory",
      message: expect.stringMatching(`^${own.url}: the read below ${people} is not complete: after \\d+ entries the `),
      hint: expect.stringMatching(/./),
    });
    expect(read).toBeGreaterThan(0);
    expect(read).toBeLessThan(count);
    await own.stop();
  });

  it.each([20, 100, 30_000, 200_000])(
    "whose connection breaks after %i bytes makes the read a failure",
    async (bytes) => {
      const proxy = await startProxy({ to: slapd });
      proxy.cutAfterBytes(bytes, "toClient");
      const url = `ldap://${proxy.host}:${proxy.port}`;
      const { turn, message } = await failureOf(
        readAll([config({ url: [url] })], { attributes: ["uid", "cn", "mail", "sn"] }),
      );
      expect(turn).toBe("directory");
      expect(message).toContain(`${url}: the read below ${people} is not complete: after `);
      await proxy.stop();
    },
  );

  it.each(["toClient", "toServer"] as const)(
    "whose connection breaks at the bind (%s) is passed over",
    async (direction) => {
      const proxy = await startProxy({ to: slapd });
      proxy.cutAfterBytes(5, direction);
      const { entries } = await readAll([config({ url: [`ldap://${proxy.host}:${proxy.port}`, slapd.url] })]);
      expect(entries).toHaveLength(count);
      await proxy.stop();
    },
  );
});
