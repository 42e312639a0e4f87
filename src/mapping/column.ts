import type { ColumnRule, Scalar } from "../config/schema.ts";
import type { AttributeValue, Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { onlyValue } from "../source/attribute-list.ts";
import { inOrder, type MappedAttribute, mappedAttribute, preferNaming } from "./attribute.ts";
import { compareCodePoints } from "./code-points.ts";
import type { MappedColumn } from "./compile.ts";
import { type Conversion, conversionOf } from "./conversions.ts";
import { compileMap, type Lookup } from "./map.ts";
import { type Combination, combinationOf } from "./multi.ts";
import { isRefusal, type Refusal } from "./reject.ts";
import { stepsOf } from "./steps.ts";
import { compileTemplate } from "./template.ts";
import { compileTransforms, type TextTransform } from "./transforms.ts";
import type { Kind, Value } from "./value.ts";

/** One column's rule, compiled. */
export interface Column extends Omit<MappedColumn, "attributes"> {
  readonly reads: readonly MappedAttribute[];
  /** The value for an entry; `undefined`: leave the column as it is. */
  readonly evaluate: (entry: Entry) => Value | undefined | Refusal;
}

/**
 * The way of a value: transforms, then `map` or `as`, then `multi`. `map` looks up the text after the transforms, and
 * what it gives is read by `as` like a value written in the configuration.
 *
 * @throws Failure (configuration)
 */
export function compileColumn(name: string, rule: ColumnRule): Column {
  const place = `mapping.${name}`;
  const insertOnly = rule.on === "insert";
  if (rule.value !== undefined) {
    const text = rule.value === null ? null : String(rule.value);
    const kind = rule.value === null ? "text" : kindOfScalars([rule.value]);
    return {
      name,
      kind,
      insertOnly,
      source: `value ${JSON.stringify(rule.value)}`,
      steps: stepsOf(rule),
      reads: [],
      evaluate: () => text,
    };
  }
  const single = compileValue(rule, place);
  const combination = combinationOf(rule.multi, single.kind, rule.separator);
  const { reference } = rule;
  const common = { name, kind: combination.kind, insertOnly, reference, steps: stepsOf(rule) };
  const origin = rule.template === undefined ? rule.attribute : rule.template;
  const shown = [origin ?? []].flat().join(", ");
  const whenEmpty = emptiness(rule, shown, place, single, combination);
  if (rule.template !== undefined) {
    const { attributes, fill } = compileTemplate(rule.template, `${place}.template`);
    const finish = finisher(rule, single, combination);
    const evaluate = (entry: Entry): Value | undefined | Refusal => {
      const text = fill(entry);
      if (text === undefined) return whenEmpty;
      if (typeof text !== "string") return notText(text.attribute.name, text.bytes, rule);
      return finish.alone(shown, text) ?? whenEmpty;
    };
    return { ...common, source: `template ${JSON.stringify(rule.template)}`, reads: attributes, evaluate };
  }
  const attributes = [rule.attribute ?? []].flat().map((attribute) => mappedAttribute(attribute, `${place}.attribute`));
  const evaluate = fromAttributes(attributes, rule, finisher(rule, single, combination), whenEmpty);
  return { ...common, source: shown, reads: attributes, evaluate };
}

/** What several values, none of them empty of bytes, become; `undefined` where nothing is left of them. */
interface Finish {
  readonly all: (attribute: string, values: readonly AttributeValue[]) => string | undefined | Refusal;
  /** As `all`, of one value. */
  readonly alone: (attribute: string, value: AttributeValue) => string | undefined | Refusal;
}

function fromAttributes(
  attributes: readonly MappedAttribute[],
  rule: ColumnRule,
  finish: Finish,
  whenEmpty: Value | undefined | Refusal,
): Column["evaluate"] {
  return (entry) => {
    for (const attribute of attributes) {
      const only = onlyValue(entry, attribute.key);
      if (only !== undefined) {
        const text = finish.alone(attribute.name, only);
        if (text !== undefined) return text;
        continue;
      }
      const values = entry.attributes.get(attribute.key);
      if (values === undefined) continue;
      const chosen = values.length > 1 && rule.multi === "single" ? preferNaming(entry.dn, attribute, values) : values;
      const result = finish.all(attribute.name, chosen);
      if (result !== undefined) return result;
    }
    return whenEmpty;
  };
}

/** How one value is converted. */
interface SingleValue {
  readonly kind: Kind;
  readonly transform: TextTransform | undefined;
  readonly map: Lookup | undefined;
  /** Where `map` does not list a value. */
  readonly unlisted: string | undefined;
  readonly conversion: Conversion;
  /** A value written in the configuration. */
  readonly literal: (value: Scalar, place: string) => string;
}

function compileValue(rule: ColumnRule, place: string): SingleValue {
  const conversion = conversionOf(rule.as);
  if (conversion.convertBytes && (rule.transform.length > 0 || rule.map)) {
    throw new Failure(
      "configuration",
      `${place}: as "${rule.as}" takes the bytes as they are, so it goes with neither transform nor map`,
      {
        hint: "take one of them out",
      },
    );
  }
  const literals = [...Object.values(rule.map ?? {}), ...(rule.default === undefined ? [] : [rule.default])];
  const kind = rule.as === "string" && rule.map ? kindOfScalars(literals) : conversion.kind;
  const read = conversion.literal ?? conversion;
  const literal = (value: Scalar, where: string): string => {
    const text = read.convert(String(value));
    if (text === undefined) {
      throw new Failure("configuration", `${where}: ${JSON.stringify(value)} is not ${read.expects}`, {
        hint: `the rule says as "${rule.as}"`,
      });
    }
    return text;
  };
  const listed = Object.entries(rule.map ?? {}).map(
    ([from, to]) => [from, literal(to, `${place}.map.${from}`)] as const,
  );
  const map = rule.map && compileMap(new Map(listed), `${place}.map`);
  const whenEmpty = rule.default === undefined ? undefined : literal(rule.default, `${place}.default`);
  const unlisted = rule.unlisted === "drop" ? undefined : whenEmpty;
  return { kind, transform: compileTransforms(rule.transform, place), map, unlisted, conversion, literal };
}

/** All booleans, all whole numbers, or text. */
function kindOfScalars(values: readonly Scalar[]): Kind {
  if (values.length > 0 && values.every((value) => typeof value === "boolean")) return "boolean";
  return values.length > 0 && values.every((value) => Number.isInteger(value)) ? "integer" : "text";
}

function emptiness(
  rule: ColumnRule,
  attribute: string,
  place: string,
  single: SingleValue,
  { kind }: Combination,
): Value | undefined | Refusal {
  if (rule.multi === "count" && rule.onEmpty === undefined && !rule.required) return "0";
  const action = rule.onEmpty ?? (rule.required ? "reject" : rule.default === undefined ? "null" : "default");
  const byRule = rule.required ? "required" : 'onEmpty "reject"';
  if (action === "reject") return { attribute, rule: byRule, why: "has no value" };
  if (action === "keep") return undefined;
  if (action === "null" || rule.default === undefined) return null;
  const text = single.literal(rule.default, `${place}.default`);
  return kind === "json" ? combinationOf("json", single.kind, undefined).alone(text) : text;
}

const notText = (attribute: string, value: Buffer, rule: ColumnRule): Refusal => ({
  attribute,
  value,
  rule: `as ${rule.as}`,
  why: "is not valid UTF-8 text",
});

const unlike = (attribute: string, value: AttributeValue, rule: ColumnRule, { expects }: Conversion): Refusal => ({
  attribute,
  value,
  rule: `as ${rule.as}`,
  why: `is not ${expects}`,
});

function finisher(rule: ColumnRule, single: SingleValue, combination: Combination): Finish {
  // Of several bad values the same one is always named, in whichever order they come.
  const firstRefusal = (attribute: string, values: readonly AttributeValue[]): Refusal | undefined =>
    inOrder(values)
      .map((value) => convertOne(rule, single, attribute, value))
      .find(isRefusal);
  const alone: Finish["alone"] = (attribute, value) => {
    const text = convertOne(rule, single, attribute, value);
    return typeof text === "string" ? combination.alone(text) : text;
  };
  const all: Finish["all"] = (attribute, values) => {
    const only = values[0];
    if (values.length === 1 && only !== undefined) return alone(attribute, only);
    const texts: string[] = [];
    for (const value of values) {
      const text = convertOne(rule, single, attribute, value);
      if (isRefusal(text)) return firstRefusal(attribute, values) ?? text;
      if (text !== undefined) texts.push(text);
    }
    if (texts.length === 0) return undefined;
    const different = sortedOnce(texts);
    return (
      combination.combine(different) ?? {
        attribute,
        value: different.join(", "),
        rule: `multi ${rule.multi}`,
        why: `has ${different.length} values`,
      }
    );
  };
  return { all, alone };
}

/** Sorted by code point, each once. Most often there are two, for which sorting is dear. */
function sortedOnce(texts: string[]): readonly string[] {
  const [one, other] = texts;
  if (texts.length === 2 && one !== undefined && other !== undefined) {
    const order = compareCodePoints(one, other);
    return order === 0 ? [one] : order < 0 ? texts : [other, one];
  }
  return texts.sort(compareCodePoints).filter((text, at) => text !== texts[at - 1]);
}

/** The canonical text of one value; `undefined` where nothing is left of it. */
function convertOne(
  rule: ColumnRule,
  single: SingleValue,
  attribute: string,
  value: AttributeValue,
): string | undefined | Refusal {
  const { conversion, transform, map } = single;
  if (typeof value !== "string") {
    if (conversion.convertBytes === undefined) return notText(attribute, value, rule);
    return conversion.convertBytes(value) ?? unlike(attribute, value, rule, conversion);
  }
  const text = transform ? transform(value) : value;
  if (text === "") return undefined;
  if (map) {
    const mapped = map(text) ?? single.unlisted;
    if (mapped !== undefined || rule.unlisted === "drop") return mapped;
    return { attribute, value: text, rule: "map", why: "is not listed in the map" };
  }
  const converted = conversion.convert(text);
  if (converted === undefined) return unlike(attribute, value, rule, conversion);
  // An RDN may be empty ("cn=,dc=example"), and a time may be never.
  return converted === "" ? undefined : converted;
}
