import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { noCounts } from "../counts.ts";
import { startAdLimits } from "../servers/ad-limits.ts";
import type { DirectoryRecord } from "../servers/ldap-server.ts";
import { recordsIn } from "../servers/ldif.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { person } from "../servers/people.ts";
import { type Samba, startSamba } from "../servers/samba.ts";
import { everybody, kindOf, someOf } from "./accounts.ts";
import { runIn, testReading } from "./company.ts";
import {
  base,
  dnOf,
  epoch,
  groups,
  kinds,
  leaving,
  mayLogOn,
  move,
  records,
  rename,
  started,
  suffix,
} from "./domain.ts";
import { type Example, follow, misquotedIn, openExample } from "./example.ts";
import {
  differences,
  entriesBelow,
  firstOf,
  lowercase,
  nameIn,
  none,
  rowsWritten,
  tableOf,
  valuesOf,
} from "./reading.ts";

/** Active Directory as Samba has it: the example, and 3,000 people by its configuration. */

let samba: Samba;
let mariadb: Mariadb;
beforeAll(async () => {
  samba = await startSamba({ records });
  mariadb = await startMariadb({ args: ["--userstat=1"] });
});
afterAll(async () => {
  await samba?.stop();
  await mariadb?.stop();
});

const name = "active-directory";
const example = (): Promise<Example> =>
  openExample({
    name,
    password: samba.syncPassword,
    mariadb,
    here: {
      "ldaps://dc1.ad.example.com": samba.tlsUrl,
      "DC=ad,DC=example,DC=com": suffix,
      "@ad.example.com": "@ad.test",
    },
  });

/** objectGUID: the first three fields have their low byte first ([MS-DTYP] section 2.3.4.2). */
function guidOf({ attributes }: DirectoryRecord): string {
  const bytes = Buffer.from(attributes.objectGUID?.[0] ?? "");
  const field = (from: number, to: number) => bytes.subarray(from, to);
  const parts = [field(0, 4).reverse(), field(4, 6).reverse(), field(6, 8).reverse(), field(8, 10), field(10, 16)];
  return parts.map((part) => part.toString("hex")).join("-");
}

const never = ["0", "9223372036854775807"];

function expiryOf(entry: DirectoryRecord): Date | undefined {
  const value = firstOf(entry, "accountExpires");
  return value === null || never.includes(value) ? undefined : new Date(Number(BigInt(value) / 10_000n - epoch));
}

function mayUse(entry: DirectoryRecord): boolean {
  const classes = valuesOf(entry, "objectClass");
  if (!classes.includes("user") || classes.includes("computer")) return false;
  const isDisabled = Math.floor(Number(firstOf(entry, "userAccountControl")) / 2) % 2 === 1;
  return !isDisabled && (expiryOf(entry)?.getTime() ?? Number.POSITIVE_INFINITY) > started;
}

const rowOf = (entry: DirectoryRecord) => ({
  external_id: guidOf(entry),
  username: firstOf(entry, "sAMAccountName"),
  upn: firstOf(entry, "userPrincipalName"),
  email: lowercase(firstOf(entry, "mail")),
  display_name: firstOf(entry, "displayName"),
  manager: nameIn(firstOf(entry, "manager")),
  roles: rolesOf(entry),
  expires_at: expiryOf(entry)?.toISOString().slice(0, 19).replace("T", " ") ?? null,
  directory_dn: entry.dn,
  state: "active",
});

function rolesOf(entry: DirectoryRecord): string | null {
  const roles = valuesOf(entry, "memberOf").flatMap((dn) => /^CN=(app-[^,]*)/.exec(dn)?.[1] ?? []);
  return roles.length === 0 ? null : JSON.stringify(roles);
}

/** The rows that the directory calls for. */
async function calledFor() {
  const entries = await entriesBelow(samba, base, [
    ...["objectClass", "objectGUID", "sAMAccountName", "userPrincipalName", "mail", "displayName"],
    ...["manager", "memberOf", "userAccountControl", "accountExpires"],
  ]);
  return entries.filter(mayUse).map(rowOf);
}

describe("the example for Active Directory", () => {
  it("does and prints what its README says, command by command", async () => {
    const { says, found } = await follow(name, await example());
    expect(found).toEqual(says);
    expect(says.length).toBeGreaterThan(3);
  });

  it("is quoted by its README as it is", async () => {
    expect(await misquotedIn(name)).toEqual([]);
  });
});

describe("3,000 people in Active Directory", () => {
  const active = everybody.filter((index) => mayLogOn(kindOf(kinds, index)));
  let company: Example;
  beforeAll(async () => {
    company = await example();
    await company.configure({ baseDn: base });
  });
  const people = { example: () => company, mariadb: () => mariadb, active, calledFor };
  const run = runIn(people);
  const runWith = async (source: Readonly<Record<string, unknown>>, ...args: readonly string[]) => {
    await company.configure({ baseDn: base, ...source });
    return run(...args);
  };

  testReading(people);

  it("are updated where they were renamed or moved to another OU, and nowhere else", async () => {
    const { renamed, moved } = someOf(kinds);
    await samba.modify([...renamed.map(rename), ...moved.map(move)].join(""));
    const before = await rowsWritten(mariadb);
    const { counts, changes } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, updated: 12, unchanged: active.length - 12 });
    const written = changes.map(({ columns }) => [columns.directory_dn?.from, Object.keys(columns).sort()]);
    expect(Object.fromEntries(written)).toEqual({
      ...Object.fromEntries(renamed.map((i) => [dnOf(i), ["directory_dn", "display_name", "upn", "username"]])),
      ...Object.fromEntries(moved.map((i) => [dnOf(i), ["directory_dn"]])),
    });
    expect((await rowsWritten(mariadb)) - before).toBe(12);
    expect(differences(await calledFor(), await tableOf(mariadb))).toEqual(none);
  });

  it("are the same by auto, which says that it has recognised Active Directory", async () => {
    const named = await tableOf(mariadb);
    await company.empty();
    const { counts, notices } = await runWith({ active: "auto" }, "sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, inserted: active.length });
    expect(notices).toEqual([
      `${samba.tlsUrl} is Active Directory (supportedCapabilities 1.2.840.113556.1.4.800): who is active is judged by "active-directory"`,
    ]);
    expect(differences(named, await tableOf(mariadb))).toEqual(none);
  });

  it.each([
    { pageSize: 1000, entries: 1000 },
    { pageSize: 500, entries: 500 },
    { pageSize: 5000, entries: 1000 },
  ])("are all read by pages of $pageSize where the server gives no more than 1,000", async ({ pageSize, entries }) => {
    const proxy = await startAdLimits({ to: samba.tlsUrl });
    try {
      const { counts, error } = await runWith({ url: proxy.url, tls: undefined, pageSize }, "dry-run");
      expect([error, counts]).toEqual([null, { ...noCounts, read: active.length, unchanged: active.length }]);
      const pages = proxy.searches.filter(
        (search) => search.op === "search" && search.attributes.includes("sAMAccountName"),
      );
      expect(pages).toHaveLength(Math.ceil(active.length / entries));
    } finally {
      await proxy.stop();
    }
  });

  it("can be narrowed to the members of a group of 2,000, nested groups included", async () => {
    const members = active.filter((index) => index < 2000).length;
    const within = (rule: string, ...args: readonly string[]) =>
      runWith({ active: { and: ["active-directory", rule] } }, "dry-run", ...args);
    expect((await within(`(memberOf=CN=app-large,${groups})`)).counts).toMatchObject({ unchanged: members });
    // Samba follows the chain for each person anew.
    const nested = await within(`(memberOf:1.2.840.113556.1.4.1941:=CN=outer,${groups})`, "--filter", "(sn=Żak)");
    const some = active.filter((index) => index < 2000 && person(index).attributes.sn?.[0] === "Żak").length;
    expect([some > 0, nested.counts.unchanged]).toEqual([true, some]);
  });

  it("are without those who are locked out, where that is asked for", async () => {
    const locked = active.filter((index) => kindOf(kinds, index) === "locked out").length;
    const { counts } = await runWith({ active: { preset: "active-directory", lockout: true } }, "dry-run");
    expect(counts).toEqual({ ...noCounts, read: active.length - locked, unchanged: active.length - locked });
  });
});

it("people of Active Directory are read to the end where all of a page are deleted before it is fetched", async () => {
  const { work, env, configure } = await example();
  const entries = ["(objectClass=user)", "1.1"];
  const all = recordsIn(await samba.search(["-b", leaving, "-E", "pr=10/noprompt", ...entries])).map(({ dn }) => dn);
  const gone = all.slice(10, 20);
  let pages = 0;
  const proxy = await startAdLimits({
    to: samba.tlsUrl,
    beforeSearch: async (search) => {
      if (search.op !== "search" || !search.attributes.includes("sAMAccountName")) return;
      pages += 1;
      if (pages === 2) await samba.modify(gone.map((dn) => `dn: ${dn}\nchangetype: delete\n\n`).join(""));
    },
  });
  try {
    await configure({ baseDn: leaving, url: proxy.url, tls: undefined, pageSize: 10 });
    const { code, counts } = await work.json(["sync"], env);
    expect([code, counts]).toEqual([0, { ...noCounts, read: 20, inserted: 20 }]);
    const found = (await tableOf(mariadb)).map((row) => row.directory_dn);
    expect(new Set(found)).toEqual(new Set(all.filter((dn) => !gone.includes(dn))));
  } finally {
    await proxy.stop();
  }
});
