import type { ColumnRule } from "../config/schema.ts";
import type { AttributeValue, Entry } from "../entry.ts";
import { mappedAttribute, preferNaming } from "./attribute.ts";
import { compileColumn } from "./column.ts";
import { conversionOf } from "./conversions.ts";
import { isRefusal, type Refusal } from "./reject.ts";
import { mapStep, multiStep, transformStep } from "./steps.ts";
import type { Value } from "./value.ts";

/** What one step made of one value; a refusal where the rule does not take it. Values of which nothing is left are not here. */
export type Traced = AttributeValue | Refusal;

interface Step {
  readonly step: string;
  readonly values: readonly Traced[];
}

/** The way of an entry's values into one column. */
export interface Trace {
  /** The attributes that the rule reads, in its order, with the raw values. */
  readonly attributes: readonly { readonly name: string; readonly values: readonly AttributeValue[] }[];
  /** The attribute that had a value, of several; undefined where none had, and for a template or a constant. */
  readonly used: string | undefined;
  readonly steps: readonly Step[];
  /** As `compileColumn(…).evaluate` gives it. */
  readonly result: Value | undefined | Refusal;
}

/**
 * Each step is the column compiled with the steps up to it, so that a trace cannot say anything else than what a sync
 * does. It is for one entry: a sync does not come here.
 */
export function traceColumn(name: string, rule: ColumnRule, entry: Entry): Trace {
  const column = compileColumn(name, rule);
  const attributes = column.reads.map((read) => ({
    name: read.name,
    values: (entry.attributes.get(read.key) ?? []).map((value) => rawValue(rule, value)),
  }));
  const result = column.evaluate(entry);
  if (rule.value !== undefined) return { attributes, used: undefined, steps: [], result };
  if (rule.template !== undefined) {
    const steps = stepsOfTemplate(name, rule, entry, result);
    return { attributes, used: undefined, steps, result };
  }
  const used = attributes.find((each) => evaluate(name, onlyValues({ ...rule, attribute: each.name }), entry) !== null);
  const steps = used === undefined ? [] : stepsOfValues(name, { ...rule, attribute: used.name }, entry, used, result);
  return { attributes, used: used?.name, steps: [...steps, ...emptiness(rule, used?.values, result)], result };
}

const printableAscii = /^[ -~]*$/;

/** Bytes that happen to be UTF-8 are no text for that, where the rule reads bytes. */
const rawValue = ({ as }: ColumnRule, value: AttributeValue): AttributeValue =>
  typeof value !== "string" || conversionOf(as).convertBytes === undefined || printableAscii.test(value)
    ? value
    : Buffer.from(value, "utf8");

/** What the rule makes of values alone: null where there are none, whatever it does then. */
const onlyValues = (rule: ColumnRule): ColumnRule => ({ ...rule, required: false, onEmpty: "null" });

const evaluate = (name: string, rule: ColumnRule, entry: Entry): Value | undefined | Refusal =>
  compileColumn(name, onlyValues(rule)).evaluate(entry);

/** What a rule made of a value; bytes as bytes again. */
const present = ({ as }: ColumnRule, value: Value | undefined | Refusal): Traced[] => {
  if (value === null || value === undefined) return [];
  const isBytes = as === "binary" && typeof value === "string" && value.startsWith("0x");
  return [isBytes ? Buffer.from(value.slice(2), "hex") : value];
};

/** The parts of a rule that grow by one step at a time, each for one value. */
function prefixes(rule: ColumnRule): { readonly step: string; readonly part: ColumnRule }[] {
  const bare: ColumnRule = {
    attribute: rule.attribute,
    template: rule.template,
    as: "string",
    transform: [],
    multi: "single",
    required: false,
  };
  const grown = rule.transform.map((transform, at) => ({
    step: transformStep(transform),
    part: { ...bare, transform: rule.transform.slice(0, at + 1) },
  }));
  const transformed = { ...bare, transform: rule.transform };
  const mapped = { ...transformed, map: rule.map, unlisted: rule.unlisted, default: rule.default };
  return [
    ...(rule.template === undefined ? [] : [{ step: `template ${JSON.stringify(rule.template)}`, part: bare }]),
    ...grown,
    ...mapStep(rule).map((step) => ({ step, part: mapped })),
    ...(rule.as === "string"
      ? []
      : [{ step: `as ${rule.as}`, part: { ...(rule.map ? mapped : transformed), as: rule.as } }]),
  ];
}

function stepsOfTemplate(name: string, rule: ColumnRule, entry: Entry, result: Trace["result"]): Step[] {
  const steps = prefixes(rule).map(({ step, part }) => ({ step, values: present(part, evaluate(name, part, entry)) }));
  const left = steps.at(-1)?.values ?? [];
  if (left.length === 0) return [...steps, ...emptiness(rule, left, result)];
  return rule.multi === "single" ? steps : [...steps, { step: multiStep(rule), values: present(rule, result) }];
}

function stepsOfValues(
  name: string,
  rule: ColumnRule,
  entry: Entry,
  used: { readonly name: string; readonly values: readonly AttributeValue[] },
  result: Trace["result"],
): Step[] {
  const attribute = mappedAttribute(used.name, `mapping.${name}`);
  const naming =
    rule.multi === "single" && used.values.length > 1 ? preferNaming(entry.dn, attribute, used.values) : [];
  const values = naming.length === 1 ? naming : used.values;
  const alone = (value: AttributeValue): Entry => ({ dn: entry.dn, attributes: new Map([[attribute.key, [value]]]) });
  const steps = prefixes(rule).map(({ step, part }) => ({
    step,
    values: values.flatMap((value) => present(part, evaluate(name, part, alone(value)))),
  }));
  const combined = rule.multi !== "single" || values.length > 1;
  return [
    ...(naming.length === 1 ? [{ step: "the value in the RDN", values: naming }] : []),
    ...steps,
    ...(combined ? [{ step: combination(rule), values: present(rule, result) }] : []),
  ];
}

const combination = (rule: ColumnRule): string =>
  rule.multi === "single" ? "the smallest by code point" : multiStep(rule);

/** What the rule does where nothing is left of the values. */
function emptiness(rule: ColumnRule, left: readonly unknown[] | undefined, result: Trace["result"]): Step[] {
  if (left !== undefined && left.length > 0) return [];
  const action = rule.onEmpty ?? (rule.required ? "reject" : rule.default === undefined ? "null" : "default");
  const step = rule.onEmpty === undefined && rule.required ? "required" : `onEmpty ${action}`;
  return [{ step, values: isRefusal(result) ? [result] : present(rule, result) }];
}
