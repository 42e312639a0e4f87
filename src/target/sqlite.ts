import { existsSync } from "node:fs";
import { isAnyArrayBuffer } from "node:util/types";
import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Column, ColumnType, Table } from "./column.ts";
import type { Binding, Dialect, Statement } from "./dialect.ts";
import { canonicalJson } from "./json.ts";
import { type Knex, openSqlite, send } from "./knex.ts";
import { sqliteError } from "./sqlite-errors.ts";

type SqliteConfig = Extract<ResolvedConfig["target"], { client: "sqlite" }>;

/** A SQLite file, the embedded default. */
export function sqliteDialect(config: SqliteConfig): Dialect {
  const { filename } = config.connection;
  return {
    open: async () => {
      // The driver would create an empty file where there is none.
      if (!existsSync(filename)) {
        throw new Failure("configuration", `target.connection.filename: ${filename} does not exist`, {
          hint: "create the database and its table first",
        });
      }
      return openSqlite(filename, [
        "pragma foreign_keys = on",
        `pragma busy_timeout = ${Math.min(config.timeoutMs, 5000)}`,
      ]);
    },
    describeServer: async (db) => {
      const [row] = (await db.raw("select sqlite_version() as version")) as [{ version: string }];
      return { title: `${filename} (SQLite ${row.version})`, maxBytes: 500_000_000, setBy: "SQLite" };
    },
    describeTable,
    quote,
    select: (column) => (column.type?.type === "text" ? whole(`u.${quote(column.name)}`) : `u.${quote(column.name)}`),
    read: readValue,
    bind: (text, type) => {
      if (type.type === "binary") return Buffer.from(text, "latin1");
      if (type.type === "integer") return BigInt(text);
      return type.type === "float" ? Number(text) : text;
    },
    rows: async (db, statement) => {
      // knex gives rows as objects; the aliases of `lookup` keep equal column names apart, and objects keep their order.
      const rows = (await send(db, statement, { safeIntegers: true })) as object[];
      return rows.map((row) => Object.values(row).map(blobAsBuffer));
    },
    run: async (db, statement) => {
      const result = (await send(db, statement)) as { changes: number };
      return result.changes;
    },
    lookup,
    update,
    keyCollations: {
      known: (collation) => Object.hasOwn(identities, collation.toUpperCase()),
      hint: "use BINARY, NOCASE or RTRIM for that column",
    },
    // The default, but a constraint that is declared with ON CONFLICT REPLACE would have its way over it.
    insertInto: "insert or abort into",
    // SQLITE_MAX_VARIABLE_NUMBER, https://www.sqlite.org/limits.html
    maxBindings: 32_766,
    classify: (error) => sqliteError(error, filename),
  };
}

const quote = (name: string): string => `"${name.replaceAll('"', '""')}"`;

interface PragmaColumn {
  readonly name: string;
  readonly type: string;
  readonly notnull: number;
  readonly dflt_value: string | null;
  readonly pk: number;
  readonly hidden: number;
}

async function describeTable(db: Knex, name: string): Promise<Table> {
  const rows = (await db.raw("select * from pragma_table_xinfo(?)", [name])) as PragmaColumn[];
  if (rows.length === 0) {
    const tables = (await db.raw("select name from sqlite_schema where type = 'table'")) as { name: string }[];
    const meant = nearest(
      name,
      tables.map((table) => table.name),
    );
    throw new Failure("configuration", `target.table: the database has no table "${name}"`, {
      hint: meant === undefined ? "create it first" : `did you mean "${meant}"?`,
    });
  }
  const indexes = await describeIndexes(db, name, rows);
  return {
    name,
    columns: new Map(rows.map((row) => [row.name.toLowerCase(), column(row, indexes)])),
    uniqueIndexes: indexes,
  };
}

interface Index {
  readonly name: string;
  readonly columns: readonly string[];
  readonly collations: readonly string[];
}

/** The unique indexes, partial ones left out: those do not keep all rows apart. */
async function describeIndexes(db: Knex, name: string, columns: readonly PragmaColumn[]): Promise<Index[]> {
  const rows = (await db.raw(
    `select i.name as name, x.name as col, x.coll as coll from pragma_index_list(?) i, pragma_index_xinfo(i.name) x
     where i."unique" = 1 and i.partial = 0 and x.key = 1 order by i.seq, x.seqno`,
    [name],
  )) as { name: string; col: string | null; coll: string }[];
  const names = [...new Set(rows.map((row) => row.name))];
  const indexes = names.map((index) => {
    const own = rows.filter((row) => row.name === index);
    return { name: index, columns: own.map((row) => row.col ?? ""), collations: own.map((row) => row.coll) };
  });
  // INTEGER PRIMARY KEY is the row id itself and has no index.
  const primary = columns.filter((column) => column.pk > 0);
  const [only] = primary;
  const rowId = primary.length === 1 && only && /^integer$/i.test(only.type);
  return rowId ? [...indexes, { name: "primary key", columns: [only.name], collations: ["BINARY"] }] : indexes;
}

function column(row: PragmaColumn, indexes: readonly Index[]): Column {
  const own = indexes.find((index) => index.columns.length === 1 && index.columns[0] === row.name);
  return {
    name: row.name,
    declared: row.type || "any",
    type: columnType(row.type),
    nullable: row.notnull === 0 && row.pk === 0,
    hasDefault: row.dflt_value !== null || row.notnull === 0 || (row.pk > 0 && /^integer$/i.test(row.type)),
    // 1 = hidden column of a virtual table, 2 and 3 = generated
    generated: row.hidden !== 0,
    collation: own?.collations[0],
  };
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
  if (/blob/i.test(declared)) return { type: "binary", maxBytes: 1_000_000_000, fixed: false };
  if (/real|floa|doub|dec|num/i.test(declared)) return { type: "float", bits: 64 };
  if (/timestamp|datetime/i.test(declared))
    return { type: "datetime", fraction: 0, min: "0000-01-01 00:00:00", max: "9999-12-31 23:59:59" };
  if (/^date$/i.test(declared)) return { type: "date" };
  if (/^uuid$/i.test(declared)) return { type: "uuid" };
  return /^jsonb?$/i.test(declared) ? { type: "json" } : undefined;
}

/** libsql gives a BLOB as an ArrayBuffer. */
const blobAsBuffer = (value: unknown): unknown => (isAnyArrayBuffer(value) ? Buffer.from(value) : value);

/** libsql ends a text at its first NUL; as a BLOB it comes whole. */
const whole = (sql: string): string => `iif(instr(${sql}, char(0)), cast(${sql} as blob), ${sql})`;

function readValue(raw: unknown, type: ColumnType): string {
  if (Buffer.isBuffer(raw)) return type.type === "binary" ? raw.toString("latin1") : raw.toString("utf8");
  if (type.type === "binary") return Buffer.from(String(raw), "utf8").toString("latin1");
  if (type.type === "json") return canonicalJson(String(raw)) ?? String(raw);
  // A column of affinity NUMERIC keeps a whole number as an integer, which is exact where a text of a double is not.
  return String(type.type === "float" && typeof raw === "bigint" ? Number(raw) : raw);
}

/**
 * The key as its collation sees it: BINARY, NOCASE (ASCII letters only; after a NUL only the length counts) or RTRIM,
 * https://www.sqlite.org/datatype3.html#collation
 */
const identities: Readonly<Record<string, string>> = {
  BINARY: "k.v",
  NOCASE:
    "iif(instr(k.v, char(0)), lower(substr(k.v, 1, instr(k.v, char(0)))) || length(cast(k.v as blob)), lower(k.v))",
  RTRIM: "rtrim(k.v, ' ')",
};

function lookup(table: string, key: Column, keys: readonly Binding[], select: readonly string[]): Statement {
  const identity = identities[key.collation?.toUpperCase() ?? ""] ?? "k.v";
  const columns = ["k.i", `cast(${identity} as blob)`, `u.${quote(key.name)}`, ...select]
    .map((sql, at) => `${sql} as c${at}`)
    .join(", ");
  const collate = key.collation === undefined ? "" : ` collate ${key.collation}`;
  return {
    sql: `with k(i, v) as (values ${keys.map((_, i) => `(${i}, ?)`).join(", ")})
      select ${columns} from k left join ${quote(table)} u on u.${quote(key.name)} = k.v${collate}`,
    bindings: keys,
  };
}

function update(
  table: string,
  key: Column,
  columns: readonly Column[],
  rows: readonly (readonly Binding[])[],
): Statement {
  const tuple = `(${["?", ...columns.map(() => "?")].join(", ")})`;
  const set = columns.map((each, at) => `${quote(each.name)} = k.column${at + 2}`).join(", ");
  const collate = key.collation === undefined ? "" : ` collate ${key.collation}`;
  return {
    sql: `update or abort ${quote(table)} as u set ${set} from (values ${rows.map(() => tuple).join(", ")}) as k where u.${quote(key.name)} = k.column1${collate}`,
    bindings: rows.flat(),
  };
}
