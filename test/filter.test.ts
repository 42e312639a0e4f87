import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttributeValue, Entry } from "../src/entry.ts";
import { Failure } from "../src/errors.ts";
import { andFilters, type FilterNode, filterAttributes, parseFilter } from "../src/source/filter.ts";
import { formatFilter } from "../src/source/filter-format.ts";
import { compileFilter } from "../src/source/filter-match.ts";

function failureOf(act: () => unknown): { turn: string; message: string; hint: string | undefined } {
  try {
    act();
  } catch (error) {
    if (error instanceof Failure) return { turn: error.turn, message: error.message, hint: error.hint };
    throw error;
  }
  throw new Error("nothing was thrown");
}

const equal = (attribute: string, value: AttributeValue): FilterNode => ({ kind: "equal", attribute, value });

const readings: [string, FilterNode][] = [
  ["(uid=anna)", equal("uid", "anna")],
  ["(uid=)", equal("uid", "")],
  ["(cn= Anna  Berg )", equal("cn", " Anna  Berg ")],
  ["(cn=Åsa)", equal("cn", "Åsa")],
  ["(cn=\\c3\\85sa)", equal("cn", "Åsa")],
  ["(cn=a\\28b\\29\\2A\\5c)", equal("cn", "a(b)*\\")],
  ["(objectGUID=\\a4\\ff)", equal("objectGUID", Buffer.from([0xa4, 0xff]))],
  ["(cn;lang-de=x=y:=z)", equal("cn;lang-de", "x=y:=z")],
  ["(2.5.4.3=x)", equal("2.5.4.3", "x")],
  ["(uidNumber>=5)", { kind: "greaterOrEqual", attribute: "uidNumber", value: "5" }],
  ["(uidNumber<=5)", { kind: "lessOrEqual", attribute: "uidNumber", value: "5" }],
  ["(cn~=anna)", { kind: "approx", attribute: "cn", value: "anna" }],
  ["(cn=*)", { kind: "present", attribute: "cn" }],
  ["(cn=a*)", { kind: "substring", attribute: "cn", initial: "a", any: [], final: undefined }],
  ["(cn=*a)", { kind: "substring", attribute: "cn", initial: undefined, any: [], final: "a" }],
  ["(cn=a*b*\\2a*d)", { kind: "substring", attribute: "cn", initial: "a", any: ["b", "*"], final: "d" }],
  ["(cn:=x)", { kind: "extensible", attribute: "cn", rule: undefined, dnAttributes: false, value: "x" }],
  ["(ou:DN:=x)", { kind: "extensible", attribute: "ou", rule: undefined, dnAttributes: true, value: "x" }],
  ["(cn:2.5.13.5:=x)", { kind: "extensible", attribute: "cn", rule: "2.5.13.5", dnAttributes: false, value: "x" }],
  [
    "(:dn:caseExactMatch:=x)",
    { kind: "extensible", attribute: undefined, rule: "caseExactMatch", dnAttributes: true, value: "x" },
  ],
  ["(&)", { kind: "and", filters: [] }],
  ["(|)", { kind: "or", filters: [] }],
  ["(!(a=b))", { kind: "not", filter: equal("a", "b") }],
  [
    "( & ( a=b)\n (|(c=d) (! (e=f)) ) )",
    {
      kind: "and",
      filters: [equal("a", "b"), { kind: "or", filters: [equal("c", "d"), { kind: "not", filter: equal("e", "f") }] }],
    },
  ],
];

const refusals: [string, number, string][] = [
  ["", 1, "it is empty"],
  ["  ", 1, "it is empty"],
  ["uid=anna", 1, 'it does not start with "("'],
  [" (uid=anna)", 1, 'it does not start with "("'],
  ["(uid=anna", 10, "closing parenthesis is missing"],
  ["(&(objectClass=person)(uid=a", 29, "closing parenthesis is missing"],
  ["(&(objectClass=person)(uid=a)", 30, "closing parenthesis is missing"],
  ["(&(objectClass=person(uid=a))", 22, "parenthesis expected"],
  ["(&(a=b)c=d)", 8, "parenthesis expected"],
  ["(&a=b)", 3, "parenthesis expected"],
  ["(uid=a(b)", 7, "parenthesis expected"],
  ["(uid=a))", 8, "closing parenthesis without an opening one"],
  ["(uid=a)(cn=b)", 8, "text after the end"],
  ["(uid=a) ", 8, "text after the end"],
  ["()", 2, "an attribute, &, | or ! is expected"],
  ["((a=b))", 2, "an attribute, &, | or ! is expected"],
  ["(uid)", 5, 'no operator after "uid"'],
  ["(uid>5)", 5, 'no operator after "uid"'],
  ["(=x)", 2, "an attribute name is missing"],
  ["(uid =x)", 2, '"uid " is not an attribute name'],
  ["(c_n=x)", 2, '"c_n" is not an attribute name'],
  ["(1.2.=x)", 2, '"1.2." is not an attribute name'],
  ["(cn;=x)", 2, '"cn;" is not an attribute name'],
  ["(*=x)", 2, '"*" is not an attribute name'],
  ["(cn=a\\zz)", 6, "bad escape"],
  ["(cn=*å\\4)", 7, "bad escape"],
  ["(cn=a**b)", 6, '"**"'],
  ["(uidNumber>=1*)", 14, '"*" stands for a part of a value only after "="'],
  ["(cn:=a*)", 7, '"*" stands for a part of a value only after "="'],
  ["(cn:dn=a)", 4, 'a matching rule without ":="'],
  ["(:=a)", 2, "attribute and matching rule are not clear"],
  ["(:dn:=a)", 2, "attribute and matching rule are not clear"],
  ["(cn:a:b:=a)", 2, "attribute and matching rule are not clear"],
  ["(cn::=a)", 4, "a matching rule name is missing"],
  ["(cn:a b:=a)", 4, '"a b" is not a matching rule name'],
  ["(!)", 3, '"!" without a filter'],
  ["(!(a=b)(c=d))", 8, '"!" takes one filter'],
  ["(&(cn=👩👩)x)", 10, "parenthesis expected"],
  [`${"(!".repeat(300)}(a=b)${")".repeat(300)}`, 403, "more than 200 levels of parentheses"],
];

describe("parseFilter", () => {
  it.each(readings)("reads %s", (text, node) => {
    expect(parseFilter(text)).toEqual(node);
  });

  it.each(refusals)("refuses %s at character %i", (text, character, reason) => {
    const failure = failureOf(() => parseFilter(text));
    expect(failure.turn).toBe("configuration");
    expect(failure.message).toMatch(new RegExp(`^filter does not parse at character ${character}: "`));
    expect(failure.message.endsWith(`" – ${reason}`), failure.message).toBe(true);
    expect(failure.hint).toMatch(/^[^A-Z].*[^.]$/);
  });

  it("shows the filter, the place and what to do", () => {
    expect(failureOf(() => parseFilter("(&(objectClass=person)(uid=a"))).toEqual({
      turn: "configuration",
      message: 'filter does not parse at character 29: "(&(objectClass=person)(uid=a" – closing parenthesis is missing',
      hint: "close the parenthesis that is opened at character 23",
    });
  });

  it("shows a filter of several lines as one line, and of a long one the part that matters", () => {
    expect(failureOf(() => parseFilter("(&\n(a=b)")).message).toContain('"(& (a=b)"');
    const long = failureOf(() => parseFilter(`(|${"(uid=anna)".repeat(50)}(uid)${"(uid=anna)".repeat(50)})`)).message;
    expect(long).toContain("(uid)");
    expect(long.length).toBeLessThan(320);
  });

  it("answers every text with a filter or a Failure", () => {
    const text = fc.string({ unit: fc.constantFrom(..."(()))&|!=*<>~:\\2a;. b".split("")), maxLength: 30 });
    fc.assert(
      fc.property(text, (filter) => {
        try {
          parseFilter(`(${filter})`);
        } catch (error) {
          expect(error).toBeInstanceOf(Failure);
        }
      }),
    );
  });
});

const attribute = fc.constantFrom("cn", "mail", "cn;lang-de", "2.5.4.3");
const value = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: fc.constantFrom("*", "(", ")", "\\", "\0", " ", "\n") }),
  fc.uint8Array({ minLength: 1 }).map((bytes) => Buffer.from([0xff, ...bytes])),
);
const some = value.filter((text) => text.length > 0);
const { node: anyFilter } = fc.letrec<{ node: FilterNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 3 },
    fc.record({ kind: fc.constantFrom("equal", "greaterOrEqual", "lessOrEqual", "approx"), attribute, value }),
    fc.record({ kind: fc.constant("present"), attribute }),
    fc.record({
      kind: fc.constant("substring"),
      attribute,
      initial: some,
      any: fc.array(some, { maxLength: 2 }),
      final: fc.option(some, { nil: undefined }),
    }),
    fc.record({
      kind: fc.constant("extensible"),
      attribute: fc.option(attribute, { nil: undefined }),
      rule: fc.constantFrom("2.5.13.2", "caseExactMatch"),
      dnAttributes: fc.boolean(),
      value,
    }),
    fc.record({ kind: fc.constant("not"), filter: tie("node") }),
    fc.record({ kind: fc.constantFrom("and", "or"), filters: fc.array(tie("node"), { maxLength: 3 }) }),
  ) as fc.Arbitrary<FilterNode>,
}));

describe("formatFilter", () => {
  it("writes text that parses to the same filter", () => {
    fc.assert(
      fc.property(anyFilter, (node) => {
        expect(parseFilter(formatFilter(node))).toEqual(node);
      }),
    );
  });

  it.each([
    ["(cn=a\\28\\29\\2A\\5Cb)", "(cn=a\\28\\29\\2a\\5cb)"],
    ["(guid=\\A4\\ff\\41)", "(guid=\\a4\\ffA)"],
    ["(cn=\\c3\\a5*)", "(cn=å*)"],
    ["(cn=a\nb)", "(cn=a\\0ab)"],
    ["( & (ou:DN:2.5.13.2:=x) (! (b=*)) )", "(&(ou:dn:2.5.13.2:=x)(!(b=*)))"],
  ])("writes %s as %s", (written, canonical) => {
    expect(formatFilter(parseFilter(written))).toBe(canonical);
  });
});

describe("andFilters", () => {
  it.each([
    [["(a=b)", undefined, "(|(c=d)(e=f))"], "(&(a=b)(|(c=d)(e=f)))"],
    [[undefined, "(& (a=b))"], "(& (a=b))"],
    [[undefined], "(objectClass=*)"],
  ])("joins %j", (texts, joined) => {
    expect(andFilters(texts)).toBe(joined);
  });

  it("shows the one that does not parse", () => {
    expect(failureOf(() => andFilters(["(a=b)", "(c=d"])).message).toContain('"(c=d"');
  });
});

it("filterAttributes names each attribute once", () => {
  const filter = "(&(objectClass=person)(|(cn=a*)(CN>=b))(!(mail=*))(:2.5.13.2:=x)(ou:dn:=y)(cn;lang-de=z))";
  expect(filterAttributes(parseFilter(filter))).toEqual(["objectClass", "cn", "mail", "ou", "cn;lang-de"]);
});

const anna: Entry = {
  dn: "uid=anna+cn=Anna Berg,ou=People,dc=example,dc=com",
  attributes: new Map<string, AttributeValue[]>([
    ["objectclass", ["top", "inetOrgPerson"]],
    ["uid", ["anna"]],
    ["cn", ["Anna  Berg", "Ånna Straße"]],
    ["cn;lang-de;x-b", ["Anna Gebirge"]],
    ["uidnumber", ["900"]],
    ["useraccountcontrol", ["514"]],
    ["grouptype", ["-2147483646"]],
    ["manager", ["uid=Boss, ou=people,dc=example,dc=com"]],
    ["objectguid", [Buffer.from([0xa4, 0xff, 0x28])]],
    ["whencreated", ["20260102030405Z"]],
    ["title", [""]],
  ]),
};

const judgements: [string, boolean][] = [
  ["(&)", true],
  ["(|)", false],
  ["(UID=ANNA)", true],
  ["(uid= anna )", true],
  ["(uid=ann)", false],
  ["(uid;binary=anna)", true],
  ["(cn=anna berg)", true],
  ["(cn=a\\cc\\8anna STRASSE)", true],
  ["(cn=anna gebirge)", true],
  ["(cn;lang-de=anna gebirge)", true],
  ["(cn;x-b;lang-de=anna gebirge)", true],
  ["(cn;lang-en=anna gebirge)", false],
  ["(cn;lang-de=anna berg)", false],
  ["(cn~=anna berg)", true],
  ["(uid=*)", true],
  ["(title=*)", true],
  ["(mail=*)", false],
  ["(!(mail=x))", true],
  ["(title=)", true],
  ["(manager=UID=boss,OU=People,dc=example, dc=com)", true],
  ["(manager=uid=boss,dc=example,dc=com)", false],
  ["(objectGUID=\\a4\\ff\\28)", true],
  ["(objectGUID=\\a4\\ff)", false],
  ["(objectGUID=\\a4\\ff*)", true],
  ["(objectGUID=*\\ff*)", true],
  ["(objectGUID=*\\ff)", false],
  ["(cn=ANNA*)", true],
  ["(cn=*berg)", true],
  ["(cn=a*a*b*g)", true],
  ["(cn=anna berg*anna berg)", false],
  ["(cn=Anna *)", true],
  ["(cn=Anna Berg *)", true],
  ["(cn=An *)", false],
  ["(cn=*a b*)", true],
  ["(uid=an*na)", true],
  ["(uid=ann*na)", false],
  ["(uid=*n*n*n*)", false],
  ["(uidNumber>=1000)", false],
  ["(uidNumber>=900)", true],
  ["(uidNumber<=1000)", true],
  ["(uidNumber<=90)", false],
  ["(uid>=ANN)", true],
  ["(uid<=ann)", false],
  ["(uid>=\\f0\\9f\\98\\80)", false],
  ["(whenCreated>=20260101000000Z)", true],
  ["(whenCreated<=20260101000000Z)", false],
  ["(userAccountControl:1.2.840.113556.1.4.803:=2)", true],
  ["(userAccountControl:1.2.840.113556.1.4.803:=3)", false],
  ["(userAccountControl:1.2.840.113556.1.4.804:=3)", true],
  ["(!(userAccountControl:1.2.840.113556.1.4.803:=2))", false],
  ["(groupType:1.2.840.113556.1.4.803:=2147483648)", true],
  ["(uid:1.2.840.113556.1.4.803:=2)", false],
  ["(!(uid:1.2.840.113556.1.4.803:=2))", false],
  ["(!(|(uid:1.2.840.113556.1.4.803:=2)(mail=x)))", false],
  ["(|(uid:1.2.840.113556.1.4.803:=2)(uid=anna))", true],
  ["(!(&(uid:1.2.840.113556.1.4.803:=2)(mail=x)))", true],
  ["(!(mail:1.2.840.113556.1.4.803:=2))", true],
  ["(uid:caseExactMatch:=anna)", true],
  ["(uid:2.5.13.5:=Anna)", false],
  ["(uid:CASEIGNOREMATCH:=Anna)", true],
  ["(uid:=Anna)", true],
  ["(ou=people)", false],
  ["(ou:=people)", false],
  ["(ou:dn:=people)", true],
  ["(cn:dn:2.5.13.5:=Anna Berg)", true],
  ["(uid:dn:=people)", false],
  ["(:dn:2.5.13.2:=PEOPLE)", true],
  ["(:2.5.13.2:=INETORGPERSON)", true],
  ["(:2.5.13.2:=people)", false],
  ["(&(objectClass=inetOrgPerson)(!(uid=bert)))", true],
  ["(&(objectClass=inetOrgPerson)(uid=bert))", false],
  ["(|(uid=bert)(uid=anna))", true],
];

describe("compileFilter", () => {
  it.each(judgements)("%s is %s", (filter, expected) => {
    expect(compileFilter(parseFilter(filter))(anna)).toBe(expected);
  });

  it("refuses a matching rule it does not have before it sees an entry", () => {
    const filter = parseFilter("(!(memberOf:1.2.840.113556.1.4.1941:=cn=a))");
    expect(failureOf(() => compileFilter(filter))).toEqual({
      turn: "configuration",
      message: "filter uses the matching rule 1.2.840.113556.1.4.1941, which an LDIF file source lacks",
      hint: "it knows caseIgnoreMatch, caseExactMatch and the bit rules 1.2.840.113556.1.4.803 and .804",
    });
  });

  it("finds the same entries after the filter was written and read back", () => {
    fc.assert(
      fc.property(anyFilter, (node) => {
        expect(compileFilter(parseFilter(formatFilter(node)))(anna)).toBe(compileFilter(node)(anna));
      }),
    );
  });
});
