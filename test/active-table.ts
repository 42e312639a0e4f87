import type { ActiveConfig } from "../src/config/active-schema.ts";

/** Who is active by which preset, at one instant: judged by the program alone, and by directories. */

export const now = new Date("2026-11-24T12:00:00Z");

export type Expected = "active" | "inactive" | "unknown";

export interface PresetTable {
  readonly active: ActiveConfig;
  readonly rows: readonly (readonly [who: string, attributes: Record<string, string>, expected: Expected])[];
}

const ticks = (iso: string): string => String((BigInt(Date.parse(iso)) + 11_644_473_600_000n) * 10_000n);
const user = (attributes: Record<string, string> = {}) => ({
  objectClass: "user",
  userAccountControl: "512",
  ...attributes,
});
const expiring = (accountExpires: string) => user({ accountExpires });

const adRows: PresetTable["rows"] = [
  ["a user", user(), "active"],
  ["a user whose password never expires", user({ userAccountControl: "66048" }), "active"],
  ["a disabled one", user({ userAccountControl: "514" }), "inactive"],
  ["a disabled one whose password never expires", user({ userAccountControl: "66050" }), "inactive"],
  ["a disabled one whose password has expired", user({ userAccountControl: "8389122" }), "inactive"],
  ["a disabled one with the highest bit", user({ userAccountControl: "-2147483646" }), "inactive"],
  ["an enabled one with the highest bit", user({ userAccountControl: "-2147483136" }), "active"],
  ["a computer", user({ userAccountControl: "4096" }), "inactive"],
  ["a domain controller", user({ userAccountControl: "532480" }), "inactive"],
  ["the account of a trust", user({ userAccountControl: "2080" }), "inactive"],
  ["no user", { objectClass: "contact" }, "inactive"],
  ["a user without userAccountControl", { objectClass: "user" }, "unknown"],
  [
    "an expired one without userAccountControl",
    { objectClass: "user", accountExpires: ticks("2020-01-01") },
    "inactive",
  ],
  ["never by 0", expiring("0"), "active"],
  ["never by 0x7FFFFFFFFFFFFFFF", expiring("9223372036854775807"), "active"],
  ["never by a value seen in the wild", expiring("9223372032559808511"), "active"],
  ["expiring tomorrow", expiring(ticks("2026-11-25T12:00:00Z")), "active"],
  ["expired yesterday", expiring(ticks("2026-11-23T12:00:00Z")), "inactive"],
  ["expiring this instant", expiring(ticks(now.toISOString())), "inactive"],
  // Beyond 2^53 these two are the same number.
  ["expiring one tick later", expiring(String(BigInt(ticks(now.toISOString())) + 1n)), "active"],
  ["expiring in the year 9000", expiring(ticks("9000-01-01")), "active"],
  ["expired before 1601", expiring("-1"), "inactive"],
  ["expired by a tick of 1601", expiring("1"), "inactive"],
];

const lockRows = (lockoutTime: string, computed?: string) =>
  user({ lockoutTime, ...(computed && { "msDS-User-Account-Control-Computed": computed }) });

const locked = (pwdAccountLockedTime: string, policy?: string) => ({
  pwdAccountLockedTime,
  ...(policy && { pwdPolicySubentry: `cn=${policy},ou=policies,dc=example,dc=com` }),
});

const ipa = (krbPrincipalExpiration: string) => ({ krbPrincipalExpiration });
const shadow = (shadowExpire: string) => ({ shadowExpire });

export const presetTables: Record<string, PresetTable> = {
  "active-directory": {
    active: "active-directory",
    rows: [...adRows, ["a locked one", lockRows(ticks("2026-11-24T11:59:00Z"), "16"), "active"]],
  },
  "not active-directory": {
    active: { not: "active-directory" },
    rows: adRows.map(([who, attributes, expected]) => {
      const turned = ({ active: "inactive", inactive: "active", unknown: "unknown" } as const)[expected];
      return [who, attributes, turned] as const;
    }),
  },
  "active-directory with lockout": {
    active: { preset: "active-directory", lockout: true },
    rows: [
      ["a user", user(), "active"],
      ["one who was locked once", lockRows("0"), "active"],
      ["a locked one", lockRows(ticks("2026-11-24T11:59:00Z"), "16"), "inactive"],
      ["one whose lock has run out", lockRows(ticks("2026-11-24T11:00:00Z"), "0"), "active"],
      ["one whose password has expired", lockRows("0", "8388608"), "active"],
      ["a locked one without the computed attribute", lockRows(ticks("2026-11-24T11:59:00Z")), "unknown"],
      ["a disabled one without it", { ...lockRows("1"), userAccountControl: "514" }, "inactive"],
    ],
  },
  "active-directory with lockout and its duration": {
    active: { preset: "active-directory", lockout: true, lockoutDuration: 1800 },
    rows: [
      ["one locked a minute ago", lockRows(ticks("2026-11-24T11:59:00Z")), "inactive"],
      ["one locked half an hour ago", lockRows(ticks("2026-11-24T11:30:00Z")), "active"],
      ["one whom the directory calls locked", lockRows(ticks("2026-11-24T11:30:00Z"), "16"), "inactive"],
    ],
  },
  openldap: {
    active: "openldap",
    rows: [
      ["one who is not locked", {}, "active"],
      ["one locked for ever", locked("000001010000Z"), "inactive"],
      ["one locked just now", locked("20261124115959Z"), "inactive"],
      ["one whose lock has run out", locked("20261124114500Z"), "active"],
      ["one whose lock runs out in a second", locked("20261124114501Z"), "inactive"],
      ["one whose lock is finer than a second", locked("20261124114459.5Z"), "active"],
      ["one with the policy that all have", locked("20261124114501Z", "default"), "inactive"],
      ["one with a policy that cannot be read", locked("20261124110000Z", "hidden"), "unknown"],
    ],
  },
  "openldap with a duration": {
    active: { preset: "openldap", lockoutDuration: 60 },
    rows: [
      ["one locked a minute ago", locked("20261124115900Z"), "active"],
      ["one locked within the minute", locked("20261124115901Z"), "inactive"],
      ["one whose policy says more", locked("20261124115900Z", "default"), "inactive"],
      ["one with a policy that cannot be read", locked("20261124115900Z", "hidden"), "active"],
    ],
  },
  "openldap with locks for ever": {
    active: { preset: "openldap", lockoutDuration: 0 },
    rows: [["one locked long ago", locked("20001124115900Z"), "inactive"]],
  },
  "389ds": {
    active: "389ds",
    rows: [
      ["one without a lock", {}, "active"],
      ["TRUE", { nsAccountLock: "TRUE" }, "inactive"],
      ["true", { nsAccountLock: "true" }, "inactive"],
      ["FALSE", { nsAccountLock: "FALSE" }, "active"],
      ["false", { nsAccountLock: "false" }, "active"],
      ["something else", { nsAccountLock: "perhaps" }, "unknown"],
      ["too many wrong passwords", { accountUnlockTime: "20261124120500Z" }, "active"],
    ],
  },
  "389ds with lockout": {
    active: { preset: "389ds", lockout: true },
    rows: [
      ["one without a lock", {}, "active"],
      ["one locked for a while", { accountUnlockTime: "20261124120500Z" }, "inactive"],
      ["one whose lock has run out", { accountUnlockTime: "20261124120000Z" }, "active"],
      ["one whom an administrator must unlock", { accountUnlockTime: "19700101000000Z" }, "inactive"],
      ["one who is disabled", { nsAccountLock: "TRUE", accountUnlockTime: "20261124110000Z" }, "inactive"],
    ],
  },
  freeipa: {
    active: "freeipa",
    rows: [
      ["one without anything", {}, "active"],
      ["a disabled one", { nsAccountLock: "TRUE" }, "inactive"],
      ["one who expires tomorrow", ipa("20261125120000Z"), "active"],
      ["one who expires in a second", ipa("20261124120001Z"), "active"],
      ["one who expires this instant", ipa("20261124120000Z"), "inactive"],
      ["one who expired yesterday", ipa("20261123120000Z"), "inactive"],
      ["a disabled one who expires tomorrow", { ...ipa("20261125120000Z"), nsAccountLock: "TRUE" }, "inactive"],
    ],
  },
  shadow: {
    active: "shadow",
    rows: [
      ["one without a day", {}, "active"],
      ["never", shadow("-1"), "active"],
      // 20781 days after 1970-01-01 is 2026-11-24.
      ["from today on", shadow("20781"), "inactive"],
      ["from tomorrow on", shadow("20782"), "active"],
      ["long ago", shadow("9999"), "inactive"],
      ["0, which has two readings", shadow("0"), "unknown"],
    ],
  },
  "shadow where 0 is never": { active: { preset: "shadow", zero: "never" }, rows: [["0", shadow("0"), "active"]] },
  "shadow where 0 is 1970": { active: { preset: "shadow", zero: "expired" }, rows: [["0", shadow("0"), "inactive"]] },
  "a combination": {
    active: { and: ["active-directory", "(employeeType=staff)", { not: "(description=test)" }] },
    rows: [
      ["staff", user({ employeeType: "staff" }), "active"],
      ["others", user(), "inactive"],
      ["a test account", user({ employeeType: "staff", description: "test" }), "inactive"],
      ["staff of whom nothing can be read", { objectClass: "user", employeeType: "staff" }, "unknown"],
      ["others of whom nothing can be read", { objectClass: "user" }, "inactive"],
    ],
  },
  "an alternative": {
    active: { or: ["active-directory", "(employeeType=guest)"] },
    rows: [
      ["a user", user(), "active"],
      ["a disabled user", user({ userAccountControl: "514" }), "inactive"],
      ["a disabled guest", user({ userAccountControl: "514", employeeType: "guest" }), "active"],
      ["a guest of whom nothing can be read", { objectClass: "user", employeeType: "guest" }, "active"],
      ["a user of whom nothing can be read", { objectClass: "user" }, "unknown"],
    ],
  },
  "a filter in all but one": {
    active: { and: [{ not: { and: ["shadow", "(employeeType=temporary)"] } }, { or: ["389ds", "openldap"] }] },
    rows: [
      ["permanent", {}, "active"],
      ["temporary", { employeeType: "temporary" }, "inactive"],
      ["temporary and expired", { employeeType: "temporary", shadowExpire: "9999" }, "active"],
      ["temporary and not known", { employeeType: "temporary", shadowExpire: "0" }, "unknown"],
      ["permanent and not known", { shadowExpire: "0" }, "active"],
      ["locked by one", { nsAccountLock: "TRUE" }, "active"],
      ["locked by both", { nsAccountLock: "TRUE", pwdAccountLockedTime: "000001010000Z" }, "inactive"],
    ],
  },
};
