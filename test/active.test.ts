import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { judgeAsking } from "../src/active/judged.ts";
import { resolveActive } from "../src/active/resolve.ts";
import type { ActiveConfig } from "../src/config/active-schema.ts";
import { inactiveEntries } from "../src/leavers/inactive.ts";
import { everything } from "../src/source/filter.ts";
import { openInspection } from "../src/source/inspection.ts";
import { openSource } from "../src/source/open.ts";
import { type Expected, now, type PresetTable, presetTables } from "./active-table.ts";
import { ldapConfig } from "./ldap-source.ts";
import { instanceFolder } from "./servers/folder.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/** The table of active rules, judged by the program alone (LDIF) and together with slapd. */

const suffix = "dc=example,dc=com";
const { signal } = new AbortController();

const uidOf = (table: number, row: number): string => `t${table}r${row}`;

/** slapd wants a structural class of each entry, and the table's as well. */
function entry(uid: string, attributes: Record<string, string>): string {
  const { objectClass, ...others } = attributes;
  const single = Object.entries(others).map(([name, value]) => [name, [value]]);
  const classes = ["inetOrgPerson", "extensibleObject", ...(objectClass === undefined ? [] : [objectClass])];
  const named = { objectClass: classes, uid: [uid], cn: [uid], sn: [uid], ou: [uid.replace(/r.*/, "")] };
  return record(`uid=${uid},ou=people,${suffix}`, { ...named, ...Object.fromEntries(single) });
}

const tables = Object.values(presetTables);

const policies = [
  record(`ou=policies,${suffix}`, { objectClass: ["organizationalUnit"], ou: ["policies"] }),
  record(`cn=default,ou=policies,${suffix}`, {
    objectClass: ["device", "pwdPolicy"],
    cn: ["default"],
    pwdAttribute: ["userPassword"],
    pwdLockout: ["TRUE"],
    pwdLockoutDuration: ["900"],
  }),
].join("");

const ldif = [
  baseLdif(),
  policies,
  ...tables.flatMap(({ rows }, table) => rows.map(([, attributes], row) => entry(uidOf(table, row), attributes))),
].join("");

const integer = "EQUALITY integerMatch ORDERING integerOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.27 SINGLE-VALUE";
const text = "EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE";
const time =
  "EQUALITY generalizedTimeMatch ORDERING generalizedTimeOrderingMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.24 SINGLE-VALUE";

/** The attributes of other vendors, with their object identifiers and what they can be compared by. */
const schema = [
  `attributetype ( 1.2.840.113556.1.4.8 NAME 'userAccountControl' ${integer} )`,
  `attributetype ( 1.2.840.113556.1.4.159 NAME 'accountExpires' ${integer} )`,
  `attributetype ( 1.2.840.113556.1.4.662 NAME 'lockoutTime' ${integer} )`,
  `attributetype ( 1.2.840.113556.1.4.1460 NAME 'msDS-User-Account-Control-Computed' ${integer} )`,
  `attributetype ( 2.16.840.1.113730.3.1.610 NAME 'nsAccountLock' ${text} )`,
  `attributetype ( 2.16.840.1.113730.3.1.95 NAME 'accountUnlockTime' ${time} )`,
  `attributetype ( 2.16.840.1.113719.1.301.4.52.1 NAME 'krbPrincipalExpiration' ${time} )`,
  "objectclass ( 1.2.840.113556.1.5.9 NAME 'user' SUP top AUXILIARY )",
  "objectclass ( 1.2.840.113556.1.5.15 NAME 'contact' SUP top AUXILIARY )",
];

let slapd: Slapd;
let file: string;
beforeAll(async () => {
  file = join(await instanceFolder("active-"), "people.ldif");
  await writeFile(file, ldif);
  slapd = await startSlapd({ people: ldif, global: schema, overlays: ["ppolicy"] });
});
afterAll(() => slapd?.stop());

const sources = {
  "an LDIF file": () => ldapConfig({ url: [`file:${file}`], baseDn: [`ou=people,${suffix}`] }),
  slapd: () => ldapConfig({ url: [slapd.url], baseDn: [`ou=people,${suffix}`] }),
};

const expectedOf = ({ rows }: PresetTable): Record<string, Expected> =>
  Object.fromEntries(rows.map(([who, , expected]) => [who, expected]));

/** What a read of one table's entries says of each of them. */
async function readTable(at: keyof typeof sources, table: number, active: ActiveConfig): Promise<unknown> {
  const { rows } = tables[table] as PresetTable;
  const source = { ...sources[at](), filter: `(ou=t${table})`, active };
  const config = await resolveActive(source, now, signal, () => {});
  const said = Object.fromEntries(rows.map(([who]) => [who, "inactive"]));
  const note = (dn: string, verdict: Expected) => {
    const row = Number(/r(\d+),/.exec(dn)?.[1]);
    said[rows[row]?.[0] ?? dn] = verdict;
  };
  const reading = openSource(
    [config],
    { attributes: ["uid"] },
    () => {},
    ({ dn }) => note(dn, "unknown"),
  );
  for await (const entries of reading.entries(signal)) for (const { dn } of entries) note(dn, "active");
  return said;
}

describe.each(Object.keys(presetTables).map((name, at) => [name, at] as const))("the rule %s", (_, at) => {
  const table = tables[at] as PresetTable;

  it.each(["an LDIF file", "slapd"] as const)("says of entries that %s gives who is active", async (kind) => {
    expect(await readTable(kind, at, table.active)).toEqual(expectedOf(table));
  });

  it.each(["an LDIF file", "slapd"] as const)("finds those of %s who are known not to be active", async (kind) => {
    const source = { ...sources[kind](), filter: `(ou=t${at})`, active: table.active };
    const config = await resolveActive(source, now, signal, () => {});
    const inactive: string[] = [];
    for await (const entries of inactiveEntries([config], { attributes: ["uid"] }, signal)) {
      for (const { dn } of entries) inactive.push(table.rows[Number(/r(\d+),/.exec(dn)?.[1])]?.[0] ?? dn);
    }
    const expected = table.rows.filter(([, , verdict]) => verdict === "inactive").map(([who]) => who);
    expect(inactive.sort()).toEqual(expected.sort());
  });

  it.each(["an LDIF file", "slapd"] as const)("judges single entries of %s alike", async (kind) => {
    const source = { ...sources[kind](), active: table.active };
    const { active, ...config } = await resolveActive(source, now, signal, () => {});
    const inspection = await openInspection(config, signal);
    const said: Record<string, string> = {};
    const query = { base: `ou=people,${suffix}`, scope: "one", filter: everything, attributes: ["*", "+"] } as const;
    for await (const entries of inspection.search(query)) {
      for (const each of entries) {
        const [, of, row] = /^uid=t(\d+)r(\d+),/.exec(each.dn) ?? [];
        if (Number(of) !== at || !active) continue;
        const verdict = await judgeAsking(inspection, active.node, each);
        said[table.rows[Number(row)]?.[0] ?? each.dn] = typeof verdict === "object" ? "unknown" : verdict;
      }
    }
    inspection.close();
    expect(said).toEqual(expectedOf(table));
  });
});

describe("an attribute that a directory hides", () => {
  const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`;
  let hiding: Slapd;
  beforeAll(async () => {
    const user = { objectClass: "user", userAccountControl: "512" };
    const people = [
      entry("anna", user),
      entry("bert", user),
      entry("carl", { ...user, userAccountControl: "514" }),
      entry("dora", { ...user, employeeType: "guest" }),
      entry("emil", { ...user, accountExpires: "1" }),
    ];
    const hidden = ["bert", "carl", "dora", "emil"].map((uid) => `dn.exact="${dnOf(uid)}"`);
    const limits = hidden.map((dn) => `access to ${dn} attrs=userAccountControl by * none`);
    hiding = await startSlapd({ people: [baseLdif(), ...people].join(""), global: schema, limits });
  });
  afterAll(() => hiding?.stop());

  it.each<[string, ActiveConfig, string[], string[], string[]]>([
    ["by a preset", "active-directory", ["anna"], ["bert", "carl", "dora"], ["emil"]],
    [
      "where a filter decides",
      { or: ["active-directory", "(employeeType=guest)"] },
      ["anna", "dora"],
      ["bert", "carl"],
      ["emil"],
    ],
    [
      "where a filter rules most of them out",
      { and: ["active-directory", "(employeeType=guest)"] },
      [],
      ["dora"],
      ["anna", "bert", "carl", "emil"],
    ],
    ["turned round", { not: "active-directory" }, ["emil"], ["bert", "carl", "dora"], ["anna"]],
  ])("leaves it unknown who is active, and tells whom it hides, %s", async (_, rule, active, unknown, inactive) => {
    const { read, told, off } = await whoIsActive(hiding, rule);
    expect(read.sort()).toEqual(active.map(dnOf));
    expect(off.sort()).toEqual(inactive.map(dnOf));
    expect(told.sort()).toEqual(unknown.map((uid) => [dnOf(uid), "userAccountControl cannot be read"]));
  });
});

/** Whom a read by the rule gives, of whom it says that it is not known, and who is known not to be active. */
async function whoIsActive(slapd: Slapd, active: ActiveConfig) {
  const source = ldapConfig({ url: [slapd.url], baseDn: [`ou=people,${suffix}`], filter: "(uid=*)" });
  const config = await resolveActive({ ...source, active }, now, signal, () => {});
  const told: (readonly [string, string])[] = [];
  const reading = openSource(
    [config],
    { attributes: ["cn"] },
    () => {},
    ({ dn }, why) => told.push([dn, why]),
  );
  const read: string[] = [];
  for await (const entries of reading.entries(signal)) read.push(...entries.map(({ dn }) => dn));
  const off: string[] = [];
  for await (const entries of inactiveEntries([config], { attributes: ["cn"] }, signal)) {
    off.push(...entries.map(({ dn }) => dn));
  }
  return { read, told, off };
}

describe("an attribute that is absent of those who are active, and that a directory hides from all", () => {
  const dnOf = (uid: string) => `uid=${uid},ou=people,${suffix}`;
  let hiding: Slapd;
  beforeAll(async () => {
    const people = [entry("anna", {}), entry("bert", { employeeType: "guest" })];
    const limits = ["access to attrs=pwdAccountLockedTime,nsAccountLock,krbPrincipalExpiration by * none"];
    hiding = await startSlapd({
      people: [baseLdif(), ...people].join(""),
      global: schema,
      overlays: ["ppolicy"],
      limits,
    });
  });
  afterAll(() => hiding?.stop());

  it.each<[ActiveConfig, string[], string[], string[], string]>([
    ["openldap", [], ["anna", "bert"], [], "pwdAccountLockedTime cannot be read"],
    ["389ds", [], ["anna", "bert"], [], "nsAccountLock cannot be read"],
    ["freeipa", [], ["anna", "bert"], [], "nsAccountLock cannot be read"],
    [{ and: ["389ds", "(employeeType=guest)"] }, [], ["bert"], ["anna"], "nsAccountLock cannot be read"],
    [{ or: ["389ds", "(employeeType=guest)"] }, ["bert"], [], [], ""],
  ])("by %j leaves it unknown who is active where nobody is read", async (rule, active, unknown, inactive, why) => {
    const { read, told, off } = await whoIsActive(hiding, rule);
    expect(read).toEqual(active.map(dnOf));
    expect(off).toEqual(inactive.map(dnOf));
    expect(told.sort()).toEqual(unknown.map((uid) => [dnOf(uid), why]));
  });

  it("leaves it unknown of a single entry too", async () => {
    const source = ldapConfig({ url: [hiding.url], baseDn: [`ou=people,${suffix}`] });
    const { active, ...config } = await resolveActive({ ...source, active: "389ds" }, now, signal, () => {});
    const inspection = await openInspection(config, signal);
    const anna = { dn: dnOf("anna"), attributes: new Map() };
    const verdict = active && (await judgeAsking(inspection, active.node, anna));
    inspection.close();
    expect(verdict).toEqual({ unknown: "nsAccountLock cannot be read" });
  });
});
