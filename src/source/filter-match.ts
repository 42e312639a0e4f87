import type { AttributeValue, Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { attributeKey, foldExact, foldText, withoutOptions } from "./attributes.ts";
import { normaliseDn, parseDn } from "./dn.ts";
import type { FilterNode, Substrings } from "./filter.ts";

/** Undefined (RFC 4511 section 4.5.1.7) where the question has no answer; its negation has none either. */
type Truth = boolean | undefined;
type Test = (entry: Entry) => Truth;
type ValueTest = (value: AttributeValue) => Truth;

/**
 * The filter as a test of entries that come without a schema. Text is compared by `foldText`; >= and <= by number where
 * both sides are integers, else by code point; values that are DNs as DNs. An attribute that an entry does not have
 * makes a comparison false, not undefined: without a schema a misspelt attribute is like an absent one.
 *
 * @throws Failure (configuration) where a matching rule is not one of those that are implemented here.
 */
export function compileFilter(node: FilterNode): (entry: Entry) => boolean {
  const test = compile(node);
  return (entry) => test(entry) === true;
}

function compile(node: FilterNode): Test {
  switch (node.kind) {
    case "and":
      return every(node.filters.map(compile));
    case "or": {
      // De Morgan holds in three-valued logic too.
      return not(every(node.filters.map((part) => not(compile(part)))));
    }
    case "not":
      return not(compile(node.filter));
    case "present":
      return anyValue(node.attribute, () => true);
    case "substring":
      return anyValue(node.attribute, substringTest(node));
    case "greaterOrEqual":
      return anyValue(
        node.attribute,
        orderingTest(node.value, (order) => order >= 0),
      );
    case "lessOrEqual":
      return anyValue(
        node.attribute,
        orderingTest(node.value, (order) => order <= 0),
      );
    case "extensible":
      return extensible(node);
    default:
      return anyValue(node.attribute, equalityTest(node.value));
  }
}

function not(test: Test): Test {
  return (entry) => {
    const truth = test(entry);
    return truth === undefined ? undefined : !truth;
  };
}

function every(tests: readonly Test[]): Test {
  return (entry) => {
    let all: Truth = true;
    for (const test of tests) {
      const truth = test(entry);
      if (truth === false) return false;
      if (truth === undefined) all = undefined;
    }
    return all;
  };
}

function some(values: Iterable<AttributeValue>, test: ValueTest): Truth {
  let any: Truth = false;
  for (const value of values) {
    const truth = test(value);
    if (truth === true) return true;
    if (truth === undefined) any = undefined;
  }
  return any;
}

function anyValue(description: string | undefined, test: ValueTest): Test {
  const covers = keyTest(description);
  return (entry) => {
    let any: Truth = false;
    for (const [key, values] of entry.attributes) {
      if (!covers(key)) continue;
      const truth = some(values, test);
      if (truth === true) return true;
      if (truth === undefined) any = undefined;
    }
    return any;
  };
}

/** Whether an attribute is the described one or a subtype by options (RFC 4512 section 2.5.2): `cn` covers `cn;lang-de`. */
function keyTest(description: string | undefined): (key: string) => boolean {
  if (description === undefined) return () => true;
  const [type = "", ...options] = attributeKey(description).split(";");
  const prefix = `${type};`;
  if (options.length === 0) return (key) => key === type || key.startsWith(prefix);
  return (key) => {
    if (!key.startsWith(prefix)) return false;
    const present = key.split(";").slice(1);
    return options.every((option) => present.includes(option));
  };
}

function equalityTest(assertion: AttributeValue, fold: (text: string) => string = foldText): ValueTest {
  if (typeof assertion !== "string") return (value) => typeof value !== "string" && assertion.equals(value);
  const wanted = fold(assertion);
  const wantedDn = (parseDn(assertion)?.length ?? 0) > 1 ? normaliseDn(assertion) : undefined;
  return (value) => {
    if (typeof value !== "string") return false;
    if (value === assertion || fold(value) === wanted) return true;
    return wantedDn !== undefined && fold === foldText && normaliseDn(value) === wantedDn;
  };
}

const integer = /^-?\d+$/;

function orderingTest(assertion: AttributeValue, holds: (order: number) => boolean): ValueTest {
  const bound = typeof assertion === "string" && integer.test(assertion) ? BigInt(assertion) : undefined;
  const boundBytes = orderedBytes(assertion);
  return (value) => {
    if (bound !== undefined && typeof value === "string" && integer.test(value)) {
      const number = BigInt(value);
      return holds(number < bound ? -1 : number > bound ? 1 : 0);
    }
    return holds(Buffer.compare(orderedBytes(value), boundBytes));
  };
}

// The order of UTF-8 bytes is the order of code points.
function orderedBytes(value: AttributeValue): Buffer {
  return typeof value === "string" ? Buffer.from(foldText(value), "utf8") : value;
}

/** RFC 4518 section 2.6.1: values and pieces are compared with one space at their outer ends and two for inner runs. */
function substringTest({ initial, any, final }: Substrings): ValueTest {
  const pieces = [initial, ...any, final].filter((piece) => piece !== undefined);
  if (pieces.some((piece) => typeof piece !== "string")) return bytesTest({ initial, any, final });
  const start = initial === undefined ? "" : spaced(String(initial), true, false);
  const middle = any.map((piece) => spaced(String(piece), false, false));
  const end = final === undefined ? "" : spaced(String(final), false, true);
  return (value) =>
    typeof value === "string" && containsInOrder(Buffer.from(spaced(value, true, true)), start, middle, end);
}

function spaced(text: string, atStart: boolean, atEnd: boolean): string {
  const folded = foldText(text).replaceAll(" ", "  ");
  if (folded === "") return atStart && atEnd ? "  " : " ";
  return `${atStart || /^\s/.test(text) ? " " : ""}${folded}${atEnd || /\s$/.test(text) ? " " : ""}`;
}

function bytesTest({ initial = "", any, final = "" }: Substrings): ValueTest {
  return (value) => containsInOrder(Buffer.from(value), initial, any, final);
}

function containsInOrder(
  value: Buffer,
  start: AttributeValue,
  middle: readonly AttributeValue[],
  end: AttributeValue,
): boolean {
  const first = Buffer.from(start);
  const last = Buffer.from(end);
  let at = first.length;
  if (!value.subarray(0, at).equals(first)) return false;
  for (const piece of middle) {
    const found = value.indexOf(piece, at);
    if (found < 0) return false;
    at = found + Buffer.byteLength(piece);
  }
  return value.length - last.length >= at && value.subarray(value.length - last.length).equals(last);
}

const matchingRules: ReadonlyMap<string, (assertion: AttributeValue) => ValueTest> = new Map([
  ["caseignorematch", (assertion) => equalityTest(assertion)],
  ["2.5.13.2", (assertion) => equalityTest(assertion)],
  ["caseexactmatch", (assertion) => equalityTest(assertion, foldExact)],
  ["2.5.13.5", (assertion) => equalityTest(assertion, foldExact)],
  ["1.2.840.113556.1.4.803", (assertion) => bitTest(assertion, (value, mask) => (value & mask) === mask)],
  ["1.2.840.113556.1.4.804", (assertion) => bitTest(assertion, (value, mask) => (value & mask) !== 0n)],
]);

function bitTest(assertion: AttributeValue, holds: (value: bigint, mask: bigint) => boolean): ValueTest {
  const mask = typeof assertion === "string" && integer.test(assertion) ? BigInt(assertion) : undefined;
  return (value) => {
    if (mask === undefined || typeof value !== "string" || !integer.test(value)) return undefined;
    return holds(BigInt(value), mask);
  };
}

function extensible(node: FilterNode & { kind: "extensible" }): Test {
  const rule = matchingRules.get((node.rule ?? "2.5.13.2").toLowerCase());
  if (rule === undefined) {
    const hint = "it knows caseIgnoreMatch, caseExactMatch and the bit rules 1.2.840.113556.1.4.803 and .804";
    throw new Failure("configuration", `filter uses the matching rule ${node.rule}, which an LDIF file source lacks`, {
      hint,
    });
  }
  const test = rule(node.value);
  const inAttributes = anyValue(node.attribute, test);
  if (!node.dnAttributes) return inAttributes;
  const type = node.attribute === undefined ? undefined : withoutOptions(node.attribute).toLowerCase();
  return (entry) => {
    const avas = (parseDn(entry.dn) ?? [])
      .flat()
      .filter((ava) => type === undefined || ava.type.toLowerCase() === type);
    const inDn = some(
      avas.map((ava) => ava.value),
      test,
    );
    const truth = inAttributes(entry);
    return truth === true || inDn === true ? true : truth === undefined || inDn === undefined ? undefined : false;
  };
}
