import type { ResolvedHook, ResolvedHooks } from "../config/resolve-hooks.ts";
import { type Summary, writtenRows } from "../report/event.ts";
import { runCommand } from "./command.ts";
import { post } from "./post.ts";

type HookEvent = keyof ResolvedHooks;

/** How a hook is told; resolves to what went wrong, in words that begin after the hook's name. */
export type Tell<H extends ResolvedHook> = (
  hook: H,
  body: string,
  surroundings: Surroundings,
) => Promise<string | undefined>;

export interface Surroundings {
  /** Folder of the configuration. */
  readonly folder: string;
  /** What a command gets; without the secrets of the configuration. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Resolves after so many milliseconds. */
  readonly wait: (ms: number) => Promise<void>;
}

/** Which hooks a sync that ended so calls, in this order. Who interrupted a sync, or holds its lock, need not be told. */
const calls = {
  onChange: ({ counts }) => writtenRows(counts) > 0,
  onSuccess: ({ outcome }) => outcome === "succeeded",
  onFailure: ({ outcome }) => outcome === "failed" || outcome === "refused" || outcome === "partial",
} satisfies Record<HookEvent, (summary: Summary) => boolean>;

/** Calls the hooks of a sync that has ended, one after the other; one that fails is warned of. */
export async function callHooks(
  hooks: ResolvedHooks,
  summary: Summary,
  document: object,
  surroundings: Surroundings,
  warn: (message: string) => void,
): Promise<void> {
  for (const event of Object.keys(calls) as HookEvent[]) {
    const hook = hooks[event];
    if (!hook || !calls[event](summary)) continue;
    const body = JSON.stringify({ event, ...document });
    try {
      const trouble = await ("url" in hook ? post(hook, body, surroundings) : runCommand(hook, body, surroundings));
      if (trouble !== undefined) warn(`hooks.${event}: ${trouble}`);
    } catch {
      // What is thrown may show the URL, whose path may be a secret. Whatever it is, the sync is done.
      warn(`hooks.${event}: could not be called`);
    }
  }
}
