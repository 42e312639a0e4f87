import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noCounts } from "../counts.ts";
import { type Ds389, startDs389 } from "../servers/ds389.ts";
import type { DirectoryRecord } from "../servers/ldap-server.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { record } from "../servers/people.ts";
import { everybody, kindOf } from "./accounts.ts";
import { runIn } from "./company.ts";
import { blocksIn, type Example, follow, misquotedIn, openExample, readmeOf } from "./example.ts";
import { attributesRead, base, directoryLdif, employee, here, rowOf, suffix, testPeople } from "./inetorgperson.ts";
import { entriesBelow, firstOf } from "./reading.ts";

/** 389 Directory Server: the example, and 3,000 people by its configuration. */

/** generalizedTime in whole seconds. */
const inHours = (hours: number): string =>
  `${new Date(Date.now() + hours * 3_600_000).toISOString().replace(/[-:T]|\..*/g, "")}Z`;

const disabledRole = `cn=nsManagedDisabledRole,${suffix}`;

/** A class of service gives nsAccountLock to whoever has the role: as the server's own tools make it. */
const lockingRole = [
  record(disabledRole, {
    objectClass: ["LDAPsubentry", "nsRoleDefinition", "nsSimpleRoleDefinition", "nsManagedRoleDefinition"],
    cn: ["nsManagedDisabledRole"],
  }),
  record(`cn=nsAccountInactivationTmp,${suffix}`, { objectClass: ["nsContainer"], cn: ["nsAccountInactivationTmp"] }),
  record(`cn="${disabledRole}",cn=nsAccountInactivationTmp,${suffix}`, {
    objectClass: ["extensibleObject", "costemplate", "ldapsubentry"],
    cn: [disabledRole],
    cosPriority: ["0"],
    nsAccountLock: ["true"],
  }),
  record(`cn=nsAccountInactivation_cos,${suffix}`, {
    objectClass: ["LDAPsubentry", "cosSuperDefinition", "cosClassicDefinition"],
    cn: ["nsAccountInactivation_cos"],
    cosTemplateDn: [`cn=nsAccountInactivationTmp,${suffix}`],
    cosSpecifier: ["nsRole"],
    cosAttribute: ["nsAccountLock operational"],
  }),
];

const kinds = {
  locked: { nsAccountLock: ["TRUE"] },
  "locked, written otherwise": { nsAccountLock: ["true"] },
  "locked by a role": { nsRoleDN: [disabledRole] },
  "unlocked again": { nsAccountLock: ["FALSE"] },
  "locked out": { accountUnlockTime: [inHours(24)] },
  "locked out until an administrator unlocks": { accountUnlockTime: ["19700101000000Z"] },
  "a lock-out that has run out": { accountUnlockTime: [inHours(-24)] },
} as const;

type Kind = keyof typeof kinds;

const mayUse = (kind: Kind | undefined): boolean => !/^locked(,| by|$)/.test(kind ?? "");

const readmePeople = [
  ...lockingRole,
  employee("Anna Larsson", {
    telephoneNumber: ["+46 40 123", "+46 40 100"],
    manager: [`uid=dora,ou=people,${suffix}`],
  }),
  employee("Bert Ek", kinds.locked),
  employee("Carl Dahl", kinds["unlocked again"]),
  employee("Dora Nilsson", kinds["locked out"]),
];

const name = "389ds";

let ds: Ds389;
let mariadb: Mariadb;
let password: string;
beforeAll(async () => {
  ds = await startDs389({
    people: directoryLdif(readmePeople, kinds),
    // Few entries for a search, and nobody may read anything of a person, until the README is followed.
    config: { "nsslapd-sizelimit": "2" },
    hidden: ["objectClass", "nsUniqueId", "nsAccountLock", ...attributesRead],
  });
  mariadb = await startMariadb({ args: ["--userstat=1"] });
  const [changes = ""] = blocksIn(await readmeOf(name), "ldif");
  await ds.modify(changes);
  password = /^userPassword: (.*)$/m.exec(changes)?.[1] ?? "";
});
afterAll(async () => {
  await ds?.stop();
  await mariadb?.stop();
});

const example = (): Promise<Example> => openExample({ name, password, mariadb, here: here(ds) });

const isUnlocked = (entry: DirectoryRecord): boolean => firstOf(entry, "nsAccountLock")?.toUpperCase() !== "TRUE";

async function calledFor() {
  const asked = ["nsUniqueId", "nsAccountLock", ...attributesRead];
  const people = (await entriesBelow(ds, base, asked)).filter((entry) => firstOf(entry, "uid") !== null);
  return people.filter(isUnlocked).map(rowOf("nsUniqueId"));
}

describe("the example for 389 Directory Server", () => {
  it("does and prints what its README says, command by command", async () => {
    const { says, found } = await follow(name, await example());
    expect(found).toEqual(says);
    expect(says.length).toBeGreaterThan(3);
  });

  it("is quoted by its README as it is", async () => {
    expect(await misquotedIn(name)).toEqual([]);
  });
});

describe("3,000 people in 389 Directory Server", () => {
  const active = everybody.filter((index) => mayUse(kindOf(kinds, index)));
  let company: Example;
  beforeAll(async () => {
    company = await example();
    await company.configure({ baseDn: base });
  });
  const people = {
    example: () => company,
    mariadb: () => mariadb,
    active,
    calledFor,
    server: () => ds,
    kinds,
    vendor: { name: "389 Directory Server", by: "vendorName 389 Project", preset: "389ds" },
  };

  testPeople(people);

  const run = runIn(people);

  it("are without those who are locked out, where that is asked for", async () => {
    const locked = active.filter((index) => /^locked out/.test(kindOf(kinds, index) ?? "")).length;
    await company.configure({ baseDn: base, active: { preset: "389ds", lockout: true } });
    const { counts } = await run("dry-run");
    expect(counts).toEqual({ ...noCounts, read: active.length - locked, unchanged: active.length - locked });
  });
});
