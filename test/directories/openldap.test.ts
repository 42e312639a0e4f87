import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run as runCommand } from "../servers/command.ts";
import { type DirectoryRecord, toolCommand, toolEnv } from "../servers/ldap-server.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { record } from "../servers/people.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import { everybody, kindOf } from "./accounts.ts";
import { blocksIn, type Example, follow, misquotedIn, openExample, readmeOf } from "./example.ts";
import { attributesRead, base, directoryLdif, employee, here, rowOf, suffix, testPeople } from "./inetorgperson.ts";
import { entriesBelow, firstOf } from "./reading.ts";

/** OpenLDAP with its password policy: the example, and 3,000 people by its configuration. */

const hour = 3_600_000;
const lockoutDuration = hour;
const started = Date.now();

/** generalizedTime in whole seconds. */
const time = (milliseconds: number): string => `${new Date(milliseconds).toISOString().replace(/[-:T]|\..*/g, "")}Z`;

const kinds = {
  "locked for ever": { pwdAccountLockedTime: ["000001010000Z"] },
  "locked a minute ago": { pwdAccountLockedTime: [time(started - hour / 60)] },
  "a lock that has run out": { pwdAccountLockedTime: [time(started - 2 * hour)] },
  "a lock that ran out years ago": { pwdAccountLockedTime: ["20200101000000Z"] },
} as const;

const mayUse = (kind: keyof typeof kinds | undefined): boolean => !/^locked/.test(kind ?? "");

const policies = [
  record(`ou=policies,${suffix}`, { objectClass: ["organizationalUnit"], ou: ["policies"] }),
  record(`cn=default,ou=policies,${suffix}`, {
    ...{ objectClass: ["device", "pwdPolicy"], cn: ["default"], pwdAttribute: ["userPassword"] },
    ...{ pwdLockout: ["TRUE"], pwdMaxFailure: ["5"], pwdLockoutDuration: [String(lockoutDuration / 1000)] },
  }),
];

const readmePeople = [
  ...policies,
  employee("Anna Larsson", {
    telephoneNumber: ["+46 40 123", "+46 40 100"],
    manager: [`uid=dora,ou=people,${suffix}`],
  }),
  employee("Bert Ek", kinds["locked for ever"]),
  employee("Carl Dahl", kinds["locked a minute ago"]),
  employee("Dora Nilsson", kinds["a lock that ran out years ago"]),
];

const name = "openldap";
const config = { dn: "cn=config", password: "config-password" };

let slapd: Slapd;
let mariadb: Mariadb;
let password: string;
beforeAll(async () => {
  slapd = await startSlapd({
    people: directoryLdif(readmePeople, kinds),
    overlays: ["ppolicy"],
    tls: true,
    global: ["database config", `rootpw ${config.password}`],
    // What slapd gives at most unless told; and nobody may read anything until the README is followed.
    limits: ["sizelimit 500", "access to attrs=userPassword by anonymous auth by * none", "access to * by * none"],
  });
  mariadb = await startMariadb({ args: ["--userstat=1"] });
  const [account = "", rights = ""] = blocksIn(await readmeOf(name), "ldif");
  await slapd.modify(account);
  await runCommand(toolCommand("ldapmodify", slapd.url, config), { input: rights, env: toolEnv() });
  password = /^userPassword: (.*)$/m.exec(account)?.[1] ?? "";
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

const example = (): Promise<Example> => openExample({ name, password, mariadb, here: here(slapd) });

/** The time of a lock, in seconds alone. */
function lockedAt(entry: DirectoryRecord): number | undefined {
  const [, year, month, day, hours, minutes, seconds] =
    /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z$/.exec(firstOf(entry, "pwdAccountLockedTime") ?? "") ?? [];
  return year === undefined ? undefined : Date.parse(`${year}-${month}-${day}T${hours}:${minutes}:${seconds}Z`);
}

function isUnlocked(entry: DirectoryRecord): boolean {
  const lock = firstOf(entry, "pwdAccountLockedTime");
  if (lock === null) return true;
  return lock !== "000001010000Z" && (lockedAt(entry) ?? Number.NaN) + lockoutDuration < started;
}

async function calledFor() {
  const asked = ["entryUUID", "pwdAccountLockedTime", ...attributesRead];
  const people = (await entriesBelow(slapd, base, asked)).filter((entry) => firstOf(entry, "uid") !== null);
  return people.filter(isUnlocked).map(rowOf("entryUUID"));
}

describe("the example for OpenLDAP", () => {
  it("does and prints what its README says, command by command", async () => {
    const { says, found } = await follow(name, await example());
    expect(found).toEqual(says);
    expect(says.length).toBeGreaterThan(3);
  });

  it("is quoted by its README as it is", async () => {
    expect(await misquotedIn(name)).toEqual([]);
  });
});

describe("3,000 people in OpenLDAP", () => {
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
    server: () => slapd,
    kinds,
    vendor: { name: "OpenLDAP", by: "objectClass OpenLDAProotDSE", preset: "openldap" },
  };

  testPeople(people);
});
