import type { Special } from "./special.ts";

export type FieldName = "second" | "minute" | "hour" | "dayOfMonth" | "month" | "dayOfWeek" | "year";

export interface FieldRule {
  readonly field: FieldName;
  /** As people say it. */
  readonly title: string;
  readonly min: number;
  readonly max: number;
  /** Names of the values, from `firstNamed` up. */
  readonly names?: readonly string[];
  readonly firstNamed?: number;
  /** What `*` begins with, where that is not `min`. */
  readonly starFrom?: number;
  /** What a lone L stands for. */
  readonly letterL?: number;
  readonly hint?: string;
}

export type Dialect = "unix" | "quartz" | "spring";

/** A form of a day field that stands for no number, and what it means; undefined where its numbers are out of range. */
export interface SpecialForm {
  readonly field: "dayOfMonth" | "dayOfWeek";
  readonly pattern: RegExp;
  readonly means: (parts: readonly string[], weekday: (text: string) => number | undefined) => Special | undefined;
  /** For a message. */
  readonly form: string;
}

export interface DialectRule {
  readonly title: string;
  readonly fields: readonly FieldRule[];
  /** How many of the fields, from the end, may be left out. */
  readonly optional: number;
  readonly macros: Readonly<Record<string, string>>;
  /** `5/10`: from 5 up, every 10. */
  readonly stepFromValue: boolean;
  /** `22-2`: over midnight. */
  readonly wraps: boolean;
  /** A step larger than the field is refused. */
  readonly limitsStep: boolean;
  readonly question: "never" | "exactly one" | "as *";
  readonly specials: readonly SpecialForm[];
  readonly specialsInLists: boolean;
  /** The day of the week of a value; 0 is Sunday. */
  readonly weekday: (value: number) => number;
  /**
   * Where day of month and day of week are both restricted: crontab(5) fires on either, but a field that begins with `*`
   * does not count as restricted (DOM_STAR and DOW_STAR in cron's entry.c). Spring fires where both match.
   */
  readonly days: "either unless *" | "both";
}

const months = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const weekdays = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

const second: FieldRule = { field: "second", title: "second", min: 0, max: 59 };
const minute: FieldRule = { field: "minute", title: "minute", min: 0, max: 59 };
const hour: FieldRule = { field: "hour", title: "hour", min: 0, max: 23 };
const dayOfMonth: FieldRule = { field: "dayOfMonth", title: "day of month", min: 1, max: 31 };
const month: FieldRule = { field: "month", title: "month", min: 1, max: 12, names: months, firstNamed: 1 };
const dayOfWeek: FieldRule = {
  field: "dayOfWeek",
  title: "day of week",
  min: 0,
  max: 7,
  names: weekdays,
  firstNamed: 0,
};
const zeroIsSunday = "0 and 7 = SUN";

const weekly = (number: string) => (Number(number) >= 1 && Number(number) <= 5 ? Number(number) : undefined);

const nth: SpecialForm = {
  field: "dayOfWeek",
  pattern: /^([A-Z]+|\d+)#(\d+)$/,
  form: "DAY#1 to DAY#5",
  means: ([name = "", number = ""], weekday) => {
    const [day, which] = [weekday(name), weekly(number)];
    return day === undefined || which === undefined ? undefined : { kind: "nth", weekday: day, nth: which };
  },
};

const lastOf: SpecialForm = {
  field: "dayOfWeek",
  pattern: /^([A-Z]+|\d+)L$/,
  form: "DAYL",
  means: ([name = ""], weekday) => {
    const day = weekday(name);
    return day === undefined ? undefined : { kind: "lastOf", weekday: day };
  },
};

const ofMonth = (
  pattern: RegExp,
  form: string,
  min: number,
  max: number,
  means: (number: number) => Special,
): SpecialForm => ({
  field: "dayOfMonth",
  pattern,
  form,
  means: ([number = "0"]) => (Number(number) >= min && Number(number) <= max ? means(Number(number)) : undefined),
});

const last = ofMonth(/^L$/, "L", 0, 0, () => ({ kind: "last", before: 0 }));
const beforeLast = ofMonth(/^L-(\d+)$/, "L-1 to L-30", 1, 30, (before) => ({ kind: "last", before }));
const lastWeekday = ofMonth(/^LW$/, "LW", 0, 0, () => ({ kind: "lastWeekday", before: 0 }));
const nearestTo = (lastSunday: "friday" | "none"): SpecialForm =>
  ofMonth(/^(\d+)W$/, "1W to 31W", 1, 31, (day) => ({ kind: "nearestWeekday", day, lastSunday }));

const macros = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

/** What each dialect allows, by its own parser where the manual is silent. */
export const dialects = {
  /** crontab(5) and entry.c of Debian's cron 3.0pl1. Its manual allows day 0 and month 0, which the program refuses. */
  unix: {
    title: "crontab",
    fields: [minute, hour, dayOfMonth, month, { ...dayOfWeek, hint: zeroIsSunday }],
    optional: 0,
    macros,
    stepFromValue: false,
    wraps: false,
    limitsStep: false,
    question: "never",
    specials: [],
    specialsInLists: false,
    weekday: (value) => value % 7,
    days: "either unless *",
  },
  /** org.quartz.CronExpression 2.3. */
  quartz: {
    title: "Quartz",
    fields: [
      second,
      minute,
      hour,
      dayOfMonth,
      month,
      { ...dayOfWeek, min: 1, firstNamed: 1, letterL: 7, hint: "1 = SUN, 7 = SAT" },
      { field: "year", title: "year", min: 1970, max: 2099 },
    ],
    optional: 1,
    macros: {},
    stepFromValue: true,
    wraps: true,
    limitsStep: true,
    question: "exactly one",
    specials: [
      last,
      beforeLast,
      lastWeekday,
      ofMonth(/^L-(\d+)W$/, "L-1W to L-30W", 1, 30, (before) => ({ kind: "lastWeekday", before })),
      nearestTo("friday"),
      nth,
      lastOf,
    ],
    specialsInLists: false,
    weekday: (value) => value - 1,
    days: "both",
  },
  /** org.springframework.scheduling.support.CronExpression 6: `*` of the day of week is Monday to Sunday. */
  spring: {
    title: "Spring",
    fields: [second, minute, hour, dayOfMonth, month, { ...dayOfWeek, starFrom: 1, hint: zeroIsSunday }],
    optional: 0,
    macros: Object.fromEntries(Object.entries(macros).map(([name, five]) => [name, `0 ${five}`])),
    stepFromValue: true,
    wraps: false,
    limitsStep: false,
    question: "as *",
    specials: [last, beforeLast, lastWeekday, nearestTo("none"), nth, lastOf],
    specialsInLists: true,
    weekday: (value) => value % 7,
    days: "both",
  },
} as const satisfies Record<Dialect, DialectRule>;

/** Seen without what is known of each. */
export const ruleOf = (dialect: Dialect): DialectRule => dialects[dialect];
