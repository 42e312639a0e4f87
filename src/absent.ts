import type { Entry } from "./entry.ts";
import type { MappedColumn } from "./mapping/compile.ts";
import { rangedKeys } from "./source/attribute-list.ts";

/** Watches for columns whose attributes no entry has: a misspelt name, or one that the bind may not read. */
export interface AbsenceWatch {
  see(entry: Entry): void;
  /** A line for each such column; none where too few entries were seen to tell. */
  warnings(): string[];
}

/** `least`: of how many entries one is expected to have each attribute. */
export function watchAbsence(columns: readonly MappedColumn[], least = 1): AbsenceWatch {
  let missing = columns.filter(({ attributes }) => attributes.length > 0);
  let seen = 0;
  return {
    see: (entry) => {
      seen += 1;
      if (missing.length === 0) return;
      const parts = rangedKeys(entry);
      const has = (key: string) => entry.attributes.has(key) || parts.some(({ name }) => name === key);
      missing = missing.filter(({ attributes }) => !attributes.some(has));
    },
    warnings: () =>
      seen < least
        ? []
        : missing.map(
            ({ name, source }) =>
              `no entry has what mapping.${name} reads (${source}): is it spelt right, and may the bind read it?`,
          ),
  };
}
