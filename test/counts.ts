import type { Counts } from "../src/report/event.ts";

/** The counts of a run that did nothing. */
export const noCounts: Counts = {
  read: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  reactivated: 0,
  deactivated: 0,
  missing: 0,
  createdInactive: 0,
  rejected: 0,
};
