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
  const fail = (says: string): undefined => {
    context.problems.push({ path, says });
  };
  if ("env" in secret) {
    const value = context.env[secret.env];
    if (value === undefined) return fail(`reads the environment variable ${secret.env}, which is not set`);
    return value === "" ? fail(`reads the environment variable ${secret.env}, which is empty`) : value;
  }
  const file = resolve(context.directory, secret.file);
  try {
    const value = (await readText(file)).replace(/\r?\n$/, "");
    return value === "" ? fail(`reads the file ${file}, which is empty`) : value;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return fail(`reads the file ${file}, which ${whyUnreadable(error.cause)}`);
  }
}

function warnOfLiteral(path: Path, { file, mode, warnings }: SecretContext): void {
  if (mode === undefined || (mode & 0o077) === 0) return;
  const bits = (mode & 0o777).toString(8);
  warnings.push(
    `${keyPath(path)} holds a secret, and other users may have access to ${file} (mode ${bits}): chmod 600 ${file}, or use { "env": "NAME" } or { "file": "PATH" }`,
  );
}
