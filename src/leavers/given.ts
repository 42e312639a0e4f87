import type { Scalar } from "../config/schema.ts";
import type { Table } from "../target/column.ts";
import { constant } from "../target/constant.ts";
import { fitter } from "../target/fit.ts";
import { type TypedColumn, writableColumn } from "../target/table.ts";

/** What a row is given in one column. */
export interface Given {
  /** As the configuration spells it. */
  readonly name: string;
  /** As the database does. */
  readonly column: string;
  readonly text: string | null;
  /** For people and the audit trail: `now` where it is the start of the run, which no two runs have in common. */
  readonly shown: string | null;
}

const now = "now";

/** The values of a `set`; `place`: its key in the configuration. */
export const givenBy = (
  table: Table,
  values: Readonly<Record<string, Scalar | null>>,
  place: string,
  moment: Date,
): readonly Given[] =>
  Object.entries(values).map(([name, value]) => {
    const column = writableColumn(table, name, `${place}.${name}`);
    const ofRun = value === now ? momentIn(column, moment) : undefined;
    const text = ofRun ? ofRun.text : constant(table, name, value, `${place}.${name}`);
    return { name, column: column.name, text, shown: ofRun ? now : text };
  });

/** The start of the run as a column holds it; undefined where the column is of no date. */
export function momentIn(column: TypedColumn, moment: Date): { text: string; shown: string } | undefined {
  if (column.type.type !== "date" && column.type.type !== "datetime") return undefined;
  const text = fitter("datetime", column, column.type)(moment.toISOString());
  return typeof text === "string" ? { text, shown: now } : undefined;
}
