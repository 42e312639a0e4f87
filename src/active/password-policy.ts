import type { Entry } from "../entry.ts";
import { normaliseDn } from "../source/dn.ts";
import type { Policies } from "./policies.ts";
import type { Computed } from "./rule.ts";
import { instantOf, unreadable } from "./values.ts";

/** Locked until an administrator unlocks it (draft-behera-ldap-password-policy section 5.3.3). */
const forEver = "000001010000Z";

/**
 * OpenLDAP's ppolicy overlay: an account is locked from pwdAccountLockedTime on for the pwdLockoutDuration of its policy,
 * for ever where that is 0. A lock that has run out stays in the entry until the next bind. The policy is the one that
 * pwdPolicySubentry names. Which one is the default stands in the configuration of the server, which few may read: where
 * the policies give different answers, there is none.
 */
export const passwordPolicyLock = (now: Date, policies: Policies, configured: number | undefined): Computed => ({
  kind: "computed",
  words: "pwdAccountLockedTime is absent, or the lock has run out",
  attributes: ["pwdAccountLockedTime", "pwdPolicySubentry"],
  may: { active: `(!(pwdAccountLockedTime=${forEver}))`, inactive: "(pwdAccountLockedTime=*)" },
  hideable: "pwdAccountLockedTime",
  judge: (entry) => {
    const value = entry.attributes.get("pwdaccountlockedtime")?.[0];
    if (value === undefined) return "active";
    if (value === forEver) return "inactive";
    const lockedAt = instantOf(value);
    if (lockedAt === undefined) return unreadable("pwdAccountLockedTime", value, "not a time");
    const isOver = (seconds: number | undefined): boolean | undefined =>
      seconds === undefined ? undefined : seconds > 0 && lockedAt + seconds * 1000 <= now.getTime();
    const [over, ...others] = new Set(durationsFor(entry, policies, configured).map(isOver));
    if (over === undefined || others.length > 0) return durationUnknown;
    return over ? "active" : "inactive";
  },
});

const durationUnknown = {
  unknown: 'pwdAccountLockedTime is set, and no policy that can be read says for how long: set "lockoutDuration"',
};

/** That of the policy which the entry names, else what is configured, else those of all policies: one is the default. */
function durationsFor(
  { attributes }: Entry,
  policies: Policies,
  configured: number | undefined,
): readonly (number | undefined)[] {
  const name = attributes.get("pwdpolicysubentry")?.[0];
  const named = name === undefined ? undefined : policies.get(normaliseDn(name.toString("utf8")));
  const known = named ?? configured;
  if (known !== undefined) return [known];
  return name === undefined ? [...policies.values()] : [];
}
