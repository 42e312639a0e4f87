import { createHash } from "node:crypto";
import { isSecretPath, type Path } from "./problem.ts";

/**
 * Tells whether two runs had the same configuration: SHA-256 over what is written, whatever the order of keys. Secrets are
 * left out, also the names of variables and files, in whose place people write secrets, and the hooks: the address of one
 * may be all that is needed to use it.
 */
export function fingerprint(written: unknown): string {
  return createHash("sha256")
    .update(JSON.stringify(bare(written, [])))
    .digest("hex");
}

function bare(value: unknown, path: Path): unknown {
  if (Array.isArray(value)) return value.map((each, at) => bare(each, [...path, at]));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([key, each]) => ({ key, each, path: [...path, key] }))
    .filter((entry) => !isLeftOut(entry.path))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  // A list of pairs: as keys of an object, whole numbers would change their places.
  return entries.map(({ key, each, path }) => [key, bare(each, path)]);
}

/** Of the mapping the keys are columns, of which one may well be named password. */
const isLeftOut = (path: Path): boolean =>
  path[0] === "hooks" || path[0] === "$schema" || (path[0] !== "mapping" && isSecretPath(path));
