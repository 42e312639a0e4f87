import { readFileSync } from "node:fs";
import {
  type CheckOptions,
  type ExplainOptions,
  type Options,
  parseArguments,
  type RunOptions,
  type StatusOptions,
  type ValidateCronOptions,
} from "./cli.ts";
import type { Io } from "./io.ts";
import { ownFile } from "./own-file.ts";

type Command<O extends Options> = (options: O, version: string, io: Io) => Promise<number>;
type Commands = { readonly [O in Options as O["command"]]: Command<O> };

/** Each is loaded when it is asked for: --help and --version need neither drivers nor schema. */
const run: Command<RunOptions> = async (...asked) => (await import("./commands/run.ts")).run(...asked);
const check: Command<CheckOptions> = async (...asked) => (await import("./commands/check.ts")).check(...asked);
const explain: Command<ExplainOptions> = async (...asked) => (await import("./commands/explain.ts")).explain(...asked);
const status: Command<StatusOptions> = async (...asked) => (await import("./commands/status.ts")).status(...asked);
const validateCron: Command<ValidateCronOptions> = async (...asked) =>
  (await import("./commands/validate-cron.ts")).validateCron(...asked);
const commands = {
  sync: run,
  "dry-run": run,
  check,
  explain,
  status,
  "validate-cron": validateCron,
} satisfies Commands;

/** Runs one command line (without node and script) and gives the exit code; the one way in. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const lost = watchOutput(io);
  const version = programVersion();
  const parsed = parseArguments(
    argv,
    version,
    (text) => io.stdout.write(text),
    (text) => io.stderr.write(text),
  );
  if ("exit" in parsed) return parsed.exit;
  const command = commands[parsed.options.command] as Command<Options>;
  const code = await command(parsed.options, version, io);
  const error = await lost();
  if (!error) return code;
  io.stderr.write(`error: the result could not be written to stdout: ${error.message}\n`);
  return code === 0 ? 1 : code;
}

/**
 * A reader that goes away (`| head`) must not end a run in the middle: what it does not read is not written. Any other
 * error on stdout, such as a full disk, is given back at the end.
 */
function watchOutput({ stdout, stderr }: Io): () => Promise<Error | undefined> {
  let lost: Error | undefined;
  stderr.on("error", () => {});
  stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") lost = error;
  });
  return async () => {
    await new Promise<void>((resolve) => stdout.write("", () => resolve()));
    return lost;
  };
}

const programVersion = (): string =>
  (JSON.parse(readFileSync(ownFile("package.json"), "utf8")) as { version: string }).version;
