import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { RunOptions } from "../cli.ts";
import { Failure } from "../errors.ts";
import type { Io, Stream } from "../io.ts";
import { visible } from "../mapping/printable.ts";
import { isColoured, type Palette, palette } from "./chalk.ts";
import { combine } from "./combine.ts";
import { jsonDocument } from "./document.ts";
import type { Header, Report, Summary } from "./event.ts";
import { jsonLines } from "./files.ts";
import { htmlReport } from "./page/page.ts";
import { barProgress, plainProgress } from "./progress.ts";
import { humanSummary } from "./summary.ts";
import { openTalk } from "./talk.ts";
import { eventWords, failureWords } from "./words.ts";

/** All listeners of one run, chosen by the options and by what stdout and stderr are. */
export interface Reports {
  readonly report: Report;
  /** Opens the files that the options name; a `Failure("usage")` where that cannot be. */
  open(): void;
  /** Says what went wrong beside the run. */
  warn(message: string): void;
  /** Says why a run ended. */
  failed(words: Summary["error"], error: unknown): void;
}

/** By another name: a link. */
function isSameFile(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) => statSync(path, { throwIfNoEntry: false }));
  return a?.isFile() === true && a.ino === b?.ino && a.dev === b.dev;
}

function refuseSameFile(options: RunOptions, cwd: string): void {
  const named = (["changes", "rejects", "report"] as const).flatMap((option) => {
    const file = options[option];
    return file === undefined ? [] : [{ option, file, path: resolve(cwd, file) }];
  });
  for (const [at, { option, file, path }] of named.entries()) {
    const before = named.slice(0, at).find((each) => each.path === path || isSameFile(each.path, path));
    if (!before) continue;
    throw new Failure("usage", `--${before.option} and --${option}: both name ${file}`, { hint: "name two files" });
  }
}

type HumanResult = (
  options: RunOptions,
  print: (text: string) => void,
  paint: Palette,
  columns: number | undefined,
) => Promise<Report>;

/** What people read on stdout at the end. The tables of a preview, and what measures their cells, are loaded for it alone. */
const humanResult = {
  sync: async ({ quiet, limit = 10 }, print, paint) =>
    humanSummary(print, paint, { onlyTrouble: quiet === true, limit }),
  "dry-run": async ({ quiet, limit = 20 }, print, paint, columns) =>
    (await import("./preview.ts")).humanPreview(print, paint, { onlyTrouble: quiet === true, limit, columns }),
} satisfies Record<RunOptions["command"], HumanResult>;

export async function openReports(
  options: RunOptions,
  io: Io,
  head: Pick<Header, "command" | "name" | "runId" | "startedAt">,
  safe: (text: string) => string,
): Promise<Reports> {
  const now = () => new Date();
  const colour = (stream: Stream): boolean => isColoured(stream, options.color, io.env);
  const talk = await openTalk(io.stderr, options.logFormat, colour(io.stderr), now);
  const onTerminal = io.stderr.isTTY === true && options.logFormat === "pretty";
  const progress = options.quiet
    ? undefined
    : onTerminal
      ? await barProgress(io.stderr, now)
      : plainProgress(talk, now);
  const aside = progress?.aside ?? ((write: () => void) => write());
  const said: Report = (event) => {
    // Most events are changes, which only --verbose puts into words.
    if (event.type === "change" && !options.verbose) return;
    const { level, words } = eventWords(event) ?? {};
    if (!level || (options.quiet && level !== "warning") || (level === "detail" && !options.verbose)) return;
    aside(() => talk(level === "warning" ? level : "info", safe(words ?? "")));
  };
  const print = (text: string) => io.stdout.write(text);
  const result = options.json
    ? jsonDocument(options.limit ?? 100, print, head)
    : await humanResult[options.command](options, print, await palette(colour(io.stdout)), io.stdout.columns);
  const talked = combine(said, ...(progress ? [progress.report] : []), result);
  let all = talked;
  return {
    report: (event) => all(event),
    open: () => {
      const file = (option: "changes" | "rejects", line: Parameters<typeof jsonLines>[2]): Report => {
        const name = options[option];
        return name === undefined ? () => {} : jsonLines(`--${option}`, resolve(io.cwd(), name), line);
      };
      refuseSameFile(options, io.cwd());
      const changes = file("changes", (event) => (event.type === "change" ? event.change : undefined));
      const rejects = file("rejects", (event) => (event.type === "reject" ? event.reject : undefined));
      const page = options.report === undefined ? [] : [htmlReport(resolve(io.cwd(), options.report), safe)];
      // The page is finished last: where it cannot be, the summary has been told.
      all = combine(changes, rejects, talked, ...page);
    },
    warn: (message) => aside(() => talk("warning", visible(safe(message)))),
    failed: (words, error) => {
      aside(() => talk("error", safe(failureWords(words, error, options.verbose))));
    },
  };
}
