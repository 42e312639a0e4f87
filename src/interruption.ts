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

/** What the work gives; rejects with the signal's reason where that is aborted first, whatever the work does then. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  let abort = (): void => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort, { once: true });
  });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener("abort", abort));
}
