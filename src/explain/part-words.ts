import { visible } from "../mapping/printable.ts";
import { mostValues, valueWords } from "./column-words.ts";
import type { Judgement, Part } from "./judge.ts";

/** What people read of one comparison of a filter. */
export function partWords({ filter, words: said, values }: Part): string {
  const words = values
    .slice(0, mostValues)
    .map(({ value, means }) => `${valueWords(value)}${means === undefined ? "" : ` = ${visible(means)}`}`);
  const more = values.length > mostValues ? ` and ${values.length - mostValues} more` : "";
  return `${visible(said ?? filter ?? "")}: the entry has ${words.length === 0 ? "no value" : words.join(", ")}${more}`;
}

/** `source.active does not match: (employeeType=active): the entry has "left"` */
export const whyNotMatched = (key: string, { parts }: Judgement): string =>
  [`${key} does not match`, ...parts.map(partWords)].join("; ");
