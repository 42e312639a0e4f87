import type { AttributeValue, Entry } from "../entry.ts";
import { attributeKey } from "../source/attributes.ts";
import { filterAttributes, parseFilter } from "../source/filter.ts";
import { compileFilter } from "../source/filter-match.ts";
import { unreadable } from "./values.ts";

/** Whether an entry counts as a current user; unknown, with the reason, where something cannot be read that decides it. */
export type Verdict = "active" | "inactive" | Unknown;

export interface Unknown {
  readonly unknown: string;
}

/**
 * Who is active, as data. What a directory can judge is a filter; the rest is judged here, after reading. Three values
 * as in Kleene's logic: what one part does not know, another one may decide all the same.
 */
export type RuleNode =
  | { readonly kind: "filter"; readonly filter: string }
  | Required
  | Computed
  | Combined
  | { readonly kind: "not"; readonly rule: RuleNode };

export interface Combined {
  readonly kind: "and" | "or";
  readonly rules: readonly RuleNode[];
}

/** A filter on an attribute that every user has: where it is not there, it is hidden, and nothing can be said. */
export interface Required {
  readonly kind: "required";
  readonly attribute: string;
  readonly filter: string;
  /** For people: when it holds. */
  readonly words: string;
  /** Whether a value is what the attribute holds. */
  readonly isValue: (value: AttributeValue) => boolean;
  /** What any other value is not: `a number of 32 bits`. */
  readonly expects: string;
  /** The filter, judged here. */
  readonly holds: (entry: Entry) => boolean;
}

/** What a directory cannot judge, or not alone. */
export interface Computed {
  readonly kind: "computed";
  /** For people: when it holds. */
  readonly words: string;
  /** To be requested by name: most of them are operational. */
  readonly attributes: readonly string[];
  /** Filters that pass every entry that may be active by it, or inactive. */
  readonly may: Bounds;
  /** The attribute by whose absence `may.active` passes an entry, which a server that hides it does not. */
  readonly hideable?: string;
  judge(entry: Entry): Verdict;
}

/** A filter as text; true where it could leave out nobody. */
export type Bound = string | true;

export interface Bounds {
  readonly active: Bound;
  readonly inactive: Bound;
}

export const required = (part: Omit<Required, "kind" | "holds">): RuleNode => ({
  kind: "required",
  ...part,
  holds: compileFilter(parseFilter(part.filter)),
});

export const cannotBeRead = (attribute: string): Unknown => ({ unknown: `${attribute} cannot be read` });

const nothing: ReadonlySet<string> = new Set();

/** What is said of a filter before the source was asked. */
export const notAsked: Unknown = { unknown: "the directory was not asked" };

/**
 * `truth` gives what the source says of a filter; `hidden` are attributes that are not there because the source does not
 * show them.
 */
export function judge(
  node: RuleNode,
  entry: Entry,
  truth: (filter: string) => Verdict,
  hidden: ReadonlySet<string> = nothing,
): Verdict {
  switch (node.kind) {
    case "filter":
      return truth(node.filter);
    case "required": {
      const value = entry.attributes.get(attributeKey(node.attribute))?.[0];
      if (value === undefined) return cannotBeRead(node.attribute);
      if (!node.isValue(value)) return unreadable(node.attribute, value, `not ${node.expects}`);
      return node.holds(entry) ? "active" : "inactive";
    }
    case "computed":
      return node.hideable !== undefined && hidden.has(node.hideable) ? cannotBeRead(node.hideable) : node.judge(entry);
    case "not": {
      const verdict = judge(node.rule, entry, truth, hidden);
      return typeof verdict === "object" ? verdict : verdict === "active" ? "inactive" : "active";
    }
    default: {
      const deciding = node.kind === "and" ? "inactive" : "active";
      let open: Unknown | undefined;
      for (const rule of node.rules) {
        const verdict = judge(rule, entry, truth, hidden);
        if (verdict === deciding) return verdict;
        if (typeof verdict === "object" && (open ?? notAsked) === notAsked) open = verdict;
      }
      return open ?? (node.kind === "and" ? "active" : "inactive");
    }
  }
}

/** The filters that a rule is made of, each once. */
export const filtersOf = (node: RuleNode): readonly string[] => [...new Set(collect(node, ({ filter }) => [filter]))];

/** The attributes that a directory may hide where they seem to be absent, each once. */
export const hideablesOf = (node: RuleNode): readonly string[] => [
  ...new Set(collect(node, noFilter, (part) => (part.kind === "computed" ? [part.hideable ?? []].flat() : []))),
];

/** The attributes that a rule looks at, each once. */
export const attributesOf = (node: RuleNode): readonly string[] => {
  const names = [...collect(node, ({ filter }) => filterAttributes(parseFilter(filter)), computedAttributes)];
  return [...new Map(names.map((name) => [name.toLowerCase(), name])).values()];
};

export const noFilter = (): readonly string[] => [];

const computedAttributes = (node: Required | Computed): readonly string[] =>
  node.kind === "computed" ? node.attributes : [node.attribute];

export function collect(
  node: RuleNode,
  ofFilter: (node: { readonly filter: string }) => readonly string[],
  ofOthers: (node: Required | Computed) => readonly string[] = () => [],
): readonly string[] {
  if ("rules" in node) return node.rules.flatMap((rule) => collect(rule, ofFilter, ofOthers));
  if (node.kind === "not") return collect(node.rule, ofFilter, ofOthers);
  return node.kind === "filter" ? ofFilter(node) : ofOthers(node);
}
