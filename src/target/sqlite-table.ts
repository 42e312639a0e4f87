import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Column, ColumnType, Table, UniqueIndex } from "./column.ts";
import type { Recipient } from "./send.ts";
import { namedSqliteRows } from "./sqlite-rows.ts";
import { describeSqliteRules } from "./sqlite-rules.ts";

export const quoteSqlite = (name: string): string => `"${name.replaceAll('"', '""')}"`;

interface PragmaColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

/** The table's columns, unique indexes and rules; a `Failure("configuration")` where it is not there. */
export async function describeSqliteTable(db: Recipient, name: string, place = "target.table"): Promise<Table> {
  const rows = await namedSqliteRows<PragmaColumn>(db, "select * from pragma_table_xinfo(?)", [name]);
  const [list] = await namedSqliteRows<{ wr: number }>(
    db,
    "select wr from pragma_table_list where lower(name) = lower(?)",
    [name],
  );
  if (rows.length === 0) {
    const tables = await namedSqliteRows<{ name: string }>(db, "select name from sqlite_schema where type = 'table'");
    const meant = nearest(
      name,
      tables.map((table) => table.name),
    );
    throw new Failure("configuration", `${place}: the database has no table "${name}"`, {
      hint: meant === undefined ? "create it first" : `did you mean "${meant}"?`,
    });
  }
  const hasRowId = list?.wr !== 1;
  const rowId = hasRowId ? rowIdColumn(rows) : undefined;
  const indexes = await describeIndexes(db, name, rowId);
  const facts = rows.map((row) => ({ ...row, isRowId: row.name === rowId, isRequired: row.pk > 0 && !hasRowId }));
  return {
    name,
    columns: new Map(facts.map((row) => [row.name.toLowerCase(), column(row, indexes)])),
    uniqueIndexes: indexes,
    primaryKey: [...rows]
      .filter(({ pk }) => pk > 0)
      .sort((one, other) => one.pk - other.pk)
      .map((row) => row.name),
    rules: await describeSqliteRules(db, name),
    unseen: [],
  };
}

interface Index extends UniqueIndex {
  readonly collations: readonly string[];
}

/** INTEGER PRIMARY KEY is the row id itself, which SQLite gives (https://www.sqlite.org/lang_createtable.html#rowid). */
function rowIdColumn(columns: readonly PragmaColumn[]): string | undefined {
  const [only, ...others] = columns.filter(({ pk }) => pk > 0);
  return only && others.length === 0 && /^integer$/i.test(only.type) ? only.name : undefined;
}

async function describeIndexes(db: Recipient, name: string, rowId: string | undefined): Promise<Index[]> {
  const rows = await namedSqliteRows<{
    name: string;
    partial: number;
    cid: number;
    col: string | null;
    coll: string;
  }>(
    db,
    `select i.name as name, i.partial as partial, x.cid as cid, x.name as col, x.coll as coll
     from pragma_index_list(?) i, pragma_index_xinfo(i.name) x
     where i."unique" = 1 and x.key = 1 order by i.seq, x.seqno`,
    [name],
  );
  const indexes = [...new Set(rows.map((row) => row.name))].map((index): Index => {
    const own = rows.filter((row) => row.name === index);
    // -2 stands for an expression (https://www.sqlite.org/pragma.html#pragma_index_xinfo).
    const opaque = own[0]?.partial === 1 ? "rows" : own.some(({ cid }) => cid === -2) ? "expression" : undefined;
    const parts = own.map((row) => row.col ?? "");
    return { name: index, columns: parts, collations: own.map((row) => row.coll), opaque };
  });
  // The row id has no index.
  return rowId === undefined
    ? indexes
    : [...indexes, { name: "primary key", columns: [rowId], collations: ["BINARY"] }];
}

/** `isRequired`: part of the primary key of a table WITHOUT ROWID, which is never NULL. */
type ColumnFacts = PragmaColumn & { readonly isRowId: boolean; readonly isRequired: boolean };

function column(row: ColumnFacts, indexes: readonly Index[]): Column {
  const alone = indexes.filter(
    ({ columns, opaque }) => opaque === undefined && columns.length === 1 && columns[0] === row.name,
  );
  // Of several, the one that calls more texts the same.
  const own = alone.find(({ collations }) => collations[0]?.toUpperCase() !== "BINARY") ?? alone[0];
  return {
    name: row.name,
    declared: row.type || "any",
    type: columnType(row.type),
    nullable: row.notnull === 0 && row.pk === 0,
    hasDefault:
      (row.dflt_value !== null && !/^null$/i.test(row.dflt_value)) ||
      row.isRowId ||
      (row.notnull === 0 && !row.isRequired),
    defaultText: defaultText(row),
    numbered: row.isRowId,
    // 1 = hidden column of a virtual table, 2 and 3 = generated
    generated: row.hidden !== 0,
    collation: own?.collations[0],
  };
}

/** What a new row gets that leaves the column out, where that is a constant: `'x'`, `17`, nothing. */
function defaultText({ dflt_value: written, notnull }: PragmaColumn): string | null | undefined {
  if (written === null || /^null$/i.test(written)) return notnull === 0 ? null : undefined;
  // A number, which a text column keeps without the zeros before it.
  if (/^-?\d+$/.test(written)) return String(BigInt(written));
  return /^'((?:[^']|'')*)'$/s.exec(written)?.[1]?.replaceAll("''", "'");
}

const unicode: ColumnType = { type: "text", charset: "unicode", padded: false };
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/**
 * SQLite stores what it is given; the declared type says what is meant (https://www.sqlite.org/datatype3.html). Lengths
 * are not enforced by the database and so not here. Any other name has the affinity NUMERIC, which makes a 7 of the text
 * 007, so that only what never looks like a number can be kept in it.
 */
function columnType(declared: string): ColumnType | undefined {
  if (/bool|int/i.test(declared)) return { type: "integer", ...int64 };
  if (declared === "" || /char|clob|text/i.test(declared)) return unicode;
  if (/blob|^(?:var)?binary\b/i.test(declared)) return { type: "binary", maxBytes: 1_000_000_000, fixed: false };
  if (/real|floa|doub/i.test(declared)) return { type: "float", bits: 64 };
  if (/dec|num/i.test(declared)) return { type: "numeric" };
  if (/timestamp|datetime/i.test(declared))
    return { type: "datetime", fraction: 0, min: "0000-01-01 00:00:00", max: "9999-12-31 23:59:59" };
  if (/^date$/i.test(declared)) return { type: "date" };
  if (/^uuid$/i.test(declared)) return { type: "uuid" };
  return /^jsonb?$/i.test(declared) ? { type: "json" } : undefined;
}
