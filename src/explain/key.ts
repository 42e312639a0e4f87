import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import type { Plan } from "../plan.ts";
import { attributeKey } from "../source/attributes.ts";
import { isWithin, normaliseDn, parseDn } from "../source/dn.ts";
import { type FilterNode, parseFilter } from "../source/filter.ts";
import { formatFilter } from "../source/filter-format.ts";

/** What a person was asked for by. */
export type Key =
  | { readonly kind: "filter"; readonly filter: FilterNode }
  | { readonly kind: "dn"; readonly dn: string }
  | { readonly kind: "match key"; readonly text: string };

/**
 * Told apart by its form: a filter has parentheses, a DN several RDNs or a place below a base; else it is a match key.
 *
 * @throws Failure (usage) for an empty one and for a filter that does not parse
 */
export function keyOf(text: string, sources: ResolvedConfig["sources"]): Key {
  if (text === "") throw new Failure("usage", "KEY is empty", { hint: "name a match key, a DN or a filter" });
  if (text.startsWith("(")) return { kind: "filter", filter: filterOf(text) };
  const rdns = parseDn(text)?.length ?? 0;
  const below = sources.some(({ baseDn }) =>
    baseDn.some((base) => isWithin(normaliseDn(text), normaliseDn(base), "sub")),
  );
  if (rdns > 1 || (rdns === 1 && below)) return { kind: "dn", dn: text };
  return { kind: "match key", text };
}

function filterOf(text: string): FilterNode {
  try {
    return parseFilter(text);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    throw new Failure("usage", `KEY: ${error.message}`, { hint: error.hint, cause: error });
  }
}

/**
 * For who meant something else than a match key: the filter that `uid=anna` nearly is, else one that looks in the first
 * mapped attribute beside those of the match keys and the immutable id. Undefined where there is none.
 */
export function otherFilter({ columns, attributes, keys, immutableId }: Plan, meant: Key): string | undefined {
  if (meant.kind !== "match key") return undefined;
  const { text } = meant;
  if (/^[a-z][\w;.-]*[~<>:]?=/i.test(text)) {
    try {
      return formatFilter(parseFilter(`(${text})`));
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
    }
  }
  const own = [...keys, immutableId].flatMap((at) => columns[at ?? -1]?.attributes ?? []);
  const attribute = attributes.find((name) => !own.includes(attributeKey(name)));
  return attribute && formatFilter({ kind: "equal", attribute, value: text });
}
