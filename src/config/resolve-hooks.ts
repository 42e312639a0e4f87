import type { Config } from "./schema.ts";
import { isPlainHeader, resolveSecret, type SecretContext } from "./secrets.ts";

type Hooks = NonNullable<Config["hooks"]>;
type Hook = NonNullable<Hooks[keyof Hooks]>;
type UrlHook = Extract<Hook, { url: string }>;

/** A hook with the secrets of its headers at hand. */
export type ResolvedHook =
  | (Omit<UrlHook, "headers"> & { readonly headers: Readonly<Record<string, string>> })
  | Extract<Hook, { command: string[] }>;

export type ResolvedHooks = { readonly [K in keyof Hooks]: ResolvedHook };

/** Fills in the secrets of the headers. What is missing for that is added to the context's problems. */
export async function resolveHooks(hooks: Hooks, context: SecretContext): Promise<ResolvedHooks> {
  const resolved: [string, ResolvedHook][] = [];
  for (const [event, hook] of Object.entries(hooks)) {
    if (hook !== undefined) resolved.push([event, "url" in hook ? await resolveUrlHook(event, hook, context) : hook]);
  }
  return Object.fromEntries(resolved);
}

async function resolveUrlHook(event: string, hook: UrlHook, context: SecretContext): Promise<ResolvedHook> {
  const headers: [string, string][] = [];
  for (const [name, secret] of Object.entries(hook.headers)) {
    const path = ["hooks", event, "headers", name];
    const isPlain = typeof secret === "string" && isPlainHeader(name);
    const value = isPlain ? secret : await resolveSecret(secret, path, context);
    // RFC 9110 section 5.5; what Node takes besides, it sends as Latin-1.
    if (value !== undefined && !/^[\t\x20-\x7e\xa0-\xff]*$/.test(value)) {
      context.problems.push({ path, says: "holds a character that no HTTP header can have" });
    }
    headers.push([name, value ?? ""]);
  }
  return { ...hook, headers: Object.fromEntries(headers) };
}
