import type { Dialect } from "../../src/schedule/dialects.ts";

/**
 * The same question answered as plainly as can be: every minute of a stretch of time is asked what a clock in the zone
 * shows, and whether each field of the expression allows that. Shares nothing with the program, and knows no errors.
 */

/** What the clock shows at the beginning of half an hour. No zone changes at any other time. */
export interface HalfHour {
  readonly instant: number;
  readonly minute: number;
  readonly hour: number;
  readonly day: number;
  readonly month: number;
  readonly year: number;
}

export const halfHourMs = 30 * 60_000;

/** What the clock shows, half hour by half hour. */
export function halfHoursOf(timezone: string, from: number, to: number): HalfHour[] {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone: timezone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
  });
  const halfHours: HalfHour[] = [];
  for (let instant = from; instant < to; instant += halfHourMs) {
    const shown = Object.fromEntries(clock.formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
    const { minute = 0, hour = 0, day = 0, month = 0, year = 0 } = shown;
    halfHours.push({ instant, minute, hour, day, month, year });
  }
  return halfHours;
}

const monthNames = "JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC".split(" ");
const dayNames = "SUN MON TUE WED THU FRI SAT".split(" ");

const macros: Record<string, string> = {
  "@YEARLY": "0 0 1 1 *",
  "@ANNUALLY": "0 0 1 1 *",
  "@MONTHLY": "0 0 1 * *",
  "@WEEKLY": "0 0 * * 0",
  "@DAILY": "0 0 * * *",
  "@MIDNIGHT": "0 0 * * *",
  "@HOURLY": "0 * * * *",
};

/** The instants of one expression among the half hours, at most so many, after `after`. */
export function naiveTimes(
  expression: string,
  dialect: Dialect,
  halfHours: readonly HalfHour[],
  after: number,
  most: number,
): number[] {
  const text = macros[expression.toUpperCase()] ?? expression.toUpperCase();
  const five = dialect === "unix" || text !== expression.toUpperCase();
  const fields = `${five ? "0 " : ""}${text}`.split(/\s+/);
  const [second = "", minute = "", hour = "", dom = "", month = "", dow = "", year = "*"] = fields;
  const days = new Map<number, boolean>();
  const isDay = (at: HalfHour): boolean => {
    const key = (at.year * 12 + at.month) * 31 + at.day;
    const known = days.get(key) ?? fits(dom, dow, dialect, at);
    days.set(key, known);
    return known;
  };
  const [minuteSet, hourSet] = [numbers(minute, 0, 59), numbers(hour, 0, 23)];
  const monthSet = numbers(named(month, monthNames, 1), 1, 12);
  const [secondSet, yearSet] = [numbers(second, 0, 59), numbers(year, 1970, 2099)];
  const times: number[] = [];
  for (const at of halfHours) {
    if (at.instant + halfHourMs <= after) continue;
    if (!hourSet.has(at.hour) || !monthSet.has(at.month) || !yearSet.has(at.year) || !isDay(at)) continue;
    for (let s = 0; s < halfHourMs / 1000; s += 1) {
      const instant = at.instant + s * 1000;
      if (!minuteSet.has(at.minute + Math.floor(s / 60)) || !secondSet.has(s % 60) || instant <= after) continue;
      times.push(instant);
      if (times.length === most) return times;
    }
  }
  return times;
}

const named = (text: string, names: readonly string[], first: number): string =>
  names.reduce((replaced, name, at) => replaced.replaceAll(name, String(at + first)), text);

/** Walks from the first value to the last, beginning anew after `max`. */
function numbers(text: string, min: number, max: number, starMin = min): Set<number> {
  const set = new Set<number>();
  for (const item of text.split(",")) {
    const [range = "", step = "1"] = item.split("/");
    let [from = Number.NaN, to] = range.split("-").map(Number);
    if (range === "*" || range === "?") [from, to] = [starMin, max];
    if (range === "") [from, to] = [min, max];
    if (to === undefined) to = item.includes("/") ? max : from;
    if (Number.isNaN(from) || Number.isNaN(to)) continue;
    for (let value = from, i = 0; i <= max - min; i += 1) {
      if (i % Number(step) === 0) set.add(value);
      if (value === to) break;
      value = value === max ? min : value + 1;
    }
  }
  return set;
}

function fits(dom: string, dow: string, dialect: Dialect, { year, month, day }: HalfHour): boolean {
  const byMonth = dom.split(",").some((item) => fitsMonth(item, dialect, year, month, day));
  const byWeek = dow.split(",").some((item) => fitsWeek(item, dialect, year, month, day));
  const either = dialect === "unix" && !dom.startsWith("*") && !dow.startsWith("*");
  return either ? byMonth || byWeek : byMonth && byWeek;
}

const weekday = (year: number, month: number, day: number): number =>
  new Date(Date.UTC(year, month - 1, day)).getUTCDay();
const isInMonth = (year: number, month: number, day: number): boolean =>
  day > 0 && new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;

function fitsMonth(item: string, dialect: Dialect, year: number, month: number, day: number): boolean {
  let last = 31;
  while (!isInMonth(year, month, last)) last -= 1;
  const [, letter, before = "0", work] = /^(L)(?:-(\d+))?(W)?$/.exec(item) ?? [];
  if (letter !== undefined && work === undefined) return day === last - Number(before);
  if (letter !== undefined) return day === nearestWorkday(year, month, last - Number(before), "quartz");
  if (/W$/.test(item)) return day === nearestWorkday(year, month, Number.parseInt(item, 10), dialect);
  return numbers(item, 1, 31).has(day);
}

/** Of the workdays of the month the one that is the fewest days away. */
function nearestWorkday(year: number, month: number, wanted: number, dialect: Dialect): number | undefined {
  if (!isInMonth(year, month, wanted)) return undefined;
  const isLast = !isInMonth(year, month, wanted + 1);
  if (dialect === "spring" && isLast && weekday(year, month, wanted) === 0) return undefined;
  for (const away of [0, -1, 1, -2, 2]) {
    const day = wanted + away;
    if (isInMonth(year, month, day) && ![0, 6].includes(weekday(year, month, day))) return day;
  }
  return undefined;
}

function fitsWeek(item: string, dialect: Dialect, year: number, month: number, day: number): boolean {
  const sunday = dialect === "quartz" ? 1 : 0;
  const today = weekday(year, month, day) + sunday;
  const text = named(item, dayNames, sunday);
  if (text === "L") return today === 7;
  const [, number, sign, which] = /^(\d)([L#])(\d?)$/.exec(text) ?? [];
  if (number !== undefined) {
    const isThatDay = today === (sunday === 0 ? Number(number) % 7 : Number(number));
    if (!isThatDay) return false;
    if (sign === "L") return !isInMonth(year, month, day + 7);
    return isInMonth(year, month, day - 7 * (Number(which) - 1)) && !isInMonth(year, month, day - 7 * Number(which));
  }
  if (dialect === "quartz") return numbers(text, 1, 7).has(today);
  const set = numbers(dialect === "spring" ? text.replace(/^7-/, "0-") : text, 0, 7, dialect === "spring" ? 1 : 0);
  return set.has(today) || (today === 0 && set.has(7));
}
