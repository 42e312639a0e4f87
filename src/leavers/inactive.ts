import { isFile } from "../active/judged.ts";
import { negatedRule } from "../active/ready.ts";
import type { Entry } from "../entry.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { openSource } from "../source/open.ts";
import type { ReadRequest } from "../source/source.ts";

/**
 * The people who are in the filter of a source and known not to be active. The server leaves out whom it can, the rest is
 * judged here; those of whom it is not known are not among them.
 */
export function inactiveEntries(
  sources: readonly LdapConfig[],
  request: ReadRequest,
  signal: AbortSignal,
): AsyncIterable<readonly Entry[]> {
  const turned = sources.flatMap((source) =>
    source.active ? [{ ...source, mustContain: [], active: negatedRule(source.active, isFile(source)) }] : [],
  );
  return openSource(turned, request, () => {}).entries(signal);
}
