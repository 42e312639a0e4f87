import type { Column, Table, UniqueIndex } from "./target/column.ts";
import { fitter } from "./target/fit.ts";
import type { RowValues } from "./target/target.ts";

/** A unique index, with what is needed to know the values that a row will have in it. */
export interface PlanIndex {
  readonly index: UniqueIndex;
  /** Positions in `read`, in the order of the index's columns. */
  readonly at: readonly number[];
  /** What a new row gets where the plan does not fill the column. */
  readonly defaults: RowValues;
}

/** A column that the plan fills, as the database spells it. */
interface Filled {
  readonly column: string;
}

/** What the unique indexes mean for the rows of this plan; columns that must be read for that are added to `read`. */
export function uniqueness(
  table: Table,
  key: string,
  columns: readonly Filled[],
  read: string[],
): { readonly unique: readonly PlanIndex[]; readonly opaque: readonly UniqueIndex[] } {
  const unique: PlanIndex[] = [];
  const opaque: UniqueIndex[] = [];
  for (const index of table.uniqueIndexes) {
    const parts = index.columns.map((name) => table.columns.get(name.toLowerCase()));
    // A row is found by its key, and a number that the database gives is given once: such rows do not clash.
    const isApart = (part: Column | undefined, at: number): boolean =>
      (part?.name === key && same(index.collations?.[at] ?? part.collation, part.collation)) ||
      isNumbered(part, columns);
    if (!index.opaque && parts.some(isApart)) continue;
    const known = parts.flatMap((part) => knownPart(part, columns));
    if (index.opaque || known.length < parts.length) {
      opaque.push(index);
      continue;
    }
    for (const { name } of known) if (!read.includes(name)) read.push(name);
    const at = known.map(({ name }) => read.indexOf(name));
    unique.push({ index, at, defaults: known.map(({ byDefault }) => byDefault) });
  }
  return { unique, opaque };
}

/** A column of an index whose values are known beforehand: it is filled, or has a constant default that suits its type. */
function knownPart(part: Column | undefined, columns: readonly Filled[]): { name: string; byDefault: string | null }[] {
  if (!part?.type || part.generated) return [];
  const { name, type, defaultText } = part;
  const byDefault = typeof defaultText === "string" ? fitter("text", part, type)(defaultText) : defaultText;
  if (isFilled(part, columns)) return [{ name, byDefault: typeof byDefault === "string" ? byDefault : null }];
  return byDefault === undefined || (byDefault !== null && typeof byDefault === "object") ? [] : [{ name, byDefault }];
}

const same = (one: string | undefined, other: string | undefined): boolean =>
  one?.toLowerCase() === other?.toLowerCase();

const isFilled = ({ name }: Column, columns: readonly Filled[]): boolean =>
  columns.some(({ column }) => column === name);

const isNumbered = (part: Column | undefined, columns: readonly Filled[]): boolean =>
  part?.numbered === true && !isFilled(part, columns);
