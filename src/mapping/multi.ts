import type { ColumnRule } from "../config/schema.ts";
import type { Kind } from "./value.ts";

/** What several values become. */
export interface Combination {
  /** Of the result. */
  readonly kind: Kind;
  /**
   * @param values one or more canonical texts, all different, sorted by code point
   * @returns `undefined` where there are more than the rule allows
   */
  readonly combine: (values: readonly string[]) => string | undefined;
  /** As `combine`, of one value. */
  readonly alone: (value: string) => string;
}

const defaultSeparator = ", ";

const itself = (value: string): string => value;

/** Sorting is by code point of the text for every kind, so of the integers 9 and 10 the smallest is 10. */
const combinations = {
  single: (kind) => ({ kind, combine: ([smallest]) => smallest, alone: itself }),
  join: (_kind, separator = defaultSeparator) => ({
    kind: "text",
    combine: (values) => values.join(separator),
    alone: itself,
  }),
  json: (kind) => {
    const element = jsonElement(kind);
    return {
      kind: "json",
      combine: (values) => `[${values.map(element).join(",")}]`,
      alone: (value) => `[${element(value)}]`,
    };
  },
  count: () => ({ kind: "integer", combine: (values) => String(values.length), alone: () => "1" }),
  reject: (kind) => ({ kind, combine: ([only, ...more]) => (more.length === 0 ? only : undefined), alone: itself }),
} satisfies Record<ColumnRule["multi"], (kind: Kind, separator: string | undefined) => Combination>;

/** @param kind of the single values */
export function combinationOf(multi: ColumnRule["multi"], kind: Kind, separator: string | undefined): Combination {
  return combinations[multi](kind, separator);
}

/** The canonical texts of integers and booleans are JSON already, and integers may be too large for a number. */
function jsonElement(kind: Kind): (text: string) => string {
  if (kind === "integer" || kind === "boolean") return (text) => text;
  return (text) => JSON.stringify(text);
}
