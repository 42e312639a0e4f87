import { expect, it } from "vitest";
import { noCounts } from "../counts.ts";
import type { DirectoryRecord, LdapServer } from "../servers/ldap-server.ts";
import { dnOf, person, record, uidOf } from "../servers/people.ts";
import { everybody, kindOf, modrdn, someOf } from "./accounts.ts";
import { type Company, runIn, testReading } from "./company.ts";
import { differences, firstOf, lowercase, nameIn, none, rowsWritten, tableOf, valuesOf } from "./reading.ts";

/** People as OpenLDAP and 389 Directory Server have them: those of an example's README, and thousands apart from them. */

export const suffix = "dc=example,dc=com";
const companyDn = `ou=company,${suffix}`;
export const base = `ou=people,${companyDn}`;

type Kinds = Readonly<Record<string, DirectoryRecord["attributes"]>>;

const unit = (dn: string): string =>
  record(dn, { objectClass: ["organizationalUnit"], ou: [/^ou=([^,]+)/.exec(dn)?.[1] ?? ""] });

/** The suffix, the people of the README, and everybody with what their kind of account says. */
export function* directoryLdif(readmePeople: readonly string[], kinds: Kinds): Generator<string> {
  yield record(suffix, { objectClass: ["dcObject", "organization"], o: ["Example"], dc: ["example"] });
  yield* [`ou=people,${suffix}`, companyDn, base, `ou=Zürich,${base}`].map(unit);
  yield* readmePeople;
  for (const index of everybody) {
    const kind = kindOf(kinds, index);
    yield record(dnOf(index, companyDn), {
      ...person(index, { suffix: companyDn }).attributes,
      ...(kind && kinds[kind]),
    });
  }
}

/** A person of a README. */
export const employee = (name: string, more: DirectoryRecord["attributes"] = {}): string => {
  const [given = "", sn = ""] = name.split(" ");
  const uid = given.toLowerCase();
  return record(`uid=${uid},ou=people,${suffix}`, {
    ...{ objectClass: ["inetOrgPerson"], uid: [uid], cn: [name], sn: [sn], displayName: [name] },
    mail: [`${name.replace(" ", ".")}@example.com`],
    ...more,
  });
};

/** The row that an entry calls for. */
export const rowOf = (externalId: string) => (entry: DirectoryRecord) => ({
  external_id: firstOf(entry, externalId),
  username: firstOf(entry, "uid"),
  email: lowercase(firstOf(entry, "mail")),
  display_name: firstOf(entry, "displayName"),
  phones: valuesOf(entry, "telephoneNumber").join("; ") || null,
  manager: nameIn(firstOf(entry, "manager")),
  state: "active",
});

export const attributesRead = ["uid", "mail", "displayName", "telephoneNumber", "manager"] as const;

/** What the examples call their directory, and what it is here. */
export const here = (server: LdapServer) => ({ "ldaps://ldap.example.com": server.tlsUrl });

const where = (index: number): string => dnOf(index, companyDn);

const rename = (index: number): string => modrdn(where(index), `uid=renamed${index}`);

const move = (index: number): string => modrdn(where(index), `uid=${uidOf(index)}`, `ou=Zürich,${base}`);

interface People extends Company {
  readonly server: () => LdapServer;
  readonly kinds: Kinds;
  /** As the program calls the server that it has recognised, by what, and the preset that it takes. */
  readonly vendor: { readonly name: string; readonly by: string; readonly preset: string };
}

/** What is to be so of both directories. */
export function testPeople(people: People): void {
  const { active, calledFor, example, kinds, mariadb, server, vendor } = people;
  const run = runIn(people);

  testReading(people);

  it("are the same rows when they are renamed or moved to another branch: the new names alone are written", async () => {
    const { renamed, moved } = someOf(kinds);
    await server().modify([...renamed.map(rename), ...moved.map(move)].join(""));
    const before = await rowsWritten(mariadb());
    const { counts, changes } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, updated: 6, unchanged: active.length - 6 });
    expect(new Set(changes.map(({ columns }) => columns))).toEqual(
      new Set(renamed.map((index) => ({ username: { from: uidOf(index), to: `renamed${index}` } }))),
    );
    expect((await rowsWritten(mariadb())) - before).toBe(6);
    expect(differences(await calledFor(), await tableOf(mariadb()))).toEqual(none);
  });

  it(`are the same by auto, which says that it has recognised ${vendor.name}`, async () => {
    const named = await tableOf(mariadb());
    await example().empty();
    await example().configure({ baseDn: base, active: "auto" });
    const { counts, notices } = await run("sync");
    expect(counts).toEqual({ ...noCounts, read: active.length, inserted: active.length });
    expect(notices).toEqual([
      `${server().tlsUrl} is ${vendor.name} (${vendor.by}): who is active is judged by "${vendor.preset}"`,
    ]);
    expect(differences(named, await tableOf(mariadb()))).toEqual(none);
  });
}
