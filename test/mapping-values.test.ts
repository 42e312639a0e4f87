import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnRule, Transform } from "../src/config/schema.ts";
import type { AttributeValue } from "../src/entry.ts";
import { compileMapping } from "../src/mapping/compile.ts";
import { entry, one, rule } from "./mapping-one.ts";

const bytes = Buffer.from([0xff, 0xfe]);

describe("several values", () => {
  it.each<[string, Partial<ColumnRule>, AttributeValue[], string]>([
    ["single takes the smallest by code point", {}, ["😀", "Ａ", "é"], "é"],
    ["single sorts code points, not UTF-16 units", {}, ["😀", "Ａ"], "Ａ"],
    ["single compares what the transforms leave", { transform: ["lowercase"] }, ["b", "C", "A"], "a"],
    ["single compares integers as text", { as: "integer" }, ["9", "10"], "10"],
    ["single drops what is empty", { transform: ["trim"] }, [" ", "b"], "b"],
    ["join sorts", { multi: "join" }, ["b", "c", "a"], "a, b, c"],
    ["join takes its separator", { multi: "join", separator: "" }, ["b", "a"], "ab"],
    ["join merges what is equal", { multi: "join", transform: ["lowercase"] }, ["A", "b", "a"], "a, b"],
    ["json quotes texts", { multi: "json" }, ['b"', "a\n"], '["a\\n","b\\""]'],
    ["json is an array for one value too", { multi: "json" }, ["a"], '["a"]'],
    [
      "json writes integers of any size",
      { multi: "json", as: "integer" },
      ["+90000000000000000000", "1"],
      "[1,90000000000000000000]",
    ],
    ["json writes booleans", { multi: "json", as: "boolean" }, ["TRUE", "no"], "[false,true]"],
    ["count counts what is different", { multi: "count", as: "integer" }, ["7", "07", "8"], "2"],
    ["reject lets one pass", { multi: "reject" }, ["a"], "a"],
    ["reject lets equal ones pass", { multi: "reject", transform: ["trim"] }, ["a", " a", ""], "a"],
    ["base64 takes texts and bytes", { as: "base64", multi: "join" }, [bytes, "a"], "//4=, YQ=="],
  ])("%s", (_what, part, values, expected) => {
    expect(one({ attribute: "a", ...part }, { a: values })).toBe(expected);
    expect(one({ attribute: "a", ...part }, { a: [...values].reverse() })).toBe(expected);
  });

  it("are a reject that tells how many there are, by the rule reject", () => {
    expect(one({ attribute: "phone", multi: "reject" }, { phone: ["2", "1", "3", "1"] })).toEqual({
      column: "c",
      attribute: "phone",
      value: "1, 2, 3",
      rule: "multi reject",
      reason: 'column c: phone "1, 2, 3" has 3 values (multi reject)',
    });
  });

  it.each<[string, string, AttributeValue[], unknown]>([
    ["the same letters", "uid=bea,dc=example", ["abe", "BEA", "bea"], "bea"],
    ["another case", "UID=Bea,dc=example", ["abe", "BEA"], "BEA"],
    ["escapes", "uid=b\\2Ca,dc=example", ["abe", "b,a"], "b,a"],
    ["a later part of the RDN", "cn=Abe+uid=bea,dc=example", ["abe", "bea"], "bea"],
    ["bytes among the others", "uid=bea,dc=example", [bytes, "bea"], "bea"],
    ["a name that is not among them", "uid=cid,dc=example", ["bea", "abe"], "abe"],
    ["another attribute", "cn=bea,dc=example", ["bea", "abe"], "abe"],
    ["the attribute further up", "cn=x,uid=bea,dc=example", ["bea", "abe"], "abe"],
    ["what is not a DN", "uid=bea\\", ["bea", "abe"], "abe"],
  ])("are resolved by the RDN: %s", (_what, dn, values, expected) => {
    expect(one({ attribute: "uid" }, { uid: values }, dn)).toBe(expected);
    expect(one({ template: "{uid}" }, { uid: values }, dn)).toBe(expected);
  });

  it("are not looked up in the RDN where all of them are wanted", () => {
    expect(one({ attribute: "uid", multi: "join" }, { uid: ["b", "a"] }, "uid=b,dc=example")).toBe("a, b");
  });

  it("name the same bad value in whichever order they come", () => {
    const values = ["10", "x", "a", bytes];
    const results = [values, [...values].reverse()].map((a) => one({ attribute: "a", as: "integer" }, { a }));
    expect(results[0]).toEqual(results[1]);
    expect(results[0]).toMatchObject({ value: "a", rule: "as integer" });
  });
});

describe("bytes that are not UTF-8", () => {
  it.each<ColumnRule["as"]>(["string", "integer", "boolean", "datetime", "filetime", "uuid", "rdn"])(
    "are a reject as %s",
    (as) => {
      expect(one({ attribute: "Photo", as }, { photo: bytes })).toEqual({
        column: "c",
        attribute: "Photo",
        value: "0xfffe (2 bytes)",
        rule: `as ${as}`,
        reason: `column c: Photo 0xfffe (2 bytes) is not valid UTF-8 text (as ${as})`,
      });
    },
  );

  it("are a reject beside texts, and in a count", () => {
    expect(one({ attribute: "a" }, { a: ["x", bytes] })).toMatchObject({ value: "0xfffe (2 bytes)" });
    expect(one({ attribute: "a", multi: "count" }, { a: ["x", bytes] })).toMatchObject({ value: "0xfffe (2 bytes)" });
  });
});

describe("for any values", () => {
  const value = fc.oneof(
    fc.constantFrom("", " ", "1", "01", "TRUE", "no", "b", "B", "cn=b,dc=x", "cn=", "20261123134501Z", "\u{1f600}"),
    fc.string({ unit: "binary" }),
    fc.uint8Array({ minLength: 1, maxLength: 4 }).map((array) => Buffer.from(array)),
  );
  const transform = fc.constantFrom<Transform[]>(
    "trim",
    "lowercase",
    "titlecase",
    "collapse-spaces",
    "digits",
    {
      truncate: 2,
    },
    { replace: ["(b)|\\s", "$1$2"] },
  );
  const rules = fc
    .record({
      origin: fc.constantFrom<Partial<ColumnRule>[]>({ attribute: ["a", "b"] }, { template: "{a}: {b} {a}" }),
      as: fc.constantFrom<ColumnRule["as"][]>(
        "string",
        "integer",
        "boolean",
        "datetime",
        "filetime",
        "uuid",
        "guid",
        "sid",
        "base64",
        "rdn",
      ),
      multi: fc.constantFrom<ColumnRule["multi"][]>("single", "join", "json", "count", "reject"),
      onEmpty: fc.constantFrom<NonNullable<ColumnRule["onEmpty"]>[]>("null", "keep", "reject"),
      transform: fc.array(transform, { maxLength: 3 }),
      mapped: fc.boolean(),
    })
    .map(({ origin, mapped, transform, ...rest }) => {
      const part = ["base64", "guid", "sid"].includes(rest.as) ? {} : { transform };
      return rule({
        ...origin,
        ...rest,
        ...part,
        ...(mapped && rest.as === "string" ? { map: { b: "x" }, default: "y" } : {}),
      });
    });
  const values = fc.array(value, { minLength: 1, maxLength: 5 });
  const shuffled = values.chain((all) =>
    fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
  );
  const dn = fc.oneof(fc.constantFrom("a=b,dc=x", "A=1+b=no,dc=x", "cn=x"), fc.string({ unit: "binary" }));

  it("the order in which a server returns them changes nothing, and nothing throws", () => {
    fc.assert(
      fc.property(rules, shuffled, shuffled, dn, (columnRule, [a, otherA], [b, otherB], name) => {
        const { map } = compileMapping({ c: columnRule });
        const result = map(entry({ a, b }, name));
        expect(map(entry({ b: otherB, a: otherA }, name))).toEqual(result);
        expect("reason" in result ? typeof result.reason : result.length).toBe("reason" in result ? "string" : 1);
      }),
      { numRuns: 2000 },
    );
  });
});
