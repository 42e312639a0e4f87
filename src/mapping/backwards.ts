import type { ColumnRule, Config } from "../config/schema.ts";
import type { AttributeValue } from "../entry.ts";
import type { FilterNode } from "../source/filter.ts";
import type { Fit } from "../target/fit.ts";
import { fullRule } from "./compile.ts";
import { conversionOf } from "./conversions.ts";
import { uuidOfText } from "./guid.ts";

/** The mapping read backwards: what a directory has where a column has this text. */

/** What a directory's own matching passes over, or what keeps one text for each value. */
const faithful = {
  transform: ["trim", "lowercase", "uppercase", "titlecase", "nfc", "collapse-spaces"],
  as: ["string", "uuid", "integer", "guid", "sid", "binary"],
  multi: ["single", "reject"],
};

/** A match key's column. */
interface KeyColumn {
  /** As the mapping spells it. */
  readonly name: string;
  readonly fit: Fit;
}

/**
 * The filter that finds all entries with this text in a match key's column, and perhaps others; undefined where the mapping
 * may give the text to entries that no filter finds.
 */
export function filterForKey(mapping: Config["mapping"], column: KeyColumn, text: string): FilterNode | undefined {
  const rule = fullRule(mapping[column.name] ?? "");
  const names = [rule.attribute ?? []].flat();
  const isFaithful =
    rule.template === undefined &&
    rule.map === undefined &&
    rule.default === undefined &&
    faithful.as.includes(rule.as) &&
    faithful.multi.includes(rule.multi) &&
    rule.transform.every((step) => typeof step === "string" && faithful.transform.includes(step));
  // A column of decimals has one text for several.
  if (!isFaithful || names.length === 0 || isSame(column, text, `${text}.0`)) return undefined;
  const values = spellings(rule, column, text);
  const filters = names.flatMap((attribute) =>
    values.map((value): FilterNode => ({ kind: "equal", attribute, value })),
  );
  const [only] = filters;
  return filters.length === 1 ? only : { kind: "or", filters };
}

function isSame(column: KeyColumn, one: string, other: string): boolean {
  const fitted = column.fit(one);
  return typeof fitted === "string" && column.fit(other) === fitted;
}

/** The longest number that is looked for with zeros in front. */
const mostDigits = 16;

/** Whatever becomes this text; most often only the text itself does. */
function spellings(rule: ColumnRule, column: KeyColumn, text: string): readonly AttributeValue[] {
  const uuid = rule.as === "uuid" ? uuidOfText(text) : undefined;
  if (uuid !== undefined) {
    return [uuid, uuid.replaceAll("-", ""), `{${uuid}}`];
  }
  const isNumber = /^\d+$/.test(text) && (rule.as === "integer" || isSame(column, text, `0${text}`));
  if (!isNumber) return [valueInDirectory(rule, text)];
  const zeros = Math.max(0, mostDigits - text.length);
  return Array.from({ length: zeros + 1 }, (_, count) => "0".repeat(count) + text);
}

/** What the directory has in the attribute of a column that shows this text. */
export function valueInDirectory(rule: string | ColumnRule, text: string): AttributeValue {
  return conversionOf(fullRule(rule).as).inDirectory?.(text) ?? text;
}
