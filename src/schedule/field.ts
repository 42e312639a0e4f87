import { Failure } from "../errors.ts";
import { printable } from "../mapping/printable.ts";
import { nearest } from "../nearest.ts";
import { type DialectRule, dialects, type FieldRule } from "./dialects.ts";
import type { Special } from "./special.ts";

/** One field as it is read: the values it names, and the days that only a month can tell. */
export interface Field {
  /** In the numbers of the dialect, each once. */
  readonly values: ReadonlySet<number>;
  readonly specials: readonly Special[];
  /** Begins with `*` or is `?`. */
  readonly star: boolean;
  /** `*` or `?`, and nothing else. */
  readonly any: boolean;
}

/** @throws Failure(usage) that names the field, the value and what would be right */
export function readField(text: string, rule: FieldRule, dialect: DialectRule): Field {
  const star = text.startsWith("*") || text === "?";
  if (text === "?" && dialect.question !== "never" && isDay(rule)) {
    return { values: all(rule), specials: [], star, any: true };
  }
  // The last day of a Quartz week (CronExpression.storeExpressionVals).
  if (rule.letterL !== undefined && text.toUpperCase() === "L") {
    return { values: new Set([rule.letterL]), specials: [], star, any: false };
  }
  const items = text.split(",");
  const values = new Set<number>();
  const specials: Special[] = [];
  for (const item of items) {
    if (item === "") throw wrong(rule, text, "a place of the list is empty");
    const special = specialOf(item, rule, dialect);
    if (special !== undefined) {
      if (items.length > 1 && !dialect.specialsInLists)
        throw wrong(rule, text, `${dialect.title} takes ${item} alone, not in a list`);
      specials.push(special);
    } else for (const value of itemValues(item, rule, dialect)) values.add(value);
  }
  return { values, specials, star, any: text === "*" };
}

const isDay = ({ field }: FieldRule): boolean => field === "dayOfMonth" || field === "dayOfWeek";

const all = (rule: FieldRule): Set<number> => new Set(upTo(rule.starFrom ?? rule.min, rule.max, 1));

function specialOf(item: string, rule: FieldRule, dialect: DialectRule): Special | undefined {
  const upper = item.toUpperCase();
  const weekday = (text: string): number | undefined => {
    const value = numberOf(text, rule);
    return value === undefined || value < rule.min || value > rule.max ? undefined : dialect.weekday(value);
  };
  const forms = dialect.specials.filter(({ field }) => field === rule.field);
  for (const { pattern, means, form } of forms) {
    const match = pattern.exec(upper);
    if (match === null) continue;
    const special = means(match.slice(1), weekday);
    if (special === undefined)
      throw wrong(rule, item, `allowed are ${form}${form.startsWith("DAY") ? `, DAY being ${allowed(rule)}` : ""}`);
    return special;
  }
  return undefined;
}

function itemValues(item: string, rule: FieldRule, dialect: DialectRule): number[] {
  const [base = "", step, more] = item.split("/");
  if (more !== undefined) throw wrong(rule, item, "it has two steps");
  if (step === undefined) return rangeValues(base, item, 1, rule, dialect);
  const size = /^\d+$/.test(step) ? Number(step) : 0;
  if (size < 1) throw wrong(rule, item, `the step must be a whole number from 1 up, such as ${base || "*"}/2`);
  const most = rule.max - rule.min + (rule.min === 0 ? 0 : 1);
  if (dialect.limitsStep && size > most)
    throw wrong(rule, item, `the step is larger than the field; allowed are 1 to ${most}`);
  if (base === "" && dialect.limitsStep) return upTo(rule.min, rule.max, size);
  const single = base !== "*" && !base.includes("-");
  if (!single) return rangeValues(base, item, size, rule, dialect);
  const from = value(base, item, rule, dialect);
  if (dialect.stepFromValue) return upTo(from, rule.max, size);
  const instead = from === rule.min ? `*/${step}` : `${base}-${rule.field === "dayOfWeek" ? 6 : rule.max}/${step}`;
  throw wrong(rule, item, `${dialect.title} knows a step only after * or a range; write ${instead}`);
}

/** `*`, `5` or `5-9`. */
function rangeValues(base: string, item: string, step: number, rule: FieldRule, dialect: DialectRule): number[] {
  if (base === "*") return upTo(rule.starFrom ?? rule.min, rule.max, step);
  const [first = "", last, more] = base.split("-");
  if (more !== undefined) throw wrong(rule, item, "a range has two ends, such as 1-5");
  const from = value(first, item, rule, dialect);
  if (last === undefined) return [from];
  const to = value(last, item, rule, dialect);
  if (from <= to) return upTo(from, to, step);
  const sunday = rule.field === "dayOfWeek" && rule.min === 0;
  // As the first of a range, 7 is the Sunday before Monday (Spring's BitsCronField.parseRange; entry.c refuses it).
  if (sunday && from === 7 && dialect.stepFromValue) return upTo(0, to, step);
  if (dialect.wraps && rule.field !== "year") return wrapped(from, to, step, rule);
  const instead = sunday && to === 0 ? `${first}-7` : parts(from, to, rule);
  throw wrong(rule, item, `a range goes upwards; write ${step > 1 ? "two ranges" : instead}`);
}

const parts = (from: number, to: number, { field, min, max }: FieldRule): string => {
  const top = field === "dayOfWeek" ? 6 : max;
  return field === "year"
    ? `${to}-${from}`
    : `${from === top ? top : `${from}-${top}`},${to === min ? min : `${min}-${to}`}`;
};

function upTo(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

/** `22-2/2` is 22, 0, 2: the step goes on over the end. */
function wrapped(from: number, to: number, step: number, { min, max }: FieldRule): number[] {
  const size = max - min + 1;
  return upTo(from, to + size, step).map((value) => (value > max ? value - size : value));
}

/** The number of a value that may be a name; undefined where it is neither. */
function numberOf(text: string, { names = [], firstNamed = 0 }: FieldRule): number | undefined {
  if (/^\d+$/.test(text)) return Number(text);
  const at = names.indexOf(text.toUpperCase());
  return at < 0 ? undefined : at + firstNamed;
}

function value(text: string, item: string, rule: FieldRule, dialect: DialectRule): number {
  const number = numberOf(text, rule);
  if (number === undefined) throw wrong(rule, item, unknown(text, rule, dialect));
  if (number < rule.min || number > rule.max) throw wrong(rule, item, `allowed are ${allowed(rule)}`);
  return number;
}

function unknown(text: string, rule: FieldRule, dialect: DialectRule): string {
  if (text === "?")
    return isDay(rule) ? `${dialect.title} knows no ?; write *` : "? is for the two day fields; write *";
  if (isDay(rule) && /^(L.*|.*[LW]|.*#.*)$/i.test(text) && dialect.specials.length === 0)
    return `${dialect.title} knows no L, W and #; ${dialects.quartz.title} and ${dialects.spring.title} do`;
  const forms = dialect.specials.filter(({ field }) => field === rule.field).map(({ form }) => form);
  const names = rule.names ?? [];
  const meant = nearest(text, names) ?? names.find((name) => text.length > 3 && text.toUpperCase().startsWith(name));
  const more = forms.length === 0 || meant !== undefined ? "" : `, ${forms.join(", ")}`;
  return `allowed are ${allowed(rule)}${more}${meant === undefined ? "" : `; did you mean ${meant}?`}`;
}

/** `0 to 7 (0 and 7 = SUN) or SUN to SAT` */
function allowed({ min, max, names, hint }: FieldRule): string {
  const named = names === undefined ? "" : ` or ${names[0]} to ${names.at(-1)}`;
  return `${min} to ${max}${hint === undefined ? "" : ` (${hint})`}${named}`;
}

const wrong = ({ title }: FieldRule, text: string, rule: string): Failure =>
  new Failure("usage", `${title} "${printable(text)}": ${rule}`);
