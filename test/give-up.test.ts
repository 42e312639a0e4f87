import { expect, it } from "vitest";
import type { Column, ColumnType, Table, TableRule } from "../src/target/column.ts";
import { givingUp } from "../src/target/give-up.ts";
import type { Write } from "../src/target/target.ts";

/** What a row is given for a while, so that another one can take its unique values. */

const text = (most?: { maxChars?: number; maxBytes?: number }): ColumnType => ({
  type: "text",
  charset: "unicode",
  padded: false,
  ...most,
});
const integer = (min: bigint, max: bigint): ColumnType => ({ type: "integer", min, max });
const column = (name: string, type: ColumnType | undefined, more: Partial<Column> = {}): Column => ({
  name,
  declared: "",
  type,
  nullable: false,
  hasDefault: false,
  generated: false,
  ...more,
});

/** Of a write that sets these columns, which are a unique index together, to `next`. */
function meanwhile(columns: readonly Column[], next: string, rules: readonly TableRule[] = [], key = "id") {
  const index = { name: "i", columns: columns.map(({ name }) => name) };
  const table: Table = {
    name: "users",
    columns: new Map(columns.map((each) => [each.name.toLowerCase(), each])),
    uniqueIndexes: [index],
    rules,
    unseen: [],
    primaryKey: [],
  };
  const values = columns.map(() => next);
  const taking = { index, from: columns.map(() => "old"), to: values };
  const write: Write = { kind: "update", key: "1", columns: index.columns, values, takes: [taking] };
  return givingUp(table, key)(write, [taking]);
}

it.each<[string, ColumnType, string, RegExp]>([
  ["a text", text({ maxChars: 191 }), "b@x", /^[0-9a-z]{12}b@x$/],
  ["a text without a length", text(), "b@x", /^[0-9a-z]{12}b@x$/],
  ["a text that has no room for the next one", text({ maxChars: 14 }), "b@x", /^[0-9a-z]{12}$/],
  ["a short text", text({ maxBytes: 5 }), "bert", /^[0-9a-z]{5}$/],
  ["a whole number", integer(-(2n ** 31n), 2n ** 31n - 1n), "7", /^\d{1,10}$/],
  ["a decimal number", { type: "decimal", precision: 12, scale: 2, unsigned: true }, "7.00", /^\d{1,10}\.00$/],
  ["a NUMERIC", { type: "numeric" }, "7", /^\d{1,16}$/],
  ["bytes", { type: "binary", maxBytes: 255, fixed: false }, "00", /^[0-9a-f]{32}$/],
  ["few bytes", { type: "binary", maxBytes: 3, fixed: true }, "000000", /^[0-9a-f]{6}$/],
  ["a UUID", { type: "uuid" }, "", /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/],
])("a value by chance that the column holds: %s", (_, type, next, pattern) => {
  const one = () => meanwhile([column("mail", type)], next)?.values[0];
  expect([one(), one()]).toEqual([expect.stringMatching(pattern), expect.stringMatching(pattern)]);
});

it.each<[string, ColumnType | undefined, Partial<Column>]>([
  ["of too few characters", text({ maxChars: 4 }), {}],
  ["of too few numbers", integer(-128n, 127n), {}],
  ["of too few bytes", { type: "binary", maxBytes: 2, fixed: false }, {}],
  ["of too few digits", { type: "decimal", precision: 6, scale: 2, unsigned: false }, {}],
  ["of few values", { type: "enum", members: ["a", "b"] }, {}],
  ["of days", { type: "date" }, {}],
  ["that the database numbers, whose counter would go up", integer(0n, 2n ** 63n), { numbered: true }],
  ["of a type that is not known", undefined, {}],
])("nothing in a column %s", (_, type, more) => {
  expect(meanwhile([column("x", type, more)], "1")).toBeUndefined();
});

const short = text({ maxChars: 4 });
const optional = { nullable: true };

it.each<[string, Column[], unknown]>([
  ["the first column with room for a value", [column("a", short), column("B", text()), column("c", text())], ["B"]],
  ["a column with room before one that may be NULL", [column("a", short, optional), column("b", text())], ["b"]],
  ["else one that may be NULL", [column("a", short), column("b", short, optional)], ["b"]],
  ["but never the one by which rows are found", [column("id", text(), optional)], undefined],
])("of an index %s", (_, columns, expected) => {
  expect(meanwhile(columns, "x")?.columns).toEqual(expected);
});

it.each([
  ["this column", ["A"], undefined],
  ["columns that are not known", undefined, undefined],
  ["another column", ["b"], { columns: ["a"], values: [null] }],
])("no NULL for foreign keys to hand on that point at %s", (_, columns, expected) => {
  expect(meanwhile([column("a", short, optional)], "x", [{ kind: "reference", name: "k", columns }])).toEqual(expected);
});
