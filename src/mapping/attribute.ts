import type { AttributeValue } from "../entry.ts";
import { Failure } from "../errors.ts";
import { attributeKey } from "../source/attributes.ts";
import { parseDn } from "../source/dn.ts";
import { compareCodePoints } from "./code-points.ts";

/** An attribute that a mapping reads. */
export interface MappedAttribute {
  /** As the mapping writes it, for requests and messages. */
  readonly name: string;
  /** As entries hold it: lower-cased, without the transfer option `;binary`. */
  readonly key: string;
}

const description = /^[a-z0-9][a-z0-9._-]*(?:;[a-z0-9-]+)*$/i;

/**
 * @param name an attribute description (RFC 4512 section 2.5)
 * @param place where it stands in the configuration, for messages
 * @throws Failure (configuration) where it is none
 */
export function mappedAttribute(name: string, place: string): MappedAttribute {
  if (!description.test(name)) {
    throw new Failure("configuration", `${place}: "${name}" is not the name of an attribute`, {
      hint: 'A name has letters, digits and hyphens, then perhaps options: "cn;lang-de". Several names are written as an array.',
    });
  }
  return { name, key: attributeKey(name) };
}

/**
 * The value that names the entry, if it is among several: the one in the entry's own RDN (any part of it, where it is
 * `cn=Anna+uid=anna`), by the same letters or else without regard to case. Otherwise all of them.
 */
export function preferNaming(
  dn: string,
  { key }: MappedAttribute,
  values: readonly AttributeValue[],
): readonly AttributeValue[] {
  // Most attributes do not name their entry: known without taking the DN apart.
  if (!dn.includes("+") && dn.slice(0, dn.indexOf("=")).trim().toLowerCase() !== key) return values;
  const naming = parseDn(dn)?.[0]?.find(({ type }) => type.toLowerCase() === key)?.value;
  if (naming === undefined) return values;
  if (values.includes(naming)) return [naming];
  const folded = naming.toLowerCase();
  const similar = inOrder(values).find((value) => typeof value === "string" && value.toLowerCase() === folded);
  return similar === undefined ? values : [similar];
}

/** Sorted, so that nothing depends on the order in which a server returns values: texts by code point, then bytes. */
export function inOrder(values: readonly AttributeValue[]): AttributeValue[] {
  return [...values].sort((a, b) => {
    if (typeof a === "string") return typeof b === "string" ? compareCodePoints(a, b) : -1;
    return typeof b === "string" ? 1 : a.compare(b);
  });
}
