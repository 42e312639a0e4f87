import { check as checkAll } from "../check/check.ts";
import { exitCodeOf, type Line, openLedger } from "../check/ledger.ts";
import { endWords, linePrinter } from "../check/words.ts";
import type { CheckOptions } from "../cli.ts";
import { remembersSuccess } from "../history/success.ts";
import type { Io } from "../io.ts";
import type { Palette } from "../report/chalk.ts";
import { commandLine, inSession } from "./session.ts";

/** The command `check`: everything that a sync needs is looked at before the first one, and nothing is written. */
export function check(options: CheckOptions, version: string, io: Io): Promise<number> {
  const began = performance.now();
  return inSession(options, version, io, async ({ loaded, signal, print, paint, talk, soFar }) => {
    const { quiet = false, verbose = false, sample, config } = options;
    const tell = linePrinter(print, paint, quiet);
    const ledger = openLedger(tell, () => performance.now(), began);
    soFar(() => ({ stages: ledger.lines.map(shown) }));
    const { history, target, name } = loaded.config;
    const place = { history, target, env: io.env, now: () => new Date() };
    const isRemembered = () => remembersSuccess(place, name, loaded.file);
    const sampled = await checkAll({ loaded, sample, ledger, signal, now: new Date(), talk, verbose, isRemembered });
    const { lines } = ledger;
    const outcome = outcomeOf(lines);
    const next = commandLine({ command: "dry-run", ...(config !== undefined && { config }) });
    if (!quiet || outcome !== "ok") print(tones(paint)[outcome](endWords(lines, next)));
    return { code: exitCodeOf(lines), document: { outcome, stages: lines.map(shown), sample: sampled } };
  });
}

const outcomeOf = (lines: readonly Line[]): "ok" | "warnings" | "failed" => {
  if (lines.some(({ status }) => status === "failed")) return "failed";
  return lines.some(({ status }) => status === "warning") ? "warnings" : "ok";
};

const tones = ({ good, warn, bad }: Palette) => ({ ok: good, warnings: warn, failed: bad });

const shown = ({ stage, of, status, durationMs, message, hint }: Line) => ({
  stage,
  of,
  status,
  durationMs,
  message,
  hint,
});
