import { PassThrough, type Readable } from "node:stream";
import type { Io } from "../../src/io.ts";
import { main } from "../../src/main.ts";
import type { Workspace } from "../program.ts";

/** How a run ended. */
export interface Ended {
  readonly code: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run that is under way. */
export interface Running {
  readonly stderr: Readable;
  readonly ended: Promise<Ended>;
  /** By SIGKILL. */
  kill(): void;
}

type Env = Readonly<Record<string, string>>;

/** In a process of its own. */
export function startProcess(work: Workspace, args: readonly string[], env: Env): Running {
  const { process, outcome } = work.start(args, env);
  if (!process.stderr) throw new Error("the run has no stderr");
  return {
    stderr: process.stderr,
    ended: outcome.then(({ code, signal, ...said }) => ({ code: code ?? signal, ...said })),
    kill: () => void process.kill("SIGKILL"),
  };
}

/** In this process. */
export function startHere(work: Workspace, args: readonly string[], env: Env): Running {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() };
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    streams[name].on("data", (chunk) => {
      said[name] += chunk;
    });
  }
  const all = { XDG_STATE_HOME: work.path("state"), ...env };
  const io: Io = { ...streams, env: all, cwd: () => work.folder, on: () => {}, off: () => {} };
  return {
    stderr: streams.stderr,
    ended: main(args, io).then((code) => ({ code, ...said })),
    kill: () => {
      throw new Error("a run in this process cannot be killed");
    },
  };
}
