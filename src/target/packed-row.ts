import { randomBytes } from "node:crypto";
import type { Dialect } from "./dialect.ts";
import type { TypedColumn } from "./table.ts";
import type { RowValues, StoredRow } from "./target.ts";

/** How rows of these columns come as one text each. */
interface Packing {
  /** The mask of NULLs, and the text. */
  readonly select: readonly string[];
  readonly columns: readonly TypedColumn[];
  readonly dialect: Dialect;
  /** Of each column, its bit in the mask; 0 where it is never NULL. */
  readonly bits: readonly number[];
}

/** Between the values. Nobody can put it into one, because it is another one in each run. */
const separator = `\x1f${randomBytes(6).toString("base64url")}`;

/** Bits of a number that are safe to be looked at by `&`. */
const mostBits = 31;

/**
 * Most rows are as they should be, and to see that they need not be taken apart: a text for each of a million values takes
 * longer to make, and to clean up, than all comparisons. Undefined where the database does not put such columns together.
 */
export function packing(dialect: Dialect, columns: readonly TypedColumn[]): Packing | undefined {
  const texts = dialect.packed && columns.map((column) => dialect.packed?.(column));
  if (!texts || texts.includes(undefined)) return undefined;
  const nullable = columns.filter((column) => column.nullable);
  if (nullable.length > mostBits) return undefined;
  const bits = columns.map((column) => (column.nullable ? 1 << nullable.indexOf(column) : 0));
  const isNull = nullable.map((column, bit) => `((u.${dialect.quote(column.name)} is null) << ${bit})`);
  const values = texts.map((text, at) => (bits[at] === 0 ? text : `coalesce(${text}, '')`));
  const select = [isNull.join(" | ") || "0", `concat_ws('${separator}', ${values.join(", ")})`];
  return { select, columns, dialect, bits };
}

/** A row as one text, see `packing`. */
export class PackedRow implements StoredRow {
  readonly number: string;
  readonly key: string | null;
  readonly #nulls: number;
  readonly #text: string;
  readonly #packing: Packing;

  constructor(number: string, key: string | null, nulls: number, text: string, packed: Packing) {
    this.number = number;
    this.key = key;
    this.#nulls = nulls;
    this.#text = text;
    this.#packing = packed;
  }

  has(values: readonly (string | null | undefined)[]): boolean {
    const { bits } = this.#packing;
    if (values.length !== bits.length) return false;
    for (let at = 0; at < bits.length; at += 1) {
      const value = values[at];
      if (value === undefined || (((bits[at] ?? 0) & this.#nulls) !== 0) !== (value === null)) return false;
    }
    // A NULL is put together as an empty text, in the database as here.
    return values.join(separator) === this.#text;
  }

  get values(): RowValues | undefined {
    const { columns, dialect, bits } = this.#packing;
    const parts = this.#text.split(separator);
    if (parts.length !== columns.length) return undefined;
    return columns.map(({ type }, at) =>
      ((bits[at] ?? 0) & this.#nulls) !== 0 ? null : dialect.read(parts[at] ?? "", type),
    );
  }
}
