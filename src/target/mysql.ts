import type { Column, ColumnType } from "./column.ts";
import type { Binding, Dialect, Statement } from "./dialect.ts";
import { canonicalJson } from "./json.ts";
import { mysqlLiteral, openMysql, type RawMysqlConnection } from "./knex.ts";
import { driverOptions, type MysqlConfig } from "./mysql-driver.ts";
import { mysqlError } from "./mysql-errors.ts";
import { mysqlLock } from "./mysql-lock.ts";
import { type InsertPrepared, preparedInserts } from "./mysql-prepared.ts";
import { mysqlRows, namedMysqlRows } from "./mysql-rows.ts";
import { prepareSession } from "./mysql-session.ts";
import { describeMysqlTable, quoteMysql } from "./mysql-table.ts";
import { lent, type Recipient, send } from "./send.ts";
import { identityByType } from "./weights.ts";

/**
 * The lock's connection gives up a silent server in time to try another connection while the lease stands; renewals come
 * oftener than this.
 */
const lockTimeoutMs = 15_000;

/** MySQL and MariaDB, and Galera clusters of them. */
export function mysqlDialect(config: MysqlConfig): Dialect {
  const { connection } = config;
  let insertPrepared: InsertPrepared | undefined;
  const address = connection.socketPath ?? `${connection.host}:${connection.port}`;
  return {
    open: (readOnly) =>
      openMysql(driverOptions(config), (raw, done) => prepareSession(raw, config.timeoutMs, readOnly, done)),
    describeServer: async (db) => {
      const [row] = (await namedMysqlRows(
        db,
        "select version() as version, @@max_allowed_packet as packet, cast(@@global.read_only as char) as closed",
      )) as readonly [{ version: string; packet: number | string; closed: string }];
      const packet = Number(row.packet);
      const product = /mariadb/i.test(row.version) ? "MariaDB" : "MySQL";
      const version = row.version.replace(/-.*$/, "");
      // MySQL finds the types of values by other rules, which were not tried here.
      insertPrepared = product === "MariaDB" ? preparedInserts() : undefined;
      // Room is left for the text of the statement around the values.
      return {
        title: `${connection.database} at ${address} (${product} ${version})`,
        maxBytes: packet - packet / 8,
        setBy: "max_allowed_packet",
        // Some accounts may write all the same, and a sync should not be one of them.
        obstacle: /^(0|off)$/i.test(row.closed) ? undefined : "the server is read-only (read_only is on)",
      };
    },
    describeTable: (db, table, place) => describeMysqlTable(db, connection.database, table, place),
    quote,
    select: (column) => {
      const name = `u.${quote(column.name)}`;
      // A FLOAT is printed with six digits; as a DOUBLE it shows all that it holds.
      return column.type?.type === "float" && column.type.bits === 32 ? `${name} + 0e0` : name;
    },
    packed,
    place: mysqlLiteral,
    identity: identityOf,
    asKey,
    fromInOrder: (table, index) => `${quote(table)} u${index === undefined ? "" : ` force index (${quote(index)})`}`,
    inOrder: ({ name }) => `u.${quote(name)}`,
    isSame: "<=>",
    read: readValue,
    bind: (text, type) => {
      if (type.type === "binary") return Buffer.from(text, "hex");
      // As a number: a text is compared with an INTEGER column as a DOUBLE, for which all above 2^53 is a blur.
      return type.type === "integer" || type.type === "bit" ? integer(text) : text;
    },
    rows: mysqlRows,
    run,
    lookup,
    ownIdentity: identityByType,
    weights: ({ collation, ...column }, texts) =>
      collation !== undefined && weighsEach.test(collation)
        ? texts.map((text) => `weight_string(${asKey({ ...column, collation }, mysqlLiteral(text))})`)
        : undefined,
    insert: (db, ...rows) => insert(db, insertPrepared, ...rows),
    update,
    lock: mysqlLock(connection.database, async () => {
      const quick = { ...config, timeoutMs: Math.min(config.timeoutMs, lockTimeoutMs) };
      return openMysql(driverOptions(quick), (raw, done) => prepareSession(raw, quick.timeoutMs, false, done), 1);
    }),
    keyCollations: { known: hasIdentity, hint: "use a _ai_ci or _bin collation for that column" },
    given: (rows) => `(${union(["i", "v0"], rows)}) k`,
    updateOf: "update",
    insertInto: "insert into",
    maxBindings: Number.MAX_SAFE_INTEGER,
    classify: (error) => mysqlError(error, address),
  };
}

const quote = quoteMysql;

/** So many digits are below 2^53. */
const integer = (digits: string): number | bigint => (/^-?\d{1,15}$/.test(digits) ? Number(digits) : BigInt(digits));

async function run(db: Recipient, statement: Statement): Promise<number> {
  const [result] = (await send(db, statement)) as [{ affectedRows: number }];
  return result.affectedRows;
}

const withoutZeros = (digits: string): string =>
  digits.startsWith("0") || digits.startsWith("-0") ? digits.replace(/^(-?)0+(?=\d)/, "$1") : digits;

function readValue(raw: unknown, type: ColumnType): string {
  switch (type.type) {
    case "binary":
      return (Buffer.isBuffer(raw) ? raw : Buffer.from(String(raw), "utf8")).toString("hex");
    case "bit":
      return Buffer.isBuffer(raw) ? String(BigInt(`0x${raw.toString("hex") || "0"}`)) : String(raw);
    case "json":
      return canonicalJson(String(raw)) ?? String(raw);
    case "integer":
    case "decimal":
      // ZEROFILL columns come with zeros before the number.
      return withoutZeros(String(raw));
    default:
      return String(raw);
  }
}

/** Types whose text is the same in a larger text as by itself. */
const packable = new Set(["text", "integer", "decimal", "date", "datetime", "enum"]);

function packed({ name, type, collation }: Column): string | undefined {
  if (type === undefined || !packable.has(type.type)) return undefined;
  const text = `u.${quote(name)}`;
  return collation === undefined || collation.startsWith("utf8mb4_") ? text : `convert(${text} using utf8mb4)`;
}

/** A text as the column would hold it, so that its index is used and its collation decides. */
function asKey(key: Column, text: string): string {
  if (key.type?.type === "uuid") return `cast(${text} as uuid)`;
  if (key.collation === undefined) return text;
  const [charset = "utf8mb4"] = key.collation.split("_");
  return charset === "utf8mb4"
    ? `${text} collate ${key.collation}`
    : `convert(${text} using ${charset}) collate ${key.collation}`;
}

/** Trailing spaces do not count under PAD SPACE collations: all but MySQL 8's `_0900_` and MariaDB's `_nopad_`. */
const padsSpaces = (collation: string): boolean => !/_0900_|_nopad_|^binary$/.test(collation);

/**
 * Whether `identityOf` tells apart what `=` tells apart. It was tried with every collation of MariaDB 10.11, and does
 * under those that weigh a text once: binary ones, and those that ignore case but not accents, or both. Under those of
 * several levels (`_uca1400_…_as_cs`, `_ai_cs`, `_as_ci`, `_thai_520_w2`) MariaDB compares by other rules than it sorts.
 * Of MySQL 8 that leaves `_0900_ai_ci` and `_0900_bin`.
 */
const hasIdentity = (collation: string): boolean =>
  (/_(bin|ci)$/.test(collation) && !/_as_ci$/.test(collation)) || /^(binary|latin1_general_cs)$/.test(collation);

/** Collations that weigh ASCII character by character: those of no language, in which no two letters are one. */
const weighsEach = /^utf8mb4_(?:(?:general|unicode|unicode_520|0900_ai|uca1400_ai)_ci|bin)$/;

/**
 * The sort key of a text, equal exactly where the collation calls two texts equal. Under PAD SPACE that is without what
 * the text ends with that weighs as much as a space, which in the Unicode collations are many kinds of space.
 */
function identityOf(key: Column, text: string): string {
  const value = asKey(key, text);
  if (key.collation === undefined) return text;
  if (!padsSpaces(key.collation)) return `weight_string(${value})`;
  return `trim(trailing weight_string(${asKey(key, "' '")}) from weight_string(rtrim(${value})))`;
}

function lookup(
  table: string,
  by: readonly Column[],
  tuples: readonly (readonly Binding[])[],
  select: readonly string[],
  locked = false,
): Statement {
  const names = by.map((_, at) => `v${at}`);
  const derived = union(
    ["i", ...names],
    tuples.map((values, i) => [i, ...values]),
  );
  const identities = by.map((column, at) => identityOf(column, `k.v${at}`));
  const present = by.slice(0, 1).map((column) => `u.${quote(column.name)}`);
  // Of columns in a result mysql2 takes neither the name __proto__ nor some others.
  const columns = ["k.i", ...identities, ...present, ...select].map((sql, at) => `${sql} as c${at}`).join(", ");
  const on = by.map((column, at) => `u.${quote(column.name)} = ${asKey(column, `k.v${at}`)}`).join(" and ");
  return {
    sql: `select ${columns} from (${derived}) k left join ${quote(table)} u on ${on}${locked ? " for update" : ""}`,
    bindings: [],
  };
}

/** Rows as a derived table; the first of them names the columns. */
const union = (names: readonly string[], [first = [], ...others]: readonly (readonly Binding[])[]): string =>
  [
    `select ${first.map((value, at) => `${mysqlLiteral(value)} as ${names[at]}`).join(", ")}`,
    ...others.map((values) => `select ${literals(values)}`),
  ].join(" union all ");

/** Put together as one text: lists that are joined take a quarter longer. */
function literals([first = null, ...others]: readonly Binding[]): string {
  let text = mysqlLiteral(first);
  for (const value of others) text += `, ${mysqlLiteral(value)}`;
  return text;
}

async function insert(
  db: Recipient,
  insertPrepared: InsertPrepared | undefined,
  table: string,
  columns: readonly Column[],
  rows: readonly (readonly Binding[])[],
): Promise<number> {
  const head = `insert into ${quote(table)} (${columns.map(({ name }) => quote(name)).join(", ")}) values `;
  const inserted =
    insertPrepared &&
    (await lent(db, (connection) => insertPrepared(connection as RawMysqlConnection, { head, rows })));
  if (inserted !== undefined) return inserted;
  let sql = head;
  for (const [at, values] of rows.entries()) sql += `${at > 0 ? ", " : ""}(${literals(values)})`;
  return run(db, { sql, bindings: [] });
}

/**
 * The values travel as a derived table. MariaDB 10.11 cuts them in silence there in two cases, whatever the SQL mode:
 * bytes given as bytes (100,000 became 34,464), hence the hexadecimal text; and a column of it that is copied as it is
 * into a TEXT or TINYTEXT that is too short, hence the function around it.
 */
function update(
  table: string,
  key: Column,
  columns: readonly Column[],
  rows: readonly (readonly Binding[])[],
): Statement {
  const names = ["v", ...columns.map((_, at) => `c${at}`)];
  const hex = rows.map((row) => row.map((value) => (Buffer.isBuffer(value) ? value.toString("hex") : value)));
  const set = columns.map((column, at) => {
    const convert = column.type?.type === "binary" ? "unhex" : "coalesce";
    return `u.${quote(column.name)} = ${convert}(k.c${at})`;
  });
  const given = key.type?.type === "binary" ? "unhex(k.v)" : asKey(key, "k.v");
  return {
    sql: `update ${quote(table)} u join (${union(names, hex)}) k on u.${quote(key.name)} = ${given} set ${set.join(", ")}`,
    bindings: [],
  };
}
