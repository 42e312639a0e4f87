import type { Days, Schedule } from "../schedule.ts";
import type { Special } from "../special.ts";
import { runs } from "../words.ts";

/** Calendar expressions of systemd.time(7), one for each OnCalendar=: a timer elapses whenever one of them does. */
export function onCalendar(schedule: Schedule, timezone: string): { lines: string[] } | { refused: string[] } {
  const { seconds, minutes, hours, months, years, daysOfMonth, daysOfWeek, days } = schedule;
  const [dom, dow] = [specsOf(daysOfMonth, 31, byMonth), specsOf(daysOfWeek, 7, byWeek)];
  const refused = [...dom, ...dow].flatMap((spec) => ("refused" in spec ? [spec.refused] : []));
  const mixed = dom.length > 0 && dow.length > 0 && days === "both" && hasSpecials(daysOfMonth, daysOfWeek);
  if (mixed)
    refused.push("systemd cannot express both day fields together where one has L, W or #; leave one of the two out");
  if (refused.length > 0) return { refused };
  const [monthly, weekly] = [dom, dow] as readonly (readonly Spec[])[] as readonly [readonly Spec[], readonly Spec[]];
  const specs = days === "either" ? [...monthly, ...weekly] : together(monthly, weekly);
  const date = `${years === undefined ? "*" : list(sorted(years), 4)}-${months.size === 12 ? "*" : list(sorted(months))}`;
  const time = [numbers(hours, 24), numbers(minutes, 60), numbers(seconds, 60)].join(":");
  return {
    lines: specs.map(({ weekdays, days: day = "-*" }) =>
      [...(weekdays === undefined ? [] : [weekdays]), `${date}${day}`, time, timezone].join(" "),
    ),
  };
}

/** A weekday part, and a day part with its sign: `-` counts from the first day of the month, `~` from the last. */
interface Spec {
  readonly weekdays?: string;
  readonly days?: string;
}

interface Refused {
  readonly refused: string;
}

const hasSpecials = (...all: readonly Days[]): boolean => all.some(({ specials }) => specials.length > 0);

/** None where every day will do. */
function specsOf({ days, specials }: Days, all: number, plain: (days: readonly number[]) => Spec): (Spec | Refused)[] {
  if (days.size === all) return [];
  return [...(days.size > 0 ? [plain(sorted(days))] : []), ...specials.flatMap(specialSpecs)];
}

const byMonth = (days: readonly number[]): Spec => ({ days: `-${list(days)}` });
const names = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const nameOf = (weekday: number): string => names[weekday % 7] ?? "";

/** systemd's week begins with Monday. */
function byWeek(days: readonly number[]): Spec {
  const week = days.map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  return {
    weekdays: runs(week)
      .map(([from, to]) => (from === to ? nameOf(from) : `${nameOf(from)}..${nameOf(to)}`))
      .join(","),
  };
}

function together(monthly: readonly Spec[], weekly: readonly Spec[]): readonly Spec[] {
  if (monthly.length === 0) return weekly.length === 0 ? [{}] : weekly;
  return weekly.length === 0 ? monthly : monthly.flatMap((month) => weekly.map((week) => ({ ...month, ...week })));
}

const workdays = "Mon..Fri";
const fromLast = (before: number): string => `~${two(before + 1)}`;
const onDay = (day: number): string => `-${two(day)}`;

const specs = {
  last: ({ before }) => [{ days: fromLast(before) }],
  lastWeekday: ({ before }) =>
    before === 0
      ? [
          { weekdays: workdays, days: fromLast(0) },
          { weekdays: "Fri", days: "~02,03" },
        ]
      : around(before, before <= 26, fromLast, "L-N", 1),
  nearestWeekday: ({ day }) =>
    day === 1
      ? [
          { weekdays: workdays, days: onDay(1) },
          { weekdays: "Mon", days: "-02,03" },
        ]
      : around(day, day <= 27, onDay, "N", -1),
  nth: ({ weekday, nth }) => [
    { weekdays: nameOf(weekday), days: `-${two(nth * 7 - 6)}..${two(Math.min(nth * 7, 31))}` },
  ],
  lastOf: ({ weekday }) => [{ weekdays: nameOf(weekday), days: "~07/1" }],
} satisfies { readonly [K in Special["kind"]]: (special: Extract<Special, { kind: K }>) => (Spec | Refused)[] };

const specialSpecs = (special: Special): (Spec | Refused)[] =>
  (specs[special.kind] as (special: Special) => (Spec | Refused)[])(special);

/** The day where it is a workday, the Friday before a Saturday, the Monday after a Sunday: all in one month. */
function around(
  at: number,
  inside: boolean,
  text: (at: number) => string,
  form: string,
  back: number,
): (Spec | Refused)[] {
  if (!inside)
    return [
      {
        refused: `systemd cannot express ${form.replace("N", String(at))}W near the end of a month; LW or a day before the 28th can be`,
      },
    ];
  return [
    { weekdays: workdays, days: text(at) },
    { weekdays: "Fri", days: text(at + back) },
    { weekdays: "Mon", days: text(at - back) },
  ];
}

const two = (value: number, width = 2): string => String(value).padStart(width, "0");
const sorted = (values: ReadonlySet<number>): number[] => [...values].sort((a, b) => a - b);

const list = (values: readonly number[], width = 2): string =>
  runs(values)
    .map(([from, to]) => (from === to ? two(from, width) : `${two(from, width)}..${two(to, width)}`))
    .join(",");

function numbers(values: readonly number[], size: number): string {
  const [first = 0, second = 0] = values;
  const step = second - first;
  if (values.length === size) return "*";
  const isStep =
    step > 1 && (values.at(-1) ?? 0) + step >= size && values.every((value, at) => value === first + at * step);
  return isStep ? `${two(first)}/${step}` : list(values);
}
