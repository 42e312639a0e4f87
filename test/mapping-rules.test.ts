import { describe, expect, it } from "vitest";
import type { ColumnRule } from "../src/config/schema.ts";
import type { AttributeValue } from "../src/entry.ts";
import { compileMapping } from "../src/mapping/compile.ts";
import { type Attributes, entry, one, rule } from "./mapping-one.ts";

const bytes = Buffer.from([0xff, 0xfe]);

describe("where there is no value", () => {
  const missing = (byRule: string) => ({
    column: "c",
    attribute: "a, b",
    value: "",
    rule: byRule,
    reason: `column c: a, b has no value (${byRule})`,
  });

  it.each<[string, Partial<ColumnRule>, unknown]>([
    ["NULL unless told", {}, null],
    ["NULL", { onEmpty: "null" }, null],
    ["NULL, though there is a default for the map", { onEmpty: "null", map: { x: "y" }, default: "z" }, null],
    ["nothing is changed", { onEmpty: "keep" }, undefined],
    ["the default", { default: "none" }, "none"],
    ["the default", { default: "none", onEmpty: "default" }, "none"],
    ["an empty default", { default: "" }, ""],
    ["the default, in the form of its kind", { default: "+07", as: "integer" }, "7"],
    ["the default, in the form of its kind", { default: 1, as: "boolean" }, "true"],
    ["the default as the only element", { default: "none", multi: "json" }, '["none"]'],
    ["the default", { default: "none", multi: "join" }, "none"],
    ["NULL", { multi: "json" }, null],
    ["0", { multi: "count" }, "0"],
    ["NULL instead of 0 where told", { multi: "count", onEmpty: "null" }, null],
    ["a reject instead of 0 where required", { multi: "count", required: true }, missing("required")],
    ["a reject", { required: true }, missing("required")],
    ["a reject", { onEmpty: "reject" }, missing('onEmpty "reject"')],
    ["a reject", { required: true, map: { x: "y" }, default: "z" }, missing("required")],
  ])("it is %s: %j", (_what, part, expected) => {
    const rules = { attribute: ["a", "b"], transform: ["trim" as const], ...part };
    expect(one(rules, {})).toEqual(expected);
    expect(one(rules, { a: ["", " "], b: " \n" })).toEqual(expected);
  });

  it("an RDN that is empty is none", () => {
    expect(one({ attribute: "a", as: "rdn", required: true }, { a: "cn=,dc=example" })).toMatchObject({
      rule: "required",
    });
  });

  it("a zero is a value", () => {
    expect(one({ attribute: "a", default: "x", required: true }, { a: "0" })).toBe("0");
  });
});

describe("map", () => {
  const gender = { attribute: "gender", map: { F: "female", M: "male" } };

  it("looks up what the transforms leave, by the same letters", () => {
    expect(one({ ...gender, transform: ["trim", "uppercase"] }, { gender: " f " })).toBe("female");
  });

  it("gives the default for a value that is not listed", () => {
    expect(one({ ...gender, default: "unknown" }, { gender: "X" })).toBe("unknown");
  });

  it("rejects a value that is not listed where there is no default", () => {
    expect(one(gender, { gender: "f" })).toEqual({
      column: "c",
      attribute: "gender",
      value: "f",
      rule: "map",
      reason: 'column c: gender "f" is not listed in the map (map)',
    });
  });

  it("knows no names but its own", () => {
    expect(one(gender, { gender: "constructor" })).toMatchObject({ rule: "map" });
  });

  it.each([
    ["other case", "cn=admins,ou=GROUPS,dc=ad,dc=test"],
    ["spaces around separators", "CN=Admins , OU=Groups, DC=ad, DC=test"],
    ["escapes", "CN=\\41dmins,OU=Groups,DC=ad,DC=test"],
  ])("finds a key that is a DN in %s", (_how, written) => {
    const map = { "CN=Admins,OU=Groups,DC=ad,DC=test": "admin" };
    expect(one({ attribute: "memberOf", map }, { memberof: written })).toBe("admin");
    expect(one({ attribute: "memberOf", map: { [written]: "admin" } }, { memberof: Object.keys(map) })).toBe("admin");
  });

  it("finds a DN as it is written before one that is equal", () => {
    const map = { "CN=Å,DC=ad": "one", "cn=å,dc=ad": "one", "a=b": "two" };
    expect(one({ attribute: "v", map }, { v: "cn=å,dc=AD" })).toBe("one");
    expect(one({ attribute: "v", map }, { v: "A=b" })).toMatchObject({ rule: "map" });
  });

  it("does not take two spellings of one DN that become different values", () => {
    const map = { "CN=A,DC=ad": "one", "cn=a, dc=ad": "two" };
    expect(() => one({ attribute: "v", map }, {})).toThrow(
      'mapping.c.map: "CN=A,DC=ad" and "cn=a, dc=ad" are the same DN',
    );
  });

  it.each<[Partial<ColumnRule>, readonly string[], string | null]>([
    [{ multi: "json" }, ["c", "a", "b", "d"], '["x","y"]'],
    [{ multi: "count" }, ["c", "a", "d"], "1"],
    [{ multi: "count" }, ["c"], "0"],
    [{ multi: "join" }, ["b", "c"], "y"],
    [{}, ["c", "b"], "y"],
    [{ multi: "reject" }, ["c", "b", "d"], "y"],
    [{}, ["c"], null],
    [{ default: "none" }, ["c"], "none"],
    [{ default: "none" }, ["c", "a"], "x"],
  ])("drops what it does not list where it says so: %j of %j", (part, v, value) => {
    expect(one({ attribute: "v", map: { a: "x", b: "y" }, unlisted: "drop", ...part }, { v })).toBe(value);
  });

  it("goes on to the next attribute, or rejects, where it drops all", () => {
    const rule = { attribute: ["v", "w"], map: { a: "x" }, unlisted: "drop" as const, required: true };
    expect(one(rule, { v: "b", w: "a" })).toBe("x");
    expect(one(rule, { v: "b", w: "c" })).toMatchObject({ rule: "required" });
  });

  it("merges values that it makes equal", () => {
    const map = { a: "x", b: "x", c: "y" };
    expect(one({ attribute: "v", map, multi: "json" }, { v: ["c", "b", "a"] })).toBe('["x","y"]');
  });

  it.each<[Partial<ColumnRule>, string, string]>([
    [{ map: { a: true, b: false } }, "boolean", "true"],
    [{ map: { a: true }, default: false }, "boolean", "true"],
    [{ map: { a: 1, b: 2 } }, "integer", "1"],
    [{ map: { a: 1 }, default: "none" }, "text", "1"],
    [{ map: { a: 1, b: true } }, "text", "1"],
    [{ map: { a: 1.5 } }, "text", "1.5"],
    [{ map: { a: "01" }, as: "integer" }, "integer", "1"],
    [{ map: { a: "yes" }, as: "boolean" }, "boolean", "true"],
  ])("%j gives values of the kind %s", (part, kind, value) => {
    const { columns, map } = compileMapping({ c: rule({ attribute: "v", ...part }) });
    expect([columns[0]?.kind, map(entry({ v: "a" }))]).toEqual([kind, [value]]);
  });
});

describe("a template", () => {
  it.each<[string, Partial<ColumnRule>, Attributes, unknown]>([
    ["{givenName} {sn}", {}, { givenname: "Anna", sn: "Ek" }, "Anna Ek"],
    ["{givenName}  {sn}", {}, { givenname: "Anna ", sn: "Ek" }, "Anna   Ek"],
    ["{givenName} {initials} {sn}", {}, { givenname: "Anna", sn: "Ek" }, "Anna Ek"],
    ["{givenName} {sn}", {}, { sn: "Ek" }, "Ek"],
    ["{givenName} {sn}", {}, { givenname: "", sn: "Ek" }, "Ek"],
    ["{givenName} {sn}", {}, {}, null],
    ["{givenName} {sn}", { default: "?" }, {}, "?"],
    ["{sn}", {}, { sn: ["", "Ek", "Ask"] }, "Ask"],
    ["{sn;lang-de}", {}, { "sn;lang-de": "Eiche" }, "Eiche"],
    ["{{{uid}}}", {}, { uid: "anna" }, "{anna}"],
    ["{uid}@{{x", {}, { uid: "anna" }, "anna@{x"],
    ["{uid}@EXAMPLE.com", { transform: ["lowercase"] }, { uid: "ANNA" }, "anna@example.com"],
    ["{a}{b}", { as: "integer" }, { a: "0", b: "12" }, "12"],
    ["{a}{b}", { map: { xy: "z" } }, { a: "x", b: "y" }, "z"],
    ["{a}", { multi: "json" }, { a: ["x", "y"] }, '["x"]'],
    ["$&{a}$1", {}, { a: "$1" }, "$&$1$1"],
  ])("%s with %j: %j becomes %j", (template, part, attributes, expected) => {
    expect(one({ template, ...part }, attributes)).toEqual(expected);
  });

  it("that is required is a reject where none of its attributes has a value", () => {
    expect(one({ template: "{a} {b}", required: true }, {})).toMatchObject({
      attribute: "{a} {b}",
      rule: "required",
      reason: "column c: {a} {b} has no value (required)",
    });
  });

  it.each<[string, AttributeValue[]]>([
    ["alone", [bytes]],
    ["beside a text", ["x", bytes]],
  ])("rejects bytes that are not UTF-8, %s, by the name of the attribute", (_what, values) => {
    expect(one({ template: "{a} {B}" }, { a: "x", b: values })).toMatchObject({
      attribute: "B",
      value: "0xfffe (2 bytes)",
    });
  });
});
