import type { Palette } from "../report/chalk.ts";
import { duration, errorWords, plural } from "../report/words.ts";
import type { Line, Status } from "./ledger.ts";

/** What people read of a check, line by line. */

const widths = { status: 9, stage: 15, time: 8 } as const;

/** Prints each line, after a heading where another source or the target begins; `quiet`: what is well is left out. */
export function linePrinter(print: (line: string) => void, paint: Palette, quiet: boolean): (line: Line) => void {
  const tones: Readonly<Record<Status, (text: string) => string>> = {
    ok: paint.good,
    warning: paint.warn,
    failed: paint.bad,
    skipped: paint.faint,
  };
  let heading = "configuration";
  let before: Line | undefined;
  return (line) => {
    const { of, stage, status, durationMs, message, hint } = line;
    const goesOn = before?.of === of && before.stage === stage;
    before = line;
    if (quiet && (status === "ok" || status === "skipped")) return;
    if (of !== heading) print(paint.head(errorWords(of, undefined)));
    heading = of;
    const time = goesOn || status === "skipped" ? "" : duration(durationMs);
    const words = errorWords(message, hint ?? undefined).replaceAll("\n", "; ");
    const columns = [
      tones[status](status.padEnd(widths.status)),
      stage.padEnd(widths.stage),
      time.padStart(widths.time),
    ];
    print(`${columns.join("")}  ${words}`);
  };
}

/** The last line: how it went, and what to do next. */
export function endWords(lines: readonly Line[], next: string): string {
  const count = (wanted: Status): number => lines.filter(({ status }) => status === wanted).length;
  const failures = count("failed");
  const warnings = count("warning");
  const told = warnings === 0 ? "" : plural(warnings, "warning");
  if (failures === 0) return `${told === "" ? "all is well" : told}; next: ${next}`;
  return `${[plural(failures, "failure"), told].filter(Boolean).join(", ")}: mend what failed, and check again`;
}
