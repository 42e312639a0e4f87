import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { ValidateCronOptions } from "../cli.ts";
import type { ScheduledConfig } from "../config/schedule.ts";
import { Failure } from "../errors.ts";
import { endingOf } from "../exit.ts";
import type { Io } from "../io.ts";
import { printable } from "../mapping/printable.ts";
import { nearest } from "../nearest.ts";
import { ownFile } from "../own-file.ts";
import { isColoured, type Palette, palette } from "../report/chalk.ts";
import { openTalk, type Talk } from "../report/talk.ts";
import { errorWords, failureWords } from "../report/words.ts";
import { type Dialect, dialects } from "../schedule/dialects.ts";
import { type Emitted, type Job, targets } from "../schedule/emit/emit.ts";
import { verdictDocument, verdictLines } from "../schedule/report.ts";
import { type Verdict, validateSchedule } from "../schedule/validate.ts";

/** The command `validate-cron`: is this schedule valid, what does it mean, when does it fire. 0 or 2. */
export async function validateCron(options: ValidateCronOptions, version: string, io: Io): Promise<number> {
  const colour = (stream: Io["stdout"]) => isColoured(stream, options.color, io.env);
  const talk = await openTalk(io.stderr, options.logFormat, colour(io.stderr), () => new Date());
  const print = (line: string): void => {
    io.stdout.write(`${line}\n`);
  };
  const document = (value: object) => print(JSON.stringify(value, null, 2));
  try {
    const config = await configOf(options, io, talk);
    if (options.emit !== undefined && config !== undefined && config.hidden > 0) talk("warning", hiddenWords(config));
    const verdict = verdictOf(options, config, await longestRunOf(config, io));
    const emitted = emission(options, verdict, config, version, io);
    if (options.json) document(verdictDocument(verdict, emitted && { target: options.emit, ...emitted }));
    else if (options.emit === undefined) shown(options, verdict, await palette(colour(io.stdout))).map(print);
    else if (emitted && "text" in emitted) io.stdout.write(emitted.text);
    const refusals = [
      ...(options.emit === undefined ? [] : verdict.errors),
      ...(emitted && "refused" in emitted ? emitted.refused : []),
    ];
    if (options.emit !== undefined && !options.json) for (const warning of verdict.warnings) talk("warning", warning);
    if (!options.json) for (const refusal of refusals) talk("error", errorWords(refusal, undefined));
    return verdict.valid && refusals.length === 0 ? 0 : 2;
  } catch (error) {
    const { code, error: words } = endingOf(error, new AbortController().signal);
    if (options.json) document(unanswered(options, words?.message ?? ""));
    talk("error", failureWords(words, error, options.verbose));
    return code;
  }
}

const hiddenWords = ({ hidden }: ScheduledConfig): string =>
  `${hidden} of the secrets left out: what stands there looks like no name of a variable or file, and may be the secret itself`;

/** With an expression, a configuration is read only for what is emitted, and may be missing. */
async function configOf(options: ValidateCronOptions, io: Io, talk: Talk): Promise<ScheduledConfig | undefined> {
  const { config: named, expression, emit } = options;
  if (expression !== undefined && emit === undefined) return undefined;
  // Loaded here: an expression by itself needs no reader of configurations.
  const { readScheduled } = await import("../config/schedule.ts");
  if (expression === undefined || named !== undefined) return await readScheduled(io, named);
  try {
    return await readScheduled(io, undefined);
  } catch (error) {
    if (!(error instanceof Failure) || !error.message.startsWith("no configuration in")) throw error;
    const file = resolve(io.cwd(), ".syncrc.json");
    talk("warning", `there is no configuration here yet: what is emitted names ${file}`);
    const none = { name: "default", variables: [], secretFiles: [], hidden: 0, writable: [], historyFile: undefined };
    return { ...none, file, schedule: () => ({ expression }) };
  }
}

/** Of the sync that is configured, where its history tells. */
async function longestRunOf(config: ScheduledConfig | undefined, io: Io): Promise<number | undefined> {
  if (config === undefined) return undefined;
  const { longestRunMs } = await import("../history/longest-run.ts");
  const { name, file, historyFile } = config;
  // The schedule is right or wrong whether the history can be read or not.
  return longestRunMs({ name, config: file, historyFile }, io.env).catch(() => undefined);
}

function verdictOf(
  options: ValidateCronOptions,
  config: ScheduledConfig | undefined,
  longestRunMs: number | undefined,
): Verdict {
  const scheduled = options.expression === undefined ? config?.schedule() : undefined;
  return validateSchedule({
    expression: options.expression ?? scheduled?.expression ?? "",
    dialect: options.dialect ?? dialectOf(scheduled?.dialect),
    timezone: options.timezone ?? scheduled?.timezone ?? systemTimezone(),
    from: options.from ?? new Date(),
    count: options.count,
    longestRunMs,
  });
}

const systemTimezone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

function dialectOf(name: string | undefined): Dialect | undefined {
  const known = Object.keys(dialects);
  if (name === undefined || known.includes(name)) return name as Dialect | undefined;
  const meant = nearest(name, known);
  throw new Failure("configuration", `schedule.dialect "${printable(name)}": it must be ${known.join(" or ")}`, {
    hint: meant === undefined ? undefined : `did you mean ${meant}?`,
  });
}

function shown({ quiet }: ValidateCronOptions, verdict: Verdict, paint: Palette): string[] {
  return quiet && verdict.valid && verdict.warnings.length === 0 ? [] : verdictLines(verdict, paint);
}

function emission(
  { emit }: ValidateCronOptions,
  verdict: Verdict,
  config: ScheduledConfig | undefined,
  version: string,
  io: Io,
): Emitted | undefined {
  const { valid, schedule, dialect, timezone, description, expression } = verdict;
  if (emit === undefined || !valid || schedule === undefined || config === undefined) return undefined;
  const { file, name, variables, secretFiles, writable } = config;
  const job: Job = {
    schedule,
    crontab: dialect === "unix" ? expression.trim().split(/\s+/).join(" ") : undefined,
    description: description ?? "",
    timezone,
    systemTimezone: systemTimezone(),
    name: printable(name),
    node: process.execPath,
    program: fileURLToPath(ownFile("bin/idm-ldap-sync.js")),
    config: resolve(io.cwd(), file),
    version,
    variables,
    secretFiles,
    writable,
  };
  return targets[emit](job);
}

/** The document where the question itself could not be read. */
const unanswered = ({ expression, dialect, timezone }: ValidateCronOptions, error: string) => ({
  valid: false,
  expression: expression ?? null,
  dialect: dialect ?? null,
  description: null,
  timezone: timezone ?? null,
  next: [],
  warnings: [],
  errors: [error],
});
