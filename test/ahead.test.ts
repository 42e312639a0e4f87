import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ahead } from "../src/ahead.ts";

/** Numbers from 0, with a note of each that is asked for and of the end. */
function numbers(count: number, fail?: number) {
  const notes: (number | "ended")[] = [];
  async function* source() {
    try {
      for (let i = 0; i < count; i += 1) {
        notes.push(i);
        if (i === fail) throw new Error(`no ${i}`);
        await nextTurn();
        yield i;
      }
    } finally {
      notes.push("ended");
    }
  }
  return { notes, source: source() };
}

describe("what is asked for ahead", () => {
  it.each([1, 2, 5])("comes in order and whole, where %s wait", async (most) => {
    const taken: number[] = [];
    for await (const item of ahead(numbers(4).source, most)) taken.push(item);
    expect(taken).toEqual([0, 1, 2, 3]);
  });

  it.each([1, 2, 3])("is so many items, while one is worked on: %s", async (most) => {
    const { notes, source } = numbers(10);
    for await (const item of ahead(source, most)) {
      for (let turn = 0; turn < 20; turn += 1) await nextTurn();
      expect(notes).toEqual(Array.from({ length: item + most + 1 }, (_, i) => i));
      if (item === 5) break;
    }
  });

  it("fails when it is the failure's turn, after all that came before", async () => {
    const { source } = numbers(4, 2);
    const taken: number[] = [];
    const reading = async () => {
      for await (const item of ahead(source, 3)) {
        for (let turn = 0; turn < 20; turn += 1) await nextTurn();
        taken.push(item);
      }
    };
    await expect(reading()).rejects.toThrow("no 2");
    expect(taken).toEqual([0, 1]);
  });

  it("is given up where the work ends early", async () => {
    const { notes, source } = numbers(10);
    for await (const item of ahead(source, 1)) if (item === 1) break;
    for (let turn = 0; turn < 20; turn += 1) await nextTurn();
    expect(notes).toEqual([0, 1, 2, "ended"]);
  });
});
