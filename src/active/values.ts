import type { AttributeValue } from "../entry.ts";
import { fromGeneralizedTime } from "../mapping/generalized-time.ts";
import { printable } from "../mapping/printable.ts";
import type { Unknown } from "./rule.ts";

/** Values that rules compare. */

/** Undefined where it is none; large ones (FILETIME) are exact. */
export function wholeNumber(value: AttributeValue | undefined): bigint | undefined {
  return typeof value === "string" && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
}

/** Milliseconds since 1970 of a generalizedTime (RFC 4517 section 3.3.13); undefined where it is none. */
export function instantOf(value: AttributeValue): number | undefined {
  const iso = fromGeneralizedTime(value.toString("utf8"));
  return iso === undefined ? undefined : Date.parse(iso);
}

/** The first second after an instant, as generalizedTime: for "later than" where filters have "at or after" alone. */
export function secondAfter(instant: Date): string {
  const after = new Date((Math.floor(instant.getTime() / 1000) + 1) * 1000);
  return `${after.toISOString().slice(0, 19).replace(/[-T:]/g, "")}Z`;
}

/** What is said of a value that cannot be judged. */
export const unreadable = (attribute: string, value: AttributeValue, wanted: string): Unknown => ({
  unknown: `${attribute} is "${printable(value)}", which is ${wanted}`,
});
