import { visible } from "../mapping/printable.ts";
import type { Palette } from "../report/chalk.ts";
import { padTo, widthOf } from "../report/width.ts";
import { duration, errorWords, number } from "../report/words.ts";
import { isTelling, type NameStatus, type SeenRun } from "./status.ts";

/** What `status` says to people, line by line. */

interface Shown {
  readonly paint: Palette;
  readonly now: Date;
  /** An IANA zone; that of the system unless told. */
  readonly zone: string | undefined;
}

export function statusLines(status: NameStatus, { paint, now, zone }: Shown): string[] {
  const { at, zoneName } = clock(zone);
  const { name, runs, lastSuccess, nextDue } = status;
  const times = `times in ${zoneName}`;
  if (name === null) return [paint.head(`without a name, ${times}`), ...table(runs, at, paint), ...unnamedWords(runs)];
  const durations = runs.filter(isTelling).flatMap(({ durationMs }) => durationMs ?? []);
  const line = (label: string, words: string) => `  ${label.padEnd(12)}  ${words}`;
  const ago = (date: Date) => `${at(date)} (${span(now.getTime() - date.getTime())} ago)`;
  return [
    paint.head(`${visible(name)}, ${times}`),
    ...table(runs, at, paint),
    line("last success", lastSuccess ? ago(lastSuccess) : "none is remembered"),
    ...(nextDue ? [line("next due", `${at(nextDue)} (in ${span(nextDue.getTime() - now.getTime())})`)] : []),
    ...(durations.length > 1 ? [line("durations", durationWords(durations.reverse()))] : []),
    ...troubleWords(status).map((words) => paint.bad(`  ${words}`)),
  ];
}

const durationWords = (durations: readonly number[]): string =>
  `${sparkline(durations)}  ${duration(Math.min(...durations))} to ${duration(Math.max(...durations))}`;

/** What somebody should look at. */
function troubleWords({ state, overdue, lastSuccess, schedule, last }: NameStatus): string[] {
  const intervals = `two intervals of ${visible(schedule?.expression ?? "")}`;
  const late = lastSuccess ? `the last success is older than ${intervals}` : `no success within ${intervals}`;
  return [
    ...(state === "failed" && last ? [failureWords(last)] : []),
    ...(overdue ? [`OVERDUE: ${late}`] : []),
    ...(state === "unknown" ? ["no sync has ended yet, as far as is remembered"] : []),
  ];
}

/** These ended before their configuration could be read. */
const unnamedWords = (runs: readonly SeenRun[]): string[] =>
  runs.slice(0, 1).map((run) => `  ${failureWords(run).replace("sync", run.command)}`);

function failureWords({ outcome, error, host, pid }: SeenRun): string {
  if (outcome === "did not finish")
    return `the last sync did not finish: its process (${pid} on ${visible(host)}) is gone`;
  const why = error ? `: ${errorWords(error.message.split("\n")[0] ?? "", error.hint ?? undefined)}` : "";
  return `the last sync ${pastWords[outcome] ?? visible(outcome)}${why}`;
}

const pastWords: Readonly<Record<string, string>> = {
  failed: "failed",
  refused: "was refused",
  interrupted: "was interrupted",
};

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat("sv-SE", { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}

/** `2026-01-31 02:00:00`, in the zone; in that of the system where there is no such zone. */
function clock(zone: string | undefined): { at: (date: Date) => string; zoneName: string } {
  const style = { dateStyle: "short", timeStyle: "medium" } as const;
  const known = zone !== undefined && isZone(zone) ? { timeZone: zone } : {};
  const format = new Intl.DateTimeFormat("sv-SE", { ...style, ...known });
  return { at: (date) => format.format(date), zoneName: format.resolvedOptions().timeZone };
}

/** One row for each run, below each other; of the counts that are rare only those that some run has. */
function table(runs: readonly SeenRun[], at: (date: Date) => string, paint: Palette): string[] {
  if (runs.length === 0) return [];
  const rare = (["reactivated", "deactivated", "missing", "createdInactive"] as const).filter((kind) =>
    runs.some(({ counts }) => counts?.[kind]),
  );
  const kinds = ["read", "inserted", "updated", ...rare, "unchanged", "rejected"] as const;
  const cells = runs.map(({ startedAt, command, filter, durationMs, outcome, counts }) => [
    at(new Date(startedAt)),
    visible(command) + (filter === null ? "" : " --filter"),
    durationMs === null ? "" : duration(durationMs),
    visible(outcome),
    ...kinds.map((kind) => (counts ? number(counts[kind] ?? 0) : "")),
  ]);
  const rows = [["start", "command", "duration", "outcome", ...kinds], ...cells];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => widthOf(row[column] ?? "")))) ?? [];
  const isNumber = (column: number) => column === 2 || column > 3;
  const aligned = rows.map((row) =>
    row.map((cell, column) => {
      const width = widths[column] ?? 0;
      return isNumber(column) ? cell.padStart(width) : padTo(cell, width);
    }),
  );
  const [head = [], ...body] = aligned;
  const toned = body.map((row, at) => row.map((cell, column) => (column === 3 ? tone(runs[at], paint)(cell) : cell)));
  return [paint.faint(`  ${head.join("  ").trimEnd()}`), ...toned.map((row) => `  ${row.join("  ").trimEnd()}`)];
}

function tone(run: SeenRun | undefined, paint: Palette): (text: string) => string {
  if (run?.outcome === "succeeded") return paint.good;
  return run?.outcome === "partial" || run?.outcome === "running" || run?.outcome === "locked" ? paint.warn : paint.bad;
}

const bars = "▁▂▃▄▅▆▇█";

/** The oldest first, from nothing to the longest. */
export function sparkline(values: readonly number[]): string {
  const most = Math.max(...values, 1);
  return values.map((value) => bars[Math.min(bars.length - 1, Math.floor((value / most) * bars.length))]).join("");
}

/** `3 days`, `14 hours`, `12 minutes`, `50 seconds`. */
function span(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  const [size, unit] = units.find(([length]) => seconds >= 2 * length) ?? [1, "second"];
  const count = Math.floor(seconds / size);
  return `${count} ${unit}${count === 1 ? "" : "s"}`;
}

const units = [
  [86_400, "day"],
  [3600, "hour"],
  [60, "minute"],
] as const;
