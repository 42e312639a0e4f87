import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { openPace } from "../src/pace.ts";
import type { Target } from "../src/target/target.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** A target whose writes end when the test says so. */
function slow() {
  const ends: { done(): void; fail(error: Error): void }[] = [];
  const target = {
    title: "users",
    write: () => new Promise<void>((done, fail) => ends.push({ done, fail })),
  } as unknown as Target;
  return { target, ends };
}

/** A pace, who asked so far, and what was written. */
function opened() {
  const { target, ends } = slow();
  const pace = openPace(500);
  const asked: string[] = [];
  const soon = (name: string, inHand = 500) => pace.soon(() => asked.push(name), inHand);
  return { into: pace.over(target), ends, asked, soon };
}

it("asks at once while nothing is written", () => {
  const { into, asked, soon } = opened();
  expect(into.title).toBe("users");
  soon("first");
  expect(asked).toEqual(["first"]);
});

it.each([
  ["is done", (end: { done(): void }) => end.done()],
  ["has failed", (end: { fail(error: Error): void }) => end.fail(new Error("no"))],
])("asks when the last write %s, once", async (_, finish) => {
  const { into, ends, asked, soon } = opened();
  const writes = [into.write([]), into.write([])].map((write) => write.catch((error: Error) => error.message));
  soon("first");
  soon("second");
  for (const end of ends.slice(0, 1)) finish({ ...end });
  await writes[0];
  expect(asked).toEqual([]);
  for (const end of ends.slice(1)) finish({ ...end });
  await writes[1];
  expect(asked).toEqual(["first", "second"]);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toEqual(["first", "second"]);
  soon("third");
  expect(asked).toEqual(["first", "second", "third"]);
});

it("gives back what a write gives and throws", async () => {
  const { into, ends } = opened();
  const writes = [into.write([]), into.write([])];
  ends[0]?.done();
  ends[1]?.fail(new Error("no"));
  await expect(writes[0]).resolves.toBeUndefined();
  await expect(writes[1]).rejects.toThrow("no");
});

it("asks all the same after a while, however long a write takes", async () => {
  const { into, ends, asked, soon } = opened();
  const write = into.write([]);
  soon("first");
  await vi.advanceTimersByTimeAsync(19);
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked).toEqual(["first"]);
  ends[0]?.done();
  await write;
  expect(asked).toEqual(["first"]);
});

it("asks at once where a batch needs more than what is there", () => {
  const { into, asked, soon } = opened();
  void into.write([]);
  soon("first", 499);
  expect(asked).toEqual(["first"]);
  soon("second", 500);
  expect(asked).toEqual(["first"]);
});
