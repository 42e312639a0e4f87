import type { Entry } from "../entry.ts";
import type { LdapConfig } from "../source/ldap.ts";
import type { ReadRequest } from "../source/source.ts";

/** The people who are in the filter of a source and known not to be active. */
export async function* inactiveEntries(
  _sources: readonly LdapConfig[],
  _request: ReadRequest,
  _signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {}
