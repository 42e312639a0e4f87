import type { RunRecord } from "./record.ts";

/** When a schedule fires next after an instant, undefined where it does not. */
export function nextDue(_schedule: NonNullable<RunRecord["schedule"]>, _from: Date): Date | undefined {
  return undefined;
}
