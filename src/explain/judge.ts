import type { AttributeValue, Entry } from "../entry.ts";
import { attributeKey } from "../source/attributes.ts";
import { type FilterNode, parseFilter } from "../source/filter.ts";
import { formatFilter } from "../source/filter-format.ts";
import type { Inspection } from "../source/inspection.ts";
import { readable } from "./readable.ts";

/** One comparison of a filter, and what the entry has to compare. */
export interface Part {
  /** Null where no filter can say it. */
  readonly filter: string | null;
  /** For people, in the place of the filter. */
  readonly words?: string;
  readonly matched: boolean;
  /** Why it is not known. */
  readonly unknown?: string;
  readonly values: readonly { readonly attribute: string; readonly value: AttributeValue; readonly means?: string }[];
}

export interface Judgement {
  /** As configured; null where everybody is taken. */
  readonly filter: string | null;
  readonly matched: boolean;
  /** The comparisons that decide: of an AND that fails those that fail, of an OR that holds those that hold. */
  readonly parts: readonly Part[];
}

/** Asks the directory itself for each part of a filter, so that its schema and its matching rules decide. */
export async function judge(inspection: Inspection, entry: Entry, filter: string | undefined): Promise<Judgement> {
  if (filter === undefined) return { filter: null, matched: true, parts: [] };
  const node = parseFilter(filter);
  const matched = await inspection.matches(entry, node);
  return { filter, matched, parts: await decisive(inspection, entry, node, matched) };
}

async function decisive(
  inspection: Inspection,
  entry: Entry,
  node: FilterNode,
  matched: boolean,
): Promise<readonly Part[]> {
  if (node.kind === "and" || node.kind === "or") {
    const parts: Part[] = [];
    for (const part of node.filters) {
      const holds = await inspection.matches(entry, part);
      // All parts decide an AND that holds and an OR that fails.
      if (holds === matched || (node.kind === "and") === matched) {
        parts.push(...(await decisive(inspection, entry, part, holds)));
      }
    }
    return parts;
  }
  if (node.kind === "not" && "filters" in node.filter) {
    return decisive(inspection, entry, node.filter, await inspection.matches(entry, node.filter));
  }
  return [{ filter: formatFilter(node), matched, values: comparedValues(entry, node) }];
}

function comparedValues(entry: Entry, node: FilterNode): Part["values"] {
  if (node.kind === "not") return comparedValues(entry, node.filter);
  return "filters" in node || node.attribute === undefined ? [] : valuesOf(entry, node.attribute);
}

/** The values of an attribute, those of its subtypes by option among them (RFC 4512 section 2.5.2). */
export function valuesOf(entry: Entry, asked: string): Part["values"] {
  const key = attributeKey(asked);
  return [...entry.attributes]
    .filter(([name]) => name === key || name.startsWith(`${key};`))
    .flatMap(([name, values]) =>
      values.map((value) => {
        const attribute = name === key ? asked : name;
        const means = readable(attribute, value);
        return { attribute, value, ...(means !== undefined && { means }) };
      }),
    );
}
