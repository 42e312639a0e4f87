import { resolve } from "node:path";
import { Failure } from "../errors.ts";
import { keyPath, type Path, type Problem } from "./problem.ts";
import type { Secret } from "./schema.ts";
import { readText, whyUnreadable } from "./text-file.ts";

/** Where secrets come from, and what was found on the way. The lists are added to. */
export interface SecretContext {
  /** The configuration file, for the warning. */
  readonly file: string;
  /** Permission bits of the configuration file; undefined where the system has none. */
  readonly mode: number | undefined;
  /** Folder of the configuration file, which relative paths start from. */
  readonly directory: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly problems: Problem[];
  readonly warnings: string[];
  /** Every secret that was resolved, to be kept out of all output. */
  readonly secrets: string[];
  /** The environment variables that they come from. */
  readonly variables: string[];
}

/** The secret itself. Undefined where none is configured, or where it cannot be had, which is then a problem. */
export async function resolveSecret(
  secret: Secret | undefined,
  path: Path,
  context: SecretContext,
): Promise<string | undefined> {
  if (secret === undefined) return undefined;
  const value = await secretValue(secret, path, context);
  if (value !== undefined && value !== "") context.secrets.push(value);
  return value;
}

async function secretValue(secret: Secret, path: Path, context: SecretContext): Promise<string | undefined> {
  if (typeof secret === "string") {
    warnOfLiteral(path, context);
    return secret;
  }
  const fail = (says: string, at = path): undefined => {
    context.problems.push({ path: at, says });
  };
  if ("env" in secret) {
    context.variables.push(secret.env);
    // Everything that is an object inherits `constructor` and its like, and the environment does too.
    const value = Object.hasOwn(context.env, secret.env) ? context.env[secret.env] : undefined;
    if (value === undefined && !/^[a-z_][a-z\d_]*$/i.test(secret.env))
      return fail("is not the name of an environment variable (letters, digits and _)", [...path, "env"]);
    if (value === undefined) return fail(`reads ${unsetVariable(secret.env)}`);
    return value === "" ? fail(`reads the environment variable ${secret.env}, which is empty`) : value;
  }
  const file = resolve(context.directory, secret.file);
  try {
    const value = (await readText(file)).replace(/\r?\n$/, "");
    return value === "" ? fail(`reads the file ${file}, which is empty`) : value;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const why = whyUnreadable(error.cause);
    return fail(
      isLikeAPath(secret.file) ? `reads the file ${file}, which ${why}` : `reads a file that ${why} (${HIDDEN})`,
    );
  }
}

/** Headers that say what is sent, not by whom: no secrets, and as such they would be taken out of all that is printed. */
const plainHeaders = ["accept", "content-type", "user-agent"];

export const isPlainHeader = (name: string): boolean => plainHeaders.includes(name.toLowerCase());

/** The secrets that are written in a configuration of which nothing is checked yet, at whatever level they stand. */
export function literalSecrets(root: unknown): string[] {
  const found: string[] = [];
  // YAML can repeat and nest by aliases without end, so each object is looked at once. The list grows while it is walked.
  const objects = new Set<object>(typeof root === "object" && root !== null ? [root] : []);
  for (const object of objects) {
    for (const [key, value] of Object.entries(object)) {
      // The keys there are columns, of which one may well be named password.
      if (object === root && key === "mapping") continue;
      if (key === "bindPassword" || key === "password") found.push(...texts(value));
      if (typeof value !== "object" || value === null) continue;
      objects.add(value);
      if (key === "headers")
        found.push(...Object.entries(value).flatMap((each) => (isPlainHeader(each[0]) ? [] : texts(each[1]))));
    }
  }
  return found;
}

const texts = (value: unknown): string[] => (typeof value === "string" && value !== "" ? [value] : []);

/** People write the secret itself in the place of the name, so a name is shown only where it looks like one. */
const HIDDEN = "its name is not shown: it may be the secret itself";

/** A password of letters and digits is a possible name too; few names have lower case, and passwords do. */
function unsetVariable(name: string): string {
  if (/[a-z]/.test(name)) return `an environment variable that is not set (${HIDDEN})`;
  return `the environment variable ${name}, which is not set`;
}

/** With a folder or an ending, and of characters that paths are made of. */
export function isLikeAPath(name: string): boolean {
  return /^[\p{L}\p{N}_.:~ \\/-]+$/u.test(name) && /[\\/]|\.[a-z][a-z\d]*$/i.test(name);
}

function warnOfLiteral(path: Path, { file, mode, warnings }: SecretContext): void {
  if (mode === undefined || (mode & 0o077) === 0) return;
  const bits = (mode & 0o777).toString(8);
  warnings.push(
    `${keyPath(path)} holds a secret, and other users may have access to ${file} (mode ${bits}): chmod 600 ${file}, or use { "env": "NAME" } or { "file": "PATH" }`,
  );
}
