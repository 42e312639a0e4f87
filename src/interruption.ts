import { setTimeout as sleep } from "node:timers/promises";
import { Interrupted } from "./exit.ts";
import type { Io } from "./io.ts";

/** The first signal asks the run to stop after the open batch; the second one ends the process as if nobody had listened. */
export function listen(io: Io): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stop = () => {
    io.off("SIGINT", onInt);
    io.off("SIGTERM", onTerm);
  };
  const interrupt = (name: "SIGINT" | "SIGTERM") => {
    stop();
    controller.abort(new Interrupted(name));
  };
  const onInt = () => interrupt("SIGINT");
  const onTerm = () => interrupt("SIGTERM");
  io.on("SIGINT", onInt);
  io.on("SIGTERM", onTerm);
  return { signal: controller.signal, stop };
}

/** Resolves after so many milliseconds; rejects with the signal's reason where that is aborted first. */
export const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
};
