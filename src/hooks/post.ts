import type { ResolvedHook } from "../config/resolve-hooks.ts";
import { plural } from "../report/words.ts";
import type { Tell } from "./hook.ts";

type UrlHook = Extract<ResolvedHook, { url: string }>;

/** First wait in milliseconds, and the factor from one to the next. */
const backoff = [500, 2] as const;

/** Sends the document by POST. What may pass is tried again: no answer, 408, 429 and 5xx (RFC 9110 section 15). */
export const post: Tell<UrlHook> = async (hook, body, { wait }) => {
  for (let attempt = 1; ; attempt += 1) {
    const trouble = await once(hook, body);
    if (!trouble) return undefined;
    // The path of the URL may be a secret.
    const words = `${new URL(hook.url).origin} ${trouble.says}`;
    if (!trouble.passes || attempt > hook.retries)
      return attempt > 1 ? `${words} (${plural(attempt, "try", "tries")})` : words;
    const [first, factor] = backoff;
    await wait(first * factor ** (attempt - 1));
  }
};

interface Trouble {
  readonly says: string;
  /** It may be over the next time. */
  readonly passes: boolean;
}

async function once({ url, headers, timeoutMs }: UrlHook, body: string): Promise<Trouble | undefined> {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...lowerCased(headers) },
      body,
      // Another address was not asked for, and is not to have the headers.
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const { ok, status, statusText } = response;
    // What it has to say is not read; the connection must not stay open for it.
    await response.body?.cancel();
    if (ok) return undefined;
    const passes = status >= 500 || status === 408 || status === 429;
    return { says: `answered ${status} ${statusText}`.trim(), passes };
  } catch (error) {
    return { says: whyUnanswered(error, timeoutMs), passes: true };
  }
}

/** So that a content type that is configured takes the place of the usual one, however it is written. */
const lowerCased = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** `fetch` says "fetch failed", and why in the cause. */
function whyUnanswered(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `did not answer within ${timeoutMs} ms`;
  const { cause } = error;
  if (!(cause instanceof Error)) return `could not be asked: ${error.message}`;
  const code = "code" in cause ? String(cause.code) : cause.message;
  return `could not be reached (${code})`;
}
