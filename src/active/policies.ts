import type { Entry } from "../entry.ts";
import { normaliseDn } from "../source/dn.ts";
import { parseFilter } from "../source/filter.ts";
import type { Inspection } from "../source/inspection.ts";
import { NoSuchObject } from "../source/result-codes.ts";
import { hides } from "./judged.ts";

/**
 * How long each password policy locks an account, in seconds, 0 for ever, `undefined` where that is hidden; by the DN, as
 * `normaliseDn` gives it.
 */
export type Policies = ReadonlyMap<string, number | undefined>;

export const noPolicies: Policies = new Map();

/** The policies below these bases. They need not lie below those of the people. */
export async function readPolicies(inspection: Inspection, bases: readonly string[]): Promise<Policies> {
  const found: Entry[] = [];
  for (const base of bases) {
    const query = { base, scope: "sub", filter: parseFilter("(objectClass=pwdPolicy)"), attributes } as const;
    try {
      for await (const entries of inspection.search(query)) {
        found.push(...entries);
      }
    } catch (error) {
      if (!(error instanceof NoSuchObject)) throw error;
    }
  }
  const policies = new Map<string, number | undefined>();
  for (const entry of found) policies.set(normaliseDn(entry.dn), await durationOf(entry, inspection));
  return policies;
}

const attribute = "pwdLockoutDuration";
const attributes = [attribute];

/** Without one, an account stays locked (draft-behera-ldap-password-policy section 5.2.11). */
async function durationOf(entry: Entry, inspection: Inspection): Promise<number | undefined> {
  const value = entry.attributes.get(attribute.toLowerCase())?.[0];
  if (value !== undefined) return Number(value) || 0;
  return (await hides(inspection, entry, attribute)) ? undefined : 0;
}
