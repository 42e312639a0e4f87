import type { Entry } from "../entry.ts";
import { attributeKey } from "../source/attributes.ts";
import {
  attributesOf,
  type Bound,
  type Bounds,
  type Combined,
  type Computed,
  cannotBeRead,
  collect,
  hideablesOf,
  noFilter,
  type Required,
  type RuleNode,
} from "./rule.ts";

/** A rule, made ready for one source. */
export interface ActiveRule {
  /** For people: the rule as configured. */
  readonly title: string;
  /** What the source is asked: it passes all who are active, and all of whom it is not known. */
  readonly filter: string | undefined;
  /** How to find those from whom a required attribute is hidden; undefined where there are none. */
  readonly hidden: Hidden | undefined;
  /** How to find out why nobody at all passes; undefined where no attribute can be to blame. */
  readonly nobody: Hidden | undefined;
  readonly node: RuleNode;
  /** What is left to judge of the entries that pass; undefined where the filter says it all. */
  readonly left: RuleNode | undefined;
}

/**
 * A server need not pass an entry by a filter on an attribute that it hides, not even by one on its absence: it may call
 * each of them undefined (RFC 4511 section 4.5.1.7; slapd and Samba do).
 */
interface Hidden {
  /** That of the rule without what is asked of such attributes. */
  readonly filter: string | undefined;
  /** Whether an entry that it passes may be one of them. */
  readonly lacks: (entry: Entry) => boolean;
}

/**
 * @param isFile Whether the source is a file, whose values no schema has checked: then its filter is not trusted with
 *   attributes of presets, because one that cannot be read would be compared letter by letter.
 */
export function makeRule(title: string, node: RuleNode, isFile = false): ActiveRule {
  const filter = filterOf(boundsOf(node, isFile ? () => everyone : asked));
  return { title, node, filter, hidden: hiddenOf(node), nobody: nobodyOf(node), left: leftOf(node, isFile) };
}

const filterOf = ({ active }: Bounds): string | undefined => (active === true ? undefined : active);

function hiddenOf(node: RuleNode): Hidden | undefined {
  const names = collect(node, noFilter, (part) => (part.kind === "required" ? [part.attribute] : []));
  const keys = [...new Set(names.map(attributeKey))];
  if (keys.length === 0) return undefined;
  const lacks = ({ attributes }: Entry): boolean => keys.some((key) => !attributes.has(key));
  return { filter: filterOf(boundsOf(node, notAskedOfHidden)), lacks };
}

function nobodyOf(node: RuleNode): Hidden | undefined {
  if (hideablesOf(node).length === 0) return undefined;
  return { filter: filterOf(boundsOf(node, notAskedOfHidden)), lacks: () => true };
}

/** The rule that holds for those, and those alone, for whom this one is known not to. */
export const negatedRule = ({ title, node }: ActiveRule, isFile: boolean): ActiveRule =>
  makeRule(`not (${title})`, { kind: "not", rule: node }, isFile);

/** Those by which entries are judged here. */
export const attributesLeft = ({ left }: ActiveRule): readonly string[] => (left ? attributesOf(left) : []);

/** What the source is asked of an attribute. */
type Asking = (node: Required | Computed) => Bounds;

const allOf = (bounds: readonly Bound[]): Bound => {
  const filters = bounds.filter((bound) => bound !== true);
  const [only, ...more] = filters;
  return only === undefined ? true : more.length === 0 ? only : `(&${filters.join("")})`;
};

/** RFC 4526 has `(|)` for it, which not every server knows; every entry has a class. */
const nobody = "(!(objectClass=*))";

const anyOf = (bounds: readonly Bound[]): Bound => {
  const [only = nobody, ...more] = bounds;
  if (bounds.includes(true)) return true;
  return more.length === 0 ? only : `(|${bounds.join("")})`;
};

/**
 * An attribute that is absent makes a comparison false here and undefined there, and `!` turns the one around and not
 * the other (RFC 4511 section 4.5.1.7): so absence is asked for by itself.
 */
const asked: Asking = (node) => {
  if (node.kind === "computed") return node.may;
  const absent = `(!(${node.attribute}=*))`;
  return { active: `(|${absent}${node.filter})`, inactive: `(|${absent}(!${node.filter}))` };
};

const everyone: Bounds = { active: true, inactive: true };

const notAskedOfHidden: Asking = (node) =>
  node.kind === "required" || node.hideable !== undefined ? everyone : node.may;

function boundsOf(node: RuleNode, asking: Asking): Bounds {
  switch (node.kind) {
    case "filter":
      return { active: node.filter, inactive: `(!${node.filter})` };
    case "required":
    case "computed":
      return asking(node);
    case "not": {
      const { active, inactive } = boundsOf(node.rule, asking);
      return { active: inactive, inactive: active };
    }
    default: {
      const bounds = membersOf(node).map((rule) => boundsOf(rule, asking));
      const active = bounds.map((each) => each.active);
      const inactive = bounds.map((each) => each.inactive);
      return node.kind === "and"
        ? { active: allOf(active), inactive: anyOf(inactive) }
        : { active: anyOf(active), inactive: allOf(inactive) };
    }
  }
}

/** An AND in an AND is one AND. */
const membersOf = (node: Combined): readonly RuleNode[] =>
  node.rules.flatMap((rule) => (rule.kind === node.kind ? membersOf(rule) : [rule]));

/** Of an AND, the parts that the filter has judged are known to hold for every entry that it passes. */
function leftOf(node: RuleNode, isFile: boolean): RuleNode | undefined {
  if (isFilterAlone(node)) return undefined;
  if (node.kind === "required" && !isFile) return presence(node);
  if (node.kind !== "and") return node;
  const rules = node.rules.flatMap((rule) => leftOf(rule, isFile) ?? []);
  const [only] = rules;
  return rules.length === 1 ? only : { kind: "and", rules };
}

function isFilterAlone(node: RuleNode): boolean {
  if (node.kind === "not") return isFilterAlone(node.rule);
  return "rules" in node ? node.rules.every(isFilterAlone) : node.kind === "filter";
}

/** All that is left of a required attribute where the filter has passed the entry. */
function presence({ attribute }: Required): Computed {
  const key = attributeKey(attribute);
  const absent = cannotBeRead(attribute);
  return {
    kind: "computed",
    words: `${attribute} can be read`,
    attributes: [attribute],
    may: { active: true, inactive: true },
    judge: ({ attributes }) => (attributes.has(key) ? "active" : absent),
  };
}
