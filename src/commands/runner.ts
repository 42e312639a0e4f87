import { hostname, userInfo } from "node:os";
import type { Runner } from "../target/lock.ts";

/** This process, as others are told of it. */
export const thisRunner = (runId: string): Runner => ({ runId, host: hostname(), pid: process.pid, user: userName() });

/** A user id without a name, as in many containers, has none to tell. */
function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? "unknown");
  }
}
