import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inactiveEntries } from "../src/leavers/inactive.ts";
import { ldapConfig, readAll } from "./ldap-source.ts";
import { kindsOf, lookFor } from "./looking.ts";
import { opened } from "./opened.ts";
import { base, fileWorkspace } from "./program.ts";
import { certificates } from "./servers/certificates.ts";
import { type Ds389, startDs389 } from "./servers/ds389.ts";
import type { DirectoryRecord, LdapServer } from "./servers/ldap-server.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Samba, startSamba } from "./servers/samba.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/**
 * What the search for leavers asks of real servers, of which each hides attributes of some people in its own way: those of
 * `hidden…` may not be read, those of the others may, and dora has none to read.
 */

const staff = "OU=Staff,DC=ad,DC=test";

/** By name: whether they are locked or disabled, and the type of employee. */
const people = {
  anna: { locked: false, type: "active" },
  bert: { locked: true, type: "active" },
  carl: { locked: false, type: "left" },
  dora: { locked: false, type: undefined },
  hiddenAnna: { locked: false, type: "active" },
  hiddenBert: { locked: true, type: "active" },
  hiddenCarl: { locked: false, type: "left" },
} as const;
const names = Object.keys(people);
const hiddenNames = names.filter((name) => name.startsWith("hidden"));
type Person = (typeof people)[keyof typeof people];
const everybody = Object.entries(people) as [string, Person][];

const netscapePeople = everybody.map(([uid, { locked, type }]) =>
  record(`uid=${uid},${base}`, {
    objectClass: ["inetOrgPerson"],
    uid: [uid],
    cn: [uid],
    sn: [uid],
    ...(type && { employeeType: [type] }),
    ...(locked && { nsAccountLock: ["TRUE"] }),
  }),
);

/** Denied to everybody, so that no other rule lets the attributes through. */
const denial = (uid: string): string =>
  [
    `dn: uid=${uid},${base}`,
    "changetype: modify",
    "add: aci",
    'aci: (targetattr="nsAccountLock || employeeType")(version 3.0; acl "hidden"; deny (read,search,compare) userdn="ldap:///anyone";)',
    "",
  ].join("\n");

/** schemaIDGUID of userAccountControl and of employeeType ([MS-ADA3], [MS-ADA1]). */
const guids = ["bf967a68-0de6-11d0-a285-00aa003049e2", "a8df73f0-c5ea-11d1-bbcb-0080c76670c0"];
const hiding = `O:DAG:DAD:${guids.map((guid) => `(OD;;RP;${guid};;AU)`).join("")}(A;;GA;;;DA)(A;;GR;;;AU)`;

const sambaPeople: readonly DirectoryRecord[] = [
  { dn: staff, attributes: { objectClass: ["organizationalUnit"] } },
  ...everybody.map(([name, { locked, type }]) => ({
    dn: `CN=${name},${staff}`,
    attributes: {
      objectClass: ["user"],
      sAMAccountName: [name],
      userAccountControl: [locked ? "514" : "512"],
      ...(type && { employeeType: [type] }),
      ...(hiddenNames.includes(name) && { nTSecurityDescriptor: [hiding] }),
    },
  })),
];

let ds: Ds389;
let samba: Samba;
let slapd: Slapd;
beforeAll(async () => {
  [ds, samba, slapd] = await Promise.all([
    startDs389({ people: [baseLdif(), ...netscapePeople].join("") }),
    startSamba({ records: sambaPeople }),
    startSlapd(),
  ]);
  await ds.modify(hiddenNames.map(denial).join("\n"));
});
afterAll(async () => {
  await ds?.stop();
  await samba?.stop();
  await slapd?.stop();
});

interface Place {
  readonly server: LdapServer;
  readonly source: object;
  readonly key: string;
}

const places: Record<string, () => Place> = {
  "389 Directory Server": () => ({
    server: ds,
    source: { url: ds.url, baseDn: base, filter: "(objectClass=inetOrgPerson)" },
    key: "uid",
  }),
  "a Samba domain controller": () => ({
    server: samba,
    source: { url: samba.tlsUrl, tls: { ca: certificates().ca }, baseDn: staff, filter: "(objectClass=user)" },
    key: "sAMAccountName",
  }),
};

const workFor = ({ server, source, key }: Place, active: unknown, changes: object = {}) =>
  fileWorkspace(
    {},
    {
      source: { ...source, bindDn: server.syncDn, bindPassword: server.syncPassword, active },
      mapping: { username: key },
      ...changes,
    },
  );

const plain = "(employeeType=active)";

describe.each([
  ["389 Directory Server", plain, { anna: "active", bert: "active", carl: "inactive", dora: "inactive" }],
  ["389 Directory Server", "389ds", { anna: "active", bert: "inactive", carl: "active", dora: "active" }],
  [
    "389 Directory Server",
    { and: ["389ds", plain] },
    { anna: "active", bert: "inactive", carl: "inactive", dora: "inactive" },
  ],
  ["a Samba domain controller", plain, { anna: "active", bert: "active", carl: "inactive", dora: "inactive" }],
  [
    "a Samba domain controller",
    { and: ["active-directory", plain] },
    { anna: "active", bert: "inactive", carl: "inactive", dora: "inactive" },
  ],
  [
    "a Samba domain controller",
    "active-directory",
    { anna: "active", bert: "inactive", carl: "active", dora: "active" },
  ],
] as const)("on %s, by %j", (server, active, seen) => {
  const place = () => (places[server] as () => Place)();

  it("a second look says nothing of those of whom the server hides what decides", async () => {
    const work = await workFor(place(), active);
    const unknown = Object.fromEntries(hiddenNames.map((name) => [name, "unknown"]));
    expect(kindsOf(await lookFor(work, [...names, "none"]))).toEqual({ ...seen, ...unknown, none: "gone" });
  });

  it("only those are read as not active who are known not to be", async () => {
    const { key } = place();
    const { sources, target, signal } = await opened(await workFor(place(), active));
    await target.close();
    const read: string[] = [];
    for await (const entries of inactiveEntries(sources, { attributes: [key] }, signal)) {
      read.push(...entries.map(({ attributes }) => String(attributes.get(key.toLowerCase())?.[0])));
    }
    const expected = Object.entries(seen).flatMap(([name, kind]) => (kind === "inactive" ? [name] : []));
    expect(read.toSorted()).toEqual(expected);
  });
});

describe("a read that must end bound as it began", () => {
  it.each<[string, () => LdapServer, RegExp, number]>([
    ["slapd", () => slapd, /WHOAMI/g, 2],
    ["389 Directory Server", () => ds, /EXT oid="1.3.6.1.4.1.4203.1.11.3"/g, 2],
    ["a Samba domain controller", () => samba, /4203/g, 0],
  ])("ends with success on %s", async (_, of, asked, times) => {
    const server = of();
    const config = ldapConfig({
      url: [server === samba ? server.tlsUrl : server.url],
      tls: { ca: certificates().ca },
      baseDn: [server === samba ? staff : server.suffix],
      bindDn: server.syncDn,
      bindPassword: server.syncPassword,
      pageSize: 2,
    });
    const { entries } = await readAll([config], { attributes: ["cn"], sameBind: true });
    expect(entries).toEqual((await readAll([config], { attributes: ["cn"] })).entries);
    expect((await server.log()).match(asked)?.length ?? 0).toBe(times);
  });
});
