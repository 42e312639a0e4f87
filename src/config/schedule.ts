import { existsSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { Failure } from "../errors.ts";
import type { Io } from "../io.ts";
import { nearest } from "../nearest.ts";
import { exampleFile } from "./example-file.ts";
import { glimpse } from "./glimpse.ts";
import { locate } from "./locate.ts";
import { keyPath, type Path } from "./problem.ts";
import { readConfig } from "./read.ts";
import { isLikeAPath } from "./secrets.ts";

/** The key `schedule`. */
interface Scheduled {
  readonly expression: string;
  readonly dialect?: string;
  readonly timezone?: string;
}

/** What a scheduler must know of a configuration. Secrets are named here, not read. */
export interface ScheduledConfig {
  /** Absolute. */
  readonly file: string;
  readonly name: string;
  readonly historyFile?: string | undefined;
  readonly variables: readonly string[];
  readonly secretFiles: readonly string[];
  /** How many secrets are not among them: what stands there may be the secret itself. */
  readonly hidden: number;
  /** Folders that a run writes to. */
  readonly writable: readonly string[];
  /** @throws Failure(configuration) where there is no schedule, or none that can be read */
  schedule(): Scheduled;
}

/**
 * Reads a configuration for its schedule alone, without the schema: who asks when a sync will run need not have its
 * secrets at hand, and what else may be wrong is told by `check`.
 */
export async function readScheduled(
  { cwd, env }: Pick<Io, "cwd" | "env">,
  named: string | undefined,
): Promise<ScheduledConfig> {
  const { file } = await locate(cwd(), named);
  const { value, place } = await readConfig(file);
  const config = isObject(value) ? value : {};
  const secrets = [...secretsIn(config)];
  const variables = secrets.flatMap(({ env: name }) => name ?? []);
  const files = secrets.flatMap(({ file: path }) => path ?? []);
  // The rules of secrets.ts, where a name is shown in a message.
  const isVariable = (name: string) => /^[A-Za-z_]\w*$/.test(name) && (!/[a-z]/.test(name) || Object.hasOwn(env, name));
  const isFile = (path: string) => isLikeAPath(path) || existsSync(resolve(dirname(file), path));
  const [shownVariables, shownFiles] = [variables.filter(isVariable), files.filter(isFile)];
  return {
    file,
    name: typeof config.name === "string" && config.name !== "" ? config.name : "default",
    historyFile: glimpse(file, value).historyFile,
    variables: [...new Set(shownVariables)],
    secretFiles: [...new Set(shownFiles)],
    hidden: variables.length + files.length - shownVariables.length - shownFiles.length,
    writable: writtenFolders(config, dirname(file)),
    schedule: () => scheduleOf(config.schedule, file, place),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Every `{ "env": … }` and `{ "file": … }`: an object with that one key, which nothing but a secret is. */
function* secretsIn(value: unknown): Generator<{ env?: string; file?: string }> {
  if (Array.isArray(value)) for (const each of value) yield* secretsIn(each);
  if (!isObject(value)) return;
  for (const [name, each] of Object.entries(value)) {
    // The file of the history is no secret.
    if (name === "history" || name === "metrics" || name === "mapping") continue;
    if (isObject(each) && Object.keys(each).length === 1) {
      if (typeof each.env === "string") yield { env: each.env };
      if (typeof each.file === "string") yield { file: each.file };
    }
    yield* secretsIn(each);
  }
}

/** Of the database file (SQLite writes its journal beside it), the history and the metrics. */
function writtenFolders({ target, history, metrics }: Record<string, unknown>, folder: string): string[] {
  const database =
    isObject(target) && target.client === "sqlite" && isObject(target.connection) ? target.connection : {};
  const files = [database.filename, ...[history, metrics].map((each) => (isObject(each) ? each.file : undefined))];
  const folders = files.flatMap((file) => (typeof file === "string" ? [dirname(resolve(folder, file))] : []));
  return [...new Set(folders)];
}

const keys = ["expression", "dialect", "timezone"];

function scheduleOf(value: unknown, file: string, place: (path: Path) => string): Scheduled {
  const refuse = (path: Path, says: string): never => {
    throw new Failure("configuration", `${place(path)}: ${keyPath(path)} ${says}`, {
      hint: `every key is explained in ${exampleFile()}`,
    });
  };
  if (value === undefined) {
    throw new Failure("configuration", `${file} has no schedule`, {
      hint: "give an EXPRESSION, or the key schedule",
    });
  }
  if (!isObject(value)) return refuse(["schedule"], 'must be an object, such as { "expression": "0 2 * * *" }');
  for (const [key, each] of Object.entries(value)) {
    const meant = nearest(key, keys);
    if (!keys.includes(key))
      refuse(["schedule", key], `is not a known key${meant === undefined ? "" : `; did you mean "${meant}"?`}`);
    if (typeof each !== "string" || each === "") refuse(["schedule", key], "must be a text");
  }
  if (value.expression === undefined) return refuse(["schedule"], "has no expression");
  return value as unknown as Scheduled;
}
