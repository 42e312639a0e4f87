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

it("reads bytes that are not UTF-8 as base64 and as nothing else", () => {
  const kinds = ["string", "integer", "boolean", "datetime", "uuid", "base64", "rdn"] as const;
  const bytes = Buffer.from([0xff, 0xfe, 0x00]);
  expect(kinds.map((as) => conversionOf(as).convertBytes?.(bytes))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
    "//4A",
    undefined,
  ]);
});
