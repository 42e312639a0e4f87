import { stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../errors.ts";
import { exampleFile } from "./example-file.ts";
import { explain } from "./explain.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Glimpse, glimpse } from "./glimpse.ts";
import { locate } from "./locate.ts";
import { keyPath, type Problem } from "./problem.ts";
import { type ConfigText, readConfig } from "./read.ts";
import { reservedKeys } from "./reserved-keys.ts";
import { type ResolvedConfig, resolveConfig } from "./resolve.ts";
import { crossCheck } from "./rules.ts";
import { type Config, configSchema } from "./schema.ts";
import { literalSecrets, type SecretContext } from "./secrets.ts";

export type { ResolvedConfig } from "./resolve.ts";

export interface LoadRequest {
  readonly cwd: string;
  /** As named by `--config`. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Of this program, for what it does not carry out yet. */
  readonly version: string;
  /** Told what is known before it is checked. */
  readonly seen?: (glimpse: Glimpse) => void;
  /** Told each secret that is written there, before it is checked: what is said of a mistake must not show it. */
  readonly literal?: (secret: string) => void;
  /** Whether secrets and certificates must be at hand; they must unless told. */
  readonly secretsNeeded?: (config: Config) => boolean;
}

export interface LoadedConfig {
  /** Absolute path of the configuration file. */
  readonly file: string;
  readonly config: ResolvedConfig;
  /** The same for the same configuration, whatever its secrets. */
  readonly hash: string;
  readonly warnings: readonly string[];
  /** Every secret in the configuration, to be kept out of all output. */
  readonly secrets: readonly string[];
  /** The environment variables that hold secrets, which nobody else need have. */
  readonly variables: readonly string[];
}

/** More are counted, not told. */
const PROBLEMS_TOLD = 10;

/**
 * Finds, reads, checks and resolves the configuration.
 * @throws Failure("configuration") that tells every problem on a line of its own, as `FILE:LINE:COLUMN: KEY says …`
 */
export async function loadConfig(request: LoadRequest): Promise<LoadedConfig> {
  const { env, version, seen = () => {}, literal = () => {}, secretsNeeded = () => true } = request;
  const { file, warnings } = await locate(request.cwd, request.file);
  seen({ file });
  const text = await readConfig(file);
  seen(glimpse(file, text.value));
  literalSecrets(text.value).forEach(literal);
  const reserved = reservedKeys(text.value);
  if (reserved.length > 0) throw refusal(text, reserved);
  // Once a run: it costs more to compile a reader of each object of the schema than it saves.
  const parsed = configSchema.safeParse(text.value, { jitless: true });
  if (!parsed.success) throw refusal(text, explain(parsed.error.issues, text.value, version));
  const mode = process.platform === "win32" ? undefined : (await stat(file)).mode;
  const context: SecretContext = {
    file,
    mode,
    directory: dirname(file),
    env,
    problems: [],
    secrets: [],
    variables: [],
    warnings: [...warnings],
  };
  const config = await resolveConfig(parsed.data, context);
  const missing = secretsNeeded(parsed.data) ? context.problems : [];
  const problems = [...crossCheck(parsed.data), ...missing];
  if (problems.length > 0) throw refusal(text, problems);
  const { secrets, variables } = context;
  return { file, config, hash: fingerprint(text.value), warnings: context.warnings, secrets, variables };
}

function refusal(text: ConfigText, problems: readonly Problem[]): Failure {
  const lines = problems
    .slice(0, PROBLEMS_TOLD)
    .map(({ path, says }) => `${text.place(path)}: ${keyPath(path)} ${says}`);
  if (problems.length > PROBLEMS_TOLD) lines.push(`and ${problems.length - PROBLEMS_TOLD} more`);
  return new Failure("configuration", lines.join("\n"), {
    hint: `every key is explained in ${exampleFile()}`,
  });
}
