import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { firstRdn, isWithin, normaliseDn, parseDn } from "../src/source/dn.ts";

const rdn = (type: string, value: string) => [{ type, value }];
const example = [rdn("dc", "example"), rdn("dc", "com")];

describe("parseDn", () => {
  it.each([
    ["", []],
    ["  ", []],
    ["uid=anna,dc=example,dc=com", [rdn("uid", "anna"), ...example]],
    ["CN=Anna Berg,dc=example,dc=com", [rdn("CN", "Anna Berg"), ...example]],
    [" uid = anna , dc=example;dc = com ", [rdn("uid", "anna"), ...example]],
    ["cn=Berg\\, Anna,dc=com", [rdn("cn", "Berg, Anna"), rdn("dc", "com")]],
    ["cn=Berg\\2C Anna,dc=com", [rdn("cn", "Berg, Anna"), rdn("dc", "com")]],
    ["cn=Lu\\C4\\8Di\\c4\\87,dc=com", [rdn("cn", "Lučić"), rdn("dc", "com")]],
    ["cn=Åsa,dc=com", [rdn("cn", "Åsa"), rdn("dc", "com")]],
    ["cn=👩\\,,dc=com", [rdn("cn", "👩,"), rdn("dc", "com")]],
    ["cn=\\ a\\ ,dc=com", [rdn("cn", " a "), rdn("dc", "com")]],
    ["cn=\\  a \\  ,dc=com", [rdn("cn", "  a  "), rdn("dc", "com")]],
    ['cn=\\#a\\+\\;\\<\\>\\=\\\\\\",dc=com', [rdn("cn", '#a+;<>=\\"'), rdn("dc", "com")]],
    ["cn=a=b", [rdn("cn", "a=b")]],
    ["cn=", [rdn("cn", "")]],
    ["cn=,dc=com", [rdn("cn", ""), rdn("dc", "com")]],
    ["CN=old\\0ACNF:1234,dc=com", [rdn("CN", "old\nCNF:1234"), rdn("dc", "com")]],
    ['cn="Berg, Anna" ,dc=com', [rdn("cn", "Berg, Anna"), rdn("dc", "com")]],
    ['cn=" a\\"b ",dc=com', [rdn("cn", ' a"b '), rdn("dc", "com")]],
    ["1.3.6.1.4.1.1466.0=#04024869,dc=com", [rdn("1.3.6.1.4.1.1466.0", "Hi"), rdn("dc", "com")]],
    ["OID.2.5.4.3=#0C8103C3A561", [rdn("2.5.4.3", "åa")]],
    ["cn=#0500", [rdn("cn", "#0500")]],
    ["cn=a\\ff", [rdn("cn", "a\\ff")]],
    ["uid=a+cn=b,dc=com", [[...rdn("uid", "a"), ...rdn("cn", "b")], rdn("dc", "com")]],
  ])("reads %s", (text, rdns) => {
    expect(parseDn(text)).toEqual(rdns);
  });

  it.each([
    "anna",
    "uid=anna,",
    ",uid=anna",
    "uid=a,,dc=com",
    "uid=a+,dc=com",
    "=a",
    "u_d=a",
    "1.=a",
    "cn=a\\",
    "cn=a\\x",
    "cn=a\\4",
    'cn=a"b',
    'cn="a',
    'cn="',
    'cn="a"b',
    "cn=#0z",
    "cn=#",
  ])("does not take %s for a DN", (text) => {
    expect(parseDn(text)).toBeUndefined();
  });
});

describe("normaliseDn", () => {
  it.each([
    ["UID=Anna,DC=Example,dc=com", "uid=anna,dc=example,dc=com"],
    [" uid = Anna , dc=example", "uid=anna,dc=example"],
    ["cn=Anna   Berg,dc=com", "cn=anna berg,dc=com"],
    ["cn=Berg\\, Anna", "cn=berg\\2c anna"],
    ['cn="Berg, Anna"', "cn=berg\\2c anna"],
    ["uid=a+CN=b,dc=com", "cn=b+uid=a,dc=com"],
    ["cn=ÅSA STRASSE", "cn=åsa strasse"],
    ["cn=a\u030asa Straße", "cn=åsa strasse"],
    ["cn=a，b,dc=com", "cn=a\\2cb,dc=com"],
    ["commonName=Anna,userid=a,domainComponent=com", "cn=anna,uid=a,dc=com"],
    ["2.5.4.3=Anna,oid.2.5.4.11=b, 0.9.2342.19200300.100.1.25 = com", "cn=anna,ou=b,dc=com"],
    ["2.5.4.3=#0404416E6E61+userid=a,dc=com", "cn=anna+uid=a,dc=com"],
    ["E=a@b,S=Skåne,dc=com", "emailaddress=a@b,st=skåne,dc=com"],
    ["1.2.3.4=a,commonNames=b", "1.2.3.4=a,commonnames=b"],
    ["not a DN", "not a dn"],
    ["", ""],
  ])("makes %s %s", (text, normal) => {
    expect(normaliseDn(text)).toBe(normal);
  });

  it("gives one form to a DN however it is escaped, spaced and cased", () => {
    const text = fc.string({ unit: fc.constantFrom(...'aB, +;\\"#<>=å'.split("")), maxLength: 8 });
    const escaped = (value: string) =>
      [...Buffer.from(value)].map((byte) => `\\${byte.toString(16).padStart(2, "0")}`).join("");
    const special = (value: string) => value.replace(/[,+;\\"#<>= ]/g, "\\$&");
    fc.assert(
      fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), (values) => {
        const one = values.map((value) => `cn=${special(value)}`).join(",");
        const other = values.map((value) => `CN = ${escaped(value.toUpperCase())}`).join(" ; ");
        expect(parseDn(one)?.map((part) => part[0]?.value)).toEqual(values);
        expect(normaliseDn(other)).toBe(normaliseDn(one));
        expect(normaliseDn(normaliseDn(one))).toBe(normaliseDn(one));
      }),
    );
  });
});

describe("isWithin", () => {
  it.each([
    ["uid=a,ou=p,dc=com", "ou=p,dc=com", { base: false, one: true, sub: true }],
    ["uid=a,ou=x,ou=p,dc=com", "ou=p,dc=com", { base: false, one: false, sub: true }],
    ["ou=p,dc=com", "ou=p,dc=com", { base: true, one: false, sub: true }],
    ["dc=com", "ou=p,dc=com", { base: false, one: false, sub: false }],
    ["uid=a,xou=p,dc=com", "ou=p,dc=com", { base: false, one: false, sub: false }],
    ["cn=a\\,ou=p,dc=com", "ou=p,dc=com", { base: false, one: false, sub: false }],
    ["cn=a\\,b,ou=p,dc=com", "ou=p,dc=com", { base: false, one: true, sub: true }],
    ["dc=com", "", { base: false, one: true, sub: true }],
    ["dc=example,dc=com", "", { base: false, one: false, sub: true }],
    ["", "", { base: true, one: false, sub: true }],
  ])("judges %s under %s", (dn, base, expected) => {
    const judge = (scope: "base" | "one" | "sub") => isWithin(normaliseDn(dn), normaliseDn(base), scope);
    expect({ base: judge("base"), one: judge("one"), sub: judge("sub") }).toEqual(expected);
  });
});

describe("firstRdn", () => {
  it.each([
    ["uid=anna,dc=com", { type: "uid", value: "anna" }],
    ["uid=anna", { type: "uid", value: "anna" }],
    ["CN=Berg\\, Anna,dc=com", { type: "CN", value: "Berg, Anna" }],
    ["uid=a+cn=b,dc=com", { type: "uid", value: "a" }],
    ["uid=anna,broken", undefined],
    ["anna", undefined],
    ["", undefined],
  ])("of %s", (dn, expected) => {
    expect(firstRdn(dn)).toEqual(expected);
  });
});
