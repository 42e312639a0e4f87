import { duration } from "../report/words.ts";
import type { ClockChange } from "./daylight.ts";
import type { Dialect } from "./dialects.ts";
import { localWeekday } from "./local.ts";
import type { Schedule } from "./schedule.ts";

/** What a schedule is asked beside whether it is valid. */
export interface Concern {
  readonly dialect: Dialect;
  readonly schedule: Schedule;
  readonly changes: readonly ClockChange[];
  readonly timezone: string;
  /** The next fire times. */
  readonly next: readonly number[];
  readonly longestRunMs: number | undefined;
}

/** What is valid and yet may not be meant. */
export const scheduleWarnings = (concern: Concern): string[] => [
  ...twoDayFields(concern),
  ...unevenSteps(concern.schedule),
  ...concern.changes.map((change) => changeWords(change, concern.timezone)),
  ...tooOften(concern),
];

function twoDayFields({ dialect, schedule: { daysOfMonth, daysOfWeek, days } }: Concern): string[] {
  if (daysOfMonth.any || daysOfWeek.any) return [];
  if (days === "either") {
    return [
      "day of month and day of week are both set: crontab fires on days that meet either, not only on those that meet both",
    ];
  }
  if (dialect === "unix") {
    return [
      "day of month and day of week are both set, and one begins with *: Debian's cron fires only on days that meet both; Kubernetes fires on either",
    ];
  }
  return [
    "day of month and day of week are both set: Spring fires only on days that meet both; crontab would fire on either",
  ];
}

/** Every 7 minutes is not every 7 minutes: it begins anew with each hour. */
function unevenSteps({ minutes, hours }: Schedule): string[] {
  return [
    ...uneven(minutes, 60, "minute", "hour", (value) => `:${String(value).padStart(2, "0")}`),
    ...(hours.length > 2 ? uneven(hours, 24, "hour", "day", (value) => `${String(value).padStart(2, "0")} h`) : []),
  ];
}

function uneven(
  values: readonly number[],
  size: number,
  unit: string,
  whole: string,
  name: (value: number) => string,
): string[] {
  const [first = 0, second] = values;
  const last = values.at(-1) ?? 0;
  if (first !== 0 || second === undefined || second === 1) return [];
  const left = size - last;
  const isStep = values.every((value, at) => value === at * second) && left <= second;
  if (!isStep || left === second) return [];
  return [
    `every ${second} ${unit}s begins anew with each ${whole}: from ${name(last)} to the next ${name(0)} it is ${left} ${unit}${left === 1 ? "" : "s"}`,
  ];
}

function changeWords({ at, date, kind, times, clock }: ClockChange, timezone: string): string {
  const day = `${localWeekday(Date.parse(`${date}T00:00:00Z`))} ${date}`;
  const what = kind === "skipped" ? "does not exist" : "comes twice";
  const instant = new Date(at).toISOString().replace(".000", "");
  return `${times.join(", ")} ${what} on ${day} in ${timezone} (at ${instant} the clock goes from ${clock.from} to ${clock.to})`;
}

function tooOften({ next, longestRunMs }: Concern): string[] {
  if (longestRunMs === undefined) return [];
  const gaps = next.slice(1).map((time, at) => time - (next[at] ?? time));
  const shortest = Math.min(...gaps);
  if (gaps.length === 0 || shortest >= longestRunMs) return [];
  return [
    `fires again after ${duration(shortest)}, and a run has taken ${duration(longestRunMs)}: the second one would find the first at work`,
  ];
}
