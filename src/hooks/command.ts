import { spawn } from "node:child_process";
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
  return new Promise((resolve) => {
    // A group of its own, so that it can be ended with all that it has started.
    const child = spawn(program, args, { cwd: folder, env: { ...env }, detached: true, stdio: "pipe" });
    let said = "";
    let isLate = false;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        said = (said + text).slice(-mostKept);
      });
    }
    const timer = setTimeout(() => {
      isLate = true;
      endGroup(child.pid);
    }, timeoutMs);
    let drained: NodeJS.Timeout | undefined;
    const end = (trouble: string | undefined) => {
      clearTimeout(timer);
      clearTimeout(drained);
      for (const stream of child.stdio) stream?.destroy();
      resolve(trouble && `${printable(program)} ${trouble}${lastLine(said)}`);
    };
    child.on("error", (error: NodeJS.ErrnoException) => end(`cannot be started (${error.code ?? error.message})`));
    child.on("exit", (code, signal) => {
      const trouble = () => {
        if (isLate) return `was not finished within ${timeoutMs} ms and was ended`;
        if (signal) return `was ended by ${signal}`;
        return code === 0 ? undefined : `ended with exit code ${code}`;
      };
      // What it has printed may still be on the way, and what it left running may hold the pipes open.
      child.on("close", () => end(trouble()));
      drained = setTimeout(() => end(trouble()), drainMs);
    });
    // It need not read.
    child.stdin.on("error", () => {});
    child.stdin.end(body);
  });
};

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
