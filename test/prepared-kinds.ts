import fc from "fast-check";
import type { Kind as ValueKind } from "../src/mapping/value.ts";
import type { Outcome } from "./prepared-ways.ts";

/** The kinds of columns that MariaDB has for this program, and values for them. */

export interface Kind {
  readonly declared: string;
  readonly values: fc.Arbitrary<string>;
  /** What they are in the mapping. */
  readonly as?: ValueKind;
}

/** Of one, two, three and four bytes; those that a text of SQL would have to escape. */
export const units = ["x", "é", "名", "😀", "\0", "'", "\\"] as const;
const controls = ["\b", "\n", "\r", "\t", "\u001a", "\u007f", "%", "_", "?", '"', " "];

const textOf = (some: readonly string[], maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(...some), maxLength });
const unicode = textOf([...units, ...controls, "\u07ff", "\u0800", "\uffff", "\u{10ffff}"], 60);
const plane = textOf(["x", "é", "名", "\0", "'", "\\", ...controls], 60);
const latin = textOf(["x", "é", "€", "\u0081", "ÿ", "\0", "'", "\\", ...controls], 60);
const ascii = textOf(["x", "\0", "'", "\\", ...controls], 60);

const powers = [7, 8, 15, 16, 23, 24, 31, 32, 53, 63, 64].map((bits) => 2n ** BigInt(bits));
const edges = [0n, ...powers.flatMap((power) => [power - 1n, power, power + 1n])].flatMap((edge) => [edge, -edge]);
const between = (min: bigint, max: bigint): fc.Arbitrary<string> =>
  fc
    .oneof(fc.bigInt({ min, max }), fc.constantFrom(min, max, ...edges.filter((edge) => edge >= min && edge <= max)))
    .map(String);

const signed = (bits: number) => between(-(2n ** BigInt(bits - 1)), 2n ** BigInt(bits - 1) - 1n);
const unsigned = (bits: number) => between(0n, 2n ** BigInt(bits) - 1n);

const integers = ["tinyint", "smallint", "mediumint", "int", "bigint"].flatMap((declared, at): Kind[] => {
  const bits = [8, 16, 24, 32, 64][at] ?? 0;
  return [
    { declared, values: signed(bits) },
    { declared: `${declared} unsigned`, values: unsigned(bits) },
  ];
});

const instants = (min: string, max: string): fc.Arbitrary<string> =>
  fc
    .tuple(fc.date({ min: new Date(min), max: new Date(max), noInvalidDate: true }), fc.nat(999))
    .map(([date, micros]) => date.toISOString().replace("Z", `${String(micros).padStart(3, "0")}Z`));

const bytes = (maxLength: number): fc.Arbitrary<string> =>
  fc.uint8Array({ maxLength }).map((some) => `0x${Buffer.from(some).toString("hex")}`);

const decimals = (before: number, after: number): fc.Arbitrary<string> =>
  fc
    .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** BigInt(before + after) - 1n }))
    .map(([isNegative, digits]) => {
      const text = String(digits).padStart(before + after, "0");
      return `${isNegative ? "-" : ""}${text.slice(0, before)}.${text.slice(before)}`;
    });

export const columnKinds: readonly Kind[] = [
  { declared: "varchar(60) character set utf8mb4 collate utf8mb4_unicode_ci", values: unicode },
  { declared: "varchar(60) character set utf8mb4 collate utf8mb4_bin", values: unicode },
  { declared: "varchar(60) character set utf8mb3 collate utf8mb3_general_ci", values: plane },
  { declared: "varchar(60) character set latin1 collate latin1_swedish_ci", values: latin },
  { declared: "varchar(60) character set latin1 collate latin1_bin", values: latin },
  { declared: "varchar(60) character set ascii", values: ascii },
  { declared: "varchar(60) character set ucs2", values: plane },
  { declared: "varchar(60) character set utf16", values: unicode },
  { declared: "varchar(60) character set utf32", values: unicode },
  { declared: "char(60) character set utf8mb4", values: unicode },
  { declared: "char(60) character set latin1", values: latin },
  { declared: "tinytext character set utf8mb4", values: unicode },
  { declared: "text character set utf8mb4", values: unicode },
  { declared: "mediumtext character set latin1", values: latin },
  { declared: "longtext character set utf8mb4", values: unicode },
  ...integers,
  { declared: "tinyint(1)", values: fc.constantFrom("true", "false"), as: "boolean" },
  { declared: "bigint(20) zerofill", values: unsigned(64) },
  { declared: "year", values: between(1901n, 2155n) },
  { declared: "bit(1)", values: unsigned(1) },
  { declared: "bit(9)", values: unsigned(9) },
  { declared: "bit(64)", values: unsigned(64) },
  { declared: "decimal(10,2)", values: decimals(8, 2) },
  { declared: "decimal(65,30)", values: decimals(35, 30) },
  { declared: "decimal(20) unsigned", values: unsigned(64) },
  { declared: "float", values: fc.float({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { declared: "double", values: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String) },
  { declared: "date", values: instants("0001-01-01", "9999-12-31"), as: "datetime" },
  { declared: "datetime", values: instants("1000-01-01", "9999-12-31"), as: "datetime" },
  { declared: "datetime(6)", values: instants("1000-01-01", "9999-12-31"), as: "datetime" },
  { declared: "timestamp null", values: instants("1970-01-02", "2038-01-18"), as: "datetime" },
  { declared: "timestamp(6) null", values: instants("1970-01-02", "2038-01-18"), as: "datetime" },
  {
    declared: String.raw`enum('Active','it''s','a,b','a\nb','a\\b','','1')`,
    values: fc.constantFrom("Active", "it's", "a,b", "a\nb", "a\\b", "", "1"),
  },
  { declared: "json", values: fc.json() },
  { declared: "uuid", values: fc.uuid({ version: [1, 4, 7] }), as: "uuid" },
  { declared: "binary(16)", values: bytes(16), as: "binary" },
  { declared: "binary(16)", values: fc.uuid({ version: [1, 4, 7] }), as: "uuid" },
  { declared: "varbinary(60)", values: bytes(60), as: "binary" },
  { declared: "tinyblob", values: bytes(255), as: "binary" },
  { declared: "blob", values: bytes(300), as: "binary" },
  { declared: "mediumblob", values: bytes(300), as: "binary" },
  { declared: "longblob", values: unicode },
];

const halves = ["\ud83d", "\ude00", "x"];

/** Values that a column may hold or not, for columns of integers, of bytes, and of anything else. */
export const strange = {
  integer: fc
    .oneof(fc.constantFrom(...edges, 2n ** 65n, -(2n ** 80n)), fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }))
    .map(String),
  bytes: fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some).toString("hex")),
  text: fc.oneof(
    unicode,
    textOf(halves, 9),
    fc.constantFrom(...units).map((unit) => unit.repeat(300)),
    fc.constantFrom("", " ", "0", "-1", "1e3", "1.005", "1e400", "nan", "null", "true", "0000-00-00", "2023-02-29"),
    fc.constantFrom(
      "2024-01-01 24:00:00",
      "10000-01-01",
      "12:30",
      "{",
      "[1]",
      "{}",
      "\u00a0",
      "x'41'",
      "current_timestamp",
    ),
    fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
    fc.date({ noInvalidDate: true }).map((date) => date.toISOString()),
    fc.double().map(String),
  ),
} as const;

/** Of a row of a table of texts: how many bytes the text has. */
export const lengthOf = (outcome: Outcome, row: number): number =>
  "table" in outcome ? Number(outcome.table[row]?.[1]?.toString().split(" ")[0]) : -1;
