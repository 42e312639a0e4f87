import type { ActivePreset } from "../config/active-schema.ts";
import type { Computed } from "./rule.ts";
import { unreadable, wholeNumber } from "./values.ts";

const dayMs = 86_400_000;

type ZeroReading = Extract<ActivePreset, { preset: "shadow" }>["zero"];

/**
 * The day from which an account is expired, in days since 1970; negative is never. 0 "should not be used", because some
 * read it as never and some as 1970-01-01 (shadow(5)). RFC 2307 gives the attribute no ordering: no filter compares it.
 */
export const shadowExpire = (now: Date, zero: ZeroReading): Computed => ({
  kind: "computed",
  words: "shadowExpire is absent, negative or a day to come",
  attributes: ["shadowExpire"],
  may: { active: true, inactive: "(shadowExpire=*)" },
  judge: ({ attributes }) => {
    const value = attributes.get("shadowexpire")?.[0];
    if (value === undefined || value === "") return "active";
    const day = wholeNumber(value);
    if (day === undefined) return unreadable("shadowExpire", value, "not a number of days");
    if (day === 0n) return zeroVerdicts[zero ?? "unknown"];
    return day < 0n || day > Math.floor(now.getTime() / dayMs) ? "active" : "inactive";
  },
});

const zeroVerdicts = {
  never: "active",
  expired: "inactive",
  unknown: { unknown: 'shadowExpire is 0, which has two readings: say with "zero" which one holds' },
} as const;
