import type { DirectoryRecord, LdapServer } from "../servers/ldap-server.ts";
import { dnOf, person, record, uidOf } from "../servers/people.ts";
import { everybody, kindOf, modrdn } from "./accounts.ts";
import { firstOf, lowercase, nameIn, valuesOf } from "./reading.ts";

/** People as OpenLDAP and 389 Directory Server have them: those of an example's README, and thousands apart from them. */

export const suffix = "dc=example,dc=com";
const company = `ou=company,${suffix}`;
export const base = `ou=people,${company}`;

type Kinds = Readonly<Record<string, DirectoryRecord["attributes"]>>;

const unit = (dn: string): string =>
  record(dn, { objectClass: ["organizationalUnit"], ou: [/^ou=([^,]+)/.exec(dn)?.[1] ?? ""] });

/** The suffix, the people of the README, and everybody with what their kind of account says. */
export function* directoryLdif(readmePeople: readonly string[], kinds: Kinds): Generator<string> {
  yield record(suffix, { objectClass: ["dcObject", "organization"], o: ["Example"], dc: ["example"] });
  yield* [`ou=people,${suffix}`, company, base, `ou=Zürich,${base}`].map(unit);
  yield* readmePeople;
  for (const index of everybody) {
    const kind = kindOf(kinds, index);
    yield record(dnOf(index, company), {
      ...person(index, { suffix: company }).attributes,
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

export const noCounts = {
  ...{ read: 0, inserted: 0, updated: 0, unchanged: 0 },
  ...{ reactivated: 0, deactivated: 0, rejected: 0 },
};

const where = (index: number): string => dnOf(index, company);

export const rename = (index: number): string => modrdn(where(index), `uid=renamed${index}`);

export const move = (index: number): string => modrdn(where(index), `uid=${uidOf(index)}`, `ou=Zürich,${base}`);
