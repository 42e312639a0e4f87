import { visible } from "../mapping/printable.ts";
import type { Palette } from "../report/chalk.ts";
import { dialects } from "./dialects.ts";
import { localWeekday, zonedIso } from "./local.ts";
import type { Verdict } from "./validate.ts";
import type { Zone } from "./zone.ts";

const label = (text: string): string => `${text.padEnd(11)}`;

/** The answer for people, line by line. */
export function verdictLines(verdict: Verdict, paint: Palette): string[] {
  const { expression, dialect, description, timezone, errors, warnings, zone, next, readings } = verdict;
  const title = dialect === null ? "" : ` (${dialects[dialect].title})`;
  const mark = verdict.valid ? paint.good(label("valid")) : paint.bad(label("invalid"));
  const head = `${mark}${visible(expression)}${title}`;
  if (!verdict.valid) {
    const means = description === null ? [] : [`${label("means")}${description}`];
    return [head, ...means, ...errors.map((error) => `${paint.bad(label("error"))}${visible(error)}`)];
  }
  const rest = readings
    .slice(1)
    .flatMap((reading) => [
      `${paint.warn(label(`or ${dialects[reading.dialect].title}`))}${reading.description}`,
      ...(zone === undefined ? [] : timeLines(reading.next, zone)),
    ]);
  return [
    head,
    `${label("means")}${description}`,
    `${label("time zone")}${visible(timezone)}`,
    ...(zone === undefined ? [] : timeLines(next, zone)),
    ...rest,
    ...warnings.map((warning) => `${paint.warn(label("warning"))}${warning}`),
    ...changeLines(verdict, paint),
  ];
}

/** `next       Wed 2026-11-25T02:00:00+01:00  2026-11-25T01:00:00Z` */
const timeLines = (times: readonly Date[], zone: Zone): string[] =>
  times.map((time, at) => {
    const instant = time.getTime();
    const weekday = localWeekday(instant + zone.offsetAt(instant));
    return `${label(at === 0 ? "next" : "")}${weekday} ${zonedIso(instant, zone)}  ${utc(time)}`;
  });

const utc = (time: Date): string => time.toISOString().replace(".000Z", "Z");

const schedulers = { cron: "Debian's cron", systemd: "systemd", kubernetes: "Kubernetes" } as const;

function changeLines({ changes }: Verdict, { faint }: Palette): string[] {
  return changes.flatMap(({ date, times, kind, behaviour }) => [
    `${label("clock")}${date}: ${times.join(", ")} is ${kind}`,
    ...Object.entries(schedulers).map(([key, name]) =>
      faint(`${label("")}${name} ${behaviour[key as keyof typeof schedulers]}`),
    ),
  ]);
}

/** The document of `--json`: what the contract names, then what is added to it. */
export function verdictDocument(verdict: Verdict, emit: object | undefined) {
  const { valid, expression, dialect, description, timezone, next, warnings, errors, readings, changes, zone } =
    verdict;
  return {
    valid,
    expression,
    dialect,
    description,
    timezone,
    next: next.map(utc),
    warnings,
    errors,
    nextLocal: zone === undefined ? [] : next.map((time) => zonedIso(time.getTime(), zone)),
    readings: readings.map((reading) => ({ ...reading, next: reading.next.map(utc) })),
    dst: changes.map(({ at, ...rest }) => ({ at: utc(new Date(at)), ...rest })),
    ...(emit !== undefined && { emit }),
  };
}
