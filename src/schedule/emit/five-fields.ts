import type { Days, Schedule } from "../schedule.ts";
import type { Special } from "../special.ts";
import { runs } from "../words.ts";

/** The five fields that crontab and Kubernetes share, or why they cannot say it. */
export function fiveFields(schedule: Schedule, target: string): { text: string } | { refused: string[] } {
  const { seconds, minutes, hours, months, years, daysOfMonth, daysOfWeek, days } = schedule;
  const specials = [...daysOfMonth.specials, ...daysOfWeek.specials];
  const onTheMinute = seconds.length === 1 && seconds[0] === 0;
  const both = days === "both" && isRestricted(daysOfMonth, 31) && isRestricted(daysOfWeek, 7);
  const refused = [
    ...(onTheMinute ? [] : [`${target} knows no seconds; let second be 0, or take --emit systemd`]),
    ...(years === undefined ? [] : [`${target} knows no year; leave it out, or take --emit systemd`]),
    ...specials.map((special) => `${target} ${refusals[special.kind]}; or take --emit systemd`),
    ...(both && specials.length === 0
      ? [
          `${target} fires on days that meet either day field, not only on those that meet both; ${restrict}; or take --emit systemd`,
        ]
      : []),
  ];
  if (refused.length > 0) return { refused };
  return {
    text: [
      numbers(minutes, 0, 59),
      numbers(hours, 0, 23),
      isRestricted(daysOfMonth, 31) ? plain(sorted(daysOfMonth.days)) : "*",
      numbers(sorted(months), 1, 12),
      isRestricted(daysOfWeek, 7) ? plain(sorted(daysOfWeek.days)) : "*",
    ].join(" "),
  };
}

const restrict = "leave one of the two out";

/** The nearest way of each. */
const refusals = {
  last: "knows no last day of the month (L); the first of the month (1) is the day after it",
  lastWeekday: "knows no last weekday of the month (LW); the first of the month (1) is near",
  nearestWeekday: "knows no nearest weekday (W); Monday to Friday (1-5) or the day alone is near",
  nth: "knows no nth weekday of the month (#); the weekday of every week is near",
  lastOf: "knows no last weekday of its kind in the month (L); the weekday of every week is near",
} as const satisfies Record<Special["kind"], string>;

const isRestricted = ({ days, specials }: Days, all: number): boolean => specials.length > 0 || days.size < all;

const sorted = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);

function numbers(values: readonly number[], min: number, max: number): string {
  const [first = 0, second = 0] = values;
  const step = second - first;
  const last = values.at(-1) ?? 0;
  if (values.length === max - min + 1) return "*";
  const isStep =
    first === min && step > 1 && last + step > max && values.every((value, at) => value === first + at * step);
  return isStep ? `*/${step}` : plain(values);
}

const plain = (values: readonly number[]): string =>
  runs(values)
    .map(([from, to]) => (from === to ? `${from}` : `${from}-${to}`))
    .join(",");
