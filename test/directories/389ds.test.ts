import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Ds389, startDs389 } from "../servers/ds389.ts";
import type { DirectoryRecord } from "../servers/ldap-server.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { record, uidOf } from "../servers/people.ts";
import { everybody, kindOf, someOf } from "./accounts.ts";
import { blocksIn, type Example, follow, misquotedIn, openExample, readmeOf } from "./example.ts";
import {
  attributesRead,
  base,
  directoryLdif,
  employee,
  here,
  move,
  noCounts,
  rename,
  rowOf,
  suffix,
} from "./inetorgperson.ts";
import { differences, entriesBelow, firstOf, none, rowsWritten, tableOf } from "./reading.ts";

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
  const run = async (...args: readonly string[]) => company.work.json(args, company.env);

  it("are in the table as an independent reading finds them", async () => {
    const { code, counts, unknown, warnings } = await run("sync");
    expect({ code, counts, unknown, warnings }).toEqual({
      code: 0,
      counts: { ...noCounts, read: active.length, inserted: active.length },
      unknown: [],
      warnings: [],
    });
    const rows = await calledFor();
    expect(differences(rows, await tableOf(mariadb))).toEqual(none);
    expect(rows).toHaveLength(active.length);
  });

  it("cause no write in the second run, as the database counts it", async () => {
    const before = await rowsWritten(mariadb);
    const { counts } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, unchanged: active.length });
    expect(await rowsWritten(mariadb)).toBe(before);
    expect(before).toBeGreaterThanOrEqual(active.length);
  });

  it("are the same rows when they are renamed or moved to another branch: the new names alone are written", async () => {
    const { renamed, moved } = someOf(kinds);
    await ds.modify([...renamed.map(rename), ...moved.map(move)].join(""));
    const before = await rowsWritten(mariadb);
    const { counts, changes } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, updated: 6, unchanged: active.length - 6 });
    expect(new Set(changes.map(({ columns }) => columns))).toEqual(
      new Set(renamed.map((index) => ({ username: { from: uidOf(index), to: `renamed${index}` } }))),
    );
    expect((await rowsWritten(mariadb)) - before).toBe(6);
    expect(differences(await calledFor(), await tableOf(mariadb))).toEqual(none);
  });

  it("are the same by auto, which says that it has recognised 389 Directory Server", async () => {
    const named = await tableOf(mariadb);
    await company.empty();
    await company.configure({ baseDn: base, active: "auto" });
    const { counts, notices } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, inserted: active.length });
    expect(notices).toEqual([
      `${ds.tlsUrl} is 389 Directory Server (vendorName 389 Project): who is active is judged by "389ds"`,
    ]);
    expect(differences(named, await tableOf(mariadb))).toEqual(none);
  });

  it("are without those who are locked out, where that is asked for", async () => {
    const locked = active.filter((index) => /^locked out/.test(kindOf(kinds, index) ?? "")).length;
    await company.configure({ baseDn: base, active: { preset: "389ds", lockout: true } });
    const { counts } = await run("dry-run");
    expect(counts).toEqual({ ...noCounts, read: active.length - locked, unchanged: active.length - locked });
  });
});
