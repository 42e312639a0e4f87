import type { Entry } from "../entry.ts";
import { normaliseDn } from "../source/dn.ts";
import { parseFilter } from "../source/filter.ts";
import type { Inspection } from "../source/inspection.ts";
import { NoSuchObject } from "../source/result-codes.ts";

/** How long each password policy locks an account, in seconds, 0 for ever; by the DN, as `normaliseDn` gives it. */
export type Policies = ReadonlyMap<string, number>;

export const noPolicies: Policies = new Map();

/** The policies below these bases. They need not lie below those of the people. */
export async function readPolicies(inspection: Inspection, bases: readonly string[]): Promise<Policies> {
  const found = new Map<string, number>();
  for (const base of bases) {
    const query = { base, scope: "sub", filter: parseFilter("(objectClass=pwdPolicy)"), attributes } as const;
    try {
      for await (const entries of inspection.search(query)) {
        for (const entry of entries) found.set(normaliseDn(entry.dn), durationOf(entry));
      }
    } catch (error) {
      if (!(error instanceof NoSuchObject)) throw error;
    }
  }
  return found;
}

const attributes = ["pwdLockoutDuration"];

/** Without one, an account stays locked (draft-behera-ldap-password-policy section 5.2.11). */
const durationOf = (entry: Entry): number => Number(entry.attributes.get("pwdlockoutduration")?.[0] ?? 0) || 0;
