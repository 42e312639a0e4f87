import type { ColumnRule } from "../src/config/schema.ts";
import type { AttributeValue, Entry } from "../src/entry.ts";
import { compileMapping } from "../src/mapping/compile.ts";

export type Attributes = Record<string, AttributeValue | readonly AttributeValue[]>;

/** A rule with the defaults of the schema. */
export const rule = (part: Partial<ColumnRule>): ColumnRule => ({
  as: "string",
  transform: [],
  required: false,
  multi: "single",
  ...part,
});

/** An entry; keys in the form in which a source delivers them. */
export const entry = (attributes: Attributes, dn = "ou=x,dc=example"): Entry => ({
  dn,
  attributes: new Map(
    Object.entries(attributes).map(([key, values]): [string, readonly AttributeValue[]] => [key, [values].flat()]),
  ),
});

/** What a mapping of the one column `c` makes of an entry. */
export const one = (part: Partial<ColumnRule>, attributes: Attributes, dn?: string) => {
  const { map } = compileMapping({ c: rule(part) });
  const result = map(entry(attributes, dn));
  return "reason" in result ? result : result[0];
};
