import type { Report } from "./event.ts";

/** One report that tells all of them, in this order. Where one fails, the others are told all the same. */
export const combine =
  (...reports: readonly Report[]): Report =>
  (event) => {
    const failures: unknown[] = [];
    for (const report of reports) {
      try {
        report(event);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
