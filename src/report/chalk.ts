import type { Io, Stream } from "../io.ts";

/** The one door to chalk: colours for what they mean. */
export interface Palette {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  head(text: string): string;
  faint(text: string): string;
}

const plain = (text: string): string => text;

/** chalk is loaded for who sees colours: not for a run from cron. */
export async function palette(colour: boolean): Promise<Palette> {
  if (!colour) return { good: plain, bad: plain, warn: plain, head: plain, faint: plain };
  const { Chalk } = await import("chalk");
  const chalk = new Chalk({ level: 1 });
  return { good: chalk.green, bad: chalk.red, warn: chalk.yellow, head: chalk.bold, faint: chalk.dim };
}

/** Whether a stream is to have colours: a terminal, unless somebody asked for none. */
export const isColoured = (stream: Stream, wanted: boolean, { NO_COLOR: none }: Io["env"]): boolean =>
  wanted && !none && stream.isTTY === true;
