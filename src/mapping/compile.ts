import type { ColumnRule, Config } from "../config/schema.ts";
import type { Entry } from "../entry.ts";
import { rangedKeys } from "../source/attribute-list.ts";
import type { RangedKey } from "../source/attributes.ts";
import { type Column, compileColumn } from "./column.ts";
import { isRefusal, type MappingReject, type Refusal, reject } from "./reject.ts";
import type { Kind, Value } from "./value.ts";

export interface MappedColumn {
  readonly name: string;
  readonly kind: Kind;
  /** Written with a new row, never changed afterwards. */
  readonly insertOnly: boolean;
  /** The attribute holds a DN, and what is written is this column of the row of that entry. */
  readonly reference?: string | undefined;
  /** For people: `mail`, `template "{givenName} {sn}"`, `value "ldap"`. */
  readonly source: string;
  /** The attributes that it reads, as entries hold them. */
  readonly attributes: readonly string[];
  /** For people: what is done with the values, in order. */
  readonly steps: readonly string[];
}

/** A mapping made ready: pure, and the same for every entry. */
export interface Mapping {
  readonly columns: readonly MappedColumn[];
  /** The attributes to request, each once, as first written. */
  readonly attributes: readonly string[];
  /** A value for each of `columns`, in their order; `undefined`: leave the column as it is. Or why there is none. */
  readonly map: (entry: Entry) => readonly (Value | undefined)[] | MappingReject;
}

/**
 * Compiles the rules of a mapping once, so that an entry costs no more than its values.
 * @throws Failure (configuration) for what cannot be known from the form of the rules alone
 */
export function compileMapping(mapping: Config["mapping"]): Mapping {
  const columns = Object.entries(mapping).map(([name, rule]) => compileColumn(name, fullRule(rule)));
  const attributes = new Map<string, string>();
  for (const { key, name } of columns.flatMap((column) => column.reads)) {
    if (!attributes.has(key)) attributes.set(key, name);
  }
  return {
    columns: columns.map(({ name, kind, insertOnly, reference, source, steps, reads }) => ({
      name,
      kind,
      insertOnly,
      reference,
      source,
      steps,
      attributes: reads.map(({ key }) => key),
    })),
    attributes: [...attributes.values()],
    map: (entry) => mapEntry(columns, entry),
  };
}

/** The short form `"mail"` with the defaults of the long one. */
export const fullRule = (rule: string | ColumnRule): ColumnRule =>
  typeof rule === "string" ? { attribute: rule, as: "string", transform: [], required: false, multi: "single" } : rule;

function mapEntry(columns: readonly Column[], entry: Entry): readonly (Value | undefined)[] | MappingReject {
  const ranged = rangedKeys(entry);
  const values: (Value | undefined)[] = [];
  for (const column of columns) {
    const part = ranged.length === 0 ? undefined : partOnly(column, ranged);
    if (part) return reject(column.name, part);
    const value = column.evaluate(entry);
    if (isRefusal(value)) return reject(column.name, value);
    values.push(value);
  }
  return values;
}

/** A source gives a part of the values where it could not get the rest. */
function partOnly({ reads }: Column, ranged: readonly RangedKey[]): Refusal | undefined {
  for (const { name: attribute, key } of reads) {
    const part = ranged.find(({ name }) => name === key);
    if (part) {
      const why = `came as ${part.key} alone: the entry was moved, deleted or changed while it was read, or the LDIF file has no more`;
      return { attribute, rule: "complete values", why };
    }
  }
  return undefined;
}
