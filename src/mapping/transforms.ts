import type { Transform } from "../config/schema.ts";
import { Failure } from "../errors.ts";

/** A named conversion of text to text: pure, the same in every locale. */
export type TextTransform = (text: string) => string;

type Named = Extract<Transform, string>;
type Parametric = Exclude<Transform, string>;
type Argument<Name extends string> = Parametric extends infer One
  ? One extends Record<Name, infer A>
    ? A
    : never
  : never;

const named = {
  /** White space is that of Unicode and includes the no-break space. */
  trim: (text) => text.trim(),
  lowercase: (text) => text.toLowerCase(),
  uppercase: (text) => text.toUpperCase(),
  titlecase,
  nfc: (text) => text.normalize("NFC"),
  "collapse-spaces": collapseSpaces,
  /** Keeps 0 to 9, nothing else: "+46 (0)70-123" becomes "46070123". */
  digits: (text) => text.replace(/[^0-9]+/g, ""),
} satisfies Record<Named, TextTransform>;

const parametric = {
  replace: ([pattern, replacement], place) => {
    const expression = regularExpression(pattern, place);
    return (text) => text.replace(expression, replacement);
  },
  truncate: (length) => (text) => truncate(text, length),
} satisfies { [Name in "replace" | "truncate"]: (argument: Argument<Name>, place: string) => TextTransform };

/**
 * The transforms of a rule as one function, or `undefined` where there are none.
 * @param place where they stand in the configuration, for messages
 * @throws Failure (configuration) for a pattern that is no regular expression
 */
export function compileTransforms(transforms: readonly Transform[], place: string): TextTransform | undefined {
  const steps = transforms.map((transform, index) => compileTransform(transform, `${place}.transform[${index}]`));
  if (steps.length < 2) return steps[0];
  return (text) => {
    let result = text;
    for (const step of steps) result = step(result);
    return result;
  };
}

function compileTransform(transform: Transform, place: string): TextTransform {
  if (typeof transform === "string") return named[transform];
  if ("replace" in transform) return parametric.replace(transform.replace, `${place}.replace`);
  return parametric.truncate(transform.truncate);
}

/** Every run of white space (line breaks too) becomes one space, and none is left at either end. */
export function collapseSpaces(text: string): string {
  return text.trim().replace(/\s+/g, " ");
}

// A letter after no other, unless it stands alone after an apostrophe.
const firstLetter = /(?<![\p{L}\p{M}\p{N}])(?!(?<=[\p{L}\p{M}]['’])\p{L}(?![\p{L}\p{M}]))\p{L}/gu;

/**
 * Capital at the start of each word, the rest small. A word starts after anything that is not a letter, mark or digit,
 * so "jean-luc o'neill" becomes "Jean-Luc O'Neill"; a single letter after an apostrophe is an ending and stays small
 * ("James's"). No names are known by heart: "mcdonald" becomes "Mcdonald", "von" becomes "Von".
 */
function titlecase(text: string): string {
  return text.toLowerCase().replace(firstLetter, (letter) => {
    // One letter may have a capital of two (ß, ﬁ): only the first of them is a capital here.
    const [first = "", ...rest] = letter.toUpperCase();
    return first + rest.join("").toLowerCase();
  });
}

/**
 * The first `length` characters. A character is a code point, as in the length of a database column; a surrogate pair
 * is never cut, an accent or a joined emoji that takes several code points may be.
 */
function truncate(text: string, length: number): string {
  if (text.length <= length) return text;
  let end = 0;
  for (let count = 0; count < length && end < text.length; count++) {
    end += (text.codePointAt(end) ?? 0) > 0xffff ? 2 : 1;
  }
  return text.slice(0, end);
}

function regularExpression(pattern: string, place: string): RegExp {
  try {
    return new RegExp(pattern, "gu");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.replace(/^.*\/gu: /, "") : "";
    throw new Failure("configuration", `${place}: "${pattern}" is not a regular expression: ${why}`, {
      hint: "It is read as in JavaScript with the flags g and u; in JSON a backslash is written twice.",
      cause,
    });
  }
}
