import { accessSync, constants, existsSync } from "node:fs";
import { dirname } from "node:path";
import type { ResolvedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import type { Column, ColumnType } from "./column.ts";
import type { Binding, Dialect, Statement } from "./dialect.ts";
import { canonicalJson } from "./json.ts";
import { openSqlite } from "./knex.ts";
import { type Recipient, send } from "./send.ts";
import { sqliteError } from "./sqlite-errors.ts";
import { sqliteLock } from "./sqlite-lock.ts";
import { namedSqliteRows, sqliteRows } from "./sqlite-rows.ts";
import { describeSqliteTable, quoteSqlite } from "./sqlite-table.ts";
import { identityByType, identityOfBytes } from "./weights.ts";

type SqliteConfig = Extract<ResolvedConfig["target"], { client: "sqlite" }>;

/** A SQLite file, the embedded default. */
export function sqliteDialect(config: SqliteConfig): Dialect {
  const { filename } = config.connection;
  return {
    open: async (readOnly) => {
      // The driver would create an empty file where there is none.
      if (!existsSync(filename)) {
        throw new Failure("configuration", `target.connection.filename: ${filename} does not exist`, {
          hint: "create the database and its table first",
        });
      }
      return openSqlite(filename, [
        "pragma foreign_keys = on",
        `pragma busy_timeout = ${Math.min(config.timeoutMs, 5000)}`,
        ...(readOnly ? ["pragma query_only = on"] : []),
      ]);
    },
    describeServer: async (db) => {
      // Reads the file as well: without that, one which is no database would pass.
      const sql = "select sqlite_version() as version, count(*) from sqlite_schema";
      const [row] = (await namedSqliteRows(db, sql)) as readonly [{ version: string }];
      return {
        title: `${filename} (SQLite ${row.version})`,
        maxBytes: 500_000_000,
        setBy: "SQLite",
        obstacle: obstacleOf(filename),
      };
    },
    describeTable: describeSqliteTable,
    quote,
    select: (column) => (column.type?.type === "text" ? whole(`u.${quote(column.name)}`) : `u.${quote(column.name)}`),
    place: (value, bindings) => {
      bindings.push(value);
      return "?";
    },
    identity: (column, text) => `cast(${identityOf(column, text)} as blob)`,
    asKey: (column, text) => text + collate(column),
    fromInOrder: (table) => `${quote(table)} u`,
    inOrder: (column) => `u.${quote(column.name)}${collate(column)}`,
    isSame: "is",
    read: readValue,
    bind: (text, type) => {
      if (type.type === "binary") return Buffer.from(text, "hex");
      if (type.type === "integer") return BigInt(text);
      if (type.type === "numeric") return /^-?\d+$/.test(text) ? BigInt(text) : Number(text);
      return type.type === "float" ? Number(text) : text;
    },
    rows: sqliteRows,
    run,
    lookup,
    ownIdentity,
    insert: (db, ...rows) => run(db, insert(...rows)),
    update,
    lock: sqliteLock,
    keyCollations: {
      known: (collation) => Object.hasOwn(identities, collation.toUpperCase()),
      hint: "use BINARY, NOCASE or RTRIM for that column",
    },
    given: (rows, bindings) => {
      const values = rows.map(([at, value = null]) => {
        bindings.push(value);
        return `(${at}, ?)`;
      });
      return `(select column1 as i, column2 as v0 from (values ${values.join(", ")})) k`;
    },
    updateOf: "update or abort",
    insertInto,
    // SQLITE_MAX_VARIABLE_NUMBER, https://www.sqlite.org/limits.html
    maxBindings: 32_766,
    classify: (error) => sqliteError(error, filename),
  };
}

async function run(db: Recipient, statement: Statement): Promise<number> {
  const result = (await send(db, statement)) as { changes: number };
  return result.changes;
}

/** SQLite writes its journal beside the file. */
function obstacleOf(filename: string): string | undefined {
  for (const path of [filename, dirname(filename)]) {
    try {
      accessSync(path, constants.W_OK);
    } catch {
      return `this user may not write to ${path}`;
    }
  }
  return undefined;
}

const quote = quoteSqlite;

/** libsql ends a text at its first NUL; as a BLOB it comes whole. */
const whole = (sql: string): string => `iif(instr(${sql}, char(0)), cast(${sql} as blob), ${sql})`;

function readValue(raw: unknown, type: ColumnType): string {
  if (Buffer.isBuffer(raw)) return raw.toString(type.type === "binary" ? "hex" : "utf8");
  if (type.type === "binary") return Buffer.from(String(raw), "utf8").toString("hex");
  if (type.type === "json") return canonicalJson(String(raw)) ?? String(raw);
  return String(type.type === "float" && typeof raw === "bigint" ? Number(raw) : raw);
}

/**
 * A text as its collation sees it: BINARY, NOCASE (ASCII letters only; after a NUL only the length counts) or RTRIM,
 * https://www.sqlite.org/datatype3.html#collation
 */
const identities: Readonly<Record<string, (text: string) => string>> = {
  BINARY: (text) => text,
  NOCASE: (text) =>
    `iif(instr(${text}, char(0)), lower(substr(${text}, 1, instr(${text}, char(0)))) || length(cast(${text} as blob)), lower(${text}))`,
  RTRIM: (text) => `rtrim(${text}, ' ')`,
};

/** Bytes have no collation. */
const identityOf = (column: Column, text: string): string =>
  column.type?.type === "binary" ? text : (identities[column.collation?.toUpperCase() ?? ""] ?? ((same) => same))(text);

const ownIdentity = (column: Column) =>
  column.type?.type === "text" && /^(?:binary)?$/i.test(column.collation ?? "")
    ? identityOfBytes
    : identityByType(column);

const collate = (column: Column): string => (column.collation === undefined ? "" : ` collate ${column.collation}`);

function lookup(
  table: string,
  by: readonly Column[],
  tuples: readonly (readonly Binding[])[],
  select: readonly string[],
): Statement {
  const identified = by.map((column, at) => `cast(${identityOf(column, `k.v${at}`)} as blob)`);
  const present = by.slice(0, 1).map((column) => `u.${quote(column.name)}`);
  const columns = ["k.i", ...identified, ...present, ...select].map((sql, at) => `${sql} as c${at}`).join(", ");
  const on = by.map((column, at) => `u.${quote(column.name)} = k.v${at}${collate(column)}`).join(" and ");
  const values = tuples.map((_, i) => `(${[i, ...by.map(() => "?")].join(", ")})`).join(", ");
  // A table that is called k is not the one of the values.
  return {
    sql: `with k(${["i", ...by.map((_, at) => `v${at}`)].join(", ")}) as (values ${values})
      select ${columns} from k left join main.${quote(table)} u on ${on}`,
    bindings: tuples.flat(),
  };
}

/** Not just INSERT: a constraint that is declared with ON CONFLICT REPLACE would have its way over the default. */
const insertInto = "insert or abort into";

function insert(table: string, columns: readonly Column[], rows: readonly (readonly Binding[])[]): Statement {
  const tuple = `(${columns.map(() => "?").join(", ")})`;
  return {
    sql: `${insertInto} ${quote(table)} (${columns.map(({ name }) => quote(name)).join(", ")}) values ${rows.map(() => tuple).join(", ")}`,
    bindings: rows.flat(),
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
  return {
    sql: `update or abort ${quote(table)} as u set ${set} from (values ${rows.map(() => tuple).join(", ")}) as k where u.${quote(key.name)} = k.column1${collate(key)}`,
    bindings: rows.flat(),
  };
}
