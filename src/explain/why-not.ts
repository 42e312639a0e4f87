import type { ResolvedConfig } from "../config/load.ts";
import type { ActiveJudgement } from "./active.ts";
import type { ExplainedEntry } from "./explain.ts";
import { whyNotMatched } from "./part-words.ts";
import type { Row } from "./row.ts";

/** Why an entry is not read, and why a row is left as it is. */

export type Judged = Pick<ExplainedEntry, "base" | "person" | "active" | "row">;

/** Who is not active, and gets a row all the same. */
export const isCreated = ({ leavers }: ResolvedConfig, { base, person, active, row }: Judged): boolean =>
  leavers.inactive === "create" &&
  row === undefined &&
  base !== undefined &&
  person.matched &&
  !active.matched &&
  active.unknown === null;

/** Where its row is left as it is, or there is none. */
export function whyNotRead({ leavers }: ResolvedConfig, { base, person, active, row }: Judged): string[] {
  return [
    ...(base === undefined ? ["the entry lies in no base and scope that is configured"] : []),
    ...(person.matched ? [] : ["source.filter does not match"]),
    ...(active.matched ? [] : [whyNotActive(active)]),
    row === undefined
      ? "there is no row with its key, and none is made"
      : `the row is left as it is (leavers.action "${leavers.action}")`,
  ];
}

const whyNotActive = ({ unknown }: ActiveJudgement): string =>
  unknown === null
    ? "source.active does not match"
    : `whether it is active is not known (${unknown}): it is left alone, and is no leaver`;

/** With the comparisons that decide, and the values that the entry has. */
export const whyUnread = ({ base, person, active }: Judged): string[] => [
  ...(base === undefined ? ["the entry lies in no base and scope that is configured"] : []),
  ...(person.matched ? [] : [whyNotMatched("source.filter", person)]),
  ...(active.matched ? [] : [active.unknown === null ? whyNotMatched("source.active", active) : whyNotActive(active)]),
];

/** Of a row that no entry belongs to. */
export function whyLeft({ leavers }: ResolvedConfig, row: Row): string[] {
  return [
    "no entry has its key",
    `leavers.action is "${leavers.action}": the row is left as it is`,
    ...(row.protected ? ["the row meets a condition of protect: it is never written"] : []),
    ...(row.owned === false ? ["the row is not one of leavers.scope: it is not this sync's"] : []),
  ];
}
