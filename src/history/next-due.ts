import { validateSchedule } from "../schedule/validate.ts";
import type { RunRecord } from "./record.ts";

/** When a schedule fires next after an instant; undefined where it never does, or means nothing. */
export function nextDue(
  { expression, dialect, timezone }: NonNullable<RunRecord["schedule"]>,
  from: Date,
): Date | undefined {
  const zone = timezone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone;
  return validateSchedule({ expression, dialect, timezone: zone, from, count: 1 }).next[0];
}
