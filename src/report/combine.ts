import type { Report } from "./event.ts";

/** One report that tells all of them, in this order. */
export const combine =
  (...reports: readonly Report[]): Report =>
  (event) => {
    for (const report of reports) report(event);
  };
