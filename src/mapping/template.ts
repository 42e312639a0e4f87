import type { AttributeValue, Entry } from "../entry.ts";
import { inOrder, type MappedAttribute, mappedAttribute, preferNaming } from "./attribute.ts";
import { collapseSpaces } from "./transforms.ts";

/** A text with attributes in it, compiled. */
export interface Template {
  readonly attributes: readonly MappedAttribute[];
  /**
   * The text for an entry; `undefined` where none of the attributes has a value. Where only some have, the spaces around
   * the gaps are taken out. Bytes that are not UTF-8 are given back with the attribute that has them.
   */
  readonly fill: (entry: Entry) => string | undefined | { readonly attribute: MappedAttribute; readonly bytes: Buffer };
}

/** `{attribute}`, `{{` and `}}` for the braces themselves, or text. */
const piece = /\{\{|\}\}|\{([^{}]*)\}|[^{}]+/g;

/** @throws Failure (configuration) where a name in braces is none of an attribute */
export function compileTemplate(template: string, place: string): Template {
  const pieces = [...template.matchAll(piece)].map(([text, name]) =>
    name === undefined ? text.replace("{{", "{").replace("}}", "}") : mappedAttribute(name.trim(), place),
  );
  const attributes = pieces.filter((part) => typeof part !== "string");
  return {
    attributes,
    fill: (entry) => {
      let text = "";
      let found = 0;
      for (const part of pieces) {
        if (typeof part === "string") {
          text += part;
          continue;
        }
        const value = singleValue(entry, part);
        if (value === undefined) continue;
        if (typeof value !== "string") return { attribute: part, bytes: value };
        found += 1;
        text += value;
      }
      if (found === 0) return undefined;
      return found === attributes.length ? text : collapseSpaces(text);
    },
  };
}

/** One value of the attribute, by the rule of multi "single": bytes where any is bytes, and an empty one is none. */
function singleValue(entry: Entry, attribute: MappedAttribute): AttributeValue | undefined {
  const values = entry.attributes.get(attribute.key);
  if (values === undefined) return undefined;
  const sorted = values.length > 1 ? inOrder(preferNaming(entry.dn, attribute, values)) : values;
  return sorted.find((value) => typeof value !== "string") ?? sorted.find((value) => value !== "");
}
