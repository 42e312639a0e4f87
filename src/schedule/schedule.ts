import { Failure } from "../errors.ts";
import { printable } from "../mapping/printable.ts";
import { nearest } from "../nearest.ts";
import { type Dialect, type DialectRule, dialects, type FieldName, ruleOf } from "./dialects.ts";
import { type Field, readField } from "./field.ts";
import type { Special } from "./special.ts";

/** Days by one of the two day fields. */
export interface Days {
  readonly any: boolean;
  /** Days of the month, or of the week with 0 for Sunday. */
  readonly days: ReadonlySet<number>;
  readonly specials: readonly Special[];
}

/** A cron expression as what it means, in whichever dialect it was written. Lists go upwards. */
export interface Schedule {
  readonly seconds: readonly number[];
  readonly minutes: readonly number[];
  readonly hours: readonly number[];
  readonly months: ReadonlySet<number>;
  /** Undefined: every year. */
  readonly years?: ReadonlySet<number>;
  readonly daysOfMonth: Days;
  readonly daysOfWeek: Days;
  /** Whether a day must meet both day fields or one of them. */
  readonly days: "both" | "either";
  /** Its minute or hour begins with `*`: cron(8) treats such jobs in its own way where the clock is changed. */
  readonly wildcard: boolean;
}

/** An expression in one dialect. */
export type Reading =
  | { readonly dialect: Dialect; readonly schedule: Schedule | "reboot"; readonly errors: readonly [] }
  | { readonly dialect: Dialect; readonly schedule: undefined; readonly errors: readonly string[] };

/** Reads an expression; every field that is wrong is told. */
export function readExpression(expression: string, dialect: Dialect): Reading {
  const rule = ruleOf(dialect);
  const refused = (...errors: string[]): Reading => ({ dialect, schedule: undefined, errors });
  const text = expression.trim();
  if (text === "") return refused("the expression is empty");
  // What is pasted from a page may have blanks that cron does not take for one.
  if (/[^\S \t]/.test(text))
    return refused("there is a line break or a no-break space in it; fields are parted by blanks");
  if (dialect === "unix" && text === "@reboot") return { dialect, schedule: "reboot", errors: [] };
  const macro = rule.anyCase ? text.toLowerCase() : text;
  if (text.startsWith("@") && !Object.hasOwn(rule.macros, macro)) return refused(noMacro(text, rule));
  const parts = (rule.macros[macro] ?? text).split(/\s+/);
  const { fields: rules, optional } = rule;
  if (parts.length > rules.length || parts.length < rules.length - optional) return refused(fieldCount(parts, rule));
  const errors: string[] = [];
  const fields: Partial<Record<FieldName, Field>> = {};
  for (const [at, part] of parts.entries()) {
    const each = rules[at];
    if (each === undefined) continue;
    try {
      fields[each.field] = readField(part, each, rule);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      errors.push(error.message);
    }
  }
  const days = parts.slice(rules.length - optional - 3);
  if (errors.length === 0 && rule.question === "exactly one")
    errors.push(...questionMarks(days[0] ?? "", days[2] ?? ""));
  return errors.length > 0 ? refused(...errors) : { dialect, schedule: compile(fields, rule), errors: [] };
}

function noMacro(text: string, { title, macros }: DialectRule): string {
  const known = Object.keys(macros);
  if (known.length === 0) return `"${printable(text)}": ${title} has no names for schedules; write the fields`;
  const all = title === dialects.unix.title ? [...known, "@reboot"] : known;
  const meant = nearest(text, all);
  return `"${printable(text)}" is not one of ${all.join(", ")}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

function fieldCount(parts: readonly string[], { title, fields, optional }: DialectRule): string {
  const names = fields
    .map((field, at) => (at >= fields.length - optional ? `[${field.title}]` : field.title))
    .join(", ");
  const counted = parts.length === 1 ? "1 field" : `${parts.length} fields`;
  return `${counted}, but ${title} has ${optional > 0 ? `${fields.length - optional} or ` : ""}${fields.length}: ${names}`;
}

function questionMarks(dayOfMonth: string, dayOfWeek: string): string[] {
  const marks = [dayOfMonth, dayOfWeek].filter((text) => text === "?").length;
  if (marks === 1) return [];
  if (marks === 2)
    return ["day of month and day of week are both ?: Quartz takes ? in exactly one of them; write * in the other"];
  const spare = dayOfWeek === "*" ? "day of week" : dayOfMonth === "*" ? "day of month" : undefined;
  const both = `day of month "${printable(dayOfMonth)}" and day of week "${printable(dayOfWeek)}"`;
  return [
    `${both}: Quartz takes ? in exactly one of them${spare === undefined ? ", and cannot restrict both" : `; write ? as the ${spare}`}`,
  ];
}

const upwards = (field: Field | undefined): number[] => [...(field?.values ?? [])].sort((a, b) => a - b);

function compile(fields: Partial<Record<FieldName, Field>>, rule: DialectRule): Schedule {
  const { second, minute, hour, month, year, dayOfMonth, dayOfWeek } = fields;
  const restricted = dayOfMonth?.star === false && dayOfWeek?.star === false;
  const either = rule.days === "either unless *" && restricted;
  const [monthly, weekly] = [days(dayOfMonth, (value) => value), days(dayOfWeek, rule.weekday)];
  // Where either will do and one is met by every day, the other says nothing.
  const all = either && (monthly.days.size === 31 || weekly.days.size === 7);
  return {
    seconds: second === undefined ? [0] : upwards(second),
    minutes: upwards(minute),
    hours: upwards(hour),
    months: new Set(month?.values),
    ...(year !== undefined && !year.any && { years: year.values }),
    daysOfMonth: all ? { ...monthly, days: new Set(Array.from({ length: 31 }, (_, at) => at + 1)) } : monthly,
    daysOfWeek: all ? { ...weekly, days: new Set(Array.from({ length: 7 }, (_, at) => at)) } : weekly,
    days: either ? "either" : "both",
    wildcard: minute?.star === true || hour?.star === true,
  };
}

const days = (field: Field | undefined, day: (value: number) => number): Days => ({
  any: field?.any ?? true,
  days: new Set([...(field?.values ?? [])].map(day)),
  specials: field?.specials ?? [],
});
