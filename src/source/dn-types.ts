/**
 * Other names of the attribute types that DNs are made of: numbers, and names that some servers write out (RFC 4514
 * section 3, RFC 4519 section 2; E is what Active Directory and X.500 tools write for emailAddress, RFC 2985).
 */
const otherNames = {
  cn: ["2.5.4.3", "commonname"],
  sn: ["2.5.4.4", "surname"],
  serialnumber: ["2.5.4.5"],
  c: ["2.5.4.6", "countryname"],
  l: ["2.5.4.7", "localityname"],
  st: ["2.5.4.8", "stateorprovincename", "s"],
  street: ["2.5.4.9", "streetaddress"],
  o: ["2.5.4.10", "organizationname"],
  ou: ["2.5.4.11", "organizationalunitname"],
  title: ["2.5.4.12"],
  givenname: ["2.5.4.42", "gn"],
  uid: ["0.9.2342.19200300.100.1.1", "userid"],
  mail: ["0.9.2342.19200300.100.1.3", "rfc822mailbox"],
  dc: ["0.9.2342.19200300.100.1.25", "domaincomponent"],
  emailaddress: ["1.2.840.113549.1.9.1", "e", "email"],
} as const satisfies Record<string, readonly string[]>;

const known: ReadonlyMap<string, string> = new Map(
  Object.entries(otherNames).flatMap(([name, others]) => others.map((other) => [other, name] as const)),
);

/** A type in the one form in which it equals its other names. */
export function normaliseType(type: string): string {
  const folded = type.toLowerCase();
  return known.get(folded) ?? folded;
}

// The numbers do not come by this way.
const longNames = [...known.keys()].filter((name) => /^[a-z]/.test(name)).join("|");
const hasOtherName = new RegExp(`(?:^|,)(?:${longNames})=`, "i");

/** Whether a DN without spaces around its separators names a type by one of its other names. */
export const usesOtherNames = (dn: string): boolean => hasOtherName.test(dn);
