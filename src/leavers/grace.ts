import type { Grace } from "../config/leavers-schema.ts";
import { Failure } from "../errors.ts";
import type { Table } from "../target/column.ts";
import { fitter } from "../target/fit.ts";
import { type TypedColumn, writableColumn } from "../target/table.ts";
import type { RowValues } from "../target/target.ts";
import { type Given, momentIn } from "./given.ts";

/** How long somebody must be missing before the row is deactivated, and the columns in which that is kept. */
export interface GracePlan {
  readonly runs: (Kept & { readonly needed: number; next(count: bigint): string }) | undefined;
  readonly since: (Kept & { readonly milliseconds: number; readonly now: Given }) | undefined;
}

interface Kept {
  /** As the configuration spells it. */
  readonly name: string;
  /** As the database does. */
  readonly column: string;
}

/** What is to be said of a row that is missing in this run too. */
export interface Waited {
  readonly isDue: boolean;
  /** No run has missed it before. */
  readonly isNew: boolean;
  /** What is written to keep count. */
  readonly given: readonly Given[];
}

/** @throws Failure (configuration) where a column cannot keep what it is for. */
export function gracePlan(grace: Grace | undefined, table: Table, now: Date): GracePlan {
  const { runs, days, runsColumn, sinceColumn } = grace ?? {};
  return {
    runs: runs === undefined || runsColumn === undefined ? undefined : runsKept(table, runsColumn, runs),
    since: days === undefined || sinceColumn === undefined ? undefined : sinceKept(table, sinceColumn, days, now),
  };
}

function runsKept(table: Table, name: string, needed: number): GracePlan["runs"] {
  const place = "leavers.grace.runsColumn";
  const column = writableColumn(table, name, place);
  if (column.type.type !== "integer" || column.type.max < BigInt(needed)) {
    throw unfit(table, column, place, `does not count to ${needed}`, "name an integer column");
  }
  const fitted = fitter("integer", column, column.type);
  // A column that is full stays so: then the row has been due for long.
  const next = (count: bigint): string => {
    const text = fitted(String(count + 1n));
    return typeof text === "string" ? text : String(count);
  };
  return { name, column: column.name, needed, next };
}

const day = 86_400_000;

function sinceKept(table: Table, name: string, days: number, now: Date): GracePlan["since"] {
  const place = "leavers.grace.sinceColumn";
  const column = writableColumn(table, name, place);
  const moment = momentIn(column, now);
  if (moment === undefined || column.type.type === "date") {
    throw unfit(table, column, place, "does not hold a date and time", "name a date and time column");
  }
  return { name, column: column.name, milliseconds: days * day, now: { name, column: column.name, ...moment } };
}

const unfit = (table: Table, { name, declared }: TypedColumn, place: string, why: string, hint: string): Failure =>
  new Failure("configuration", `${place}: the column ${table.name}.${name} (${declared}) ${why}`, { hint });

/** @param has what the row has in a column */
export function judgeGrace({ runs, since }: GracePlan, has: (column: string) => RowValues[number]): Waited {
  const counted = runs === undefined ? 0n : countIn(has(runs.column));
  const missingSince = since === undefined ? null : has(since.column);
  const isLong = (): boolean =>
    since === undefined ||
    (missingSince !== null && timeOf(since.now.text ?? "") - timeOf(missingSince) >= since.milliseconds);
  const isOften = runs === undefined || counted + 1n >= BigInt(runs.needed);
  return {
    isDue: isOften && isLong(),
    isNew: counted === 0n && missingSince === null,
    given: [...(runs ? [given(runs, runs.next(counted))] : []), ...(since && missingSince === null ? [since.now] : [])],
  };
}

/** SQLite keeps anything in a column of numbers: what is no count is none. */
const countIn = (text: RowValues[number]): bigint => BigInt(text !== null && /^\d+$/.test(text) ? text : 0);

const given = ({ name, column }: Kept, text: string): Given => ({ name, column, text, shown: text });

const timeOf = (text: string): number => Date.parse(`${text.replace(" ", "T")}Z`);
