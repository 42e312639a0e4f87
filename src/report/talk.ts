import type { Stream } from "../io.ts";
import { palette } from "./chalk.ts";
import { jsonText } from "./json-text.ts";

type Level = "info" | "warning" | "error";

/** What goes to stderr while a run is under way: one line at a time. */
export type Talk = (level: Level, words: string) => void;

/** Lines for people, or one JSON object a line for machines. `before` clears what a progress bar has drawn. */
export async function openTalk(
  stream: Stream,
  format: "pretty" | "json",
  colour: boolean,
  now: () => Date,
): Promise<Talk> {
  if (format === "json") {
    return (level, message) => stream.write(`${jsonText({ time: now().toISOString(), level, message })}\n`);
  }
  const paint = await palette(colour);
  const prefixes = { info: "", warning: paint.warn("warning: "), error: paint.bad("error: ") } as const;
  return (level, words) => stream.write(`${prefixes[level]}${words}\n`);
}
