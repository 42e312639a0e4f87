import type { Site } from "./site.ts";

/** What is measured. `prepare` makes the table from which each run begins; where there is none, no table is looked at. */
export interface Work {
  readonly title: string;
  readonly prepare?: (site: Site) => Promise<void>;
  /** How many runs count as one: what is short is measured oftener. */
  readonly times: number;
}

export const works = {
  "first-load": { title: "first load into an empty table", prepare: (site) => site.empty(), times: 1 },
  // The run before it has left the table right.
  "nothing-changed": { title: "nothing changed", prepare: async () => {}, times: 1 },
  "one-percent": { title: "1 % changed", prepare: (site) => site.outdate(), times: 1 },
  start: { title: "start of the program", times: 4 },
} as const satisfies Record<string, Work>;

export type WorkName = keyof typeof works;
