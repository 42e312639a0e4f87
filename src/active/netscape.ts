import type { AttributeValue, Entry } from "../entry.ts";
import type { Computed, Verdict } from "./rule.ts";
import { instantOf, secondAfter, unreadable } from "./values.ts";

/** 389 Directory Server and what is built on it: Red Hat Directory Server, FreeIPA. */

/**
 * Set by an administrator, or by a role (nsManagedDisabledRole) through a class of service. A filter need not see what
 * a class of service gives, so that entries that pass are judged by their value once more.
 */
export const accountLock: Computed = {
  kind: "computed",
  words: "nsAccountLock is absent or FALSE",
  attributes: ["nsAccountLock"],
  may: { active: "(!(nsAccountLock=TRUE))", inactive: "(nsAccountLock=*)" },
  hideable: "nsAccountLock",
  judge: ({ attributes }) => {
    const values = attributes.get("nsaccountlock");
    return values === undefined ? "active" : byLock(values);
  },
};

function byLock(values: readonly AttributeValue[]): Verdict {
  const texts = values.map((value) => value.toString("utf8").toLowerCase());
  if (texts.includes("true")) return "inactive";
  const other = values.find((_, at) => texts[at] !== "false");
  return other === undefined ? "active" : unreadable("nsAccountLock", other, "neither TRUE nor FALSE");
}

/** Too many wrong passwords; 1970 means that only an administrator can unlock it. */
export const unlockTime = (now: Date): Computed => ({
  kind: "computed",
  words: "accountUnlockTime is absent or has come",
  attributes: ["accountUnlockTime"],
  may: { active: true, inactive: "(accountUnlockTime=*)" },
  judge: (entry) => byInstant(entry, "accountUnlockTime", (unlocked) => unlocked !== 0 && unlocked <= now.getTime()),
});

/** FreeIPA: the first instant at which the Kerberos principal is no longer let in. */
export const principalExpiration = (now: Date): Computed => ({
  kind: "computed",
  words: "krbPrincipalExpiration is absent or later than now",
  attributes: ["krbPrincipalExpiration"],
  may: {
    active: `(|(!(krbPrincipalExpiration=*))(krbPrincipalExpiration>=${secondAfter(now)}))`,
    inactive: "(krbPrincipalExpiration=*)",
  },
  hideable: "krbPrincipalExpiration",
  judge: (entry) => byInstant(entry, "krbPrincipalExpiration", (expires) => expires > now.getTime()),
});

function byInstant({ attributes }: Entry, attribute: string, isActive: (milliseconds: number) => boolean): Verdict {
  const value = attributes.get(attribute.toLowerCase())?.[0];
  if (value === undefined) return "active";
  const instant = instantOf(value);
  if (instant === undefined) return unreadable(attribute, value, "not a time");
  return isActive(instant) ? "active" : "inactive";
}
