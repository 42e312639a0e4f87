import { execFileSync } from "node:child_process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnRule } from "../src/config/schema.ts";
import { compileMapping } from "../src/mapping/compile.ts";
import { messageReader } from "../src/source/messages.ts";
import { one, rule } from "./mapping-one.ts";
import { element, integer, octets, sequence, set } from "./servers/ber.ts";

/** What a mapping makes of a value of which the server sent these bytes. */
function sent(as: ColumnRule["as"], bytes: Buffer): unknown {
  const values = sequence(octets("a"), set(octets(bytes)));
  const [message] = messageReader()(sequence(integer(1), element(0x64, octets("cn=a"), sequence(values))));
  if (message?.op !== "entry") throw new Error("no entry");
  const mapped = compileMapping({ c: rule({ attribute: "a", as }) }).map(message.read());
  return "reason" in mapped ? "rejected" : mapped[0];
}

/** Bytes of which many are UTF-8, a byte order mark and a NUL among them. */
const pieces = fc
  .constantFrom("\uFEFF", "\0", "\n", "a", "é", "€", "\u{1F600}", "\uFFFD", " ")
  .map((text) => Buffer.from(text));
const anyBytes = (maxLength: number) =>
  fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength }).map((array) => Buffer.from(array)),
    fc.array(pieces, { minLength: 1, maxLength }).map((parts) => Buffer.concat(parts).subarray(0, maxLength)),
    fc.array(fc.integer({ min: 0, max: 127 }), { minLength: 1, maxLength }).map((array) => Buffer.from(array)),
  );
const exactly = (length: number) =>
  anyBytes(length).map((bytes) => Buffer.concat([bytes, Buffer.alloc(length)], length));

/** Python's own reading of many values at once. */
function independently(expression: string, values: readonly Buffer[]): string[] {
  const script = `import sys, uuid, struct, base64
for line in sys.stdin:
    b = bytes.fromhex(line.strip())
    print(${expression})`;
  const input = values.map((bytes) => `${bytes.toString("hex")}\n`).join("");
  return execFileSync("/usr/bin/python3", ["-c", script], { input, encoding: "utf8" }).trimEnd().split("\n");
}

const sidBytes = fc
  .record({
    authority: fc.oneof(fc.bigInt(0n, 255n), fc.bigInt(0n, 2n ** 48n - 1n)),
    parts: fc.array(fc.oneof(fc.integer({ min: 0, max: 127 }), fc.integer({ min: 0, max: 2 ** 32 - 1 })), {
      maxLength: 15,
    }),
  })
  .map(({ authority, parts }) => {
    const bytes = Buffer.alloc(8 + 4 * parts.length);
    bytes.writeBigUInt64BE((257n << 48n) | authority);
    bytes[1] = parts.length;
    for (const [at, part] of parts.entries()) bytes.writeUInt32LE(part, 8 + 4 * at);
    return bytes;
  });

describe("any bytes that a server sends, UTF-8 or not, are read as an independent reader does:", () => {
  it.each<[ColumnRule["as"], fc.Arbitrary<Buffer>, string]>([
    ["guid", exactly(16), "uuid.UUID(bytes_le=b)"],
    [
      "sid",
      sidBytes,
      "'-'.join(['S-1', (lambda a: str(a) if a < 2**32 else '0x%012x' % a)(int.from_bytes(b[2:8], 'big')), *map(str, struct.unpack('<%dL' % b[1], b[8:]))])",
    ],
    ["binary", anyBytes(40), "'0x' + b.hex()"],
    ["base64", anyBytes(40), "base64.b64encode(b).decode()"],
  ])("as %s", (as, bytes, expression) => {
    const values = fc.sample(bytes, { numRuns: 3000, seed: 6 });
    expect(values.map((each) => sent(as, each))).toEqual(independently(expression, values));
  });

  it.each<[ColumnRule["as"], number]>([
    ["guid", 16],
    ["sid", 12],
  ])("as %s not where their number is wrong", (as, right) => {
    const values = fc.sample(anyBytes(right + 1), { numRuns: 500, seed: 6 }).filter(({ length }) => length !== right);
    expect(new Set(values.map((each) => sent(as, each)))).toEqual(new Set(["rejected"]));
  });
});

it("any time in ticks of 100 ns is the instant that an independent reader finds, to the microsecond", () => {
  const ticks = fc.sample(fc.bigInt(1n, 2_650_467_743_999_999_999n), { numRuns: 3000, seed: 6 }).map(String);
  const script = `import sys, datetime
for line in sys.stdin:
    at = datetime.datetime(1601, 1, 1) + datetime.timedelta(microseconds=int(line) // 10)
    print(at.strftime('%Y-%m-%dT%H:%M:%S.%fZ'))`;
  const input = ticks.map((each) => `${each}\n`).join("");
  const expected = execFileSync("/usr/bin/python3", ["-c", script], { input, encoding: "utf8" }).trimEnd().split("\n");
  expect(ticks.map((each) => sent("filetime", Buffer.from(each)))).toEqual(expected);
});

describe("values of Active Directory", () => {
  it.each<[string, Partial<ColumnRule>, string, unknown]>([
    ["a time that means never is no value", { as: "filetime" }, "0", null],
    ["the other spelling of never", { as: "filetime" }, "9223372036854775807", null],
    ["never with a default", { as: "filetime", default: "99991231235959Z" }, "0", "9999-12-31T23:59:59.000000Z"],
    ["never left as it is", { as: "filetime", onEmpty: "keep" }, "0", undefined],
    ["bytes of a picture with a default", { as: "binary", default: "0xFFd8" }, "", "0xffd8"],
  ])("%s", (_what, part, value, expected) => {
    expect(one({ attribute: "a", ...part }, { a: value })).toBe(expected);
  });

  it.each<[string, Partial<ColumnRule>, string | Buffer, string]>([
    [
      "never where a value is required",
      { as: "filetime", required: true },
      "0",
      "column c: accountExpires has no value (required)",
    ],
    [
      "a time after the year 9999",
      { as: "filetime" },
      "9223372032559808511",
      'column c: accountExpires "9223372032559808511" is not a FILETIME (100 ns ticks since 1601, up to the year 9999) (as filetime)',
    ],
    [
      "a GUID that lacks a byte",
      { as: "guid" },
      Buffer.alloc(15, 0xff),
      "column c: accountExpires 0xffffffffffffffffffffffffffffff (15 bytes) is not a GUID (16 bytes, or 32 hexadecimal digits) (as guid)",
    ],
    [
      "a SID that is cut off",
      { as: "sid" },
      Buffer.from("0102000000000005ff000000", "hex"),
      "column c: accountExpires 0x0102000000000005ff000000 (12 bytes) is not a SID (its bytes, or S-1-5-21-…) (as sid)",
    ],
  ])("%s is a reject", (_what, part, value, reason) => {
    expect(one({ attribute: "accountExpires", ...part }, { accountexpires: value })).toMatchObject({ reason });
  });
});
