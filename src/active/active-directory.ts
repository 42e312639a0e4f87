import type { AttributeValue } from "../entry.ts";
import { type Computed, required, type Verdict } from "./rule.ts";
import { unreadable, wholeNumber } from "./values.ts";

/** Active Directory: [MS-ADTS] section 2.2.16 (bits), [MS-ADA1] section 2.2 (accountExpires). */

const bitAnd = "1.2.840.113556.1.4.803";
const bitOr = "1.2.840.113556.1.4.804";
/** A number of more than 32 bits. */
const beyond = 1n << 40n;

const accountControl = {
  attribute: "userAccountControl",
  isValue: (value: AttributeValue) => BigInt.asIntN(32, wholeNumber(value) ?? beyond) === wholeNumber(value),
  expects: "a number of 32 bits",
} as const;

/** ACCOUNTDISABLE, 0x2, whatever the other bits. */
export const accountDisabled = required({
  ...accountControl,
  filter: `(!(userAccountControl:${bitAnd}:=2))`,
  words: "ACCOUNTDISABLE is not set",
});

/**
 * Computers and the accounts of trusts have the object class of a user: INTERDOMAIN_, WORKSTATION_ and
 * SERVER_TRUST_ACCOUNT, 0x800, 0x1000 and 0x2000, tell them apart.
 */
export const accountType = required({
  ...accountControl,
  filter: `(!(userAccountControl:${bitOr}:=14336))`,
  words: "the account is not a computer's or a trust's",
});

const never = 0x7fffffffffffffffn;

/** Ticks of 100 ns since 1601 ([MS-DTYP] section 2.3.3), beyond the 53 bits of a number. */
const ticksOf = (instant: Date): bigint => (BigInt(instant.getTime()) + 11_644_473_600_000n) * 10_000n;

/** The first instant of not being allowed in; 0 and 0x7FFFFFFFFFFFFFFF are never. A directory compares by number. */
export function accountExpires(now: Date): Computed {
  const ticks = ticksOf(now);
  const later = `(accountExpires>=${ticks + 1n})`;
  return {
    kind: "computed",
    words: `the account has not expired at ${now.toISOString()}`,
    attributes: ["accountExpires"],
    may: {
      active: `(|(!(accountExpires=*))(accountExpires=0)(accountExpires=${never})${later})`,
      inactive: "(accountExpires=*)",
    },
    hideable: "accountExpires",
    judge: ({ attributes }) => {
      const value = attributes.get("accountexpires")?.[0];
      if (value === undefined) return "active";
      const expires = wholeNumber(value);
      if (expires === undefined) return unreadable("accountExpires", value, "not a number");
      return expires === 0n || expires > ticks ? "active" : "inactive";
    },
  };
}

/** UF_LOCKOUT of msDS-User-Account-Control-Computed ([MS-ADA2]): the directory knows the policy, but no filter may ask it. */
const lockoutBit = 0x10n;

/**
 * An account that too many wrong passwords have locked. Where the computed attribute is not there (a file, a global
 * catalogue), lockoutTime and the configured duration decide.
 */
export const lockedOut = (now: Date, duration: number | undefined): Computed => ({
  kind: "computed",
  words: "not locked out, or the lock has run out",
  attributes: ["msDS-User-Account-Control-Computed", "lockoutTime"],
  may: { active: true, inactive: "(lockoutTime=*)" },
  judge: ({ attributes }) => {
    const computed = wholeNumber(attributes.get("msds-user-account-control-computed")?.[0]);
    if (computed !== undefined) return (computed & lockoutBit) === 0n ? "active" : "inactive";
    return byLockoutTime(attributes.get("lockouttime")?.[0], now, duration);
  },
});

function byLockoutTime(value: AttributeValue | undefined, now: Date, duration: number | undefined): Verdict {
  if (value === undefined || value === "0") return "active";
  const lockedAt = wholeNumber(value);
  if (lockedAt === undefined) return unreadable("lockoutTime", value, "not a number");
  // A duration of 0 is one without an end.
  if (duration === 0) return "inactive";
  if (duration === undefined) {
    return {
      unknown:
        "lockoutTime is set, and msDS-User-Account-Control-Computed, which tells whether it has run out, cannot be read",
    };
  }
  return lockedAt + BigInt(duration) * 10_000_000n > ticksOf(now) ? "inactive" : "active";
}
