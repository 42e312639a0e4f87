import type { Fault } from "./cell.ts";
import type { Place, Result } from "./trial.ts";

/** One cell of the matrix, filled; `exit` is a dash where there is no such fault there. */
export interface Line extends Result {
  readonly fault: Fault;
  readonly place: Place;
  readonly name: string;
}

const columns = ["fault", "place", "name", "exit", "table", "next", "said"] as const satisfies readonly (keyof Line)[];

/** The matrix for people, its columns below each other. */
export function printed(lines: readonly Line[]): string {
  const head = {
    fault: "fault",
    place: "who",
    name: "how",
    exit: "exit",
    table: "table",
    next: "next run",
    said: "what was said",
  };
  const all = [head, ...lines];
  const widths = columns.map((column) => Math.max(...all.map((line) => line[column].length)));
  const row = (line: Readonly<Record<(typeof columns)[number], string>>) =>
    columns
      .map((column, at) => line[column].padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd();
  return all.map(row).join("\n");
}
