import type { Reject, User } from "./change.ts";
import type { ResolvedConfig } from "./config/load.ts";
import type { Entry } from "./entry.ts";
import { Failure } from "./errors.ts";
import { keyPlace } from "./keys.ts";
import { compileMapping, type MappedColumn } from "./mapping/compile.ts";
import { printable } from "./mapping/printable.ts";
import { isMappingReject } from "./mapping/reject.ts";
import type { Kind } from "./mapping/value.ts";
import { type Reference, referenceOf } from "./references/plan.ts";
import type { ColumnSource } from "./report/event.ts";
import { type Returning, type StateColumn, stateColumns } from "./state-columns.ts";
import { shownBinary } from "./target/binary.ts";
import type { Table, UniqueIndex } from "./target/column.ts";
import { constant } from "./target/constant.ts";
import { type Fit, fitter } from "./target/fit.ts";
import { isOfNewRow } from "./target/new-row.ts";
import { readableColumn, type TypedColumn, writableColumn } from "./target/table.ts";
import { foldGenerously } from "./target/text.ts";
import { type PlanIndex, uniqueness } from "./uniqueness.ts";
import { type KeyTexts, type WhoseRow, whoseRow } from "./whose.ts";

/** One column that a sync fills. */
interface PlanColumn extends ColumnSource, Pick<StateColumn, "ofState" | "suits"> {
  /** As the database spells it. */
  readonly column: string;
  readonly insertOnly: boolean;
  readonly fit: Fit;
  /** What fills it when all rows are there; until then it is NULL in a new row, and left as it is in others. */
  readonly reference?: Reference;
}

/** The mapping and the table put together: what to request, how an entry becomes a user, what to read of a row. */
export interface Plan extends WhoseRow {
  readonly columns: readonly PlanColumn[];
  /** Theirs, as the database spells them. */
  readonly names: readonly string[];
  /** Attributes to request, each once. */
  readonly attributes: readonly string[];
  /** Positions in `columns`. */
  readonly keys: readonly number[];
  readonly immutableId: number | undefined;
  readonly state: number | undefined;
  /** Where only rows that the sync itself deactivated become active again. `setBy` is a position in `columns`. */
  readonly returning: Returning | undefined;
  /** Conditions on a row's columns; a row that meets one of them is never written. */
  readonly protect: readonly (readonly Condition[])[];
  /** Positions in `read` that say whose a row is and whether it may be written: they must be the same when it is written. */
  readonly guard: readonly number[];
  /** Columns to read of each row: those of `columns` in their order, then those that only `protect` or `unique` needs. */
  readonly read: readonly string[];
  /** The unique indexes, that of the first match key left out, on which a clash can be foreseen. */
  readonly unique: readonly PlanIndex[];
  /** Those on which it cannot. */
  readonly opaque: readonly UniqueIndex[];
  /** The columns of the mapping, without that of the state. */
  readonly mapped: readonly MappedColumn[];
  toUser(entry: Entry): User | Reject;
  /** For people and the audit trail: a value as this column, as the database spells it, stores it. Bytes become readable. */
  show(column: string, value: string): string;
}

interface Condition {
  /** Position in `read`. */
  readonly at: number;
  /** Folded, see `foldGenerously`. */
  readonly value: string | null;
}

/** The directory's own ids that never change (RFC 4530, MS-ADA3, 389 Directory Server, FreeIPA). */
const immutableIds = new Set(["entryuuid", "objectguid", "nsuniqueid", "ipauniqueid"]);

/** @throws Failure (configuration) where a mapped column is not there or cannot be written. */
export function makePlan(config: ResolvedConfig, table: Table): Plan {
  const mapping = compileMapping(config.mapping);
  const mappedColumns: PlanColumn[] = mapping.columns.map(({ kind, reference: referred, ...mapped }) => {
    const column = writableColumn(table, mapped.name, `mapping.${mapped.name}`);
    if (kind === "binary") expectBinary(table, column, mapped.name);
    if (referred !== undefined) {
      const reference = referenceOf(table, column, mapped.name, referred, mapped.insertOnly);
      return { ...mapped, column: column.name, insertOnly: true, fit: () => null, reference };
    }
    return { ...mapped, column: column.name, fit: fitter(kind, column, column.type) };
  });
  const state = stateColumns(config, table);
  const columns = [...mappedColumns, ...state.columns];
  const first = mappedColumns.length;
  checkConstants(config, table);
  const { read, protect } = protection(config, table, columns, kindsOf(mapping.columns));
  const keys = config.target.matchKey.map((name) =>
    columns.findIndex((column) => column.name.toLowerCase() === name.toLowerCase()),
  );
  const [key = -1] = keys;
  const immutableId = immutableIdColumn(mapping.columns);
  const { keyTexts, ...whose } = whoseRow(config, columns, keys, immutableId, mapping.attributes);
  const { unique, opaque } = uniqueness(table, columns[key]?.column ?? "", columns, read);
  const guard = new Set(protect.flatMap((conditions) => conditions.map(({ at }) => at)));
  if (immutableId !== undefined && immutableId !== key) guard.add(immutableId);
  return {
    columns,
    names: columns.map(({ column }) => column),
    attributes: mapping.attributes,
    keys,
    immutableId,
    state: config.state && first,
    returning: state.returning && { ...state.returning, setBy: first + state.returning.setBy },
    protect,
    guard: [...guard],
    read,
    unique,
    opaque,
    mapped: mapping.columns,
    toUser: userMaker(columns, keys, mapping.map, keyTexts),
    show: shower(table, mapping.columns),
    ...whose,
  };
}

/** The same plan, whose users keep the entry that they are made of: for reports that show it. */
export const withEntries = (plan: Plan): Plan => ({
  ...plan,
  toUser: (entry) => {
    const mapped = plan.toUser(entry);
    return "reason" in mapped ? mapped : { ...mapped, entry };
  },
});

function expectBinary(table: Table, { name, declared, type }: TypedColumn, mapped: string): void {
  if (type.type === "binary") return;
  throw new Failure(
    "configuration",
    `mapping.${mapped}: as "binary" gives bytes, and ${table.name}.${name} is of type ${declared}`,
    {
      hint: 'use a binary column (BLOB, VARBINARY), or as "base64", "guid" or "sid" for a text',
    },
  );
}

/** The kind of value in each mapped column, by its lower-cased name. */
const kindsOf = (columns: readonly MappedColumn[]): ReadonlyMap<string, Kind> =>
  new Map(columns.map(({ name, kind }) => [name.toLowerCase(), kind]));

function shower(table: Table, columns: readonly MappedColumn[]): Plan["show"] {
  const kinds = kindsOf(columns);
  return (name, value) => {
    const key = name.toLowerCase();
    const type = table.columns.get(key)?.type;
    return type?.type === "binary" && !isOfNewRow(value) ? shownBinary(value, kinds.get(key) ?? "text", type) : value;
  };
}

function protection(
  config: ResolvedConfig,
  table: Table,
  columns: readonly PlanColumn[],
  kinds: ReadonlyMap<string, Kind>,
): Pick<Plan, "protect"> & { read: string[] } {
  const read = columns.map((column) => column.column);
  const protect = config.protect.map((conditions, at) =>
    Object.entries(conditions).map(([name, value]) => {
      const place = `protect[${at}].${name}`;
      const { name: column } = readableColumn(table, name, place);
      if (!read.includes(column)) read.push(column);
      const text = value === null ? null : constant(table, name, value, place, kinds.get(name.toLowerCase()));
      return { at: read.indexOf(column), value: text === null ? null : foldGenerously(text) };
    }),
  );
  return { read, protect };
}

/** The mapped column that is filled from an immutable id alone. */
function immutableIdColumn(columns: readonly MappedColumn[]): number | undefined {
  const at = columns.findIndex(
    ({ attributes }) => attributes.length > 0 && attributes.every((key) => immutableIds.has(key)),
  );
  return at < 0 ? undefined : at;
}

/** A constant that its column cannot hold would reject every entry. */
function checkConstants(config: ResolvedConfig, table: Table): void {
  for (const [name, rule] of Object.entries(config.mapping)) {
    if (typeof rule !== "string" && rule.value !== undefined)
      constant(table, name, rule.value, `mapping.${name}.value`);
  }
}

/** Why an entry without a match key is rejected. */
function keyless(keys: readonly PlanColumn[]): { readonly column: string; readonly reason: string } {
  const column = keys.map(({ name }) => name).join(", ");
  const are = keys.length === 1 ? "it is the match key" : "they are the match keys";
  return { column, reason: `${column}: no value, but ${are} (from ${keys.map(({ source }) => source).join(", ")})` };
}

function userMaker(
  columns: readonly PlanColumn[],
  keys: readonly number[],
  map: ReturnType<typeof compileMapping>["map"],
  textsOf: KeyTexts,
): Plan["toUser"] {
  const without = keyless(keys.flatMap((at) => columns[at] ?? []));
  const referring = columns.flatMap(({ reference }, at) => (reference ? [at] : []));
  return (entry) => {
    const { dn } = entry;
    const mapped = map(entry);
    if (isMappingReject(mapped)) {
      const key = textsOf(entry).find((text) => text !== "") ?? "";
      return { dn, key, column: mapped.column, reason: mapped.reason };
    }
    const key = keyPlace({ keys }, mapped);
    if (key === undefined) return { dn, key: "", ...without };
    const values: (string | null | undefined)[] = [];
    for (let at = 0; at < columns.length; at += 1) {
      const column = columns[at] as PlanColumn;
      const value = at < mapped.length ? mapped[at] : null;
      const fitted = value === undefined ? undefined : column.fit(value);
      if (fitted !== null && typeof fitted === "object") {
        const from = `${column.source}${value === null || value === undefined ? "" : ` "${printable(value)}"`}`;
        return {
          dn,
          key: mapped[key] ?? "",
          column: column.name,
          reason: `${column.name}: ${fitted.misfit} (from ${from})`,
        };
      }
      values.push(fitted);
    }
    const user = { dn, key: values[key] ?? "", values };
    return referring.length === 0 ? user : { ...user, references: referring.map((at) => mapped[at]) };
  };
}
