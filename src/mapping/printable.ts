import type { AttributeValue } from "../entry.ts";

const shownBytes = 16;

/**
 * A value as people can read it on one line: at most 60 characters unless told, with the middle folded into `…`; control, format and
 * line-breaking characters (a right-to-left override among them) as `\n` or `\u{202e}`; bytes as `0xff00…(1234 bytes)`.
 */
export function printable(value: AttributeValue, longest = 60): string {
  if (typeof value !== "string") {
    const folded = value.length > shownBytes ? "…" : "";
    return `0x${value.toString("hex", 0, shownBytes)}${folded} (${value.length} ${value.length === 1 ? "byte" : "bytes"})`;
  }
  return visible(fold(value, longest));
}

/** A text with its control, format and line-breaking characters made visible, so that it is one line and moves no cursor. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escaped);
}

function fold(text: string, longest: number): string {
  if (text.length <= longest) return text;
  const head = Math.ceil((longest * 2) / 3);
  const tail = longest - head - 1;
  const start = Array.from(text.slice(0, 2 * head));
  const end = Array.from(text.slice(-2 * tail));
  // Texts in between may be short enough when counted in characters.
  if (text.length <= 2 * longest && Array.from(text).length <= longest) return text;
  return `${start.slice(0, head).join("")}…${end.slice(-tail).join("")}`;
}

function escaped(character: string): string {
  const short = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }[character];
  return short ?? `\\u{${character.codePointAt(0)?.toString(16)}}`;
}
