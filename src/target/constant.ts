import type { Scalar } from "../config/schema.ts";
import { Failure } from "../errors.ts";
import type { Kind } from "../mapping/value.ts";
import type { Table } from "./column.ts";
import { fitter } from "./fit.ts";
import { readableColumn } from "./table.ts";

const kindOf = (value: Scalar): Kind =>
  typeof value === "boolean" ? "boolean" : typeof value === "number" && Number.isInteger(value) ? "integer" : "text";

/**
 * The text of a configured value in a column; a `Failure` where the column cannot hold it. In a binary column that is
 * mapped, it is written as values of that `kind` are: a UUID as a UUID.
 */
export function constant(table: Table, name: string, value: Scalar | null, place: string, kind?: Kind): string | null {
  const column = readableColumn(table, name, place);
  const own = column.type.type === "binary" ? kind : undefined;
  const toColumn = fitter(value === null ? "text" : (own ?? kindOf(value)), column, column.type);
  const fitted = toColumn(value === null ? null : String(value));
  if (fitted !== null && typeof fitted === "object") {
    throw new Failure(
      "configuration",
      `${place}: ${JSON.stringify(value)} does not fit the column ${name}: ${fitted.misfit}`,
      {
        hint: "use a value that the column can hold",
      },
    );
  }
  return fitted;
}
