import type { AttributeValue } from "../entry.ts";
import { printable } from "./printable.ts";

/** Why an entry cannot be mapped: the first column that fails. */
export interface MappingReject {
  readonly column: string;
  /** As spelt in the mapping; several that were all empty are joined by ", "; of a template, the template. */
  readonly attribute: string;
  /** Shortened and printable; empty where there was none. */
  readonly value: string;
  /** The rule that refused, as the configuration spells it: `as integer`, `required`, `map`. */
  readonly rule: string;
  /** One line that names column, attribute, value and rule. */
  readonly reason: string;
}

/** What went wrong with which value; `why` completes the sentence "mail "x" …". */
export interface Refusal {
  readonly attribute: string;
  readonly value?: AttributeValue;
  readonly rule: string;
  readonly why: string;
}

/** Puts a refusal into words. */
export function reject(column: string, { attribute, value, rule, why }: Refusal): MappingReject {
  const shown = value === undefined ? "" : printable(value);
  const quoted = typeof value === "string" ? ` "${shown}"` : value === undefined ? "" : ` ${shown}`;
  return { column, attribute, value: shown, rule, reason: `column ${column}: ${attribute}${quoted} ${why} (${rule})` };
}

/** Tells a reject from anything else that a mapping gives. */
export function isMappingReject(result: unknown): result is MappingReject {
  return typeof result === "object" && result !== null && "reason" in result;
}

/** Tells a refusal from a value. */
export function isRefusal(result: unknown): result is Refusal {
  return typeof result === "object" && result !== null && "why" in result;
}
