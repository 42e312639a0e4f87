import type { ActiveConfig, ActivePreset } from "../config/active-schema.ts";

/** A rule for people: `active-directory and (memberOf=…) and not (employeeType=guest)`. */
export function titleOf(active: ActiveConfig, recognised?: string): string {
  if (typeof active === "string") {
    return active === "auto" && recognised !== undefined ? `${recognised} (auto)` : active;
  }
  const part = (each: ActiveConfig): string => {
    const words = titleOf(each, recognised);
    return isCombined(each) ? `(${words})` : words;
  };
  if ("and" in active) return active.and.map(part).join(" and ");
  if ("or" in active) return active.or.map(part).join(" or ");
  return "not" in active ? `not ${part(active.not)}` : presetTitle(active);
}

/** Whether a rule in another one needs parentheses. */
const isCombined = (active: ActiveConfig): boolean =>
  typeof active === "object" &&
  (("and" in active && active.and.length > 1) || ("or" in active && active.or.length > 1));

function presetTitle({ preset, ...options }: ActivePreset): string {
  const given = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  return given.length === 0 ? preset : `${preset} (${given.join(", ")})`;
}
