import type { Stream } from "../io.ts";
import type { Report } from "./event.ts";
import type { Talk } from "./talk.ts";
import { tally } from "./tally.ts";
import { progressWords } from "./words.ts";

/** How far the run is, on stderr: a bar that moves on a terminal, elsewhere a plain line every few seconds. */
export interface Progress {
  readonly report: Report;
  /** Lets other lines through without tearing the bar. */
  readonly aside: <T>(write: () => T) => T;
}

const lineEveryMs = 5000;

/** For files, pipes and cron. */
export function plainProgress(talk: Talk, now: () => Date): Progress {
  const { report, counts } = tally();
  let started = 0;
  let last = 0;
  return {
    aside: (write) => write(),
    report: (event) => {
      report(event);
      if (event.type === "started") {
        started = now().getTime();
        last = started;
      }
      if (event.type !== "progress" || now().getTime() - last < lineEveryMs) return;
      last = now().getTime();
      talk("info", progressWords(counts(), last - started));
    },
  };
}

const barWidth = 16;

/**
 * For a terminal, by cli-progress. A directory does not tell beforehand how many entries it will send, so the bar shows
 * that something moves, not how much is left.
 */
export async function barProgress(stream: Stream, now: () => Date): Promise<Progress> {
  // Loaded here: a run from cron has no bar.
  const { SingleBar } = await import("cli-progress");
  const { report, counts } = tally();
  let started = 0;
  let step = 0;
  const bar = new SingleBar({
    stream,
    fps: 10,
    hideCursor: true,
    clearOnComplete: true,
    linewrap: false,
    format: () => `${moving(step)} ${progressWords(counts(), now().getTime() - started)}`,
  });
  const start = () => bar.start(1, 0);
  return {
    aside: (write) => {
      if (!bar.isActive) return write();
      bar.stop();
      try {
        return write();
      } finally {
        start();
      }
    },
    report: (event) => {
      report(event);
      if (event.type === "started") {
        started = now().getTime();
        start();
      } else if (event.type === "progress" && bar.isActive) {
        step += 1;
        bar.update(0);
      } else if (event.type === "finished") bar.stop();
    },
  };
}

/** A block that goes to and fro. */
function moving(step: number): string {
  const block = 4;
  const way = barWidth - block;
  const at = Math.abs((step % (2 * way)) - way);
  return `[${" ".repeat(way - at)}${"█".repeat(block)}${" ".repeat(at)}]`;
}
