import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { ColumnRule } from "../src/config/schema.ts";
import type { AttributeValue } from "../src/entry.ts";
import { Failure } from "../src/errors.ts";
import { compileColumn } from "../src/mapping/column.ts";
import { isRefusal } from "../src/mapping/reject.ts";
import { type Trace, traceColumn } from "../src/mapping/trace.ts";
import { entry, rule } from "./mapping-one.ts";

const text = fc.oneof(
  fc.constantFrom("", " ", "F", "m", " 12 ", "007", "true", "TRUE", "uid=anna,dc=example", "20260131120000Z", "Ä b  C"),
  fc.string({ maxLength: 8 }),
);
const bytes = fc.constantFrom(Buffer.from([0xff, 0xfe]), Buffer.from([0x80]));
const values: fc.Arbitrary<AttributeValue[]> = fc.array(fc.oneof({ weight: 9, arbitrary: text }, bytes), {
  minLength: 1,
  maxLength: 3,
});

const transform = fc.constantFrom<ColumnRule["transform"][number]>(
  "trim",
  "lowercase",
  "titlecase",
  "collapse-spaces",
  "digits",
  { replace: ["[a-m]", "x"] },
  { truncate: 2 },
);

const rules: fc.Arbitrary<ColumnRule> = fc
  .record({
    from: fc.constantFrom<Partial<ColumnRule>>(
      { attribute: "uid" },
      { attribute: ["a", "uid"] },
      { template: "{a} {uid}" },
      { template: "x{uid}" },
      { value: "sync" },
    ),
    as: fc.constantFrom<ColumnRule["as"]>(
      "string",
      "string",
      "integer",
      "boolean",
      "datetime",
      "uuid",
      "base64",
      "rdn",
    ),
    transform: fc.array(transform, { maxLength: 3 }),
    map: fc.option(fc.constant({ f: "1", m: "0", F: "1" }), { nil: undefined }),
    unlisted: fc.constantFrom(undefined, "drop" as const),
    default: fc.option(fc.constantFrom("1", "true"), { nil: undefined }),
    required: fc.boolean(),
    onEmpty: fc.option(fc.constantFrom("null" as const, "keep" as const, "reject" as const), { nil: undefined }),
    multi: fc.constantFrom<ColumnRule["multi"]>("single", "join", "json", "count", "reject"),
  })
  .map(({ from, ...rest }) => rule({ ...from, ...rest }));

const entries = fc
  .record({ a: fc.option(values, { nil: undefined }), uid: fc.option(values, { nil: undefined }) })
  .map((attributes) =>
    entry(
      Object.fromEntries(
        Object.entries(attributes).flatMap(([key, list]) => (list === undefined ? [] : [[key, list]])),
      ) as Record<string, AttributeValue[]>,
      "uid=F,ou=x,dc=example",
    ),
  );

/** The values at the end of the way: of the last step, or the raw ones where there is no step. */
const arrived = ({ steps, attributes, used }: Trace) =>
  steps.at(-1)?.values ?? attributes.find(({ name }) => name === used)?.values ?? [];

it("a trace ends in what the compiled column gives, whatever the rule and the entry", () => {
  fc.assert(
    fc.property(rules, entries, (each, person) => {
      let evaluate: ReturnType<typeof compileColumn>["evaluate"];
      try {
        evaluate = compileColumn("c", each).evaluate;
      } catch (error) {
        if (error instanceof Failure) fc.pre(false);
        throw error;
      }
      const result = evaluate(person);
      const trace = traceColumn("c", each, person);
      expect(trace.result).toEqual(result);
      if (each.value !== undefined) expect(trace.steps).toEqual([]);
      else if (typeof result === "string") expect(arrived(trace)).toEqual([result]);
      else if (isRefusal(result)) {
        expect(arrived(trace).some((value) => isRefusal(value) || typeof value !== "string")).toBe(true);
      } else expect(arrived(trace)).toEqual([]);
    }),
    { numRuns: 3000 },
  );
});

describe("the steps of a trace", () => {
  const trace = (part: Partial<ColumnRule>, attributes: Parameters<typeof entry>[0], dn?: string) =>
    traceColumn("c", rule(part), entry(attributes, dn));

  it("are those of the first attribute that has a value, each with every value", () => {
    const mail = { attribute: ["mail", "other"], transform: ["trim" as const, "lowercase" as const] };
    expect(trace(mail, { mail: " ", other: [" B@x", "A@x"] })).toEqual({
      attributes: [
        { name: "mail", values: [" "] },
        { name: "other", values: [" B@x", "A@x"] },
      ],
      used: "other",
      steps: [
        { step: "trim", values: ["B@x", "A@x"] },
        { step: "lowercase", values: ["b@x", "a@x"] },
        { step: "the smallest by code point", values: ["a@x"] },
      ],
      result: "a@x",
    });
  });

  it("show the value in the RDN, the map and what it is read as", () => {
    const given = { attribute: "uid", map: { a: 1, b: 2 }, as: "integer" as const };
    expect(trace(given, { uid: ["a", "b"] }, "uid=b,dc=example")).toEqual({
      attributes: [{ name: "uid", values: ["a", "b"] }],
      used: "uid",
      steps: [
        { step: "the value in the RDN", values: ["b"] },
        { step: "map 2 values", values: ["2"] },
        { step: "as integer", values: ["2"] },
      ],
      result: "2",
    });
  });

  it("show what a map leaves of groups, whose DNs are spelt otherwise, and drops", () => {
    const map = { "CN=Admins,DC=ad,DC=test": "admin", "CN=Staff,DC=ad,DC=test": "staff" };
    const groups = ["cn=staff, dc=AD, dc=test", "CN=Other,DC=ad,DC=test", "CN=Admins,DC=ad,DC=test"];
    const memberOf = { attribute: "memberOf", map, unlisted: "drop" as const, multi: "json" as const };
    const attributes = [{ name: "memberOf", values: groups }];
    expect(trace(memberOf, { memberof: groups })).toEqual({
      attributes,
      used: "memberOf",
      steps: [
        { step: "map 2 values, drop others", values: ["staff", "admin"] },
        { step: "multi json", values: ['["admin","staff"]'] },
      ],
      result: '["admin","staff"]',
    });
    expect(trace({ ...memberOf, default: "none" }, { memberof: groups.slice(1, 2) })).toMatchObject({
      used: undefined,
      steps: [{ step: "onEmpty default", values: ['["none"]'] }],
      result: '["none"]',
    });
  });

  it("show a template before and after each transform, and joined values", () => {
    expect(trace({ template: "{a} {b}", transform: ["uppercase"] }, { a: "x", b: "y" }).steps).toEqual([
      { step: 'template "{a} {b}"', values: ["x y"] },
      { step: "uppercase", values: ["X Y"] },
    ]);
    expect(trace({ attribute: "a", multi: "join", separator: "; " }, { a: ["2", "1"] }).steps).toEqual([
      { step: 'join "; "', values: ["1; 2"] },
    ]);
  });

  it("say what is done where there is no value, and what a rule does not take", () => {
    expect(trace({ attribute: "a", default: "none" }, {}).steps).toEqual([
      { step: "onEmpty default", values: ["none"] },
    ]);
    expect(trace({ attribute: "a", required: true }, {}).steps).toEqual([
      { step: "required", values: [{ attribute: "a", rule: "required", why: "has no value" }] },
    ]);
    expect(trace({ attribute: "a", as: "integer" }, { a: "x" }).steps).toEqual([
      {
        step: "as integer",
        values: [
          { attribute: "a", value: "x", rule: "as integer", why: "is not an integer (an optional sign and digits)" },
        ],
      },
    ]);
  });
});
