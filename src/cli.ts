import { Command, CommanderError, InvalidArgumentError } from "commander";
import { exitCodes } from "./exit.ts";

/** What every command takes. */
export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  readonly color: boolean;
  readonly logFormat: "pretty" | "json";
}

/** What `sync` and `dry-run` take. */
export interface RunOptions extends CommonOptions {
  readonly command: "sync" | "dry-run";
  readonly changes?: string;
  readonly rejects?: string;
  readonly filter?: string;
  readonly batchSize?: number;
  readonly allowEmpty?: boolean;
  readonly maxDeactivate?: number;
  readonly maxUpdate?: number;
  readonly maxInsert?: number;
  readonly limit?: number;
  /** Of `sync`: how many seconds to wait for a lock. */
  readonly wait?: number;
  /** Of `dry-run`. */
  readonly exitCode?: boolean;
  readonly verify?: boolean;
  readonly report?: string;
}

/** What `check` takes. */
export interface CheckOptions extends CommonOptions {
  readonly command: "check";
  /** How many entries are tried. */
  readonly sample: number;
}

/** What `explain` takes. */
export interface ExplainOptions extends CommonOptions {
  readonly command: "explain";
  /** A match key, a DN or a filter. */
  readonly key: string;
}

/** What `status` takes. */
export interface StatusOptions extends CommonOptions {
  readonly command: "status";
  /** How many runs are shown. */
  readonly limit: number;
  readonly exitCode?: boolean;
}

/** What `validate-cron` takes. */
export interface ValidateCronOptions extends CommonOptions {
  readonly command: "validate-cron";
  /** From `schedule` of the configuration where it is not given. */
  readonly expression?: string;
  readonly dialect?: "unix" | "quartz" | "spring";
  readonly timezone?: string;
  /** How many fire times. */
  readonly count: number;
  /** Now, unless told. */
  readonly from?: Date;
  readonly emit?: "crontab" | "systemd" | "kubernetes";
}

/** What was asked for, as plain data. */
export type Options = RunOptions | CheckOptions | ExplainOptions | StatusOptions | ValidateCronOptions;

/** The command to run, or the exit code where the command line was answered already (`--help`, wrong usage). */
export type Parsed = { readonly options: Options } | { readonly exit: 0 | 2 };

/** The one door to commander. Text for people goes to the two functions; nothing ends the process. */
export function parseArguments(
  argv: readonly string[],
  version: string,
  out: (text: string) => void,
  err: (text: string) => void,
): Parsed {
  let options: Options | undefined;
  const program = new Command("idm-ldap-sync")
    .description(
      "Brings the users table of an identity-management system in line with the people who are active in an LDAP directory.",
    )
    .version(version, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .configureOutput({ writeOut: out, writeErr: err })
    .showSuggestionAfterError()
    .exitOverride()
    .addHelpText("after", `\nExit codes:\n${exitCodeLines()}`);
  for (const add of [syncCommand, dryRunCommand, checkCommand, explainCommand, statusCommand, validateCronCommand]) {
    const command = add(program);
    command.action(() => {
      const [argument] = command.processedArgs;
      const name = command.registeredArguments[0]?.name().toLowerCase() ?? "";
      options = {
        ...command.opts(),
        command: command.name(),
        ...(argument !== undefined && { [name]: argument }),
      } as Options;
    });
  }
  try {
    program.parse([...argv], { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) return { exit: error.exitCode === 0 ? 0 : 2 };
    throw error;
  }
  return options ? { options } : { exit: 2 };
}

const exitCodeLines = (): string =>
  Object.entries(exitCodes)
    .map(([code, says]) => `  ${code.padEnd(5)}${says}`)
    .join("\n");

const stack = "the stack of an error";
const ldapsearch = "the ldapsearch command that reads the same entries";

const commonOptions = (command: Command, verbose = `show ${stack}`): Command =>
  command
    .option("-c, --config <FILE>", "configuration file, instead of .syncrc.json and its kin in this folder")
    .option("--json", "print one JSON document on stdout, nothing else there")
    .option("-q, --quiet", "say nothing unless something is wrong")
    .option("-v, --verbose", verbose)
    .option("--no-color", "no colours (also: NO_COLOR in the environment)")
    .option("--log-format <FORMAT>", "pretty or json: how stderr is written", oneOf("pretty", "json"), "pretty");

const runOptions = (command: Command): Command =>
  commonOptions(command, `show every change, ${ldapsearch}, and ${stack}`)
    .option("--changes <FILE>", "write every change as one JSON line, as it happens; FILE is replaced")
    .option("--rejects <FILE>", "write every reject as one JSON line; FILE is replaced")
    .option("--filter <FILTER>", "only these entries: AND-ed to the configured filter; try one person")
    .option("--batch-size <N>", "rows looked up and written together, whatever is configured", wholeNumber(1, 10_000))
    .option("--allow-empty", "go on where the directory has no active entry but the table has active rows")
    .option("--max-insert <N>", "at most so many new rows in this run, whatever limit is configured", wholeNumber(0))
    .option(
      "--max-update <N>",
      "at most so many changed rows in this run, whatever limit is configured",
      wholeNumber(0),
    )
    .option(
      "--max-deactivate <N>",
      "at most so many deactivated rows in this run, whatever limit is configured",
      wholeNumber(0),
    );

const syncCommand = (program: Command): Command =>
  runOptions(program.command("sync").description("read the active entries, write what differs"))
    .option(
      "--limit <N>",
      "how many rejects are shown (10); in the JSON document, changes too (100); all are counted",
      wholeNumber(0),
    )
    .option(
      "--wait <SECONDS>",
      "wait so long where another run of this sync holds the lock",
      wholeNumber(0, 1_000_000),
    );

const dryRunCommand = (program: Command): Command =>
  runOptions(program.command("dry-run").description("show what a sync would write, and write nothing"))
    .option(
      "--limit <N>",
      "how many changes and rejects are shown (20; in the JSON document 100); all are counted",
      wholeNumber(0),
    )
    .option("--exit-code", "exit with 10 where changes are pending")
    .option("--verify", "execute every batch in a transaction, and roll it back")
    .option("--report <FILE>", "write a page for people: a self-contained HTML file; FILE is replaced");

const checkCommand = (program: Command): Command =>
  commonOptions(
    program
      .command("check")
      .description("verify everything before the first run, from DNS to real values; writes nothing"),
  ).option("--sample <N>", "how many entries are tried", wholeNumber(1), 1000);

const explainCommand = (program: Command): Command =>
  commonOptions(
    program
      .command("explain")
      .description("one person, step by step: found where, active by which rule, each column, what a sync would do")
      .argument("<KEY>", "the match key, the DN, or a filter in parentheses"),
    `show ${ldapsearch}, steps that changed nothing, and ${stack}`,
  );

const statusCommand = (program: Command): Command =>
  commonOptions(program.command("status").description("the last runs and the next due time"))
    .option("--limit <N>", "how many runs of each name are shown", wholeNumber(0), 10)
    .option("--exit-code", "exit with 1 where the last sync failed or did not finish, 4 where none is in time");
const validateCronCommand = (program: Command): Command =>
  commonOptions(
    program
      .command("validate-cron")
      .description("is this schedule valid, what does it mean, when does it fire")
      .argument("[EXPRESSION]", "a cron expression in quotes; unless given, that of schedule in the configuration"),
  )
    .option(
      "--dialect <DIALECT>",
      "unix, quartz or spring; unless given, told from the number of fields and from ?",
      oneOf("unix", "quartz", "spring"),
    )
    .option("--timezone <IANA>", "such as Europe/Stockholm; unless given, the system's")
    .option("--count <N>", "how many of the next fire times are shown", wholeNumber(1, 1000), 5)
    .option("--from <ISO>", "compute from this instant, such as 2027-03-28T00:00:00Z, instead of now", instant)
    .option(
      "--emit <TARGET>",
      "crontab, systemd or kubernetes: print what is to be installed there, and nothing else",
      oneOf("crontab", "systemd", "kubernetes"),
    );

/** ISO 8601 with a zone or without time: `Date` takes a time without a zone for local, whatever --timezone says. */
const instant = (text: string): Date => {
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(text) && !Number.isNaN(date.getTime()))
    return date;
  throw new InvalidArgumentError(
    "It must be an instant as 2027-03-28T00:00:00Z or 2027-03-28T02:00:00+01:00, or a day.",
  );
};

const wholeNumber =
  (min: number, max = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const number = Number(text);
    if (/^\d+$/.test(text) && number >= min && number <= max) return number;
    throw new InvalidArgumentError(
      `It must be a whole number from ${min}${max === Number.MAX_SAFE_INTEGER ? " up" : ` to ${max}`}.`,
    );
  };

const oneOf =
  (...choices: readonly string[]) =>
  (text: string): string => {
    if (choices.includes(text)) return text;
    throw new InvalidArgumentError(`It must be ${choices.join(" or ")}.`);
  };
