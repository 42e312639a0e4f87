import { Failure } from "../errors.ts";
import { printable } from "../mapping/printable.ts";
import { type ClockChange, clockChanges } from "./daylight.ts";
import { type Dialect, dialects } from "./dialects.ts";
import { nextTimes } from "./fire-times.ts";
import { whyNever } from "./never.ts";
import { type Reading, readExpression, type Schedule } from "./schedule.ts";
import { scheduleWarnings } from "./warnings.ts";
import { scheduleWords } from "./words.ts";
import { openZone, type Zone } from "./zone.ts";

export interface Question {
  readonly expression: string;
  /** Told from the expression where it is not given. */
  readonly dialect: Dialect | undefined;
  readonly timezone: string;
  /** The instant to compute from; there is no clock in here. */
  readonly from: Date;
  /** How many fire times. */
  readonly count: number;
  /** Of the runs that are remembered. */
  readonly longestRunMs?: number | undefined;
}

export interface Verdict {
  readonly valid: boolean;
  readonly expression: string;
  readonly dialect: Dialect | null;
  readonly description: string | null;
  readonly timezone: string;
  readonly next: readonly Date[];
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
  /** Where it can be read in two ways: both, the one that counts first. */
  readonly readings: readonly OneReading[];
  readonly changes: readonly ClockChange[];
  readonly zone: Zone | undefined;
  readonly schedule: Schedule | "reboot" | undefined;
}

export interface OneReading {
  readonly dialect: Dialect;
  readonly description: string;
  readonly next: readonly Date[];
}

/** Is this schedule valid, what does it mean, when does it fire. */
export function validateSchedule(question: Question): Verdict {
  const { expression, timezone } = question;
  const nothing = { expression, timezone, description: null, next: [], warnings: [], readings: [], changes: [] };
  const [chosen, ...others] = readingsOf(expression.trim(), question.dialect);
  let zone: Zone;
  try {
    zone = openZone(timezone);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const errors = [`${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`, ...chosen.errors];
    return { ...nothing, valid: false, dialect: chosen.dialect, errors, zone: undefined, schedule: undefined };
  }
  const { dialect, schedule } = chosen;
  if (schedule === undefined) {
    return {
      ...nothing,
      valid: false,
      dialect,
      errors: question.dialect === undefined ? withoutCommand(chosen.errors, expression) : chosen.errors,
      zone,
      schedule,
    };
  }
  return { ...nothing, ...judged(question, zone, dialect, schedule, others), zone, schedule };
}

type Judged = Omit<Verdict, "expression" | "timezone" | "zone" | "schedule">;

function judged(
  question: Question,
  zone: Zone,
  dialect: Dialect,
  schedule: Schedule | "reboot",
  others: Reading[],
): Judged {
  const description = scheduleWords(schedule);
  const base = { valid: true, dialect, description, next: [], warnings: [], errors: [], readings: [], changes: [] };
  if (schedule === "reboot")
    return { ...base, warnings: ["@reboot has no time: it runs when cron starts, so there is no next time"] };
  const { count, longestRunMs, timezone } = question;
  const from = question.from.getTime();
  // A few more than are shown, to know how close together they can be.
  const times = nextTimes(schedule, zone, from, longestRunMs === undefined ? count : Math.max(count, 50));
  const next = times.slice(0, count).map((time) => new Date(time));
  if (next.length === 0) return { ...base, valid: false, errors: [whyNever(schedule, from + zone.offsetAt(from))] };
  const changes = clockChanges(schedule, zone, from);
  const differing = others.flatMap((other) => {
    if (other.schedule === undefined || other.schedule === "reboot") return [];
    const words = scheduleWords(other.schedule);
    const theirs = nextTimes(other.schedule, zone, from, count).map((time) => new Date(time));
    return words === description ? [] : [{ dialect: other.dialect, description: words, next: theirs }];
  });
  const warnings = [
    ...differing.map(
      (other) =>
        `read as ${dialects[dialect].title}; ${dialects[other.dialect].title} reads it as: ${other.description} (say which with --dialect)`,
    ),
    ...scheduleWarnings({ dialect, schedule, changes, timezone, next: times, longestRunMs }),
  ];
  const readings = differing.length === 0 ? [] : [{ dialect, description, next }, ...differing];
  return { ...base, next, changes, warnings, readings };
}

/**
 * The dialect given; else the one that the field count and `?` tell, and after it another with as many fields. Where that
 * one cannot read it and the other can, it is the other.
 */
function readingsOf(expression: string, given: Dialect | undefined): [Reading, ...Reading[]] {
  if (given !== undefined) return [readExpression(expression, given)];
  const count = expression.split(/\s+/).length;
  const likely: readonly [Dialect, ...Dialect[]] =
    expression.startsWith("@") || count < 6
      ? ["unix"]
      : count > 6
        ? ["quartz"]
        : expression.includes("?")
          ? ["quartz", "spring"]
          : ["spring", "quartz"];
  const [first, ...rest] = likely;
  const chosen = readExpression(expression, first);
  const others = rest.map((dialect) => readExpression(expression, dialect));
  const readable = others.find(({ schedule }) => schedule !== undefined);
  return chosen.schedule === undefined && readable !== undefined ? [readable] : [chosen, ...others];
}

/** A whole line of a crontab is often pasted. */
function withoutCommand(errors: readonly string[], expression: string): readonly string[] {
  const words = expression.trim().split(/\s+/);
  const five = words.slice(0, 5).join(" ");
  const isLine = /[a-z]{2}|\//i.test(words[5] ?? "") && readExpression(five, "unix").schedule !== undefined;
  return isLine
    ? [`"${printable(expression)}" goes on after its schedule: give "${five}", without user and command`]
    : errors;
}
