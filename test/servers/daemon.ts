import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { setTimeout as pause } from "node:timers/promises";
import { type Account, asAccount, program } from "./command.ts";

/** A server that runs as a child of this process. */
export interface Daemon {
  readonly pid: number;
  /** Sends a signal and waits for the end of the process; nothing happens where it has ended already. */
  end(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

interface DaemonOptions {
  readonly commandLine: readonly string[];
  /** Run it under this account where this process is root. */
  readonly account?: Account;
  readonly cwd: string;
  /** What it writes is appended here: a file, because a pipe that nobody empties would bring the server to a halt. */
  readonly logFile: string;
  /** What it writes when it takes requests, or whether it takes them now. */
  readonly ready: RegExp | (() => boolean);
}

const running = new Set<ChildProcess>();

const killAll = (): void => {
  for (const child of running) child.kill("SIGKILL");
};

/**
 * Starts a server and waits until it says that it is ready. The kernel kills it when this process ends, in whatever
 * way (PR_SET_PDEATHSIG, prctl(2)): a test that crashes leaves no server behind. A worker of vitest goes on for a
 * while when vitest itself is ended, and so its servers end when the channel to vitest closes.
 */
export async function startDaemon({ commandLine, account, cwd, logFile, ready }: DaemonOptions): Promise<Daemon> {
  // The kernel forgets the signal when the user changes, so this comes second.
  const mortal = [program("setpriv"), "--pdeathsig", "KILL", ...commandLine];
  const [command = "", ...args] = account === undefined ? mortal : asAccount(account, mortal);
  const log = openSync(logFile, "a");
  const begin = (await stat(logFile)).size;
  const child = spawn(command, args, { cwd, stdio: ["ignore", log, log] });
  closeSync(log);
  running.add(child);
  process.off("disconnect", killAll).on("disconnect", killAll);
  const exited = new Promise<void>((resolve, reject) => {
    child.once("exit", () => {
      running.delete(child);
      resolve();
    });
    child.once("error", reject);
  });
  const isReady = async () => (ready instanceof RegExp ? ready.test(await textFrom(logFile, begin)) : ready());
  const deadline = performance.now() + 60_000;
  while (!(await isReady())) {
    const ended = await Promise.race([exited.then(() => true), pause(10, false)]);
    if (!ended && performance.now() < deadline) continue;
    child.kill("SIGKILL");
    throw new Error(
      `${commandLine[0]} ${ended ? "ended" : "was not ready after 60 s"}: ${await tailOf(logFile, begin)}`,
    );
  }
  return { pid: pidOf(child), end: (signal) => end(child, signal, exited) };
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error(`${child.spawnfile} has no process id`);
  return child.pid;
}

/** A server that does not heed SIGTERM within 20 s is killed. */
async function end(child: ChildProcess, signal: "SIGTERM" | "SIGKILL", exited: Promise<void>): Promise<void> {
  child.kill(signal);
  const timer = setTimeout(() => child.kill("SIGKILL"), 20_000);
  await exited;
  clearTimeout(timer);
}

async function textFrom(path: string, begin: number): Promise<string> {
  const file = await open(path);
  try {
    const bytes = Buffer.alloc((await file.stat()).size - begin);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, begin);
    return bytes.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

const tailOf = async (path: string, begin: number): Promise<string> =>
  (await textFrom(path, begin)).split("\n").slice(-20).join("\n");
