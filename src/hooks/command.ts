import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import type { ResolvedHook } from "../config/resolve-hooks.ts";
import { printable } from "../mapping/printable.ts";
import type { Tell } from "./hook.ts";

type CommandHook = Extract<ResolvedHook, { command: string[] }>;

/** Of what a command prints so much is kept for the warning. */
const mostKept = 4096;

const drainMs = 500;

/** Runs a command without a shell, the document on its standard input. What it prints is only told where it fails. */
export const runCommand: Tell<CommandHook> = ({ command, timeoutMs }, body, { folder, env }) => {
  const [program = "", ...args] = command;
  const name = printable(program);
  let child: ChildProcessWithoutNullStreams;
  try {
    // A group of its own, so that it can be ended with all that it has started.
    child = spawn(program, args, { cwd: folder, env: { ...env }, detached: true });
  } catch (error) {
    return Promise.resolve(`${name} ${whyNotStarted(error)}`);
  }
  // It need not read.
  child.stdin.on("error", () => {});
  child.stdin.end(body);
  return ended(child, timeoutMs).then((trouble) => trouble && `${name} ${trouble}`);
};

const whyNotStarted = (error: unknown): string =>
  `cannot be started (${(error as NodeJS.ErrnoException).code ?? String(error)})`;

/** What went wrong, with the last line that was printed. */
function ended(child: ChildProcessWithoutNullStreams, timeoutMs: number): Promise<string | undefined> {
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-mostKept);
    });
  }
  let isLate = false;
  const late = setTimeout(() => {
    isLate = true;
    endGroup(child.pid);
  }, timeoutMs);
  return new Promise((resolve) => {
    child.on("error", (error) => {
      clearTimeout(late);
      resolve(whyNotStarted(error));
    });
    child.on("exit", (code, signal) => {
      clearTimeout(late);
      const trouble = isLate ? `was not finished within ${timeoutMs} ms and was ended` : exitWords(code, signal);
      const end = () => {
        clearTimeout(drained);
        for (const stream of child.stdio) stream?.destroy();
        resolve(trouble && trouble + lastLine(said));
      };
      // What it has printed may still be on the way, and what it left running may hold the pipes open.
      const drained = setTimeout(end, drainMs);
      child.on("close", end);
    });
  });
}

function exitWords(code: number | null, signal: string | null): string | undefined {
  if (signal) return `was ended by ${signal}`;
  return code === 0 ? undefined : `ended with exit code ${code}`;
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/** The last line that it printed. */
function lastLine(said: string): string {
  const line = said.trim().split("\n").at(-1) ?? "";
  return line === "" ? "" : `: ${printable(line.trim(), 200)}`;
}
