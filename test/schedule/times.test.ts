import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Dialect } from "../../src/schedule/dialects.ts";
import { nextTimes } from "../../src/schedule/fire-times.ts";
import { readExpression, type Schedule } from "../../src/schedule/schedule.ts";
import { validateSchedule } from "../../src/schedule/validate.ts";
import { openZone, type Zone } from "../../src/schedule/zone.ts";
import { type HalfHour, halfHourMs, halfHoursOf, naiveTimes } from "./naive.ts";
import { table } from "./table.ts";

// With both changes of the clock of two years, a leap day, and all ends of months.
const from = Date.parse("2026-11-24T16:00:00Z");
const to = Date.parse("2028-04-15T00:00:00Z");
const zones = ["UTC", "Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"];

const known = new Map<string, HalfHour[]>();
function halfHoursIn(zone: string): HalfHour[] {
  const halfHours = known.get(zone) ?? halfHoursOf(zone, from, to);
  known.set(zone, halfHours);
  return halfHours;
}

const opened = new Map<string, Zone>();
function zoneOf(name: string): Zone {
  const zone = opened.get(name) ?? openZone(name);
  opened.set(name, zone);
  return zone;
}

function scheduleOf(expression: string, dialect: Dialect): Schedule {
  const { schedule, errors } = readExpression(expression, dialect);
  if (schedule === undefined || schedule === "reboot") throw new Error(`${expression}: ${errors.join("; ")}`);
  return schedule;
}

const iso = (times: readonly number[]): string[] => times.map((time) => new Date(time).toISOString());

/** The fire times of the program that lie within the stretch. */
const ours = (expression: string, dialect: Dialect, zone: string, after: number, most: number, end = to): string[] =>
  iso(nextTimes(scheduleOf(expression, dialect), zoneOf(zone), after, most).filter((time) => time < end));

/** All of it, and the days around each change of the clock and the leap day. */
const stretches: readonly (readonly [number, number])[] = [
  [from, to],
  ...["2027-03-13", "2027-03-27", "2027-04-03", "2027-10-02", "2027-10-30", "2027-11-06", "2028-02-27"].map((day) => {
    const start = Date.parse(`${day}T09:00:00Z`);
    return [start, start + 4 * 86_400_000] as const;
  }),
];

const dialectNames = ["unix", "quartz", "spring"] as const;
const ask = (expression: string, dialect: Dialect) =>
  validateSchedule({ expression, dialect, timezone: "UTC", from: new Date(from), count: 1 });

describe.each(dialectNames)("%s", (dialect) => {
  const { fires, never, wrong } = table[dialect];

  it("has at least 150 expressions in the table, each once", () => {
    const all = [...fires, ...never, ...wrong];
    expect(all.length).toBeGreaterThanOrEqual(150);
    expect(new Set(all).size).toBe(all.length);
  });

  it("gives the expected verdict of each", () => {
    const verdict = (expression: string): string => {
      const { valid, errors, description } = ask(expression, dialect);
      return valid ? "fires" : description !== null && errors[0]?.startsWith("never fires") ? "never" : "wrong";
    };
    const found = {
      fires: fires.filter(isAs("fires")),
      never: never.filter(isAs("never")),
      wrong: wrong.filter(isAs("wrong")),
    };
    function isAs(expected: string) {
      return (expression: string): boolean => verdict(expression) === expected;
    }
    expect(found).toEqual({ fires, never, wrong });
  });

  it.each(zones)("fires when a count of every minute says, in %s", (zone) => {
    for (const [start, end] of stretches) {
      const halfHours = halfHoursIn(zone).filter(({ instant }) => instant > start - halfHourMs && instant < end);
      for (const expression of fires) {
        const expected = { expression, times: iso(naiveTimes(expression, dialect, halfHours, start, 12)) };
        expect({ expression, times: ours(expression, dialect, zone, start, 12, end) }).toEqual(expected);
      }
    }
  });

  it("fires when a count of every minute says, whatever the expression, the zone and the instant", () => {
    fc.assert(
      fc.property(
        anExpression(dialect),
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: to - from }),
        (expression, zone, after) => {
          const { schedule } = readExpression(expression, dialect);
          fc.pre(schedule !== undefined && schedule !== "reboot");
          const expected = iso(naiveTimes(expression, dialect, halfHoursIn(zone), from + after, 8));
          expect(ours(expression, dialect, zone, from + after, 8)).toEqual(expected);
        },
      ),
      { numRuns: 400 },
    );
  });
});

/** One item of a field, of any form that the dialect knows. */
function anItem(dialect: Dialect, min: number, max: number, names: readonly string[] = []): fc.Arbitrary<string> {
  const value = fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min, max }).map(String) },
    ...(names.length > 0 ? [{ weight: 1, arbitrary: fc.constantFrom(...names) }] : []),
  );
  const step = fc.integer({ min: 1, max: Math.max(2, Math.min(max, 31)) });
  const range = fc
    .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
    .map(([a, b]) => (dialect === "quartz" ? `${a}-${b}` : `${Math.min(a, b)}-${Math.max(a, b)}`));
  return fc.oneof(
    { weight: 4, arbitrary: value },
    { weight: 2, arbitrary: range },
    { weight: 1, arbitrary: fc.tuple(range, step).map(([r, s]) => `${r}/${s}`) },
    { weight: 1, arbitrary: step.map((s) => `*/${s}`) },
    ...(dialect === "unix"
      ? []
      : [{ weight: 1, arbitrary: fc.tuple(fc.integer({ min, max }), step).map(([v, s]) => `${v}/${s}`) }]),
  );
}

const aField = (dialect: Dialect, min: number, max: number, names?: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 2, arbitrary: fc.constant("*") },
    {
      weight: 3,
      arbitrary: fc
        .array(anItem(dialect, min, max, names), { minLength: 1, maxLength: 3 })
        .map((items) => items.join(",")),
    },
  );

function anExpression(dialect: Dialect): fc.Arbitrary<string> {
  const weekdays = ["sun", "MON", "Tue", "wed", "THU", "fri", "SAT"];
  const special = dialect === "unix" ? [] : ["L", "LW", "L-2", "1W", "15W", "30W", "31W"];
  const weekly = dialect === "unix" ? [] : ["6#3", "FRI#5", "2L", "SUNL", "1#1"];
  const dom = fc.oneof({ weight: 4, arbitrary: aField(dialect, 1, 31) }, ...special.map((text) => fc.constant(text)));
  const dow = fc.oneof(
    { weight: 8, arbitrary: aField(dialect, dialect === "quartz" ? 1 : 0, 7, weekdays) },
    ...weekly.map((text) => fc.constant(text)),
  );
  const months = aField(dialect, 1, 12, ["jan", "FEB", "Mar", "dec"]);
  const time = fc.tuple(aField(dialect, 0, 59), aField(dialect, 0, 23));
  const second = fc.oneof({ weight: 2, arbitrary: fc.constant("0") }, aField(dialect, 0, 59));
  const dayPair = fc.tuple(dom, dow, fc.boolean()).map(([month, week, first]) => {
    if (dialect !== "quartz") return [month, week] as const;
    return first ? (["?", week] as const) : ([month, "?"] as const);
  });
  return fc
    .tuple(second, time, dayPair, months)
    .map(([s, [m, h], [d, w], mo]) => `${dialect === "unix" ? "" : `${s} `}${m} ${h} ${d} ${mo} ${w}`);
}

it.each([
  ["0 0 29 2 *", "unix", ["2028-02-29T00:00:00.000Z", "2032-02-29T00:00:00.000Z", "2036-02-29T00:00:00.000Z"]],
  ["0 0 0 29 2 MON", "spring", ["2044-02-29T00:00:00.000Z", "2072-02-29T00:00:00.000Z", "2112-02-29T00:00:00.000Z"]],
  ["0 0 0 1 1 ? 2099", "quartz", ["2099-01-01T00:00:00.000Z"]],
  ["0 0 0 ? 2 1#5", "quartz", ["2032-02-29T00:00:00.000Z", "2060-02-29T00:00:00.000Z", "2088-02-29T00:00:00.000Z"]],
] as const)("finds the times of %s (%s), decades away", (expression, dialect, times) => {
  expect(iso(nextTimes(scheduleOf(expression, dialect), openZone("UTC"), from, 3))).toEqual(times);
});

it("fires twice where the last time of all is in an hour that comes twice", () => {
  const schedule = scheduleOf("0 30 2 31 10 ? 2027", "quartz");
  const zone = openZone("Europe/Stockholm");
  const both = ["2027-10-31T00:30:00.000Z", "2027-10-31T01:30:00.000Z"];
  expect(iso(nextTimes(schedule, zone, from, 5))).toEqual(both);
  expect(iso(nextTimes(schedule, zone, Date.parse("2027-10-31T00:30:00Z"), 5))).toEqual(both.slice(1));
});
