import type { Days, Schedule } from "./schedule.ts";
import type { Special } from "./special.ts";

/**
 * A schedule in words. Made from what the schedule means, not from its text, so that the words of `2-6` in Quartz are those
 * of `1-5` in crontab, and cannot differ from the times. (cronstrue describes the text: it has no word for the days on
 * which crontab fires on either of two fields, and Spring on both.)
 */
export function scheduleWords(schedule: Schedule | "reboot"): string {
  if (schedule === "reboot") return "once when the system starts, never by the clock";
  const time = timeWords(schedule);
  const day = dayWords(schedule) ?? (isListed(schedule) ? "every day" : "");
  const rest = [monthWords(schedule), yearWords(schedule)].filter((words) => words !== "").join(" ");
  const pause = day.includes(", but") && rest !== "" ? "," : "";
  return [time, `${day}${pause}`, rest].filter((words) => words !== "").join(" ");
}

const two = (value: number): string => String(value).padStart(2, "0");

/** `a`, `a and b`, `a, b and c`. */
function list(words: readonly string[], and = "and"): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${and} ${words.at(-1)}`;
}

/** So many times of the day are named one by one. */
const mostTimes = 6;

const isListed = ({ seconds, minutes, hours }: Schedule): boolean =>
  hours.length * minutes.length * seconds.length <= mostTimes;

function timeWords(schedule: Schedule): string {
  const { seconds, minutes, hours } = schedule;
  const onTheMinute = seconds.length === 1 && seconds[0] === 0;
  if (isListed(schedule)) {
    const times = hours.flatMap((hour) =>
      minutes.flatMap((minute) =>
        seconds.map((second) => `${two(hour)}:${two(minute)}${onTheMinute ? "" : `:${two(second)}`}`),
      ),
    );
    return `at ${list(times)}`;
  }
  const ofHours = hours.length === 24 ? "" : ` of ${spans("hour", hours)}`;
  const minuteWords =
    every("minute", minutes) ?? `at ${spans("minute", minutes)}${ofHours === "" ? " of every hour" : ""}`;
  if (onTheMinute) return `${minuteWords}${ofHours}`;
  const secondWords = every("second", seconds) ?? `at ${spans("second", seconds)} of the minute`;
  return minutes.length === 60 ? `${secondWords}${ofHours}` : `${secondWords}, ${minuteWords}${ofHours}`;
}

/** `every minute`, `every 5 minutes`; undefined where it is not so all through. */
function every(unit: string, values: readonly number[]): string | undefined {
  const step = 60 / values.length;
  if (!values.every((value, at) => value === at * step)) return undefined;
  return step === 1 ? `every ${unit}` : step === 60 ? undefined : `every ${step} ${unit}s`;
}

/** `minutes 0, 5 to 10 and 30`, `every 2nd hour from 0 to 22` */
function spans(unit: string, values: readonly number[]): string {
  const [first = 0, second = 0] = values;
  const step = second - first;
  if (values.length > 3 && step > 1 && values.every((value, at) => value === first + at * step)) {
    return `every ${step}${step === 2 ? "nd" : step === 3 ? "rd" : "th"} ${unit} from ${first} to ${values.at(-1)}`;
  }
  const named = runs(values).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`));
  return `${unit}${values.length === 1 ? "" : "s"} ${list(named)}`;
}

/** Runs of three and more numbers that follow each other; others by themselves. */
export function runs(values: readonly number[]): [number, number][] {
  const found: [number, number][] = [];
  for (const value of values) {
    const run = found.at(-1);
    if (run !== undefined && run[1] === value - 1) run[1] = value;
    else found.push([value, value]);
  }
  return found.flatMap(([from, to]): [number, number][] =>
    to - from === 1
      ? [
          [from, from],
          [to, to],
        ]
      : [[from, to]],
  );
}

const weekdays = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
export const monthNames = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];
const ordinals = ["", "first", "second", "third", "fourth", "fifth"];

function dayWords({ daysOfMonth, daysOfWeek, days }: Schedule): string | undefined {
  const [all31, all7] = [isFull(daysOfMonth, 31), isFull(daysOfWeek, 7)];
  if (days === "either") return all31 || all7 ? undefined : `${ofMonth(daysOfMonth)} or ${ofWeek(daysOfWeek)}`;
  if (all31) return all7 ? undefined : ofWeek(daysOfWeek);
  return all7 ? ofMonth(daysOfMonth) : `${ofWeek(daysOfWeek)}, but only ${ofMonth(daysOfMonth)}`;
}

const isFull = ({ days }: Days, count: number): boolean => days.size === count;

function ofMonth({ days, specials }: Days): string {
  const numbers = [...days].sort((a, b) => a - b);
  const plain = numbers.length === 0 ? [] : [`on ${spans("day", numbers)} of the month`];
  return list([...plain, ...specials.map(specialWords)], "or");
}

/** From Monday on, as people count them. */
function ofWeek({ days, specials }: Days): string {
  const numbers = [...days].map((day) => (day === 0 ? 7 : day)).sort((a, b) => a - b);
  const name = (day: number): string => weekdays[day % 7] ?? "";
  const names = runs(numbers).map(([from, to]) => (from === to ? name(from) : `${name(from)} to ${name(to)}`));
  const plain = names.length === 0 ? [] : [`on ${list(names)}`];
  return list([...plain, ...specials.map(specialWords)], "or");
}

type Words = { readonly [K in Special["kind"]]: (special: Extract<Special, { kind: K }>) => string };

const before = (days: number, what: string): string =>
  days === 0
    ? `the last ${what} of the month`
    : `the ${what} ${days === 1 ? "a day" : `${days} days`} before the last of the month`;

const words = {
  last: ({ before: days }) => `on ${before(days, "day")}`,
  lastWeekday: ({ before: days }) =>
    days === 0
      ? "on the last weekday (Monday to Friday) of the month"
      : `on the weekday (Monday to Friday) nearest to ${before(days, "day")}`,
  nearestWeekday: ({ day }) => `on the weekday (Monday to Friday) nearest to day ${day} of the month`,
  nth: ({ weekday, nth }) => `on the ${ordinals[nth]} ${weekdays[weekday]} of the month`,
  lastOf: ({ weekday }) => `on the last ${weekdays[weekday]} of the month`,
} satisfies Words;

const specialWords = (special: Special): string => (words[special.kind] as (special: Special) => string)(special);

function monthWords({ months }: Schedule): string {
  if (months.size === 12) return "";
  const name = (month: number): string => monthNames[month - 1] ?? "";
  const numbers = [...months].sort((a, b) => a - b);
  return `in ${list(runs(numbers).map(([from, to]) => (from === to ? name(from) : `${name(from)} to ${name(to)}`)))}`;
}

function yearWords({ years }: Schedule): string {
  if (years === undefined) return "";
  const numbers = [...years].sort((a, b) => a - b);
  if (numbers.length === 130) return "";
  return `in ${list(runs(numbers).map(([from, to]) => (from === to ? `${from}` : `${from} to ${to}`)))}`;
}
