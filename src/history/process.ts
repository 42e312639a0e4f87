import { readFileSync } from "node:fs";
import type { RunRecord } from "./record.ts";

/**
 * When a process began, as a mark that no other process of this machine ever has: numbers of processes are given again.
 * Null where the system does not say (it is Linux's /proc, https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
 */
export function processStart(pid: number): string | null {
  try {
    // The second field is the name in parentheses, which may hold anything; the 22nd is the start, in ticks since the boot.
    const [, rest = ""] = /^.*\) (.*)$/s.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const ticks = rest.split(" ")[19];
    return ticks === undefined ? null : `${boot}:${ticks}`;
  } catch {
    return null;
  }
}

/** Whether the process of a run of this machine is still there. */
export function isAlive({ pid, processStart: began }: Pick<RunRecord, "pid" | "processStart">): boolean {
  if (began !== null) return processStart(pid) === began;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
