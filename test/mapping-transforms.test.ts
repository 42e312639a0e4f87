import { describe, expect, it } from "vitest";
import type { Transform } from "../src/config/schema.ts";
import { Failure } from "../src/errors.ts";
import { compareCodePoints } from "../src/mapping/code-points.ts";
import { printable } from "../src/mapping/printable.ts";
import { compileTransforms } from "../src/mapping/transforms.ts";

it.each<[Transform, string, string]>([
  ["trim", " \t a b \u00a0\r\n", "a b"],
  ["lowercase", "ÅSA İ ΟΔΟΣ", "åsa i̇ οδος"],
  ["uppercase", "åsa ß", "ÅSA SS"],
  ["titlecase", "jean-luc o'neill", "Jean-Luc O'Neill"],
  ["titlecase", "ÅSA D’ARC VON ESSEN", "Åsa D’Arc Von Essen"],
  ["titlecase", "james's 3rd mcdonald", "James's 3rd Mcdonald"],
  ["titlecase", "e\u0301mile ßa ﬁnn 𐐨𐐨", "E\u0301mile Ssa Finn 𐐀𐐨"],
  ["nfc", "A\u030asa", "Åsa"],
  ["nfc", "ﬁ", "ﬁ"],
  ["collapse-spaces", "  a \t\n b\u00a0\u3000c ", "a b c"],
  ["digits", "+46 (0)70-12 34", "460701234"],
  ["digits", "none", ""],
  [{ replace: ["^([^@]+)@.*$", "$1"] }, "anna@example.com", "anna"],
  [{ replace: ["[aeiou]", ""] }, "banana", "bnn"],
  [{ replace: ["\\p{Lu}", "x"] }, "ÅaB", "xax"],
  [{ replace: ["^.$", "one"] }, "😀", "one"],
  [{ truncate: 3 }, "abcd", "abc"],
  [{ truncate: 3 }, "abc", "abc"],
  [{ truncate: 2 }, "😀😀😀", "😀😀"],
  [{ truncate: 3 }, "😀😀", "😀😀"],
  [{ truncate: 2 }, "a😀b", "a😀"],
])("the transform %j makes %j into %j", (transform, from, to) => {
  expect(compileTransforms([transform], "x")?.(from)).toBe(to);
});

it("applies several transforms in the order in which they are listed", () => {
  const inOrder = compileTransforms(["trim", { truncate: 2 }, "uppercase"], "x");
  const otherwise = compileTransforms([{ truncate: 2 }, "trim", "uppercase"], "x");
  expect([inOrder?.(" abc"), otherwise?.(" abc")]).toEqual(["AB", "A"]);
});

it("gives the same for the same text, however often a pattern was used before", () => {
  const replace = compileTransforms([{ replace: ["a", "b"] }], "x");
  expect([replace?.("aa"), replace?.("aa"), replace?.("aa")]).toEqual(["bb", "bb", "bb"]);
});

it("names place, pattern and fault of an expression that does not compile", () => {
  const compile = () => compileTransforms(["trim", { replace: ["(a", ""] }], "mapping.email");
  expect(compile).toThrow(Failure);
  expect(compile).toThrow('mapping.email.transform[1].replace: "(a" is not a regular expression: Unterminated group');
});

it("orders texts as their UTF-8 bytes are ordered", () => {
  const texts = ["", "Z", "a", "ab", "b", "é", "\ud7ff", "\ue000", "\uff21", "😀", "😀a", "😁", "\u{10ffff}"];
  const byBytes = [...texts].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  expect(byBytes).toEqual(texts);
  expect([...texts].reverse().sort(compareCodePoints)).toEqual(texts);
  expect(compareCodePoints("é", "é")).toBe(0);
});

describe("printable", () => {
  it.each<[string, string | Buffer, string]>([
    ["a plain text as it is", 'Åsa "A" O\\B 😀', 'Åsa "A" O\\B 😀'],
    ["line breaks and tabs", "a\r\n\tb", "a\\r\\n\\tb"],
    ["control characters", "\u0000\u001b[31m\u007f", "\\u{0}\\u{1b}[31m\\u{7f}"],
    ["characters that turn the line round", "\u202egnp.exe", "\\u{202e}gnp.exe"],
    ["line separators", "a\u2028b\u2029", "a\\u{2028}b\\u{2029}"],
    ["half a surrogate pair", "\ud800", "\\u{d800}"],
    ["60 characters as they are", "x".repeat(60), "x".repeat(60)],
    ["60 characters of two units as they are", "😀".repeat(60), "😀".repeat(60)],
    ["61 characters folded to 60", `${"x".repeat(40)}ab${"y".repeat(19)}`, `${"x".repeat(40)}…${"y".repeat(19)}`],
    ["long texts folded between characters", `a${"😀".repeat(100)}`, `a${"😀".repeat(39)}…${"😀".repeat(19)}`],
    ["bytes", Buffer.from([0xff, 0x00]), "0xff00 (2 bytes)"],
    ["one byte", Buffer.from([0xff]), "0xff (1 byte)"],
    ["16 bytes whole", Buffer.alloc(16, 0xab), `0x${"ab".repeat(16)} (16 bytes)`],
    ["many bytes by their start", Buffer.alloc(1234, 0xab), `0x${"ab".repeat(16)}… (1234 bytes)`],
  ])("shows %s", (_what, value, shown) => {
    expect(printable(value)).toBe(shown);
  });
});
