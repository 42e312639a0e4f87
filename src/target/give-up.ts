import { randomBytes, randomUUID } from "node:crypto";
import type { Column, ColumnType, Table } from "./column.ts";
import { fitter } from "./fit.ts";
import type { GiveUp } from "./steps.ts";

/**
 * How a row of this table gives up unique values for a while: by a value by chance, where a column can hold so many that
 * nobody has it; else by NULL, which never clashes. It touches neither the column by which rows are found nor one that the
 * write after it does not set.
 *
 * Not NULL at once, because rows of other tables may point at the column by ON UPDATE CASCADE, and MySQL shows those tables
 * only to who has rights on them: they follow a value there and back, but once they are NULL they stay so.
 */
export const givingUp =
  (table: Table, firstKey: string | undefined): GiveUp =>
  (write, takings) => {
    const key = write.kind === "update" ? (write.by ?? firstKey) : firstKey;
    const meanwhile = new Map<string, string | null>();
    for (const { index } of takings) {
      if (index.columns.some((name) => meanwhile.has(name))) continue;
      const columns = index.columns.flatMap((name) => {
        const at = write.columns.indexOf(name);
        const column = table.columns.get(name.toLowerCase());
        return !column || name === key || at < 0 ? [] : [{ ...column, next: write.values[at] ?? "" }];
      });
      const [filled] = columns.flatMap((column): [string, string][] => {
        const value = placeholder(column, column.next);
        return value === undefined ? [] : [[column.name, value]];
      });
      const emptied = columns.find(({ name, nullable }) => nullable && !isPointedAt(table, name));
      if (filled) meanwhile.set(...filled);
      else if (emptied) meanwhile.set(emptied.name, null);
      else return undefined;
    }
    return { columns: [...meanwhile.keys()], values: [...meanwhile.values()] };
  };

const isPointedAt = ({ rules }: Table, name: string): boolean =>
  rules.some(
    ({ kind, columns }) =>
      kind === "reference" && (columns?.some((each) => each.toLowerCase() === name.toLowerCase()) ?? true),
  );

/** A value that no row has; `next` is the one that the row will have, and may be resembled. */
function placeholder(column: Column, next: string): string | undefined {
  const { type } = column;
  // A number of its own raises the counter from which new rows get theirs.
  if (!type || column.numbered) return undefined;
  const make = makers[type.type] as (type: ColumnType, next: string, column: Column) => string | undefined;
  return make(type, next, column);
}

/** Of fewer possible values one by chance may be taken. */
const fewest = 2n ** 22n;

/** So many letters and digits, so many bytes are more than that. */
const least = { letters: 5, bytes: 3 };

const most = { letters: 12, bytes: 16 };

const none = (): undefined => undefined;

const makers = {
  text: (type, next, column) => {
    const length = Math.min(most.letters, type.maxChars ?? most.letters, type.maxBytes ?? most.letters);
    if (length < least.letters) return undefined;
    const letters = chance().toString(36).padStart(length, "0").slice(-length);
    // What the table checks of a mail address, one that ends as a mail address may pass.
    const similar = `${letters}${next}`;
    return typeof fitter("text", column, type)(similar) === "string" ? similar : letters;
  },
  integer: ({ min, max }) => numberBetween(min > 0n ? min : 0n, max),
  decimal: ({ precision, scale }) => {
    const whole = numberBetween(0n, 10n ** BigInt(precision - scale) - 1n);
    return whole === undefined || scale === 0 ? whole : `${whole}.${"0".repeat(scale)}`;
  },
  numeric: () => numberBetween(0n, 2n ** 53n),
  binary: ({ maxBytes }) =>
    maxBytes < least.bytes ? undefined : randomBytes(Math.min(most.bytes, maxBytes)).toString("hex"),
  uuid: () => randomUUID(),
  float: none,
  date: none,
  datetime: none,
  bit: none,
  json: none,
  enum: none,
} satisfies {
  readonly [T in ColumnType["type"]]: (
    type: Extract<ColumnType, { type: T }>,
    next: string,
    column: Column,
  ) => string | undefined;
};

const chance = (): bigint => BigInt(`0x${randomBytes(16).toString("hex")}`);

function numberBetween(min: bigint, max: bigint): string | undefined {
  const count = max - min + 1n;
  return count < fewest ? undefined : String(min + (chance() % count));
}
