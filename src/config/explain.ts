import type { z } from "zod";
import { nearest } from "../nearest.ts";
import { knownKeys } from "./known-keys.ts";
import { isLaterValue, notAvailable } from "./later.ts";
import { alternatives, isSecretPath, keyPath, kindOf, type Path, type Problem, shown, valueAt } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/**
 * The findings of the schema as sentences for the one who wrote the configuration.
 * @param root the configuration as read, from which the messages take the values that are wrong
 * @param version of this program, for what it does not carry out yet
 */
export function explain(issues: readonly Issue[], root: unknown, version: string): Problem[] {
  const problems = issues.flatMap((issue) => explainIssue(issue, [], { root, version }));
  const misspelt = new Set(problems.map(({ meant }) => meant));
  // "table is missing" beside "tabel is not known; did you mean "table"?" would be one mistake told twice.
  return problems.filter(({ path }) => !misspelt.has(keyPath(path))).map(({ path, says }) => ({ path, says }));
}

interface Context {
  readonly root: unknown;
  readonly version: string;
}

/** `meant` is the key path that an unknown key was probably meant to have. */
type Explained = Problem & { readonly meant?: string };

function explainIssue(issue: Issue, base: Path, context: Context): Explained[] {
  const path = [...base, ...issue.path.map((key) => (typeof key === "number" ? key : String(key)))];
  const value = valueAt(context.root, path);
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => unknownKey(path, key, context));
  if (issue.code === "invalid_key") return [{ path: path.slice(0, -1), says: "has an empty key" }];
  if (issue.code === "invalid_union") {
    const branch = branchByForm(issue.errors, value);
    if (branch !== undefined) return branch.flatMap((inner) => explainIssue(inner, path, context));
  }
  return [{ path, says: wrongValue(issue, path, value, context.version) }];
}

/**
 * The alternative of a union that the value was meant as: the only one of the value's form (text, list, object), else
 * the one that knows most of its keys. Undefined where that does not decide.
 */
function branchByForm(branches: readonly (readonly Issue[])[], value: unknown): readonly Issue[] | undefined {
  const ofForm = branches.filter(
    (issues) =>
      !issues.some((issue) => (issue.path.length === 0 && deniesForm(issue, value)) || lacksChoice(issue, value)),
  );
  const unknown = ofForm.map(
    (issues) => issues.flatMap((issue) => (issue.code === "unrecognized_keys" ? issue.keys : [])).length,
  );
  const fewest = Math.min(...unknown);
  const best = ofForm.filter((_, index) => unknown[index] === fewest);
  return best.length === 1 ? best[0] : undefined;
}

/** A key that chooses among forms, and is not there, says that none of them was meant. */
function lacksChoice(issue: Issue, value: unknown): boolean {
  if (issue.code !== "invalid_union" || issue.discriminator === undefined) return false;
  return typeof value !== "object" || value === null || !Object.hasOwn(value, issue.discriminator);
}

function deniesForm(issue: Issue, value: unknown): boolean {
  return issue.code === "invalid_type" || (issue.code === "invalid_value" && typeof value !== "string");
}

function unknownKey(parent: Path, key: string, { root }: Context): Explained {
  const path = [...parent, key];
  const known = knownKeys(parent, root);
  const meant = nearest(key, known);
  if (meant === undefined) return { path, says: `is not known; known here: ${known.join(", ")}` };
  return { path, says: `is not known; did you mean "${meant}"?`, meant: keyPath([...parent, meant]) };
}

function wrongValue(issue: Issue, path: Path, value: unknown, version: string): string {
  const rule = `must be ${wanted(issue)}`;
  if (value === undefined) return `is missing; it ${rule}`;
  if (isLaterValue(path, value)) return `${JSON.stringify(value)} ${notAvailable(version)}`;
  if (isSecretPath(path)) return rule;
  const meant =
    issue.code === "invalid_value" && typeof value === "string" ? nearest(value, issue.values.map(String)) : undefined;
  const hint = meant === undefined ? "" : ` (did you mean "${meant}"?)`;
  return `is ${isScalarWanted(issue) ? shown(value) : kindOf(value)}; it ${rule}${hint}`;
}

/** The rule of the schema, to complete "it must be …". */
function wanted(issue: Issue): string {
  switch (issue.code) {
    case "invalid_type":
      return TYPE_WORDS[issue.expected] ?? issue.expected;
    case "invalid_value":
      return alternatives(issue.values);
    case "too_small":
      return bound(issue.origin, "at least", Number(issue.minimum));
    case "too_big":
      return bound(issue.origin, "at most", Number(issue.maximum));
    default:
      // Unions and patterns carry words of their own in the schema.
      return issue.message;
  }
}

function bound(origin: string, side: "at least" | "at most", limit: number): string {
  if (origin === "string") return "a text that is not empty";
  if (origin === "array") return `a list of ${side} ${limit} ${limit === 1 ? "element" : "elements"}`;
  return `${side} ${limit}`;
}

/** A text in the place of an object or list is not shown: it may well be a connection string with a password. */
function isScalarWanted(issue: Issue): boolean {
  if (issue.code === "invalid_union") return issue.discriminator !== undefined;
  return issue.code !== "invalid_type" || ["string", "number", "int", "boolean"].includes(issue.expected);
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object",
  record: "an object",
  array: "a list",
  tuple: "a list",
};
