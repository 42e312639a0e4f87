import type { Path } from "./problem.ts";

/** Values that are defined and that this version does not carry out, by the pattern of their path. */
const VALUES: Readonly<Record<string, readonly string[]>> = {
  "target.client": ["pg"],
};

/** Whether a value that is not allowed here is one of a later version. */
export function isLaterValue(path: Path, value: unknown): boolean {
  return typeof value === "string" && (VALUES[pattern(path)] ?? []).includes(value);
}

/** What is said of them. */
export function notAvailable(version: string): string {
  return `is not available in this version (${version})`;
}

/** `mapping.guid.as` becomes `mapping.*.as`. */
function pattern(path: Path): string {
  const names = path.filter((key) => typeof key === "string");
  return names.map((name, depth) => (depth === 1 && names[0] === "mapping" ? "*" : name)).join(".");
}
