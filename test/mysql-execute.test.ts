import { createRequire } from "node:module";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Binding } from "../src/target/dialect.ts";
import { headerSize } from "../src/target/knex.ts";
import { ExecutePackets } from "../src/target/mysql-execute.ts";

/** The packets are those of the driver's own encoder, byte for byte. */

const require = createRequire(import.meta.url);
const Execute = require("../node_modules/mysql2/lib/packets/execute.js");
const { TypedParameter } = require("../node_modules/mysql2/lib/packets/typed_parameter.js");

const [utf8mb4, decimal, longlong] = [45, 0xf6, 8];
const isInteger = (value: bigint): boolean => value >= -(2n ** 63n) && value < 2n ** 64n;

/** The driver takes a number for a DOUBLE where it is not told. */
const typed = (value: Binding): unknown => {
  if (typeof value !== "number" && typeof value !== "bigint") return value;
  const exact = BigInt(value);
  return isInteger(exact)
    ? new TypedParameter(longlong, exact, exact >= 0n)
    : new TypedParameter(decimal, String(exact), false);
};

const reference = (statement: number, rows: readonly (readonly Binding[])[]): Buffer =>
  new Execute(statement, rows.flat().map(typed), utf8mb4, "local").toPacket().buffer.subarray(headerSize);

function expectSame(packets: ExecutePackets, rows: readonly (readonly Binding[])[], statement = 1): void {
  const own = packets.of(statement, rows).subarray(headerSize);
  // Of millions of bytes a list of differences would take minutes.
  if (!own.equals(reference(statement, rows))) {
    const shown = rows.map((row) =>
      row.map((value) => (value === null ? null : `${typeof value} ${value}`.slice(0, 80))),
    );
    expect.fail(`other bytes for ${JSON.stringify(shown).slice(0, 2000)}`);
  }
}

const two = (n: number): bigint => 2n ** BigInt(n);
const edges = [7, 8, 15, 16, 23, 24, 31, 32, 53, 63, 64]
  .flatMap((bits) => [two(bits) - 1n, two(bits), two(bits) + 1n])
  .flatMap((value) => [value, -value]);
const safe = edges.filter((value) => Number.isSafeInteger(Number(value))).map(Number);

/** Around each place where a length takes other bytes, or a text is written in another way. */
const lengths = [0, 1, 82, 83, 84, 124, 125, 126, 166, 249, 250, 251, 252, 255, 256, 65_500, 65_536, 70_000];
/** Characters of one, two, three and four bytes, halves of one, and those that a text of SQL would have to escape. */
const characters = [
  "x",
  "é",
  "名",
  "😀",
  "\ud83d",
  "\ude00",
  "\0",
  "'",
  "\\",
  "\u001a",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
];

const text = fc.oneof(
  { arbitrary: fc.string({ unit: fc.constantFrom(...characters), maxLength: 300 }), weight: 4 },
  fc.tuple(fc.constantFrom(...characters), fc.constantFrom(...lengths)).map(([unit, length]) => unit.repeat(length)),
);
const value: fc.Arbitrary<Binding> = fc.oneof(
  { arbitrary: fc.constant(null), weight: 2 },
  { arbitrary: text, weight: 3 },
  fc.maxSafeInteger(),
  fc.constantFrom<Binding>(-0, ...safe, ...edges),
  fc.bigInt({ min: -two(66), max: two(66) }),
  fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
);

describe("a packet that executes a statement is that of the driver", () => {
  it("for each value that is the first or the last of its kind", () => {
    const packets = new ExecutePackets();
    for (const each of [...safe, ...edges]) expectSame(packets, [[each]]);
    for (const length of lengths) {
      for (const unit of characters) expectSame(packets, [[unit.repeat(length), `${"x".repeat(length)}${unit}`]]);
      expectSame(packets, [[Buffer.alloc(length, 0xff)]]);
    }
  });

  it("for each pattern of NULLs in up to 17 places", () => {
    const packets = new ExecutePackets();
    for (let places = 1; places <= 17; places += 1) {
      // Of many places, every pattern of the last nine.
      for (let pattern = 0; pattern < 2 ** Math.min(places, 9); pattern += 1) {
        expectSame(packets, [
          Array.from({ length: places }, (_, at) => ((pattern >> (places - 1 - at)) & 1 ? null : "x")),
        ]);
      }
    }
  });

  it("for any rows one after the other, whatever was in the one before", () => {
    const packets = new ExecutePackets();
    const rows = fc
      .integer({ min: 1, max: 9 })
      .chain((width) =>
        fc.array(fc.array(value, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 9 }),
      );
    fc.assert(
      fc.property(rows, fc.integer({ min: 0, max: 2 ** 31 - 1 }), (some, statement) =>
        expectSame(packets, some, statement),
      ),
      { numRuns: 500 },
    );
  });

  it("for texts and bytes of 16 MB and more, and what follows them", () => {
    const packets = new ExecutePackets();
    for (const length of [2 ** 24 - 2, 2 ** 24, 2 ** 24 + 1]) {
      expectSame(packets, [["before", "x".repeat(length), null, Buffer.alloc(length, 7), 1]]);
      expectSame(packets, [["é", null]]);
    }
  });

  it.each([
    [2 ** 16 - 1, "fcffff", "fdffff00"],
    [2 ** 24 - 1, "fdffffff", "feffffff0000000000"],
  ])("but for a length of %i, for which the driver takes more bytes than it must", (length, short, long) => {
    for (const value of ["x".repeat(length), Buffer.alloc(length, "x")]) {
      const own = new ExecutePackets().of(1, [[value]]).subarray(headerSize);
      const drivers = reference(1, [[value]]);
      const before = own.length - length - short.length / 2;
      expect(drivers.subarray(before, -length).toString("hex")).toBe(long);
      expect(
        own.equals(Buffer.concat([drivers.subarray(0, before), Buffer.from(short, "hex"), drivers.subarray(-length)])),
      ).toBe(true);
    }
  });

  it("for as many values as a statement may have", () => {
    expectSame(
      new ExecutePackets(),
      Array.from({ length: 13_107 }, (_, at) => [at, `user ${at}`, null, "é", -at]),
    );
  });
});
