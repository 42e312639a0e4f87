import type { Kind } from "../mapping/value.ts";
import { fitBinary } from "./binary.ts";
import type { Charset, Column, ColumnType } from "./column.ts";
import { canonicalJson, isDouble, roundedNumber } from "./json.ts";
import { withoutTrailing } from "./text.ts";

/** Why a value does not fit its column, in words that follow the column's name: "210 characters, column holds 191". */
interface Misfit {
  readonly misfit: string;
}

type Fitted = string | Misfit;
type OfType<T extends ColumnType["type"]> = Extract<ColumnType, { type: T }>;
type Fitters = { readonly [T in ColumnType["type"]]: (text: string, kind: Kind, type: OfType<T>) => Fitted };

/** One check before the write, so that what is compared and written is what the column will hold. */
export type Fit = (value: string | null) => string | null | Misfit;

/**
 * The conversion from a mapped value of one kind to the text that the column gives back when it is read, so that
 * comparing texts is comparing what is stored. Nothing is rounded or cut in silence but fractions of a second.
 */
export function fitter(kind: Kind, column: Column, type: ColumnType): Fit {
  const convert = fitters[type.type] as (text: string, kind: Kind, type: ColumnType) => Fitted;
  return (value) => {
    if (value === null) return column.nullable ? null : { misfit: "no value, column is NOT NULL" };
    return convert(value, kind, type);
  };
}

/** Without a sign and zeros in front, below 2^53. */
const plainInteger = /^(?:0|[1-9]\d{0,14})$/;

const fitters: Fitters = {
  text: (text, kind, type) => fitText(kind === "datetime" ? shortInstant(text) : text, type),
  integer: (text, kind, type) => {
    // Numbers that JavaScript holds exactly, which nearly all are.
    if (plainInteger.test(text)) {
      const value = Number(text);
      if (value >= type.min && value <= type.max) return text;
    }
    const digits = kind === "boolean" ? (text === "true" ? "1" : "0") : text.trim();
    if (!/^[+-]?\d+$/.test(digits)) return { misfit: `${quoted(text)} is not an integer` };
    const size = digits.replace(/^[+-]?0*(?=\d)/, "");
    const number = digits.startsWith("-") && size !== "0" ? `-${size}` : size;
    // No column has more than 64 bits, and the conversion of a million digits takes its time.
    return size.length > 20 || BigInt(number) < type.min || BigInt(number) > type.max
      ? { misfit: `${short(number)} is out of range, column holds ${type.min} to ${type.max}` }
      : number;
  },
  decimal: (text, _kind, type) => fitDecimal(text.trim(), type),
  float: (text, _kind, type) => {
    const number = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i.test(text.trim()) ? Number(text) : Number.NaN;
    const stored = type.bits === 32 ? Math.fround(number) : number;
    return Number.isFinite(stored) ? String(stored) : { misfit: `${quoted(text)} is not a number the column holds` };
  },
  numeric: (text, kind) => fitNumeric(text.trim(), kind),
  date: (text) => {
    const parts = parseInstant(text);
    return parts ? parts.date : { misfit: `${quoted(text)} is not a date (YYYY-MM-DD)` };
  },
  datetime: (text, _kind, type) => {
    const parts = parseInstant(text);
    if (!parts) return { misfit: `${quoted(text)} is not a date and time (YYYY-MM-DD HH:MM:SS)` };
    const second = `${parts.date} ${parts.time}`;
    if (second < type.min || second > type.max) {
      return { misfit: `${second} is out of range, column holds ${type.min} to ${type.max}` };
    }
    return type.fraction === 0
      ? second
      : `${second}.${parts.fraction.padEnd(type.fraction, "0").slice(0, type.fraction)}`;
  },
  bit: (text, kind, type) =>
    fitters.integer(text, kind, { type: "integer", min: 0n, max: (1n << BigInt(type.bits)) - 1n }),
  binary: fitBinary,
  json: (text, _kind, type) => {
    const json = canonicalJson(text);
    if (json === undefined) return { misfit: `${quoted(text)} is not JSON` };
    const rounded = type.doubles ? roundedNumber(json) : undefined;
    return rounded === undefined ? json : { misfit: `${short(rounded)} has more digits than the column keeps` };
  },
  uuid: (text) =>
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)
      ? text.toLowerCase()
      : { misfit: `${quoted(text)} is not a UUID` },
  enum: (text, _kind, type) => {
    if (type.members.includes(text)) return text;
    const lower = text.toLowerCase();
    return (
      type.members.find((member) => member.toLowerCase() === lower) ?? {
        misfit: `${quoted(text)} is not one of ${type.members.map(quoted).join(", ")}`,
      }
    );
  },
};

function fitText(text: string, type: OfType<"text">): Fitted {
  const kept = type.padded ? withoutTrailing(text, " ") : text;
  // Only a text that is longer in UTF-16 units than the column has characters needs to be counted.
  if (type.maxChars !== undefined && kept.length > type.maxChars) {
    const length = codePoints(kept);
    if (length > type.maxChars) return { misfit: `${length} characters, column holds ${type.maxChars}` };
  }
  if (type.maxBytes !== undefined && kept.length * 3 > type.maxBytes) {
    const bytes = type.charset === "latin1" || type.charset === "ascii" ? kept.length : Buffer.byteLength(kept, "utf8");
    if (bytes > type.maxBytes) return { misfit: `${bytes} bytes, column holds ${type.maxBytes}` };
  }
  if (type.charset === "unicode" && kept.isWellFormed()) return kept;
  const stranger = outside[type.charset]?.exec(kept)?.[0];
  return stranger === undefined
    ? kept
    : { misfit: `${quoted(stranger)} cannot be stored in the column's character set (${type.charset})` };
}

/**
 * The first character that a character set does not have. MySQL's latin1 is Windows-1252, with control characters in the
 * five places that Windows leaves empty (https://dev.mysql.com/doc/refman/8.0/en/charset-we-sets.html).
 */
const outside: { readonly [C in Charset]: RegExp } = {
  unicode: /\p{Surrogate}/u,
  bmp: /[\u{10000}-\u{10FFFF}]|\p{Surrogate}/u,
  latin1: /[^\0-\x7f\x81\x8d\x8f\x90\x9d\xa0-\xff€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]/u,
  ascii: /[\u{80}-\u{10FFFF}]/u,
};

function fitDecimal(text: string, type: OfType<"decimal">): Fitted {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  const [, sign, before = "", after = ""] = match ?? [];
  const whole = before.replace(/^0+/, "");
  const fraction = withoutTrailing(after, "0");
  if (before === "" && after === "") return { misfit: `${quoted(text)} is not a decimal number` };
  const holds = `column holds ${type.unsigned ? "positive numbers with " : ""}${type.precision - type.scale} digits before and ${type.scale} after the point`;
  if (whole.length > type.precision - type.scale) return { misfit: `${short(text)} is out of range, ${holds}` };
  if (fraction.length > type.scale) return { misfit: `${short(text)} has ${fraction.length} decimals, ${holds}` };
  const zero = whole === "" && fraction === "";
  if (sign === "-" && type.unsigned && !zero) return { misfit: `${short(text)} is negative, ${holds}` };
  const number = type.scale === 0 ? whole || "0" : `${whole || "0"}.${fraction.padEnd(type.scale, "0")}`;
  return sign === "-" && !zero ? `-${number}` : number;
}

const int64 = { type: "integer", min: -(2n ** 63n), max: 2n ** 63n - 1n } as const;

function fitNumeric(text: string, kind: Kind): Fitted {
  if (kind === "boolean" || /^[+-]?\d+$/.test(text)) return fitters.integer(text, kind, int64);
  const stored = fitters.float(text, kind, { type: "float", bits: 64 });
  if (typeof stored !== "string") return stored;
  if (/^-?\d+$/.test(stored)) return fitters.integer(stored, kind, int64);
  const written = text
    .replace(/^\+/, "")
    .replace(/^(-?)\./, "$10.")
    .replace(/\.(?!\d)/, "");
  return isDouble(written) ? stored : { misfit: `${short(text)} has more digits than the column keeps` };
}

interface Instant {
  readonly date: string;
  readonly time: string;
  /** Six digits. */
  readonly fraction: string;
}

/** ISO 8601 date, or date and time with an optional `T`, fraction and `Z`; undefined where it is none or no such day exists. */
function parseInstant(text: string): Instant | undefined {
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z?)?$/.exec(text.trim());
  const [, date, time = "00:00:00", fraction = ""] = match ?? [];
  if (date === undefined) return undefined;
  const parsed = new Date(`${date}T${time}Z`);
  return Number.isNaN(parsed.getTime()) || !parsed.toISOString().startsWith(`${date}T${time}`)
    ? undefined
    : { date, time, fraction: fraction.padEnd(6, "0").slice(0, 6) };
}

/** An instant of the mapping (six fraction digits) without the zeros that say nothing. */
const shortInstant = (text: string): string =>
  text.replace(/\.\d{6}Z$/, (fraction) => `${withoutTrailing(withoutTrailing(fraction.slice(0, -1), "0"), ".")}Z`);

const codePoints = (text: string): number => {
  let length = 0;
  for (const _ of text) length += 1;
  return length;
};

const short = (text: string): string => (text.length > 60 ? `${text.slice(0, 57)}…` : text);
const quoted = (text: string): string => JSON.stringify(short(text));
