import { Failure } from "../errors.ts";
import { looksLikeDn, normaliseDn } from "../source/dn.ts";

/** What a `map` makes of a text; undefined where it does not list it. */
export type Lookup = (text: string) => string | undefined;

/**
 * Texts are looked up as they are; a key that is a DN is found in any spelling of it, because a server may write another
 * case and other spaces than the configuration.
 *
 * @param listed what each key becomes
 * @param place where the map stands in the configuration, for messages
 * @throws Failure (configuration) where two spellings of one DN become different values
 */
export function compileMap(listed: ReadonlyMap<string, string>, place: string): Lookup {
  const byDn = new Map<string, { readonly key: string; readonly value: string }>();
  for (const [key, value] of listed) {
    if (!looksLikeDn(key)) continue;
    const same = byDn.get(normaliseDn(key));
    if (same !== undefined && same.value !== value) {
      throw new Failure("configuration", `${place}: "${same.key}" and "${key}" are the same DN`, {
        hint: "take one of them out",
      });
    }
    byDn.set(normaliseDn(key), { key, value });
  }
  if (byDn.size === 0) return (text) => listed.get(text);
  return (text) => listed.get(text) ?? byDn.get(normaliseDn(text))?.value;
}
