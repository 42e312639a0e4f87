import type { Days, Schedule } from "./schedule.ts";
import { type Day, isSpecialDay } from "./special.ts";

/**
 * The local calendar, as if there were no time zones: a local time is the milliseconds of the same date and time in UTC.
 * Own code, because no library reads the three dialects as they are: croner 11 takes all for crontab, `?` for `*`, and
 * refuses Quartz's `0/5` and `L-3`. With the fields as sets of numbers there is nothing left to it but counting.
 */

const dayMs = 86_400_000;

/** The Gregorian calendar repeats itself, weekdays too, every 400 years: what is not met until then never is. */
const cycle = 400;
export const cycleMs = 146_097 * dayMs;

/** The local times of a schedule from `from` on, until it is sure that there are no more. */
export function* localTimes(schedule: Schedule, from: number): Generator<number, void> {
  for (const start of localDays(schedule, from)) {
    for (const hour of schedule.hours) {
      if (start + (hour + 1) * 3_600_000 <= from) continue;
      for (const minute of schedule.minutes) {
        for (const second of schedule.seconds) {
          const time = start + ((hour * 60 + minute) * 60 + second) * 1000;
          if (time >= from) yield time;
        }
      }
    }
  }
}

/** The midnights of its days. */
function* localDays(schedule: Schedule, from: number): Generator<number, void> {
  const first = new Date(from);
  const lastYear = schedule.years === undefined ? first.getUTCFullYear() + cycle : Math.max(...schedule.years);
  for (let year = first.getUTCFullYear(); year <= lastYear; year += 1) {
    if (schedule.years !== undefined && !schedule.years.has(year)) continue;
    for (let month = 1; month <= 12; month += 1) {
      if (!schedule.months.has(month)) continue;
      const start = Date.UTC(year, month - 1, 1);
      const lastDay = new Date(Date.UTC(year, month, 0)).getUTCDate();
      const weekday = new Date(start).getUTCDay();
      for (let day = 1; day <= lastDay; day += 1) {
        const midnight = start + (day - 1) * dayMs;
        if (midnight + dayMs <= from) continue;
        if (isDay(schedule, { year, month, day, weekday: (weekday + day - 1) % 7, lastDay })) yield midnight;
      }
    }
  }
}

function isDay({ daysOfMonth, daysOfWeek, days }: Schedule, day: Day): boolean {
  const met = [isOneOf(daysOfMonth, day.day, day), isOneOf(daysOfWeek, day.weekday, day)];
  return days === "both" ? met.every(Boolean) : met.some(Boolean);
}

const isOneOf = ({ days, specials }: Days, number: number, day: Day): boolean =>
  days.has(number) || specials.some((special) => isSpecialDay(special, day));
