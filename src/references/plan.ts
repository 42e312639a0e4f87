import { Failure } from "../errors.ts";
import type { Kind } from "../mapping/value.ts";
import type { Plan } from "../plan.ts";
import type { ColumnType, Table } from "../target/column.ts";
import { type Fit, fitter } from "../target/fit.ts";
import { readableColumn, type TypedColumn } from "../target/table.ts";

/** Where a column gets its value from: the row of the entry whose DN the attribute holds. */
export interface Reference {
  /** The column of that row, as the database spells it. */
  readonly target: string;
  /** Written after the row was made in this run, never changed afterwards. */
  readonly insertOnly: boolean;
  /** The value of that column in this one. */
  readonly fit: Fit;
}

/** Types by whose values rows are known, and the kind of those values. */
const kinds: { readonly [T in ColumnType["type"]]?: Kind } = {
  text: "text",
  integer: "integer",
  numeric: "integer",
  uuid: "uuid",
  binary: "binary",
};

/** @throws Failure (configuration) where the column cannot hold what is in the other one, or no NULL. */
export function referenceOf(table: Table, column: TypedColumn, name: string, target: string, insertOnly: boolean) {
  const place = `mapping.${name}.reference`;
  const referred = readableColumn(table, target, place);
  const kind = kinds[referred.type.type];
  const isBinary = referred.type.type === "binary";
  if (kind === undefined || isBinary !== (column.type.type === "binary")) {
    const types = `${table.name}.${referred.name} is of type ${referred.declared}, ${column.name} of type ${column.declared}`;
    throw new Failure("configuration", `${place}: ${types}`, {
      hint: "refer to a column whose value this one can hold, such as the primary key",
    });
  }
  if (!column.nullable) {
    throw new Failure("configuration", `${place}: the column ${table.name}.${column.name} is NOT NULL`, {
      hint: "somebody whose entry is not synchronised has no row to refer to: let the column be NULL",
    });
  }
  const convert = fitter(kind, column, column.type);
  // A column of bytes is read as bare digits.
  const reference: Reference = {
    target: referred.name,
    insertOnly,
    fit: isBinary ? (value) => convert(value === null ? null : `0x${value}`) : convert,
  };
  return reference;
}

/** The part of a plan that its references need: whose a row is, whether it may be written, and the columns that refer. */
export interface ReferencePlan extends Plan {
  /** Positions in `columns`, and in those of the whole plan. */
  readonly referring: readonly { readonly at: number; readonly whole: number; readonly reference: Reference }[];
  /** Positions of the other ones in the `columns` of the whole plan, in the order in which they are here. */
  readonly own: readonly number[];
  /** The columns that are referred to, each once. */
  readonly targets: readonly string[];
}

/** Undefined where no column refers to another row. */
export function referencePlan(plan: Plan): ReferencePlan | undefined {
  const places = plan.columns.flatMap(({ reference }, at) => (reference ? [at] : []));
  if (places.length === 0) return undefined;
  const own = [...new Set([...plan.keys, ...(plan.immutableId === undefined ? [] : [plan.immutableId])])];
  const filled = [...own, ...places];
  const unique = plan.unique.filter(({ at }) => at.some((place) => places.includes(place)));
  const read = [...new Set([...filled, ...plan.guard, ...unique.flatMap(({ at }) => at)])];
  const here = (at: number): number => read.indexOf(at);
  const columns = filled.flatMap((at) => {
    const column = plan.columns[at];
    // What the run has written already is looked at, and left.
    return column ? [{ ...column, insertOnly: column.reference === undefined }] : [];
  });
  const referring = columns.flatMap(({ reference }, at) =>
    reference ? [{ at, whole: filled[at] ?? -1, reference }] : [],
  );
  return {
    ...plan,
    columns,
    names: columns.map(({ column }) => column),
    keys: plan.keys.map(here),
    immutableId: plan.immutableId === undefined ? undefined : here(plan.immutableId),
    state: undefined,
    returning: undefined,
    protect: plan.protect.map((conditions) => conditions.map(({ at, value }) => ({ at: here(at), value }))),
    guard: plan.guard.map(here),
    read: read.map((at) => plan.read[at] ?? ""),
    unique: unique.map((each) => ({ ...each, at: each.at.map(here) })),
    referring,
    own,
    targets: [...new Set(referring.map(({ reference }) => reference.target))],
  };
}

/** The same plan for a run over some entries alone, of which it cannot be known whom they refer to. */
export const withoutReferences = (plan: Plan): Plan => ({
  ...plan,
  columns: plan.columns.map(({ reference: _, ...column }) => column),
});

/** The columns of a row that are read for the references of a run; none where it has none. */
export function columnsOfReferences(plan: Plan): readonly string[] {
  const references = referencePlan(plan);
  return references ? [...new Set([...references.read, ...references.targets])] : [];
}
