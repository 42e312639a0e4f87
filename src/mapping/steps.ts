import type { ColumnRule, Transform } from "../config/schema.ts";

/** For people: what a rule does with the values of its attributes, in the order in which it is done. */
export function stepsOf(rule: ColumnRule): string[] {
  const { as, multi, onEmpty, required, reference } = rule;
  const value = JSON.stringify(rule.default);
  return [
    ...rule.transform.map(transformStep),
    ...mapStep(rule),
    ...(as === "string" ? [] : [`as ${as}`]),
    ...(multi === "single" ? [] : [multiStep(rule)]),
    ...(reference === undefined ? [] : [`reference ${reference}`]),
    ...(required ? ["required"] : []),
    ...(value === undefined ? [] : [`default ${value}`]),
    ...(onEmpty === undefined ? [] : [`onEmpty ${onEmpty}`]),
    ...(rule.on === "insert" ? ["on insert only"] : []),
  ];
}

/** What a map does, if there is one. */
export const mapStep = ({ map, unlisted }: ColumnRule): string[] =>
  map === undefined ? [] : [`map ${Object.keys(map).length} values${unlisted === "drop" ? ", drop others" : ""}`];

/** What several values become. */
export const multiStep = ({ multi, separator }: ColumnRule): string =>
  multi === "join" ? `join ${JSON.stringify(separator ?? ", ")}` : `multi ${multi}`;

/** One transform as it is written: `trim`, `replace /[^a-z]/ "-"`, `truncate 20`. */
export function transformStep(transform: Transform): string {
  if (typeof transform === "string") return transform;
  if ("truncate" in transform) return `truncate ${transform.truncate}`;
  const [pattern, replacement] = transform.replace;
  return `replace /${pattern}/ ${JSON.stringify(replacement)}`;
}
