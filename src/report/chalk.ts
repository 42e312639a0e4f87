import { Chalk } from "chalk";

/** The one door to chalk: colours for what they mean. */
export interface Palette {
  good(text: string): string;
  bad(text: string): string;
  warn(text: string): string;
  head(text: string): string;
  faint(text: string): string;
}

export function palette(colour: boolean): Palette {
  const chalk = new Chalk({ level: colour ? 1 : 0 });
  return { good: chalk.green, bad: chalk.red, warn: chalk.yellow, head: chalk.bold, faint: chalk.dim };
}
