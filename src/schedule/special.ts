/** A day that only the month at hand can tell: the letters L, W and # of Quartz, which Spring took over. */
export type Special =
  | { readonly kind: "last"; readonly before: number }
  | { readonly kind: "lastWeekday"; readonly before: number }
  | { readonly kind: "nearestWeekday"; readonly day: number; readonly lastSunday: "friday" | "none" }
  | { readonly kind: "nth"; readonly weekday: number; readonly nth: number }
  | { readonly kind: "lastOf"; readonly weekday: number };

/** One day of the calendar; weekday 0 is Sunday. */
export interface Day {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  /** Of its month. */
  readonly lastDay: number;
}

type Tests = { readonly [K in Special["kind"]]: (special: Extract<Special, { kind: K }>, day: Day) => boolean };

const tests = {
  last: ({ before }, { day, lastDay }) => day === lastDay - before,
  lastWeekday: ({ before }, at) => isNearestWeekday(at, at.lastDay - before, "friday"),
  nearestWeekday: ({ day: wanted, lastSunday }, at) => isNearestWeekday(at, wanted, lastSunday),
  nth: ({ weekday, nth }, at) => at.weekday === weekday && Math.ceil(at.day / 7) === nth,
  lastOf: ({ weekday }, at) => at.weekday === weekday && at.day > at.lastDay - 7,
} satisfies Tests;

export function isSpecialDay(special: Special, at: Day): boolean {
  return (tests[special.kind] as (special: Special, at: Day) => boolean)(special, at);
}

/**
 * Whether this is the weekday (Monday to Friday) nearest to a day of the month. It never lies in another month: of a
 * Saturday that is the 1st it is Monday the 3rd; of a Sunday that is the last day it is the Friday before in Quartz
 * (CronExpression.getTimeAfter), while Spring then passes over the month (QuartzCronField.weekdayNearestTo goes on to the
 * 1st of the next one, which does not match).
 */
function isNearestWeekday(at: Day, wanted: number, lastSunday: "friday" | "none"): boolean {
  if (wanted < 1 || wanted > at.lastDay) return false;
  const weekday = (((at.weekday + wanted - at.day) % 7) + 7) % 7;
  if (weekday === 6) return at.day === (wanted === 1 ? 3 : wanted - 1);
  if (weekday !== 0) return at.day === wanted;
  if (wanted < at.lastDay) return at.day === wanted + 1;
  return lastSunday === "friday" && at.day === wanted - 2;
}
