import { isFile } from "../active/judged.ts";
import { negatedRule } from "../active/ready.ts";
import { attributesOf } from "../active/rule.ts";
import type { Entry } from "../entry.ts";
import { attributeKey } from "../source/attributes.ts";
import { inspectLater } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { openSource } from "../source/open.ts";
import type { ReadRequest } from "../source/source.ts";

/**
 * The people who are in the filter of a source and known not to be active. The server leaves out whom it can, the rest is
 * judged here; those of whom it is not known are not among them.
 */
export async function* inactiveEntries(
  sources: readonly LdapConfig[],
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  for (const source of sources) {
    if (source.active === undefined) continue;
    const names = attributesOf(source.active.node);
    const active = negatedRule(source.active, isFile(source));
    const attributes = [
      ...new Map([...request.attributes, ...names].map((name) => [name.toLowerCase(), name])).values(),
    ];
    const turned = { ...source, mustContain: [], active };
    const entries = openSource([turned], { ...request, attributes }, () => {}).entries(signal);
    // What the server has judged alone, it has judged by what it shows.
    yield* active.left === undefined ? shown(source, names, entries, signal) : entries;
  }
}

/** Without those of whom an attribute is concealed. */
async function* shown(
  config: LdapConfig,
  names: readonly string[],
  pieces: AsyncIterable<readonly Entry[]>,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const { open, close } = inspectLater(config, signal);
  const isConcealed = async (entry: Entry): Promise<boolean> => {
    for (const name of names.filter((each) => !entry.attributes.has(attributeKey(each)))) {
      if (await (await open()).conceals(entry, name)) return true;
    }
    return false;
  };
  try {
    for await (const entries of pieces) {
      const kept: Entry[] = [];
      for (const entry of entries) if (!(await isConcealed(entry))) kept.push(entry);
      yield kept;
    }
  } finally {
    close();
  }
}
