import type { Spool } from "../spool.ts";
import type { Column, Table } from "./column.ts";
import { fitter } from "./fit.ts";
import { rowName } from "./holders.ts";
import { isOfNewRow, ofNewRow } from "./new-row.ts";
import type { Found, RowValues, Target, Write } from "./target.ts";

/** The rows that a rehearsal would have written, as far as they are to be looked up again. */
export interface RehearsedRows {
  /** Whether a look-up may give another row than the table has. */
  readonly areKept: boolean;
  /** What is found of a key after all that was written; `by`: its column, where that is not the first match key. */
  found(key: string, by: string | undefined, columns: readonly string[], before: Found): Found;
  /** Notes that the row was written, which is found by this key now. */
  wrote(row: Keyed, write: Write): void;
  /** The write as far as the database can be asked about it: without values that only it will give. */
  known<W extends Write>(write: W): W;
  /** Whether the database could try this write as it is. */
  canBeTried(write: Write): boolean;
}

/** The match key of a row, as a `Holder` has it. */
interface Keyed {
  readonly key: string | null;
  readonly by?: string | undefined;
}

interface Kept {
  /** The row is not in the table. */
  readonly isNew: boolean;
  readonly values: Readonly<Record<string, string | null>>;
}

/** @param columns the ones that are looked up again, as the database spells them */
export function rehearsedRows(
  { table, keys }: Pick<Target, "table" | "keys">,
  columns: readonly string[],
  spool: Spool,
): RehearsedRows {
  const kept = new Set(columns);
  const recall = (name: string): Kept | undefined => {
    if (kept.size === 0) return undefined;
    const text = spool.get(placeOf(name));
    return text === undefined ? undefined : (JSON.parse(text) as Kept);
  };
  return {
    areKept: kept.size > 0,
    found: (key, by, asked, before) => {
      if (asked.length === 0 || !asked.every((name) => kept.has(name))) return before;
      const row = recall(rowName(key, by));
      // A row that was in the table under a later key alone is found by that.
      if (row === undefined || (!row.isNew && before.row === undefined)) return before;
      return { ...before, row: rowOf(table, key, asked, row, before.row) };
    },
    wrote: ({ key, by }, write) => {
      if (kept.size === 0 || key === null) return;
      const written = write.columns.flatMap((name, at) => (kept.has(name) ? [[name, write.values[at] ?? null]] : []));
      const isNew = write.kind === "insert";
      if (written.length === 0 && !isNew) return;
      const name = rowName(key, by);
      const before = isNew ? undefined : recall(name);
      const values = { ...before?.values, ...Object.fromEntries(written) };
      const set = (place: string, row: Kept): void => spool.set(placeOf(place), JSON.stringify(row));
      set(name, { isNew: isNew || before?.isNew === true, values });
      const old = write.kind === "update" ? rowName(write.key, write.by) : name;
      // The table finds it there still, without the keys that it has got.
      if (old !== name) {
        set(old, {
          isNew: false,
          values: Object.fromEntries(written.filter(([column = ""]) => !keys.includes(column ?? ""))),
        });
      }
    },
    known: (write) => {
      if (!write.values.some(isUnknown)) return write;
      const takes = write.takes?.filter(({ from, to }) => ![...(from ?? []), ...(to ?? [])].some(isUnknown));
      const values = write.values.map((value) => (isUnknown(value) ? null : value));
      return { ...write, values, ...(takes && { takes }) };
    },
    canBeTried: (write) =>
      !write.values.some(isUnknown) &&
      (write.kind === "insert" || recall(rowName(write.key, write.by))?.isNew !== true),
  };
}

/** Apart from the other places of a rehearsal's spool, which begin with the name of an index or with a NUL. */
const placeOf = (name: string): string => `\0\0${name}`;

const isUnknown = (value: string | null): boolean => value !== null && isOfNewRow(value);

const rowOf = (
  table: Table,
  key: string,
  asked: readonly string[],
  { isNew, values }: Kept,
  before: RowValues | undefined,
): RowValues =>
  asked.map((name, at) => {
    if (Object.hasOwn(values, name)) return values[name] ?? null;
    return isNew ? byDefault(table.columns.get(name.toLowerCase()), key) : (before?.[at] ?? null);
  });

/** What a new row has in a column that was left out. */
function byDefault(column: Column | undefined, key: string): string | null {
  if (column?.type === undefined) return null;
  const { name, type, hasDefault, defaultText, numbered, generated } = column;
  if (numbered || generated || (hasDefault && defaultText === undefined)) return ofNewRow(name, key);
  const fitted = fitter("text", column, type)(defaultText ?? null);
  return typeof fitted === "string" ? fitted : null;
}
