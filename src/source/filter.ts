import type { AttributeValue } from "../entry.ts";
import { Failure } from "../errors.ts";
import { attributeValue } from "./attributes.ts";

/**
 * A search filter (RFC 4511 section 4.5.1.7). Assertion values are unescaped: a string, or bytes where they are not
 * UTF-8. `and` and `or` of nothing are absolute true and false (RFC 4526).
 */
export type FilterNode =
  | { readonly kind: "and" | "or"; readonly filters: readonly FilterNode[] }
  | { readonly kind: "not"; readonly filter: FilterNode }
  | { readonly kind: "present"; readonly attribute: string }
  | ({ readonly kind: "substring"; readonly attribute: string } & Substrings)
  | {
      readonly kind: "equal" | "greaterOrEqual" | "lessOrEqual" | "approx";
      readonly attribute: string;
      readonly value: AttributeValue;
    }
  | {
      readonly kind: "extensible";
      /** At least one of `attribute` and `rule` is given. */
      readonly attribute: string | undefined;
      readonly rule: string | undefined;
      readonly dnAttributes: boolean;
      readonly value: AttributeValue;
    };

/** Every entry has a class. */
export const everything: FilterNode = { kind: "present", attribute: "objectClass" };

/** The pieces between the asterisks, none of them empty and at least one given. */
export interface Substrings {
  readonly initial: AttributeValue | undefined;
  readonly any: readonly AttributeValue[];
  readonly final: AttributeValue | undefined;
}

interface Cursor {
  readonly text: string;
  at: number;
}

// Far above what people and programs write, far below what would overflow the stack.
const maxDepth = 200;

const attributeDescription = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)*)(?:;[a-z0-9-]+)*$/i;
const matchingRule = /^(?:[a-z][a-z0-9-]*|\d+(?:\.\d+)*)$/i;

/**
 * Parses an RFC 4515 filter. Space is allowed where OpenLDAP allows it: after an opening parenthesis or an operator and
 * between the parts of `&`, `|` and `!`. Inside a value it counts.
 *
 * @throws Failure (configuration) that shows the filter and the character at which it goes wrong, counted from 1.
 */
export function parseFilter(text: string): FilterNode {
  const cursor = { text, at: 0 };
  if (text.trim() === "") throw broken(cursor, 0, "it is empty", "use (objectClass=*) for every entry");
  if (!text.startsWith("(")) {
    throw broken(
      cursor,
      0,
      'it does not start with "("',
      "put parentheses around it, with nothing before or after them",
    );
  }
  const node = parseNode(cursor, 0);
  if (text[cursor.at] === ")") {
    throw broken(cursor, cursor.at, "closing parenthesis without an opening one", "remove it, or open one before");
  }
  if (cursor.at < text.length) {
    throw broken(cursor, cursor.at, "text after the end", "remove it; two filters are combined as (&(…)(…))");
  }
  return node;
}

/**
 * One filter that holds where all given ones hold. A single one stays as it is written.
 *
 * @throws Failure (configuration) where one does not parse; it shows that one alone.
 */
export function andFilters(texts: readonly (string | undefined)[]): string {
  const given = texts.filter((text) => text !== undefined);
  for (const text of given) parseFilter(text);
  const [only = "(objectClass=*)", ...more] = given;
  return more.length === 0 ? only : `(&${given.join("")})`;
}

/** The attribute descriptions that a filter looks at, as first written, each once. */
export function filterAttributes(node: FilterNode): string[] {
  const found = new Map<string, string>();
  const collect = (part: FilterNode): void => {
    if ("filters" in part) part.filters.forEach(collect);
    else if ("filter" in part) collect(part.filter);
    else if (part.attribute !== undefined && !found.has(part.attribute.toLowerCase())) {
      found.set(part.attribute.toLowerCase(), part.attribute);
    }
  };
  collect(node);
  return [...found.values()];
}

function parseNode(cursor: Cursor, depth: number): FilterNode {
  const start = cursor.at;
  if (depth > maxDepth) throw broken(cursor, start, `more than ${maxDepth} levels of parentheses`, "simplify it");
  cursor.at += 1;
  skipSpace(cursor);
  const operator = cursor.text[cursor.at];
  if (operator !== "&" && operator !== "|" && operator !== "!") return parseItem(cursor, start);
  cursor.at += 1;
  const filters: FilterNode[] = [];
  for (skipSpace(cursor); cursor.text[cursor.at] === "("; skipSpace(cursor)) {
    if (operator === "!" && filters.length === 1) {
      throw broken(cursor, cursor.at, '"!" takes one filter', "to negate several, write (!(|(…)(…)))");
    }
    filters.push(parseNode(cursor, depth + 1));
  }
  closeParenthesis(cursor, start, 'here "(" or ")" is expected; every part stands in its own parentheses');
  if (operator !== "!") return { kind: operator === "&" ? "and" : "or", filters };
  const [filter] = filters;
  if (filter === undefined) throw broken(cursor, cursor.at - 1, '"!" without a filter', "write (!(attribute=value))");
  return { kind: "not", filter };
}

function skipSpace(cursor: Cursor): void {
  while (/\s/.test(cursor.text[cursor.at] ?? "")) cursor.at += 1;
}

function closeParenthesis(cursor: Cursor, start: number, hint: string): void {
  if (cursor.at >= cursor.text.length) {
    const opening = `close the parenthesis that is opened at character ${characterAt(cursor.text, start)}`;
    throw broken(cursor, cursor.at, "closing parenthesis is missing", opening);
  }
  if (cursor.text[cursor.at] !== ")") throw broken(cursor, cursor.at, "parenthesis expected", hint);
  cursor.at += 1;
}

/** An attribute, an operator and a value, from behind the opening parenthesis at `start` to behind the closing one. */
function parseItem(cursor: Cursor, start: number): FilterNode {
  const head = /([^()<>~:=]*)((?::[^():=]*)*?)(:=|[<>~]?=)/y;
  const attributeAt = cursor.at;
  head.lastIndex = attributeAt;
  const [whole = "", attribute = "", extension = "", operator = ""] = head.exec(cursor.text) ?? [];
  if (whole === "") throw missingOperator(cursor);
  cursor.at += whole.length;
  const valueAt = cursor.at;
  while (cursor.at < cursor.text.length && !"()".includes(cursor.text.charAt(cursor.at))) cursor.at += 1;
  closeParenthesis(cursor, start, 'close the parenthesis before this one; inside a value "(" is written \\28');
  const written = cursor.text.slice(valueAt, cursor.at - 1);
  if (operator === ":=") return parseExtensible(cursor, attributeAt, attribute, extension, written, valueAt);
  if (extension !== "") {
    throw broken(cursor, attributeAt + attribute.length, 'a matching rule without ":="', "write attribute:rule:=value");
  }
  checkName(cursor, attributeAt, attribute, attributeDescription, "an attribute");
  if (operator === "=" && written === "*") return { kind: "present", attribute };
  if (operator === "=" && written.includes("*")) {
    return { kind: "substring", attribute, ...parseSubstrings(cursor, written, valueAt) };
  }
  const kind = ({ ">=": "greaterOrEqual", "<=": "lessOrEqual", "~=": "approx" } as const)[operator] ?? "equal";
  return { kind, attribute, value: parseValue(cursor, written, valueAt) };
}

function missingOperator(cursor: Cursor): Failure {
  const behind = cursor.text.slice(cursor.at).search(/[()<>~:]|$/) + cursor.at;
  const found = cursor.text.slice(cursor.at, behind);
  if (found === "") return broken(cursor, behind, "an attribute, &, | or ! is expected", "write (attribute=value)");
  return broken(
    cursor,
    behind,
    `no operator after "${found}"`,
    "write one of = >= <= ~= := between attribute and value",
  );
}

function parseExtensible(
  cursor: Cursor,
  attributeAt: number,
  attribute: string,
  extension: string,
  written: string,
  valueAt: number,
): FilterNode {
  const parts = extension.split(":").slice(1);
  const dnAttributes = parts[0]?.toLowerCase() === "dn";
  const [rule, ...more] = dnAttributes ? parts.slice(1) : parts;
  if (attribute !== "") checkName(cursor, attributeAt, attribute, attributeDescription, "an attribute");
  if (rule !== undefined) checkName(cursor, attributeAt + attribute.length, rule, matchingRule, "a matching rule");
  if (more.length > 0 || (attribute === "" && rule === undefined)) {
    throw broken(cursor, attributeAt, "attribute and matching rule are not clear", "write attribute:dn:rule:=value");
  }
  const value = parseValue(cursor, written, valueAt);
  return { kind: "extensible", attribute: attribute === "" ? undefined : attribute, rule, dnAttributes, value };
}

function checkName(cursor: Cursor, at: number, name: string, rule: RegExp, what: string): void {
  if (rule.test(name)) return;
  const hint = "a name is letters, digits and hyphens, or a dotted number; there is no space before the operator";
  throw broken(cursor, at, name === "" ? `${what} name is missing` : `"${name}" is not ${what} name`, hint);
}

function parseSubstrings(cursor: Cursor, written: string, valueAt: number): Substrings {
  const twice = written.indexOf("**");
  if (twice >= 0) throw broken(cursor, valueAt + twice, '"**"', 'write one "*"; a literal asterisk is written \\2a');
  let at = valueAt;
  const pieces = written.split("*").map((piece) => {
    const value = piece === "" ? undefined : parseValue(cursor, piece, at);
    at += piece.length + 1;
    return value;
  });
  return {
    initial: pieces[0],
    any: pieces.slice(1, -1).filter((piece) => piece !== undefined),
    final: pieces.at(-1),
  };
}

function parseValue(cursor: Cursor, written: string, valueAt: number): AttributeValue {
  const asterisk = written.indexOf("*");
  if (asterisk >= 0) {
    throw broken(
      cursor,
      valueAt + asterisk,
      '"*" stands for a part of a value only after "="',
      "a literal one is \\2a",
    );
  }
  if (!written.includes("\\")) return written;
  const bad = /\\(?![0-9a-f]{2})/i.exec(written);
  if (bad !== null) {
    const hint = "a backslash is followed by two hexadecimal digits: \\28 ( \\29 ) \\2a * \\5c \\ \\00 NUL";
    throw broken(cursor, valueAt + bad.index, "bad escape", hint);
  }
  const parts = written.split(/\\([0-9a-f]{2})/i);
  return attributeValue(Buffer.concat(parts.map((part, index) => Buffer.from(part, index % 2 === 1 ? "hex" : "utf8"))));
}

function characterAt(text: string, at: number): number {
  return [...text.slice(0, at)].length + 1;
}

function broken({ text }: Cursor, at: number, reason: string, hint: string): Failure {
  const from = text.length > 200 ? Math.max(0, at - 100) : 0;
  const to = text.length > 200 ? at + 100 : text.length;
  const shown = `${from > 0 ? "…" : ""}${text.slice(from, to)}${to < text.length ? "…" : ""}`;
  const place = `filter does not parse at character ${characterAt(text, at)}`;
  const message = `${place}: "${shown}" – ${reason}`;
  return new Failure("configuration", message.replace(/\p{Cc}/gu, " "), { hint });
}
