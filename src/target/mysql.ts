import { readFileSync } from "node:fs";
import type { ResolvedConfig } from "../config/load.ts";
import { nearest } from "../config/nearest.ts";
import { Failure } from "../errors.ts";
import type { Column, ColumnType, Table } from "./column.ts";
import type { Binding, Dialect, Statement } from "./dialect.ts";
import { canonicalJson } from "./json.ts";
import { type Knex, openMysql, type RawMysqlConnection } from "./knex.ts";
import { mysqlColumnType } from "./mysql-columns.ts";
import { mysqlError } from "./mysql-errors.ts";

type MysqlConfig = Extract<ResolvedConfig["target"], { client: "mysql2" }>;

/**
 * What a session must be like, whatever the server's defaults: text as utf8mb4, instants in UTC, and a value that does
 * not fit refused instead of bent. Literals are escaped with backslashes, so NO_BACKSLASH_ESCAPES must be off.
 */
const sessionSetup =
  "set names utf8mb4, session time_zone = '+00:00', session sql_mode = 'STRICT_ALL_TABLES,STRICT_TRANS_TABLES," +
  "NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION'";

/** MySQL and MariaDB, and Galera clusters of them. */
export function mysqlDialect(config: MysqlConfig): Dialect {
  const { connection } = config;
  const address = connection.socketPath ?? `${connection.host}:${connection.port}`;
  return {
    open: () => openMysql(driverOptions(connection), (raw, done) => prepareSession(raw, config.timeoutMs, done)),
    describeServer: async (db) => {
      const [[row]] = (await db.raw("select version() as version, @@max_allowed_packet as packet")) as [
        [{ version: string; packet: number }],
      ];
      const product = /mariadb/i.test(row.version) ? "MariaDB" : "MySQL";
      const version = row.version.replace(/-.*$/, "");
      // Room is left for the text of the statement around the values.
      return {
        title: `${connection.database} at ${address} (${product} ${version})`,
        maxBytes: row.packet - row.packet / 8,
      };
    },
    describeTable: (db, table) => describeTable(db, connection.database, table),
    quote,
    select: (column) => {
      const name = `u.${quote(column.name)}`;
      // A FLOAT is printed with six digits; as a DOUBLE it shows all that it holds.
      return column.type?.type === "float" && column.type.bits === 32 ? `${name} + 0e0` : name;
    },
    read: readValue,
    bind: (text, type) =>
      type.type === "binary" ? Buffer.from(text, "latin1") : type.type === "bit" ? BigInt(text) : text,
    rows: async (db, { sql, bindings }) => {
      const [rows] = (await db.raw(sql, [...bindings] as Knex.RawBinding[]).options({ rowsAsArray: true })) as [
        unknown[][],
      ];
      return rows;
    },
    run: async (db, { sql, bindings }) => {
      const [result] = (await db.raw(sql, [...bindings] as Knex.RawBinding[])) as [{ affectedRows: number }];
      return result.affectedRows;
    },
    lookup,
    update,
    maxBindings: Number.MAX_SAFE_INTEGER,
    classify: (error) => mysqlError(error, address),
  };
}

const quote = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

function driverOptions(connection: MysqlConfig["connection"]): Knex.MySql2ConnectionConfig {
  const { host, port, socketPath, user, password, database, tls } = connection;
  const options: Knex.MySql2ConnectionConfig & { jsonStrings: boolean } = {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password: password ?? "",
    database,
    ...(tls && {
      ssl: {
        ...pem("ca", tls.ca),
        ...pem("cert", tls.cert),
        ...pem("key", tls.key),
        rejectUnauthorized: tls.rejectUnauthorized,
      },
    }),
    charset: "utf8mb4",
    connectTimeout: 10_000,
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
  };
  return options;
}

const pem = (name: "ca" | "cert" | "key", path: string | undefined): Partial<Record<typeof name, string>> =>
  path === undefined ? {} : { [name]: readFileSync(path, "utf8") };

function prepareSession(
  raw: RawMysqlConnection,
  timeoutMs: number,
  done: (error: Error | null, connection: RawMysqlConnection) => void,
): void {
  // A server that stops answering must not hold the run for ever. An idle connection that is closed by this is replaced by the pool.
  raw.stream.setTimeout(timeoutMs, () => {
    raw.stream.destroy(Object.assign(new Error(`no answer for ${timeoutMs} ms`), { code: "ETIMEDOUT" }));
  });
  raw.query(sessionSetup, (error) => done(error, raw));
}

interface ColumnRow {
  readonly name: string;
  readonly data_type: string;
  readonly declared: string;
  readonly chars: number | null;
  readonly octets: number | null;
  readonly numeric_precision: number | null;
  readonly scale: number | null;
  readonly fraction: number | null;
  readonly nullable: string;
  readonly has_default: number;
  readonly extra: string;
  readonly charset: string | null;
  readonly collation: string | null;
}

async function describeTable(db: Knex, schema: string, name: string): Promise<Table> {
  const [columns] = (await db.raw(
    `select column_name as name, data_type as data_type, column_type as declared, character_maximum_length as chars,
       character_octet_length as octets, numeric_precision as numeric_precision, numeric_scale as scale,
       datetime_precision as fraction, is_nullable as nullable,
       (column_default is not null or extra like '%auto_increment%') as has_default, extra as extra,
       character_set_name as charset, collation_name as collation
     from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position`,
    [schema, name],
  )) as [ColumnRow[]];
  const [[table]] = (await db.raw(
    "select engine as engine from information_schema.tables where table_schema = ? and table_name = ?",
    [schema, name],
  )) as [[{ engine: string | null } | undefined]];
  if (columns.length === 0) throw await noSuchTable(db, schema, name);
  if (table?.engine && !/^(innodb|rocksdb|xtradb|ndbcluster|tokudb)$/i.test(table.engine)) {
    throw new Failure(
      "configuration",
      `target.table: ${name} uses the engine ${table.engine}, which has no transactions`,
      {
        hint: `ALTER TABLE ${quote(name)} ENGINE = InnoDB`,
      },
    );
  }
  const [indexes] = (await db.raw(
    `select index_name as name, column_name as col from information_schema.statistics
     where table_schema = ? and table_name = ? and non_unique = 0 order by index_name, seq_in_index`,
    [schema, name],
  )) as [{ name: string; col: string | null }[]];
  return {
    name,
    columns: new Map(columns.map((row) => [row.name.toLowerCase(), column(row)])),
    uniqueIndexes: [...new Set(indexes.map((row) => row.name))].map((index) => ({
      name: index,
      columns: indexes.filter((row) => row.name === index).map((row) => row.col ?? ""),
    })),
  };
}

const column = (row: ColumnRow): Column => ({
  name: row.name,
  declared: row.declared,
  type: mysqlColumnType(row),
  nullable: row.nullable === "YES",
  hasDefault: row.has_default === 1 || row.nullable === "YES",
  generated: /\b(virtual|stored|persistent) generated\b|\bvirtual\b|\bpersistent\b|\bstored\b/i.test(row.extra),
  collation: row.collation ?? undefined,
});

async function noSuchTable(db: Knex, schema: string, name: string): Promise<Failure> {
  const [tables] = (await db.raw("select table_name as name from information_schema.tables where table_schema = ?", [
    schema,
  ])) as [{ name: string }[]];
  const meant = nearest(
    name,
    tables.map((row) => row.name),
  );
  return new Failure("configuration", `target.table: the database ${schema} has no table "${name}"`, {
    hint: meant === undefined ? "create it, or grant the user SELECT on it" : `did you mean "${meant}"?`,
  });
}

function readValue(raw: unknown, type: ColumnType): string {
  switch (type.type) {
    case "binary":
      return Buffer.isBuffer(raw) ? raw.toString("latin1") : Buffer.from(String(raw), "utf8").toString("latin1");
    case "bit":
      return Buffer.isBuffer(raw) ? String(BigInt(`0x${raw.toString("hex") || "0"}`)) : String(raw);
    case "json":
      return canonicalJson(String(raw)) ?? String(raw);
    default:
      return String(raw);
  }
}

/** A key of the derived table as the match key column would hold it, so that its index is used and its collation decides. */
function asKey(key: Column): string {
  if (key.type?.type === "uuid") return "cast(k.v as uuid)";
  if (key.collation === undefined) return "k.v";
  const [charset = "utf8mb4"] = key.collation.split("_");
  return charset === "utf8mb4"
    ? `k.v collate ${key.collation}`
    : `convert(k.v using ${charset}) collate ${key.collation}`;
}

/** Trailing spaces do not count under PAD SPACE collations: all but MySQL 8's `_0900_` and MariaDB's `_nopad_`. */
const padsSpaces = (collation: string): boolean => !/_0900_|_nopad_|^binary$/.test(collation);

function lookup(table: string, key: Column, keys: readonly Binding[], select: readonly string[]): Statement {
  const typed = key.type?.type === "integer" ? "cast(? as decimal(20))" : "?";
  const derived = keys
    .map((_, i) => (i === 0 ? `select 0 as i, ${typed} as v` : `select ${i}, ${typed}`))
    .join(" union all ");
  const value = asKey(key);
  const trimmed = key.collation && padsSpaces(key.collation) ? `rtrim(${value})` : value;
  const identity = key.collation === undefined ? "k.v" : `weight_string(${trimmed})`;
  const columns = ["k.i", identity, `u.${quote(key.name)}`, ...select].join(", ");
  return {
    sql: `select ${columns} from (${derived}) k left join ${quote(table)} u on u.${quote(key.name)} = ${value}`,
    bindings: keys,
  };
}

function update(
  table: string,
  key: Column,
  columns: readonly Column[],
  rows: readonly (readonly Binding[])[],
): Statement {
  const names = ["v", ...columns.map((_, at) => `c${at}`)];
  const first = `select ${names.map((name) => `? as ${name}`).join(", ")}`;
  const other = `select ${names.map(() => "?").join(", ")}`;
  const derived = rows.map((_, i) => (i === 0 ? first : other)).join(" union all ");
  const set = columns.map((column, at) => `u.${quote(column.name)} = k.c${at}`).join(", ");
  return {
    sql: `update ${quote(table)} u join (${derived}) k on u.${quote(key.name)} = ${asKey(key)} set ${set}`,
    bindings: rows.flat(),
  };
}
