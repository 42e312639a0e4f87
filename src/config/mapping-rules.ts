import { looksLikeDn } from "../source/dn.ts";
import { keyPath, type Path, type Problem, shown } from "./problem.ts";
import type { ColumnRule, Config } from "./schema.ts";

type Finding = { readonly at: Path; readonly says: string };

/** What the schema cannot say of the mapping. */
export function checkMapping(mapping: Config["mapping"]): Problem[] {
  const columns = Object.entries(mapping);
  if (columns.length === 0)
    return [{ path: ["mapping"], says: "is empty; it must name at least the match key's column" }];
  const problems = columns.flatMap(([column, rule]) =>
    checkRule(rule, column).map(({ at, says }): Problem => ({ path: ["mapping", column, ...at], says })),
  );
  return [...problems, ...sameColumn(columns.map(([column]) => column))];
}

function sameColumn(columns: readonly string[]): Problem[] {
  const seen = new Map<string, string>();
  return columns.flatMap((column) => {
    const before = seen.get(column.toLowerCase());
    if (before === undefined) seen.set(column.toLowerCase(), column);
    return before === undefined
      ? []
      : [
          {
            path: ["mapping", column],
            says: `is the same column as ${keyPath(["mapping", before])}: SQL compares column names without regard to case`,
          },
        ];
  });
}

function checkRule(rule: string | ColumnRule, column: string): Finding[] {
  if (typeof rule === "string") return checkAttribute(rule, []);
  if (rule.reference !== undefined && rule.attribute !== undefined) {
    return [...checkOrigin(rule), ...checkReference(rule, column)];
  }
  return [...checkOrigin(rule), ...checkEmptiness(rule), ...checkConversions(rule)];
}

/** Which keys that convert a value were given, other than by their defaults. */
const conversionsOf = ({ transform, as, multi }: ColumnRule): string[] => [
  ...(transform.length > 0 ? ["transform"] : []),
  ...(as === "string" ? [] : ["as"]),
  ...(multi === "single" ? [] : ["multi"]),
];

function checkReference(rule: ColumnRule, column: string): Finding[] {
  const given = (["map", "unlisted", "default", "separator"] as const).filter((key) => rule[key] !== undefined);
  const used = [...given, ...conversionsOf(rule)];
  const twice = rule.required && rule.onEmpty !== undefined && rule.onEmpty !== "reject";
  return [
    ...used.map((key) => ({ at: [key], says: "does not go with reference: the value is the DN of another entry" })),
    ...(twice
      ? [{ at: ["onEmpty"], says: `is "${rule.onEmpty}" while required is true, which rejects; take one of the two` }]
      : []),
    ...(rule.reference?.toLowerCase() === column.toLowerCase()
      ? [
          {
            at: ["reference"],
            says: "is this column itself; it must be the one that the other row is known by, such as id",
          },
        ]
      : []),
  ];
}

function checkOrigin(rule: ColumnRule): Finding[] {
  const origins = (["attribute", "template", "value"] as const).filter((key) => rule[key] !== undefined);
  if (origins.length === 0)
    return [{ at: [], says: "says not where its value comes from; it must have attribute, template or value" }];
  if (origins.length > 1)
    return [
      { at: [], says: `has ${origins.join(" and ")}; it must have exactly one of attribute, template and value` },
    ];
  if (rule.value !== undefined) return checkConstant(rule);
  if (rule.template !== undefined) {
    const lost =
      rule.reference === undefined
        ? []
        : [{ at: ["reference"], says: "does not go with template: the DN is that of an attribute" }];
    return [...checkTemplate(rule.template), ...lost];
  }
  if (!Array.isArray(rule.attribute)) return checkAttribute(rule.attribute ?? "", ["attribute"]);
  return rule.attribute.flatMap((name, index) => checkAttribute(name, ["attribute", index]));
}

/** An attribute description: a name or an OID, with options (RFC 4512 section 2.5). */
const ATTRIBUTE = /^([a-z][a-z\d-]*|\d+(\.\d+)+)(;[a-z\d-]+)*$/i;

function checkAttribute(name: string, at: Path): Finding[] {
  if (ATTRIBUTE.test(name)) return [];
  const hint = /[{}]/.test(name) ? '; for a text with attributes in braces write { "template": … }' : "";
  return [{ at, says: `${shown(name)} is not an attribute; its name is made of letters, digits and hyphens${hint}` }];
}

function checkConstant(rule: ColumnRule): Finding[] {
  const used = [
    ...(["map", "unlisted", "default", "onEmpty", "separator", "reference"] as const).filter(
      (key) => rule[key] !== undefined,
    ),
    ...(rule.required ? ["required"] : []),
    ...conversionsOf(rule),
  ];
  return used.map((key) => ({ at: [key], says: "has no effect beside value: a constant is written as it is" }));
}

function checkTemplate(template: string): Finding[] {
  const at = ["template"];
  // "{{" and "}}" stand for the braces themselves.
  const placeholders = [...template.replace(/\{\{|\}\}/g, "").matchAll(/\{([^{}]*)\}/g)].map(([, name = ""]) => name);
  const rest = template.replace(/\{\{|\}\}/g, "").replace(/\{[^{}]*\}/g, "");
  if (/[{}]/.test(rest))
    return [{ at, says: `${shown(template)} has a brace without its counterpart; a brace itself is written {{ or }}` }];
  if (placeholders.length === 0)
    return [{ at, says: `${shown(template)} names no attribute in braces; a constant is written as value` }];
  return placeholders.flatMap((name) => checkAttribute(name, at));
}

function checkEmptiness(rule: ColumnRule): Finding[] {
  const { onEmpty, required, map } = rule;
  const given = rule.default !== undefined;
  if (onEmpty === "default" && !given) return [{ at: ["default"], says: 'is missing; onEmpty is "default"' }];
  if (required && onEmpty !== undefined && onEmpty !== "reject") {
    return [{ at: ["onEmpty"], says: `is "${onEmpty}" while required is true, which rejects; take one of the two` }];
  }
  const unused = required || (onEmpty !== undefined && onEmpty !== "default");
  // With a map, the default also stands for values that the map does not list, unless these are dropped.
  const forUnlisted = map !== undefined && rule.unlisted === undefined;
  if (given && unused && !forUnlisted && rule.value === undefined) {
    return [
      { at: ["default"], says: `is never used, because ${required ? "required is true" : `onEmpty is "${onEmpty}"`}` },
    ];
  }
  return [];
}

function checkConversions(rule: ColumnRule): Finding[] {
  const found: Finding[] = [];
  if (rule.value !== undefined) return found;
  if (rule.separator !== undefined && rule.multi !== "join") {
    found.push({ at: ["separator"], says: `is for multi "join" only; multi is "${rule.multi}"` });
  }
  if (rule.as === "binary" && (rule.multi === "join" || rule.multi === "json")) {
    found.push({
      at: ["multi"],
      says: `is "${rule.multi}", which makes a text; as "binary" gives bytes, take "base64"`,
    });
  }
  for (const [index, transform] of rule.transform.entries()) {
    if (typeof transform !== "object" || !("replace" in transform)) continue;
    const wrong = wrongPattern(transform.replace[0]);
    if (wrong !== undefined)
      found.push({
        at: ["transform", index, "replace", 0],
        says: `${shown(transform.replace[0])} is not a regular expression: ${wrong}`,
      });
  }
  return [...found, ...checkMap(rule)];
}

function wrongPattern(pattern: string): string | undefined {
  try {
    new RegExp(pattern, "gu");
    return undefined;
  } catch (error) {
    // "Invalid regular expression: /(a/gu: Unterminated group"
    return String((error as Error).message)
      .split(": ")
      .at(-1);
  }
}

/** The map is looked up after the transforms, so a key in a case that they never leave would not be found, unless it is a DN. */
function checkMap({ map, unlisted, transform }: ColumnRule): Finding[] {
  if (map === undefined) return unlisted === undefined ? [] : [{ at: ["unlisted"], says: "is for a map only" }];
  const keys = Object.keys(map);
  if (keys.length === 0) return [{ at: ["map"], says: "is empty; it must list at least one value" }];
  const last = transform.findLast((step) => step === "lowercase" || step === "uppercase");
  if (last === undefined || transform.some((step) => typeof step === "object")) return [];
  const cased = (key: string) => (last === "lowercase" ? key.toLowerCase() : key.toUpperCase());
  return keys
    .filter((key) => key !== cased(key) && !looksLikeDn(key))
    .map((key) => ({ at: ["map", key], says: `can never be found: the transform "${last}" comes before the map` }));
}
