import { afterEach, describe, expect, it } from "vitest";
import type { LdapConfig } from "../src/source/ldap.ts";
import { openSource } from "../src/source/open.ts";
import { failureOf, ldapConfig } from "./ldap-source.ts";
import { type ScriptedLdap, scriptedLdap } from "./servers/ldap-script.ts";

/** Search continuation references as a domain controller of Active Directory sends them. */

let server: ScriptedLdap | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

const domain = "DC=ad,DC=test";

/** Reads below a base from a server that refers to these; what is told, and whether it is usual. */
async function read(references: readonly string[], settings: Partial<LdapConfig> = {}): Promise<[string, boolean][]> {
  server = await scriptedLdap((request, reply) => {
    if (request.op !== "search") return;
    for (const uri of references) reply.searchReference([uri]);
    reply.searchDone(0);
  });
  const told: [string, boolean][] = [];
  const source = openSource(
    [ldapConfig({ url: [server.url], baseDn: [domain], ...settings })],
    { attributes: [] },
    (message, usual = false) => told.push([message.replace(server?.url ?? "", "it"), usual]),
  );
  for await (const _ of source.entries(new AbortController().signal));
  return told;
}

const configuration = `ldap://ad.test/CN=Configuration,${domain}`;
const domainZones = `ldap://DomainDnsZones.ad.test/DC=DomainDnsZones,${domain}`;
const forestZones = `ldap://ForestDnsZones.ad.test/DC=ForestDnsZones,${domain}`;

const elsewhere = (words: string): [string, boolean] => [
  `it referred to ${words}: not followed, what is there was not read`,
  false,
];
const usual = (words: string): [string, boolean] => [
  `it referred to ${words}: not followed, that is the domain's own and holds no people`,
  true,
];

describe("references to the domain's own partitions", () => {
  it("are usual, and named together", async () => {
    expect(await read([forestZones, domainZones, configuration])).toEqual([
      usual(`DC=ForestDnsZones,${domain} and DC=DomainDnsZones,${domain} and CN=Configuration,${domain}`),
    ]);
  });

  it.each([
    [
      "in other case, escaped",
      `ldaps://AD.TEST:636/cn=configuration,dc=AD,%20dc=test`,
      "cn=configuration,dc=AD, dc=test",
    ],
    [
      "with a scope",
      `ldap://ad.test/CN=Schema,CN=Configuration,${domain}??base`,
      `CN=Schema,CN=Configuration,${domain}`,
    ],
  ])("are recognised %s", async (_how, uri, name) => {
    expect(await read([uri])).toEqual([usual(name)]);
  });

  it("leave others as they are", async () => {
    const child = `ldap://child.ad.test/DC=child,${domain}`;
    expect(await read([configuration, child, domainZones, child])).toEqual([
      elsewhere(`${child} and 1 more`),
      usual(`CN=Configuration,${domain} and DC=DomainDnsZones,${domain}`),
    ]);
  });

  it.each([
    ["another domain's", "ldap://other.test/CN=Configuration,DC=other,DC=test"],
    ["that of the domain above", "ldap://test/CN=Configuration,DC=test"],
    ["no DN", "ldap://ad.test/"],
    ["no LDAP", "https://ad.test/CN=Configuration,DC=ad,DC=test"],
    ["wrongly escaped", `ldap://ad.test/CN=Configuration%,${domain}`],
  ])("are not meant by what is %s", async (_what, uri) => {
    expect(await read([uri])).toEqual([elsewhere(uri)]);
  });

  it('are a failure too where "referrals" is "error", with what to do', async () => {
    expect(await failureOf(read([configuration], { referrals: "error" }))).toEqual({
      turn: "directory",
      message: `${server?.url} referred to ${configuration} for a part of the entries: the read is not complete`,
      hint: 'every search of a whole domain of Active Directory is referred so: name the OUs of the people in source.baseDn, or set "referrals": "ignore"',
    });
  });
});
