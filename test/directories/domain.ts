import type { DirectoryRecord } from "../servers/ldap-server.ts";
import { person } from "../servers/people.ts";
import { everybody, kindOf, modrdn } from "./accounts.ts";

/** What a domain of Active Directory holds: the people of the example's README, and thousands apart from them. */

export const suffix = "DC=ad,DC=test";
export const base = `OU=Company,${suffix}`;
export const groups = `OU=Groups,${suffix}`;
/** 30 people, of whom some are deleted while they are read. */
export const leaving = `OU=Leaving,${suffix}`;

/** FILETIME: ticks of 100 ns since 1601. */
export const epoch = 11_644_473_600_000n;
const ticks = (milliseconds: number): string => String((BigInt(milliseconds) + epoch) * 10_000n);
const hour = 3_600_000;
export const started = Date.now();

/** What sets an account apart from an enabled one; [] is absent. */
export const kinds = {
  disabled: { userAccountControl: ["514"] },
  "disabled, with a password that never expires": { userAccountControl: ["66050"] },
  expired: { accountExpires: [ticks(started - 24 * hour)] },
  "expires tomorrow": { accountExpires: [ticks(started + 24 * hour)] },
  "never expires: absent": { accountExpires: [] },
  "never expires: 0": { accountExpires: ["0"] },
  "never expires: 0x7FFFFFFFFFFFFFFF": { accountExpires: ["9223372036854775807"] },
  "locked out": { lockoutTime: [ticks(started)] },
  "was locked out a year ago": { lockoutTime: [ticks(started - 365 * 24 * hour)] },
} as const;

type Kind = keyof typeof kinds;

export const mayLogOn = (kind: Kind | undefined): boolean => !/^(disabled|expired$)/.test(kind ?? "");

/** `CN=Larsson\, Eva 7`: what is in the names of people is escaped in a DN. */
export const dnOf = (index: number): string => {
  const cn = `${person(index).attributes.displayName?.[0]} ${index}`.replaceAll(",", "\\,");
  return `CN=${cn},${index % 40 === 7 ? "OU=Zürich," : ""}${base}`;
};

function user(index: number): DirectoryRecord {
  const { uid, attributes } = person(index);
  const { sn = [], displayName = [], mail = [] } = attributes;
  const kind = kindOf(kinds, index);
  return {
    dn: dnOf(index),
    attributes: {
      objectClass: ["user"],
      sAMAccountName: [uid],
      userPrincipalName: [`${uid}@ad.test`],
      userAccountControl: ["512"],
      ...{ sn, displayName, mail: mail.slice(0, 1) },
      ...(index > 0 && { manager: [dnOf(Math.floor(index / 10))] }),
      ...(kind && kinds[kind]),
    },
  };
}

const unit = (dn: string): DirectoryRecord => ({ dn, attributes: { objectClass: ["organizationalUnit"] } });

const group = (name: string, member: readonly string[]): DirectoryRecord => ({
  dn: `CN=${name},${groups}`,
  attributes: { objectClass: ["group"], sAMAccountName: [name], member },
});

/** The people of the example's README. */
const staff = `OU=Staff,${suffix}`;
const employee = (name: string, more: DirectoryRecord["attributes"] = {}, unit: string = staff): DirectoryRecord => {
  const uid = name.split(" ")[0]?.toLowerCase() ?? "";
  return {
    dn: `CN=${name},${unit}`,
    attributes: {
      objectClass: ["user"],
      sAMAccountName: [uid],
      userPrincipalName: [`${uid}@ad.test`],
      displayName: [name],
      mail: [`${name.replace(" ", ".")}@example.com`],
      userAccountControl: ["512"],
      ...more,
    },
  };
};

export const records: readonly DirectoryRecord[] = [
  ...[groups, staff, leaving, base, `OU=Zürich,${base}`].map(unit),
  group("app-wiki", [`CN=Anna Larsson,${staff}`, `CN=Emil Borg,${staff}`]),
  group("app-mail", [`CN=Anna Larsson,${staff}`]),
  group("Everybody in Malmö", [`CN=Anna Larsson,${staff}`]),
  group("outer", [`CN=app-large,${groups}`]),
  group("app-large", everybody.slice(0, 2000).map(dnOf)),
  employee("Anna Larsson", { manager: [`CN=Dora Nilsson,${staff}`] }),
  employee("Bert Ek", { userAccountControl: ["514"] }),
  employee("Carl Dahl", { accountExpires: [ticks(Date.UTC(2020, 0, 1))] }),
  employee("Dora Nilsson", { accountExpires: [ticks(Date.UTC(2099, 0, 1))] }),
  employee("Emil Borg", { lockoutTime: [ticks(started)] }),
  { dn: `CN=Printer,${staff}`, attributes: { objectClass: ["contact"], mail: ["printer@example.com"] } },
  ...Array.from({ length: 30 }, (_, index) => employee(`Leaver${index} Borg`, {}, leaving)),
  ...everybody.map(user),
  { dn: `CN=Fax,${base}`, attributes: { objectClass: ["contact"], mail: ["fax@example.com"] } },
  {
    dn: `CN=PC1,${base}`,
    attributes: { objectClass: ["computer"], sAMAccountName: ["PC1$"], userAccountControl: ["4096"] },
  },
];

export const rename = (index: number): string =>
  modrdn(dnOf(index), `CN=Renamed ${index}`) +
  [
    ...[`dn: CN=Renamed ${index},${base}`, "changetype: modify"],
    ...["replace: sAMAccountName", `sAMAccountName: renamed${index}`, "-"],
    ...["replace: userPrincipalName", `userPrincipalName: renamed${index}@ad.test`, "-"],
    ...["replace: displayName", `displayName: Renamed ${index}`, "-", "", ""],
  ].join("\n");

export const move = (index: number): string =>
  modrdn(dnOf(index), dnOf(index).replace(/,OU=.*/, ""), `OU=Zürich,${base}`);
