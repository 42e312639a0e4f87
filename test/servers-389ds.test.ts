import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { certificates } from "./servers/certificates.ts";
import { type Outcome, outcomeOf } from "./servers/command.ts";
import { type Ds389, startDs389 } from "./servers/ds389.ts";
import { toolCommand, toolEnv } from "./servers/ldap-server.ts";
import { recordsIn } from "./servers/ldif.ts";
import { peopleLdif, person, record } from "./servers/people.ts";

const count = 1200;
const locked = "uid=locked,ou=people,dc=example,dc=com";

const people = [
  ...peopleLdif({ count }),
  record(locked, { objectClass: ["inetOrgPerson"], uid: ["locked"], cn: ["L"], sn: ["L"], nsAccountLock: ["true"] }),
];

let ds: Ds389;
beforeAll(async () => {
  ds = await startDs389({ people, config: { "nsslapd-sizelimit": "500", "nsslapd-pagedsizelimit": "-1" } });
});
afterAll(() => ds?.stop());

const sync = () => ({ dn: ds.syncDn, password: ds.syncPassword });

describe("a private 389 Directory Server", () => {
  it("holds the people as they were generated, and gives each an id of its own", async () => {
    const { dn, attributes } = person(47);
    const [found] = recordsIn(await ds.search(["(uid=u000047)", "*", "nsUniqueId"], sync()));
    expect(found).toEqual({
      dn,
      attributes: { ...attributes, nsUniqueId: [expect.stringMatching(/^[0-9a-f-]{35}$/)] },
    });
  });

  it("gives the sync user everybody by pages of 500, and the error of the size limit without pages", async () => {
    const read = async (...args: readonly string[]) =>
      recordsIn(await ds.search([...args, "(uid=u*)", "1.1"], sync())).length;
    expect(await read("-E", "pr=500/noprompt")).toBe(count);
    await expect(read()).rejects.toThrow("ldapsearch ended with 4: Size limit exceeded");
  });

  it("gives the lock of an account only where it is asked for by name", async () => {
    const lock = async (...names: readonly string[]) =>
      recordsIn(await ds.search(["-b", locked, ...names], sync()))[0]?.attributes.nsAccountLock;
    expect([await lock(), await lock("*"), await lock("nsAccountLock")]).toEqual([undefined, undefined, ["true"]]);
  });

  it("speaks TLS with a certificate that its authority signed", async () => {
    const search = (url: string, ...args: readonly string[]): Promise<Outcome> =>
      outcomeOf([...toolCommand("ldapsearch", url, sync()), ...args, "-b", locked, "1.1"], { env: toolEnv() });
    expect(await search(ds.tlsUrl)).toMatchObject({ code: 0 });
    expect(await search(ds.url, "-ZZ")).toMatchObject({ code: 0 });
    expect(await search(ds.tlsUrl, "-o", `TLS_CACERT=${certificates().otherCa}`)).toMatchObject({ code: 255 });
  });

  it("tells what it was asked", async () => {
    await ds.search(["(uid=nobody-of-this-name)"]);
    expect(await ds.log()).toContain('filter="(uid=nobody-of-this-name)"');
  });

  it("keeps its data when it is killed, and does not disturb another one that hides the locks", async () => {
    const other = await startDs389({ hidden: ["nsAccountLock"], people });
    try {
      await other.modify(`dn: ${person(3).dn}\nchangetype: delete\n`);
      await other.kill();
      await other.restart();
      const asSync = { dn: other.syncDn, password: other.syncPassword };
      expect(recordsIn(await other.search(["(uid=u00000*)", "1.1"], asSync))).toHaveLength(9);
      expect(recordsIn(await other.search(["-b", locked, "nsAccountLock"], asSync))).toEqual([
        { dn: locked, attributes: {} },
      ]);
      expect(recordsIn(await ds.search(["(uid=u00000*)", "1.1"]))).toHaveLength(10);
    } finally {
      await other.stop();
    }
  });
});
