import { person } from "../servers/people.ts";

/** Who is in the directory of a soak, as far as changes need to know. */
export interface Member {
  /** Of `person`: who it was made from. */
  readonly index: number;
  uid: string;
  /** The organizational unit below ou=people; "" for ou=people itself. */
  branch: Branch;
  active: boolean;
  /** All values of `mail`. */
  mails: readonly string[];
  /** The attribute that has a value for which there is no room in its column, or which somebody else has. */
  spoilt: string | undefined;
}

export const branches = ["", "Zürich", "Lager, alt"] as const;
export type Branch = (typeof branches)[number];

export interface Company {
  readonly suffix: string;
  readonly members: Member[];
  /** Those whose entries were deleted, and who may come back. */
  readonly left: Member[];
  /** A number that nobody has had. */
  fresh(): number;
}

/** The people who are there in the beginning: those of `peopleLdif`. */
export function openCompany(suffix: string, count: number): Company {
  let next = count;
  return {
    suffix,
    members: Array.from({ length: count }, (_, index) => memberOf(index)),
    left: [],
    fresh: () => {
      next += 1;
      return next;
    },
  };
}

/** A person as `peopleLdif` has them. */
export function memberOf(index: number): Member {
  const { uid, active, attributes, dn } = person(index);
  const branch = dn.includes(",ou=Zürich,") ? "Zürich" : "";
  return { index, uid, branch, active, mails: attributes.mail ?? [], spoilt: undefined };
}

/** RFC 4514 section 2.4. */
const escaped = (value: string): string => value.replace(/[,+"\\<>;=]|^[ #]| $/g, (character) => `\\${character}`);

export const rdnOf = (uid: string): string => `uid=${escaped(uid)}`;

export const parentOf = (branch: Branch, { suffix }: Company): string =>
  `${branch === "" ? "" : `ou=${escaped(branch)},`}ou=people,${suffix}`;

export const dnOf = ({ uid, branch }: Member, company: Company): string => `${rdnOf(uid)},${parentOf(branch, company)}`;
