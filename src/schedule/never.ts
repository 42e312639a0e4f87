import { localTimes } from "./calendar.ts";
import type { Schedule } from "./schedule.ts";
import { monthNames } from "./words.ts";

/** Why a schedule that never fires, from a local time on, does not. */
export function whyNever(schedule: Schedule, from: number): string {
  const { years, ...anyYear } = schedule;
  const passed = years !== undefined && Math.max(...years) < new Date(from).getUTCFullYear();
  if (passed) return `never fires again: the year ${Math.max(...years)} is over`;
  const dates = noSuchDates(schedule);
  if (dates !== undefined) return `never fires: ${dates}`;
  if (localTimes(anyYear, from).next().done)
    return "never fires: no date meets the day of month, the month and the day of week";
  if (localTimes(schedule, from).next().done)
    return `never fires again: no date from now on meets all fields and the year`;
  return "never fires: the only time that it names is skipped by a change of the clock";
}

const lengths = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** `February has no day 30`: where every day is too late for every month. */
function noSuchDates({ months, daysOfMonth, days }: Schedule): string | undefined {
  if (days === "either" || daysOfMonth.days.size === 0 || daysOfMonth.specials.length > 0) return undefined;
  const first = Math.min(...daysOfMonth.days);
  const named = [...months].sort((a, b) => a - b);
  if (!named.every((month) => (lengths[month - 1] ?? 0) < first)) return undefined;
  return named.map((month) => `${monthNames[month - 1]} has no day ${first}`).join(", ");
}
