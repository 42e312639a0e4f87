import { expect, it } from "vitest";
import type { ColumnRule } from "../src/config/schema.ts";
import { conversionOf } from "../src/mapping/conversions.ts";

type Row = [as: ColumnRule["as"], text: string, converted: string];

it.each<Row>([
  ["string", " As It Is ", " As It Is "],
  ["integer", "0", "0"],
  ["integer", "42", "42"],
  ["integer", "+42", "42"],
  ["integer", "-42", "-42"],
  ["integer", "007", "7"],
  ["integer", "-000", "0"],
  ["integer", "-0010", "-10"],
  ["integer", "123456789012345678901234567890", "123456789012345678901234567890"],
  ["boolean", "TRUE", "true"],
  ["boolean", "False", "false"],
  ["boolean", "1", "true"],
  ["boolean", "0", "false"],
  ["boolean", "yes", "true"],
  ["boolean", "NO", "false"],
  ["uuid", "0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["uuid", "{0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0}", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["uuid", "0b1c2d3e4f5061728394a5b6c7d8e9f0", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["uuid", "{0b1c2d3e4f5061728394a5b6c7d8e9f0}", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["base64", "Åsa", "w4VzYQ=="],
  ["base64", " a\n", "IGEK"],
  ["binary", "Åsa", "0xc3857361"],
  ["binary", "\uFEFF\0", "0xefbbbf00"],
  ["guid", "{0B1C2D3E-4F50-6172-8394-A5B6C7D8E9F0}", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["guid", "0b1c2d3e4f5061728394a5b6c7d8e9f0", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  // Sixteen bytes that happen to be UTF-8, a byte order mark at their start.
  ["guid", "abcdefghijklmnop", "64636261-6665-6867-696a-6b6c6d6e6f70"],
  ["guid", "\uFEFFa\0éÜxyzäö", "61bfbbef-c300-c3a9-9c78-797ac3a4c3b6"],
  ["sid", "S-1-5-21-3623811015-3361044348-30300820-1013", "S-1-5-21-3623811015-3361044348-30300820-1013"],
  ["sid", "s-1-05-018", "S-1-5-18"],
  ["sid", "S-1-0x0000000000FF-4294967295", "S-1-255-4294967295"],
  ["sid", "S-1-0x123456789abc-1", "S-1-0x123456789abc-1"],
  ["sid", "\u0001\u0001\0\0\0\0\0\u0005\u0012\0\0\0", "S-1-5-18"],
  ["filetime", "116444736000000000", "1970-01-01T00:00:00.000000Z"],
  ["filetime", "133500000000000019", "2024-01-17T21:20:00.000001Z"],
  // 2^53 and one more, which a number cannot tell apart from it.
  ["filetime", "9007199254740999", "1629-07-17T23:58:45.474099Z"],
  ["filetime", "1", "1601-01-01T00:00:00.000000Z"],
  ["filetime", "2650467743999999999", "9999-12-31T23:59:59.999999Z"],
  ["filetime", "0", ""],
  ["filetime", "9223372036854775807", ""],
  ["rdn", "uid=anna,ou=people,dc=example", "anna"],
  ["rdn", "cn=Ek\\, Anna,dc=example", "Ek, Anna"],
  ["rdn", "cn=\\C3\\85sa+uid=asa,dc=example", "Åsa"],
])("reads as %s %j as %j", (as, text, converted) => {
  expect(conversionOf(as).convert(text)).toBe(converted);
});

it.each<[as: ColumnRule["as"], text: string]>([
  ["integer", ""],
  ["integer", "-"],
  ["integer", "4 2"],
  ["integer", " 42"],
  ["integer", "42\n"],
  ["integer", "4.0"],
  ["integer", "4e2"],
  ["integer", "0x10"],
  ["integer", "٤٢"],
  ["integer", "--1"],
  ["boolean", "on"],
  ["boolean", "t"],
  ["boolean", "2"],
  ["boolean", "TRUE "],
  ["boolean", "constructor"],
  ["uuid", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"],
  ["uuid", "0b1c2d3e-4f50-6172-8394a5b6c7d8e9f0"],
  ["uuid", "0b1c2d3g-4f50-6172-8394-a5b6c7d8e9f0"],
  ["uuid", "{0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["uuid", "urn:uuid:0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f0"],
  ["guid", "abcdefghijklmno"],
  ["guid", "ünï-abcdefghij-16"],
  ["guid", "0b1c2d3e-4f50-6172-8394-a5b6c7d8e9f"],
  ["sid", "S-1"],
  ["sid", "S-2-5-18"],
  ["sid", "S-1-5-4294967296"],
  ["sid", "S-1-4294967296-1"],
  ["sid", "S-1-5-18-"],
  ["sid", `S-1-5${"-1".repeat(16)}`],
  ["sid", "\u0001\u0002\0\0\0\0\0\u0005\u0012\0\0\0"],
  ["sid", "\u0002\u0001\0\0\0\0\0\u0005\u0012\0\0\0"],
  ["filetime", "-1"],
  ["filetime", "2650467744000000000"],
  ["filetime", "9223372032559808511"],
  ["filetime", "9223372036854775808"],
  ["filetime", "20261123134501Z"],
  ["filetime", "1e17"],
  ["rdn", "Anna Ek"],
])("does not read as %s %j", (as, text) => {
  expect(conversionOf(as).convert(text)).toBeUndefined();
});

it.each<[what: string, text: string, instant: string]>([
  ["whole seconds", "20261123134501Z", "2026-11-23T13:45:01.000000Z"],
  ["the form of Active Directory", "20261123134501.0Z", "2026-11-23T13:45:01.000000Z"],
  ["a comma", "20261123134501,25Z", "2026-11-23T13:45:01.250000Z"],
  ["microseconds, as OpenLDAP's entryCSN has them", "20261123134501.123456Z", "2026-11-23T13:45:01.123456Z"],
  ["what is finer, cut and not rounded", "20261123134501.9999999Z", "2026-11-23T13:45:01.999999Z"],
  ["no seconds", "202611231345Z", "2026-11-23T13:45:00.000000Z"],
  ["no minutes", "2026112313Z", "2026-11-23T13:00:00.000000Z"],
  ["a fraction of a minute", "202611231345.5Z", "2026-11-23T13:45:30.000000Z"],
  ["a fraction of an hour", "2026112313.75Z", "2026-11-23T13:45:00.000000Z"],
  ["a long fraction of an hour", "2026112313.333333333333333333Z", "2026-11-23T13:19:59.999999Z"],
  ["a fraction of any length", `2026112313.${"3".repeat(400)}Z`, "2026-11-23T13:19:59.999999Z"],
  ["an offset of hours", "20261123134501+01", "2026-11-23T12:45:01.000000Z"],
  ["an offset of hours and minutes", "20261123134501.5-0330", "2026-11-23T17:15:01.500000Z"],
  ["an offset over the end of a year", "20261231233000-0100", "2027-01-01T00:30:00.000000Z"],
  ["an offset beside a fraction of an hour", "2026112300.5+0100", "2026-11-22T23:30:00.000000Z"],
  ["a leap second", "20161231235960Z", "2017-01-01T00:00:00.000000Z"],
  ["a leap second with a fraction", "20161231235960.25Z", "2017-01-01T00:00:00.250000Z"],
  ["a leap second elsewhere", "20170101005960+0100", "2017-01-01T00:00:00.000000Z"],
  ["29 February of a leap year", "20240229000000Z", "2024-02-29T00:00:00.000000Z"],
  ["29 February of 2000", "20000229000000Z", "2000-02-29T00:00:00.000000Z"],
  ["the never of some directories", "99991231235959Z", "9999-12-31T23:59:59.000000Z"],
  ["the year 1", "00010101000000Z", "0001-01-01T00:00:00.000000Z"],
  ["an early year with an offset", "00500101000000+0100", "0049-12-31T23:00:00.000000Z"],
])("reads as datetime %s", (_what, text, instant) => {
  expect(conversionOf("datetime").convert(text)).toBe(instant);
});

it.each<[what: string, text: string]>([
  ["no zone", "20261123134501"],
  ["a date alone", "20261123Z"],
  ["31 February", "20260231000000Z"],
  ["29 February of a common year", "20260229000000Z"],
  ["29 February of 1900", "19000229000000Z"],
  ["31 April", "20260431000000Z"],
  ["day 0", "20261100000000Z"],
  ["month 0", "20260023000000Z"],
  ["month 13", "20261323000000Z"],
  ["hour 24", "20261123240000Z"],
  ["minute 60", "20261123136000Z"],
  ["second 61", "20261123134561Z"],
  ["an offset of 24 hours", "20261123134501+2400"],
  ["an offset of 60 minutes", "20261123134501+0060"],
  ["a small z", "20261123134501z"],
  ["a point without a fraction", "20261123134501.Z"],
  ["utcTime", "261123134501Z"],
  ["ISO 8601", "2026-11-23T13:45:01Z"],
  ["an instant before the year 0", "00000101000000+0100"],
  ["an instant after the year 9999", "99991231235959-0100"],
  ["a line break behind", "20261123134501Z\n"],
])("does not read as datetime %s", (_what, text) => {
  expect(conversionOf("datetime").convert(text)).toBeUndefined();
});

it("reads bytes that are not UTF-8 as what is made of bytes, and as nothing else", () => {
  const ways = ["string", "integer", "boolean", "datetime", "filetime", "uuid", "rdn"] as const;
  expect(ways.map((as) => conversionOf(as).convertBytes)).toEqual(ways.map(() => undefined));
});

it.each<[as: ColumnRule["as"], hex: string, converted: string | undefined]>([
  ["base64", "fffe00", "//4A"],
  ["binary", "fffe00", "0xfffe00"],
  ["guid", "ff1c2d3e4f5061728394a5b6c7d8e9f0", "3e2d1cff-504f-7261-8394-a5b6c7d8e9f0"],
  // The example of [MS-DTYP] section 2.3.4.3 read from its bytes; a line feed and a NUL are bytes as others.
  ["guid", "0a00ff0000000000c000000000000046", "00ff000a-0000-0000-c000-000000000046"],
  ["guid", "ff1c2d3e4f5061728394a5b6c7d8e9", undefined],
  ["sid", "010500000000000515000000c70b1dd83c8455c8941ace01f5030000", "S-1-5-21-3625782215-3361047612-30284436-1013"],
  ["sid", "0101fffffffffffe00000080", "S-1-0xfffffffffffe-2147483648"],
  ["sid", "0100000100000000", "S-1-0x000100000000"],
  ["sid", "0100ffffffff", undefined],
  ["sid", "01100000000000ff", undefined],
  ["sid", "0101000000000005ff0000", undefined],
])("reads as %s the bytes %s as %j", (as, hex, converted) => {
  expect(conversionOf(as).convertBytes?.(Buffer.from(hex, "hex"))).toBe(converted);
});

it.each<[as: ColumnRule["as"], text: string, hex: string | undefined]>([
  ["guid", "{3E2D1CFF-504f-7261-8394-a5b6c7d8e9f0}", "ff1c2d3e4f5061728394a5b6c7d8e9f0"],
  ["guid", "anna", undefined],
  ["sid", "S-1-0xfffffffffffe-2147483648", "0101fffffffffffe00000080"],
  ["sid", "S-1-5-18", "010100000000000512000000"],
  ["sid", "anna", undefined],
  ["binary", "0xFFfe", "fffe"],
  ["binary", "anna", undefined],
])("knows that for %s %j a directory has the bytes %s", (as, text, hex) => {
  const bytes = conversionOf(as).inDirectory?.(text);
  expect(Buffer.isBuffer(bytes) ? bytes.toString("hex") : bytes).toBe(hex);
});
