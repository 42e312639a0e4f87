import type { Entry } from "../entry.ts";
import type { Mapping } from "../mapping/compile.ts";
import { nearest } from "../nearest.ts";
import { plural } from "../report/words.ts";
import { rangedKeys } from "../source/attribute-list.ts";
import { attributeKey } from "../source/attributes.ts";
import { type Finding, ok, warning } from "./ledger.ts";

/** An attribute that the mapping names and no entry of the sample has. */
export interface MissingAttribute {
  /** As the mapping spells it. */
  readonly attribute: string;
  readonly column: string;
  /** Attributes that entries have and that may be meant. */
  readonly near: readonly string[];
}

export function missingAttributes(
  mapping: Pick<Mapping, "columns" | "attributes">,
  entries: readonly Entry[],
): MissingAttribute[] {
  const present = new Set(
    entries.flatMap((entry) => [...entry.attributes.keys(), ...rangedKeys(entry).map(({ name }) => name)]),
  );
  const spelt = new Map(mapping.attributes.map((name) => [attributeKey(name), name]));
  return mapping.columns.flatMap(({ name, attributes }) =>
    [...new Set(attributes)]
      .filter((key) => !present.has(key))
      .map((key) => ({ attribute: spelt.get(key) ?? key, column: name, near: [] })),
  );
}

/** With the names that exist and are spelt nearly alike. */
export const withNear = (missing: readonly MissingAttribute[], names: readonly string[]): MissingAttribute[] =>
  missing.map((each) => ({ ...each, near: [nearest(each.attribute, names) ?? []].flat() }));

export function judgeAttributes(
  { attributes }: Pick<Mapping, "attributes">,
  missing: readonly MissingAttribute[],
  entries: number,
): Finding[] {
  const absent = new Set(missing.map(({ attribute }) => attribute));
  const found = attributes.filter((name) => !absent.has(name));
  const among = `in ${plural(entries, "entry", "entries")}`;
  const main =
    absent.size === 0
      ? `${plural(found.length, "mapped attribute")} found ${among}`
      : `${found.length} of ${plural(attributes.length, "mapped attribute")} found ${among}`;
  return [
    ok(main),
    ...missing.map(({ attribute, column, near }) =>
      warning(
        `no entry has ${attribute}, which mapping.${column} reads`,
        near.length > 0 ? `did you mean ${near.join(" or ")}?` : "is it spelt right, and may the bind read it?",
      ),
    ),
  ];
}
