import type { ActivePreset } from "../config/active-schema.ts";
import { accountDisabled, accountExpires, accountType, lockedOut } from "./active-directory.ts";
import { accountLock, principalExpiration, unlockTime } from "./netscape.ts";
import { passwordPolicyLock } from "./password-policy.ts";
import type { Policies } from "./policies.ts";
import type { RuleNode } from "./rule.ts";
import { shadowExpire } from "./shadow.ts";

/** What a rule needs to know that the configuration does not say. */
export interface Facts {
  /** The instant to which dates are compared: one for the whole run. */
  readonly now: Date;
  /** The password policies of the directory. */
  readonly policies: Policies;
}

type Presets = {
  readonly [Name in ActivePreset["preset"]]: (
    options: Extract<ActivePreset, { preset: Name }>,
    facts: Facts,
  ) => readonly RuleNode[];
};

/** What each vendor means by an account that may be used: all parts must hold. */
export const presets = {
  "active-directory": ({ lockout, lockoutDuration }, { now }) => [
    { kind: "filter", filter: "(objectClass=user)" },
    accountType,
    accountDisabled,
    accountExpires(now),
    ...(lockout ? [lockedOut(now, lockoutDuration)] : []),
  ],
  openldap: ({ lockoutDuration }, { now, policies }) => [passwordPolicyLock(now, policies, lockoutDuration)],
  "389ds": ({ lockout }, { now }) => [accountLock, ...(lockout ? [unlockTime(now)] : [])],
  freeipa: (_, { now }) => [accountLock, principalExpiration(now)],
  shadow: ({ zero }, { now }) => [shadowExpire(now, zero)],
} satisfies Presets;

export function presetRule(options: ActivePreset, facts: Facts): RuleNode {
  const partsOf = presets[options.preset] as (options: ActivePreset, facts: Facts) => readonly RuleNode[];
  return { kind: "and", rules: partsOf(options, facts) };
}
