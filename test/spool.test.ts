import fc from "fast-check";
import { expect, it } from "vitest";
import { openSpool } from "../src/spool.ts";

const unit = fc.oneof(fc.constantFrom("a", "é", "ÿ", "Ā", "\u{1f642}", "\0", "\ud800"), fc.string({ maxLength: 1 }));
/** Some longer than a block. */
const text = fc
  .tuple(fc.array(unit, { maxLength: 6 }), fc.constantFrom(1, 1, 1, 1, 40_000))
  .map(([units, times]) => units.join("").repeat(times));

it("gives what a map gives, whatever the texts, in memory and from its file", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, text, fc.boolean()), { maxLength: 40 }), (pairs) => {
      const spool = openSpool();
      const map = new Map<string, string>();
      try {
        for (const [key, value, isKept] of pairs) {
          if (isKept) {
            expect(spool.getOrSet(key, () => value)).toBe(map.get(key));
            if (!map.has(key)) map.set(key, value);
          } else {
            spool.set(key, value);
            map.set(key, value);
          }
        }
        for (const [key] of pairs) {
          expect(spool.get(key)).toBe(map.get(key));
          expect(spool.mayHave(key)).toBe(true);
        }
        expect(spool.get("none of them")).toBeUndefined();
      } finally {
        spool.close();
      }
    }),
    { numRuns: 60 },
  );
});

/** The bytes by which the text `a` is found. */
const bytes = "\u0002\0\0\0a";

it.each([
  { where: "a value before it", pairs: { b: `${bytes} ${bytes}`, a: "1" } },
  { where: "a value after it", pairs: { a: "1", b: `${bytes} ${bytes}` } },
  { where: "its own value", pairs: { a: `${bytes} ${bytes}` } },
  { where: "a text after it", pairs: { a: "1", [bytes]: "2" } },
  { where: "a value that is the same text", pairs: { a: "1", b: "a" } },
])("finds a text whose bytes are in $where too", ({ pairs }) => {
  const spool = openSpool();
  try {
    for (const [key, value] of Object.entries(pairs)) spool.set(key, value);
    for (const [key, value] of Object.entries(pairs)) expect(spool.get(key)).toBe(value);
  } finally {
    spool.close();
  }
});
