import type { CommonOptions, Options } from "../cli.ts";
import type { Exposure } from "../config/exposure.ts";
import { type LoadedConfig, type LoadRequest, loadConfig } from "../config/load.ts";
import { endingOf } from "../exit.ts";
import { listen } from "../interruption.ts";
import type { Io } from "../io.ts";
import { redact, safely } from "../redact.ts";
import { isColoured, type Palette, palette } from "../report/chalk.ts";
import { jsonText } from "../report/json-text.ts";
import { openTalk, type Talk } from "../report/talk.ts";
import { errorWords, failureWords } from "../report/words.ts";
import { shellWord } from "../source/ldapsearch.ts";

/** What a command has in hand that looks at things and answers, and writes nothing. */
export interface Session<L = LoadedConfig> {
  readonly loaded: L;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  /** One line of the answer for people, on stdout at once; nothing with `--json`. Secrets are taken out. */
  readonly print: (line: string) => void;
  /** Colours for stdout. */
  readonly paint: Palette;
  /** Lines on stderr; secrets are taken out. */
  readonly talk: Talk;
  /** Gives what `--json` says beside the error, where the command does not come to its end. */
  readonly soFar: (document: () => object) => void;
}

/** How such a command ended: the exit code, and what `--json` prints beside `command` and `name`. */
export interface Answer {
  readonly code: number;
  readonly document: object;
}

/**
 * Loads the configuration, lets the command work, and gives the exit code. What goes wrong is told as everywhere: one line
 * on stderr, and with `--json` a document with `error`.
 *
 * @param load how, where the command does not need all of it
 */
export async function inSession<L extends LoadedConfig | undefined = LoadedConfig>(
  options: CommonOptions & Pick<Options, "command">,
  version: string,
  io: Io,
  work: (session: Session<L>) => Promise<Answer>,
  load: (request: LoadRequest) => Promise<L> = loadConfig as (request: LoadRequest) => Promise<L>,
): Promise<number> {
  const secrets: string[] = [];
  const safe = (text: string) => redact(text, secrets);
  const colour = (stream: Io["stdout"]) => isColoured(stream, options.color, io.env);
  const toStderr = await openTalk(io.stderr, options.logFormat, colour(io.stderr), () => new Date());
  const talk: Talk = (level, words) => {
    if (level !== "info" || !options.quiet) toStderr(level, safe(words));
  };
  const print = (line: string) => {
    if (!options.json) io.stdout.write(`${safe(line)}\n`);
  };
  const document = (name: string | undefined, rest: object) => {
    // Values alone: in the text as a whole a secret such as "null" would be part of the JSON itself.
    if (options.json) io.stdout.write(`${jsonText(safely({ command: options.command, name, ...rest }, safe), 2)}\n`);
  };
  const interruption = listen(io);
  let name: string | undefined = "default";
  let known = (): object => ({});
  const soFar: Session["soFar"] = (give) => {
    known = give;
  };
  try {
    const literal = (secret: string) => secrets.push(secret);
    const loaded = await load({ cwd: io.cwd(), file: options.config, env: io.env, version, literal });
    secrets.push(...(loaded?.secrets ?? []));
    name = loaded?.config.name;
    for (const warning of loaded?.warnings ?? []) talk("warning", warning);
    const paint = await palette(colour(io.stdout));
    const { code, document: rest } = await work({ loaded, signal: interruption.signal, print, paint, talk, soFar });
    document(name, { ...rest, error: null });
    return code;
  } catch (error) {
    const { code, outcome, error: words } = endingOf(error, interruption.signal);
    document(name, { outcome, ...known(), error: words });
    talk("error", failureWords(words, error, options.verbose));
    return code;
  } finally {
    interruption.stop();
  }
}

/** Warns of what the configuration exposes on the connections that the command is about to open. */
export function warnOf(exposed: readonly Exposure[], talk: Talk): void {
  for (const { message, hint } of exposed) talk("warning", errorWords(message, hint));
}

/** A command as it is typed, with the configuration that this one was given. */
export const commandLine = (
  { command, config }: { readonly command: string; readonly config?: string },
  ...rest: readonly string[]
): string =>
  ["idm-ldap-sync", command, ...(config === undefined ? [] : ["--config", config]), ...rest].map(shellWord).join(" ");
