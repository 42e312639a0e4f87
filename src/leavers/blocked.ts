import { printable } from "../mapping/printable.ts";
import type { Report } from "../report/event.ts";
import { number } from "../report/words.ts";

/** Counts active people whose rows are not active by somebody else's doing, and names the first of them. */
export interface BlockedCount {
  readonly report: Report;
  /** A line where there are any. */
  notices(): string[];
}

const mostNamed = 3;

export function countBlocked(): BlockedCount {
  let count = 0;
  const first: string[] = [];
  return {
    report: (event) => {
      if (event.type !== "blocked") return;
      count += 1;
      const { key, state } = event.blocked;
      if (first.length < mostNamed) first.push(`${printable(key)} "${printable(state)}"`);
    },
    notices: () => (count === 0 ? [] : [blockedWords(count, first)]),
  };
}

function blockedWords(count: number, first: readonly string[]): string {
  const who =
    count === 1 ? "person is active in the directory and keeps" : "people are active in the directory and keep";
  const more = count > first.length ? [`${number(count - first.length)} more`] : [];
  const named = [...first, ...more].join(" and ");
  return `${number(count)} ${who} another state in the table, which the sync did not set (state.setBy): ${named}`;
}
