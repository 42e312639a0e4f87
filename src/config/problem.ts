/** Where something stands in the configuration: keys and list indexes from the root. */
export type Path = readonly (string | number)[];

/** One thing that is wrong. `says` completes a sentence that begins with the key path: "is missing", "must be …". */
export interface Problem {
  readonly path: Path;
  readonly says: string;
}

/** The path as people write it: `source.pageSize`, `mapping.email.transform[1]`, `mapping["e mail"]`. */
export function keyPath(path: Path): string {
  if (path.length === 0) return "the configuration";
  return path.map(segment).join("").replace(/^\./, "");
}

/** The alternatives of a rule as people write them: `"base", "one" or "sub"`. */
export function alternatives(values: readonly unknown[]): string {
  const words = values.map((value) => JSON.stringify(value));
  const last = words.pop() ?? "";
  return words.length === 0 ? last : `${words.join(", ")} or ${last}`;
}

/** The value at a path, undefined where there is none. */
export function valueAt(root: unknown, path: Path): unknown {
  let value = root;
  for (const key of path) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string | number, unknown>)[key];
  }
  return value;
}

/** Whether the value at a path is (or was meant as) a secret, so that no message may show it: the URL of a hook may be one. */
export function isSecretPath(path: Path): boolean {
  if (path[0] === "hooks" && path.includes("url")) return true;
  return path.some((key) => key === "bindPassword" || key === "password" || key === "headers");
}

/**
 * A value for a message: on one line, shortened to about 60 characters, and without the credentials that a URL may
 * carry. Lists and objects are named, not shown.
 */
export function shown(value: unknown): string {
  if (typeof value === "string") {
    const safe = value.replace(/^([a-z\d+.-]+:\/\/)?.*:.*@/is, "$1…@");
    return JSON.stringify(safe.length > 60 ? `${safe.slice(0, 40)}…${safe.slice(-15)}` : safe);
  }
  return typeof value === "number" || typeof value === "boolean" ? String(value) : kindOf(value);
}

/** What a value is, for people. */
export function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "a list";
  // YAML reads an unquoted 2026-01-31 as a date.
  if (value instanceof Date) return "a date (in quotes it would be a text)";
  if (value instanceof Uint8Array) return "binary data";
  return typeof value === "object" ? "an object" : `a ${typeof value === "string" ? "text" : typeof value}`;
}

function segment(key: string | number): string {
  if (typeof key === "number") return `[${key}]`;
  return /^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
