import { describe, expect, it } from "vitest";
import type { ColumnRule } from "../src/config/schema.ts";
import { Failure } from "../src/errors.ts";
import { compileMapping } from "../src/mapping/compile.ts";
import { type Attributes, entry, one, rule } from "./mapping-one.ts";

it("maps an entry to one value for each column, in their order", () => {
  const mapping = compileMapping({
    username: "uid",
    email: rule({ attribute: ["mail", "otherMailbox"], transform: ["trim", "lowercase"] }),
    display_name: rule({ template: "{givenName} {sn}" }),
    origin: rule({ value: "ldap" }),
    created_by: rule({ value: 7, on: "insert" }),
    phone: rule({ attribute: "telephoneNumber", onEmpty: "keep" }),
    name: rule({ attribute: ["CN", "UID"] }),
    department: "departmentNumber",
  });
  expect({
    ...mapping,
    map: mapping.map(entry({ uid: "anna", mail: " Anna@Example.com ", givenname: "Anna", sn: "Ek" })),
  }).toEqual({
    columns: [
      { name: "username", kind: "text", insertOnly: false, source: "uid", attributes: ["uid"], steps: [] },
      {
        name: "email",
        kind: "text",
        insertOnly: false,
        source: "mail, otherMailbox",
        attributes: ["mail", "othermailbox"],
        steps: ["trim", "lowercase"],
      },
      {
        name: "display_name",
        kind: "text",
        insertOnly: false,
        source: 'template "{givenName} {sn}"',
        attributes: ["givenname", "sn"],
        steps: [],
      },
      { name: "origin", kind: "text", insertOnly: false, source: 'value "ldap"', attributes: [], steps: [] },
      {
        name: "created_by",
        kind: "integer",
        insertOnly: true,
        source: "value 7",
        attributes: [],
        steps: ["on insert only"],
      },
      {
        name: "phone",
        kind: "text",
        insertOnly: false,
        source: "telephoneNumber",
        attributes: ["telephonenumber"],
        steps: ["onEmpty keep"],
      },
      { name: "name", kind: "text", insertOnly: false, source: "CN, UID", attributes: ["cn", "uid"], steps: [] },
      {
        name: "department",
        kind: "text",
        insertOnly: false,
        source: "departmentNumber",
        attributes: ["departmentnumber"],
        steps: [],
      },
    ],
    attributes: ["uid", "mail", "otherMailbox", "givenName", "sn", "telephoneNumber", "CN", "departmentNumber"],
    map: ["anna", "anna@example.com", "Anna Ek", "ldap", "7", undefined, "anna", null],
  });
});

it("names column, attribute, value and rule of the first column that fails", () => {
  const { map } = compileMapping({
    username: "uid",
    age: rule({ attribute: "Age", as: "integer" }),
    email: rule({ attribute: "mail", required: true }),
  });
  expect(map(entry({ uid: "anna", age: "12\u0000x" }))).toEqual({
    column: "age",
    attribute: "Age",
    value: "12\\u{0}x",
    rule: "as integer",
    reason: 'column age: Age "12\\u{0}x" is not an integer (an optional sign and digits) (as integer)',
  });
});

describe("an attribute's name", () => {
  it.each<[string, Attributes, string | null]>([
    ["MAIL", { mail: "a" }, "a"],
    ["cn;Lang-DE", { cn: "a", "cn;lang-de": "b" }, "b"],
    ["cn", { "cn;lang-de": "b" }, null],
    ["userCertificate;binary", { usercertificate: "a" }, "a"],
    ["CN;X-b;lang-de;x-b", { "cn;lang-de": "a", "cn;lang-de;x-b": "b" }, "b"],
    ["2.5.4.3", { "2.5.4.3": "a" }, "a"],
  ])("%s finds its values without regard to case and transfer option", (attribute, attributes, value) => {
    expect(one({ attribute }, attributes)).toBe(value);
  });

  it.each(["mail, cn", "", "{mail}", "*", "member;range=0-*"])("%j is refused", (attribute) => {
    expect(() => compileMapping({ c: attribute })).toThrow(Failure);
  });

  it("is requested once, as it is first written", () => {
    const { attributes } = compileMapping({ a: "Mail", b: "mail", c: rule({ template: "{MAIL} {cn;lang-de}" }) });
    expect(attributes).toEqual(["Mail", "cn;lang-de"]);
  });
});

describe("of several attributes", () => {
  it.each<[string, Attributes, string | null]>([
    ["the first listed that is there", { b: "2", a: "1" }, "1"],
    ["a later one where the first is not there", { b: "2" }, "2"],
    ["a later one where nothing is left of the first", { a: "  ", b: "2" }, "2"],
    ["none", { d: "4" }, null],
  ])("%s counts", (_what, attributes, value) => {
    expect(one({ attribute: ["a", "b"], transform: ["trim"] }, attributes)).toBe(value);
  });
});

describe("the kind of a column", () => {
  it.each<[Partial<ColumnRule>, string]>([
    [{ attribute: "a" }, "text"],
    [{ attribute: "a", as: "integer" }, "integer"],
    [{ attribute: "a", as: "boolean" }, "boolean"],
    [{ attribute: "a", as: "datetime" }, "datetime"],
    [{ attribute: "a", as: "uuid" }, "uuid"],
    [{ attribute: "a", as: "base64" }, "base64"],
    [{ attribute: "a", as: "rdn" }, "text"],
    [{ attribute: "a", as: "guid" }, "uuid"],
    [{ attribute: "a", as: "sid" }, "text"],
    [{ attribute: "a", as: "filetime" }, "datetime"],
    [{ attribute: "a", as: "binary" }, "binary"],
    [{ attribute: "a", as: "binary", multi: "count" }, "integer"],
    [{ attribute: "a", as: "integer", multi: "join" }, "text"],
    [{ attribute: "a", as: "integer", multi: "json" }, "json"],
    [{ attribute: "a", as: "uuid", multi: "count" }, "integer"],
    [{ attribute: "a", as: "uuid", multi: "reject" }, "uuid"],
    [{ template: "{a}", as: "integer" }, "integer"],
    [{ value: "1" }, "text"],
    [{ value: 1 }, "integer"],
    [{ value: 1.5 }, "text"],
    [{ value: true }, "boolean"],
    [{ value: null }, "text"],
  ])("%j is %s before any entry is read", (part, kind) => {
    expect(compileMapping({ c: rule(part) }).columns[0]?.kind).toBe(kind);
  });
});

it.each<[ColumnRule["value"], string | null]>([
  ["", ""],
  ["ldap", "ldap"],
  [1.5, "1.5"],
  [-1, "-1"],
  [false, "false"],
  [null, null],
])("the constant %j is written as %j", (value, text) => {
  expect(one({ value }, {})).toBe(text);
});

describe("an attribute that arrived in part", () => {
  const part = { "member;range=0-1499": ["cn=a"], sn: "Ek" };
  const expected = {
    column: "c",
    attribute: "Member",
    value: "",
    rule: "complete values",
    reason:
      "column c: Member came as member;range=0-1499 alone: the entry was moved, deleted or changed while it was read, or the LDIF file has no more (complete values)",
  };

  it.each<[string, Partial<ColumnRule>]>([
    ["an attribute", { attribute: "Member", multi: "count" }],
    ["a second attribute", { attribute: ["sn", "Member"] }],
    ["a template", { template: "{sn} {Member}" }],
  ])("is a reject in %s", (_what, rules) => {
    expect(one(rules, part)).toEqual(expected);
    expect(one(rules, { ...part, member: "cn=a" })).toEqual(expected);
  });

  it("does no harm where it is not mapped", () => {
    expect(one({ attribute: "sn" }, part)).toBe("Ek");
  });
});

it.each<[string, Partial<ColumnRule>, string]>([
  [
    "a default that is not of the kind",
    { attribute: "a", as: "integer", default: "unknown" },
    'mapping.c.default: "unknown" is not an integer (an optional sign and digits)',
  ],
  [
    "a mapped value that is not of the kind",
    { attribute: "a", as: "boolean", map: { a: "maybe" } },
    'mapping.c.map.a: "maybe" is not a boolean (TRUE or FALSE, 1 or 0, yes or no)',
  ],
  [
    "a default that is not base64",
    { attribute: "a", as: "base64", default: "?" },
    'mapping.c.default: "?" is not base64',
  ],
  [
    "a transform of bytes",
    { attribute: "a", as: "base64", transform: ["trim"] },
    'mapping.c: as "base64" takes the bytes as they are, so it goes with neither transform nor map',
  ],
  [
    "a map of bytes",
    { attribute: "a", as: "base64", map: { a: "b" } },
    'mapping.c: as "base64" takes the bytes as they are, so it goes with neither transform nor map',
  ],
  ...(["guid", "sid", "binary"] as const).map((as): [string, Partial<ColumnRule>, string] => [
    `a transform of bytes read as ${as}`,
    { attribute: "a", as, transform: ["lowercase"] },
    `mapping.c: as "${as}" takes the bytes as they are, so it goes with neither transform nor map`,
  ]),
  [
    "a default that is not in hexadecimal digits",
    { attribute: "a", as: "binary", default: "ff" },
    'mapping.c.default: "ff" is not bytes (0x and hexadecimal digits)',
  ],
  [
    "a default of sixteen letters that is no GUID",
    { attribute: "a", as: "guid", default: "abcdefghijklmnop" },
    'mapping.c.default: "abcdefghijklmnop" is not a GUID (32 hexadecimal digits)',
  ],
  [
    "a default in ticks",
    { attribute: "a", as: "filetime", default: 133500000000000000 },
    "mapping.c.default: 133500000000000000 is not a generalizedTime with a time zone (20260131120000Z)",
  ],
  ["a name in a template", { template: "{a b}" }, 'mapping.c.template: "a b" is not the name of an attribute'],
])("refuses %s as a fault of the configuration", (_what, part, message) => {
  const compile = () => compileMapping({ c: rule(part) });
  expect(compile).toThrow(Failure);
  expect(compile).toThrow(message);
});
