import { describe, expect, it } from "vitest";
import type { Failure } from "../src/errors.ts";
import type { SyncEvent } from "../src/report/event.ts";
import { eventWords } from "../src/report/words.ts";
import { type Retry, retrying } from "../src/retry.ts";
import { WriteError, type WriteTrouble } from "../src/target/target.ts";
import { failure } from "./target-databases.ts";

/** Work that fails so often, then gives "done"; and all that the retrying told, waited for and passed on. */
async function tried(error: Error, failures: number, attempts: number, chance: number) {
  const events: SyncEvent[] = [];
  const waits: number[] = [];
  const before: (WriteTrouble | undefined)[] = [];
  const retry: Retry = {
    attempts,
    report: (event) => events.push(event),
    signal: new AbortController().signal,
    wait: async (ms) => void waits.push(ms),
    random: () => chance,
  };
  const work = retrying(retry, async (trouble) => {
    before.push(trouble);
    if (before.length <= failures) throw error;
    return "done";
  });
  const result = await work.catch((reason: unknown) => reason);
  return { result, waits, before, said: events.map((event) => eventWords(event)?.words) };
}

const deadlock = new WriteError("conflict", "Deadlock found");
const cut = new WriteError("outage", "the connection was cut");

describe("what can pass", () => {
  it.each<[string, WriteError, number, number[]]>([
    ["a conflict", deadlock, 1, [50, 125, 313, 781, 1953, 4883, 12_207, 30_000, 30_000]],
    ["a conflict, by the other end of chance", deadlock, 0, [25, 63, 156, 391, 977, 2441, 6104, 15_000, 15_000]],
    ["an outage", cut, 1, [500, 1250, 3125, 7813, 19_531, 30_000, 30_000, 30_000, 30_000]],
    ["an outage, by the other end of chance", cut, 0, [250, 625, 1563, 3906, 9766, 15_000, 15_000, 15_000, 15_000]],
  ])("is tried again after waits that grow up to half a minute: %s", async (_, error, chance, expected) => {
    const { result, waits, before } = await tried(error, 9, 9, chance);
    expect([result, waits]).toEqual(["done", expected]);
    expect(before).toEqual([undefined, ...expected.map(() => error.trouble)]);
  });

  it("is waited for no longer however often it is tried, so that no timer overflows", async () => {
    const { waits } = await tried(cut, 50, 50, 1);
    expect(Math.max(...waits)).toBe(30_000);
  });

  it("is said each time: why, which attempt of how many, and after what wait", async () => {
    const { said } = await tried(cut, 2, 2, 1);
    expect(said).toEqual([
      "the connection was cut; attempt 1 of 2 to go on in 500 ms",
      "the connection was cut; attempt 2 of 2 to go on in 1.3 s",
    ]);
  });

  it.each<[WriteError, number, Partial<Failure>]>([
    [
      cut,
      2,
      {
        message: "the connection was cut; given up after 2 attempts to go on",
        hint: "run again when the database is well",
      },
    ],
    [
      deadlock,
      1,
      {
        message: "Deadlock found; given up after 1 attempt to go on",
        hint: "run again when nobody else is in the way",
      },
    ],
    [
      new WriteError("outage", "no room", { hint: "make room" }),
      1,
      { message: "no room; given up after 1 attempt to go on", hint: "make room" },
    ],
  ])("is given up after so many attempts, with what to do: %s", async (error, attempts, expected) => {
    const { result, waits } = await tried(error, 99, attempts, 1);
    expect([result, waits.length]).toMatchObject([{ turn: "database", cause: error, ...expected }, attempts]);
  });
});

it.each([
  ["a refused row", new WriteError("refused", "Duplicate entry")],
  ["a fault of ours", new TypeError("x is undefined")],
])("%s is not for trying again", async (_, error) => {
  expect(await tried(error, 1, 5, 1)).toEqual({ result: error, waits: [], before: [undefined], said: [] });
});

it("an interruption ends the wait and the trying", async () => {
  const stop = new AbortController();
  const retry: Retry = {
    attempts: 5,
    report: () => stop.abort(new Error("interrupted")),
    signal: stop.signal,
    wait: async (_, signal) => signal.throwIfAborted(),
    random: () => 1,
  };
  let tries = 0;
  const work = retrying(retry, async () => {
    tries += 1;
    throw cut;
  });
  expect([await failure(work), tries]).toEqual([new Error("interrupted"), 1]);
});
