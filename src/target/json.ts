import { withoutTrailing } from "./text.ts";

/** A string or a number in a text that is JSON. */
const token = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * One spelling for equal JSON: no white space, keys sorted. MySQL stores JSON parsed and gives it back in its own
 * spelling, so that only such a form can be compared. A number that a double does not hold stays as it is written.
 * Undefined where the text is not JSON.
 */
export function canonicalJson(text: string): string | undefined {
  try {
    JSON.parse(text);
    // Numbers travel through the parser as strings, told from others by a letter in front, so that they keep their digits.
    return canonical(JSON.parse(text.replace(token, (each) => (isString(each) ? `"s${each.slice(1)}` : `"n${each}"`))));
  } catch {
    return undefined;
  }
}

const isString = (each: string): boolean => each.startsWith('"');

function canonical(value: unknown): string {
  if (typeof value === "string")
    return value.startsWith("n") ? numeral(value.slice(1)) : JSON.stringify(value.slice(1));
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (value === null || typeof value !== "object") return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key.slice(1))}:${canonical(item)}`).join(",")}}`;
}

const numeral = (text: string): string => (isDouble(text) ? String(Number(text)) : text);

/** Whether the shortest decimal that means this double has the value of the text. */
export const isDouble = (text: string): boolean => decimalValue(String(Number(text))) === decimalValue(text);

/** The same text for numerals of the same value: `12e-1` for 1.2 and 1.20 and 0.12e1. */
function decimalValue(text: string): string {
  const [, sign, whole = "", fraction = "", exponent = "0"] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = withoutTrailing(digits, "0");
  if (significant === "") return whole === "" ? text : "0";
  return `${sign}${significant}e${Number(exponent) - fraction.length + digits.length - significant.length}`;
}

/** The first number in canonical JSON that MySQL would round: it keeps 64-bit integers, and all others as doubles. */
export const roundedNumber = (json: string): string | undefined =>
  json.match(token)?.find((each) => !isString(each) && !isDouble(each) && !isInteger64(each));

/** Nineteen digits and a sign, or twenty digits, are the most that 64 bits make. */
const isInteger64 = (text: string): boolean =>
  /^-?\d{1,20}$/.test(text) && BigInt(text) >= -(2n ** 63n) && BigInt(text) < 2n ** 64n;
