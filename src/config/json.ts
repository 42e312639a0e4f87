import { findNodeAtLocation, type Node, type ParseError, parseTree, printParseErrorCode, visit } from "jsonc-parser";
import { Failure } from "../errors.ts";
import type { Path } from "./problem.ts";

/** Levels of lists and objects: far more than a configuration has, far fewer than would overflow the stack. */
const MAX_DEPTH = 100;

export const TOO_DEEP = `lists and objects stand more than ${MAX_DEPTH} levels deep here`;

/** A parsed JSON text that still knows where each of its values stands. */
export interface JsonText {
  readonly value: unknown;
  /** Line and column, both from 1, of a key (or list element), or of what is nearest above it where it is absent. */
  position(path: Path): { line: number; column: number };
}

/**
 * Reads JSON with comments and with trailing commas: whoever comments out the last line of a list leaves one behind.
 * @param strict as RFC 8259 has it: neither
 * @returns undefined where there is nothing but space and comments
 * @throws Failure("configuration"), `FILE:LINE:COLUMN: what is expected`
 */
export function parseJson(file: string, text: string, strict = false): JsonText | undefined {
  const place = (offset: number) => {
    const { line, column } = lineAndColumn(text, offset);
    return `${file}:${line}:${column}`;
  };
  refuseDepth(text, place);
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, {
    disallowComments: strict,
    allowTrailingComma: !strict,
    allowEmptyContent: true,
  });
  // The parser goes on after an error as well as it can; what it reports after the first is mostly a consequence.
  const [first] = errors;
  if (first !== undefined) throw new Failure("configuration", `${place(first.offset)}: ${explainSyntax(first, text)}`);
  if (root === undefined) return undefined;
  const repeated = repeatedKeys(root).map(
    ({ key, again, before }) =>
      `${place(again)}: the key ${JSON.stringify(key)} stands here again; it is already at ${place(before).slice(file.length + 1)}`,
  );
  if (repeated.length > 0) throw new Failure("configuration", repeated.join("\n"), { hint: "remove one of the two" });
  return {
    value: plainValue(root),
    position: (path) => lineAndColumn(text, offsetOf(root, path)),
  };
}

function refuseDepth(text: string, place: (offset: number) => string): void {
  let depth = 0;
  const open = (offset: number): void => {
    depth += 1;
    // Thrown out of the parser, which would go on into the depth.
    if (depth > MAX_DEPTH) throw new Failure("configuration", `${place(offset)}: ${TOO_DEEP}`);
  };
  const close = (): void => {
    depth -= 1;
  };
  visit(text, { onObjectBegin: open, onArrayBegin: open, onObjectEnd: close, onArrayEnd: close });
}

function explainSyntax(error: ParseError, text: string): string {
  const code = printParseErrorCode(error.error);
  if (text[error.offset] === "'") return "texts and keys stand in double quotes, not in single ones";
  if (error.offset >= text.trimEnd().length && code.endsWith("Expected"))
    return "the file ends too early: a value or a closing bracket is missing";
  return SYNTAX_WORDS[code] ?? "this is not JSON";
}

const SYNTAX_WORDS: Readonly<Record<string, string>> = {
  InvalidSymbol: "this is neither a number, true, false nor null; texts and keys stand in double quotes",
  InvalidNumberFormat: "this is not a number as JSON writes it",
  PropertyNameExpected: "a key in double quotes is expected here",
  ValueExpected: "a value is expected here",
  ColonExpected: "a colon is expected before this",
  CommaExpected: "a comma is expected before this",
  CloseBraceExpected: 'a "}" is expected here',
  CloseBracketExpected: 'a "]" is expected here',
  EndOfFileExpected: "nothing may follow after the end of the configuration",
  InvalidCommentToken: "comments are not allowed in this file",
  UnexpectedEndOfComment: "this comment is not closed by */",
  UnexpectedEndOfString: "this text is not closed by a double quote on the same line",
  UnexpectedEndOfNumber: "this number ends too early",
  InvalidUnicode: "\\u is followed by four hexadecimal digits",
  InvalidEscapeCharacter: "this escape is not known; a backslash itself is written \\\\",
  InvalidCharacter: "a line break, tab or other control character in a text is written as an escape (\\n, \\t)",
};

interface Repeated {
  readonly key: string;
  readonly again: number;
  readonly before: number;
}

function repeatedKeys(node: Node): Repeated[] {
  const found: Repeated[] = [];
  const seen = new Map<string, number>();
  for (const child of node.children ?? []) {
    if (node.type === "object") {
      const [name, value] = child.children ?? [];
      const key = String(name?.value);
      const before = seen.get(key);
      if (before === undefined) seen.set(key, child.offset);
      else found.push({ key, again: child.offset, before });
      if (value !== undefined) found.push(...repeatedKeys(value));
    } else {
      found.push(...repeatedKeys(child));
    }
  }
  return found;
}

/** Built here, because the parser's own builder assigns, and a key `__proto__` would vanish in silence. */
function plainValue(node: Node): unknown {
  if (node.type === "array") return (node.children ?? []).map(plainValue);
  if (node.type !== "object") return node.value;
  const entries = (node.children ?? []).map(({ children = [] }) => {
    const [name, value] = children;
    return [String(name?.value), value === undefined ? undefined : plainValue(value)] as const;
  });
  return Object.fromEntries(entries);
}

function offsetOf(root: Node, path: Path): number {
  for (let length = path.length; length > 0; length--) {
    const node = findNodeAtLocation(root, path.slice(0, length));
    if (node === undefined) continue;
    return node.parent?.type === "property" ? node.parent.offset : node.offset;
  }
  return root.offset;
}

function lineAndColumn(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  return { line: before.split("\n").length, column: offset - before.lastIndexOf("\n") };
}
