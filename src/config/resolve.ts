import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Path, Problem } from "./problem.ts";
import { type ResolvedHooks, resolveHooks } from "./resolve-hooks.ts";
import { eachSource } from "./rules.ts";
import type { Config, SourceConfig } from "./schema.ts";
import { resolveSecret, type SecretContext } from "./secrets.ts";
import { filePath } from "./source-rules.ts";
import { whyUnreadable } from "./text-file.ts";

type MysqlTarget = Extract<Config["target"], { client: "mysql2" }>;
type SqliteTarget = Extract<Config["target"], { client: "sqlite" }>;

/** One source with its secret at hand, lists as lists, and paths absolute (`file:` is followed by a plain path). */
type ResolvedSource = Omit<SourceConfig, "url" | "baseDn" | "bindPassword" | "sasl" | "requireTls"> & {
  readonly url: readonly string[];
  /** Empty where none is configured, which only a file: allows. */
  readonly baseDn: readonly string[];
  readonly bindPassword?: string | undefined;
  readonly sasl: NonNullable<SourceConfig["sasl"]>;
};

export type ResolvedTarget =
  | SqliteTarget
  | (Omit<MysqlTarget, "connection"> & {
      connection: Omit<MysqlTarget["connection"], "password"> & { password?: string | undefined };
    });

/** The configuration as the program uses it: checked, defaults filled in, secrets resolved, paths absolute. */
export type ResolvedConfig = Omit<Config, "source" | "target" | "hooks"> & {
  readonly sources: readonly ResolvedSource[];
  readonly target: ResolvedTarget;
  readonly hooks: ResolvedHooks;
};

/** Fills in secrets and absolute paths. What is missing for that is added to the context's problems. */
export async function resolveConfig(config: Config, context: SecretContext): Promise<ResolvedConfig> {
  const sources: ResolvedSource[] = [];
  for (const { source, path } of eachSource(config)) sources.push(await resolveSource(source, path, context));
  const target = await resolveTarget(config.target, context);
  const { source: _, history, metrics, ...rest } = config;
  const absolute = <T extends { file: string }>(place: T): T => ({
    ...place,
    file: resolve(context.directory, place.file),
  });
  if (metrics && !metrics.file.endsWith(".prom")) {
    context.warnings.push("metrics.file does not end in .prom, and node_exporter reads no other files");
  }
  return {
    ...rest,
    sources,
    target,
    ...(history && { history: "file" in history ? absolute(history) : history }),
    ...(metrics && { metrics: absolute(metrics) }),
    hooks: await resolveHooks(config.hooks ?? {}, context),
  };
}

async function resolveSource(source: SourceConfig, path: Path, context: SecretContext): Promise<ResolvedSource> {
  const urls = Array.isArray(source.url) ? source.url : [source.url];
  const { requireTls: _, ...rest } = source;
  const { baseDn = [], tls, bindDn } = rest;
  return {
    ...rest,
    url: urls.map((url) => {
      const file = /^file:/i.test(url) ? filePath(url) : undefined;
      return file === undefined ? url : `file:${resolve(context.directory, file)}`;
    }),
    baseDn: Array.isArray(baseDn) ? baseDn : [baseDn],
    sasl: source.sasl ?? (tls.cert !== undefined && bindDn === undefined ? "external" : "none"),
    tls: await resolveTls(tls, [...path, "tls"], context),
    bindPassword: await resolveSecret(source.bindPassword, [...path, "bindPassword"], context),
  };
}

async function resolveTarget(target: Config["target"], context: SecretContext): Promise<ResolvedTarget> {
  if (target.client === "sqlite") {
    return { ...target, connection: { filename: resolve(context.directory, target.connection.filename) } };
  }
  const path = ["target", "connection"];
  const tls = target.connection.tls && (await resolveTls(target.connection.tls, [...path, "tls"], context));
  const password = await resolveSecret(target.connection.password, [...path, "password"], context);
  return { ...target, connection: { ...target.connection, ...(tls && { tls }), password } };
}

/** Makes the paths of PEM files absolute. The files are read later; that they can be read is made sure here. */
async function resolveTls<T extends { ca?: string | undefined; cert?: string | undefined; key?: string | undefined }>(
  tls: T,
  path: Path,
  { directory, problems }: { readonly directory: string; readonly problems: Problem[] },
): Promise<T> {
  const resolved = { ...tls };
  for (const key of ["ca", "cert", "key"] as const) {
    const name = tls[key];
    if (name === undefined) continue;
    const file = resolve(directory, name);
    resolved[key] = file;
    try {
      await readFile(file);
    } catch (error) {
      problems.push({ path: [...path, key], says: `names the file ${file}, which ${whyUnreadable(error)}` });
    }
  }
  return resolved;
}
