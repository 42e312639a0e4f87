import fc from "fast-check";
import { expect, it } from "vitest";
import { openJournal } from "../src/journal.ts";

it("gives back what was added, in the same order and as often as it is asked, in memory or from a file", () => {
  const item = fc.record({ text: fc.string({ unit: "binary", maxLength: 40 }), none: fc.constant(null) });
  fc.assert(
    fc.property(fc.array(item, { maxLength: 30 }), fc.integer({ min: 1, max: 400 }), (items, most) => {
      const journal = openJournal<(typeof items)[number]>(most);
      try {
        for (const each of items) journal.add(each);
        expect([...journal.items()]).toEqual(items);
        expect([...journal.items()]).toEqual(items);
      } finally {
        journal.close();
      }
    }),
  );
});
