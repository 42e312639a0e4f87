import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Column, Table, UniqueIndex } from "./column.ts";
import { mysqlColumnType } from "./mysql-columns.ts";
import { namedMysqlRows } from "./mysql-rows.ts";
import { describeMysqlRules } from "./mysql-rules.ts";
import type { Recipient } from "./send.ts";

export const quoteMysql = (name: string): string => `\`${name.replaceAll("`", "``")}\``;

/** Numbers are BIGINT there, which the driver gives as texts. */
interface ColumnRow {
  readonly name: string;
  readonly data_type: string;
  readonly declared: string;
  readonly chars: string | number | null;
  readonly octets: string | number | null;
  readonly numeric_precision: string | number | null;
  readonly scale: string | number | null;
  readonly fraction: string | number | null;
  readonly nullable: string;
  readonly has_default: string | number;
  readonly default_text: string | null;
  readonly extra: string;
  /** Of this user, from grants of any level: `select,insert,update,references`. */
  readonly privileges: string;
  readonly charset: string | null;
  readonly collation: string | null;
}

/** The table's columns and unique indexes; a `Failure("configuration")` where it is not there or has no transactions. */
export async function describeMysqlTable(
  db: Recipient,
  schema: string,
  name: string,
  place = "target.table",
): Promise<Table> {
  const columns = await namedMysqlRows<ColumnRow>(
    db,
    `select column_name as name, data_type as data_type, column_type as declared, character_maximum_length as chars,
       character_octet_length as octets, numeric_precision as numeric_precision, numeric_scale as scale,
       datetime_precision as fraction, is_nullable as nullable,
       (column_default is not null or extra like '%auto_increment%') as has_default, column_default as default_text,
       extra as extra, privileges as privileges,
       character_set_name as charset, collation_name as collation
     from information_schema.columns where table_schema = ? and table_name = ? order by ordinal_position`,
    [schema, name],
  );
  const [table] = await namedMysqlRows<{ engine: string | null; server: string }>(
    db,
    "select engine as engine, version() as server from information_schema.tables where table_schema = ? and table_name = ?",
    [schema, name],
  );
  if (columns.length === 0 || table === undefined) throw await noSuchTable(db, schema, name, place);
  if (table.engine && !/^(innodb|rocksdb|xtradb|ndbcluster|tokudb)$/i.test(table.engine)) {
    throw new Failure("configuration", `${place}: ${name} uses the engine ${table.engine}, which has no transactions`, {
      hint: `ALTER TABLE ${quoteMysql(name)} ENGINE = InnoDB`,
    });
  }
  const written = /mariadb/i.test(table.server) ? literalText : undefined;
  const indexes = await uniqueIndexes(db, schema, name);
  return {
    name,
    columns: new Map(columns.map((row) => [row.name.toLowerCase(), column(row, written)])),
    uniqueIndexes: indexes,
    primaryKey: indexes.find((index) => index.name === "PRIMARY")?.columns ?? [],
    ...(await describeMysqlRules(db, schema, name, `${quoteMysql(schema)}.${quoteMysql(name)}`)),
  };
}

/** In the order in which the server looks at them for a clash, which is that of SHOW INDEX. */
async function uniqueIndexes(db: Recipient, schema: string, name: string): Promise<UniqueIndex[]> {
  const all = await namedMysqlRows<{
    Key_name: string;
    Non_unique: number | string;
    Column_name: string | null;
    Sub_part: number | string | null;
  }>(db, `show index from ${quoteMysql(name)} from ${quoteMysql(schema)}`);
  const rows = all.filter((row) => Number(row.Non_unique) === 0);
  return [...new Set(rows.map((row) => row.Key_name))].map((index) => {
    const own = rows.filter((row) => row.Key_name === index);
    const expression = own.some((row) => row.Column_name === null);
    const prefix = own.some((row) => row.Sub_part !== null);
    return {
      name: index,
      columns: own.map((row) => row.Column_name ?? ""),
      opaque: expression ? "expression" : prefix ? "prefix" : undefined,
    };
  });
}

/** The text of a constant as MariaDB writes it in a default: `'it\\'s'`, `17`, `NULL`. */
function literalText(written: string): string | null | undefined {
  if (/^null$/i.test(written)) return null;
  if (/^-?\d+(\.\d+)?$/.test(written)) return written;
  return /^'((?:[^'\\]|'')*)'$/s.exec(written)?.[1]?.replaceAll("''", "'");
}

/** What a new row gets that leaves the column out. MySQL writes a constant as it is, and marks an expression. */
function defaultText(row: ColumnRow, written: typeof literalText | undefined): string | null | undefined {
  if (row.default_text === null) return row.nullable === "YES" ? null : undefined;
  if (written) return written(row.default_text);
  return /DEFAULT_GENERATED/i.test(row.extra) || /^current_timestamp/i.test(row.default_text)
    ? undefined
    : row.default_text;
}

function column(row: ColumnRow, written: typeof literalText | undefined): Column {
  const number = (value: string | number | null): number | null => (value === null ? null : Number(value));
  const facts = {
    ...row,
    chars: number(row.chars),
    octets: number(row.octets),
    numeric_precision: number(row.numeric_precision),
    scale: number(row.scale),
    fraction: number(row.fraction),
  };
  const type = mysqlColumnType(facts);
  // An ENUM that is NOT NULL and has no default takes its first member, in strict mode too
  // (https://dev.mysql.com/doc/refman/8.0/en/data-type-defaults.html).
  const firstMember =
    type?.type === "enum" && row.nullable === "NO" && row.default_text === null ? type.members[0] : undefined;
  const strange = type === undefined && mysqlColumnType({ ...facts, charset: "utf8mb4" }) !== undefined;
  return {
    name: row.name,
    declared: strange ? `${row.declared} character set ${row.charset}` : row.declared,
    type,
    nullable: row.nullable === "YES",
    hasDefault: Number(row.has_default) === 1 || row.nullable === "YES" || firstMember !== undefined,
    defaultText: firstMember ?? defaultText(row, written),
    numbered: /\bauto_increment\b/i.test(row.extra),
    generated: /\b(virtual|stored|persistent)\b/i.test(row.extra),
    setOnUpdate: /\bon update\b/i.test(row.extra),
    rights: new Set(row.privileges.split(",")),
    collation: row.collation ?? undefined,
  };
}

async function noSuchTable(db: Recipient, schema: string, name: string, place: string): Promise<Failure> {
  const tables = await namedMysqlRows<{ name: string }>(
    db,
    "select table_name as name from information_schema.tables where table_schema = ?",
    [schema],
  );
  const names = tables.map((row) => row.name);
  if (names.includes(name)) {
    return new Failure("configuration", `${place}: this account may not read the table "${name}" of ${schema}`, {
      hint: "grant it SELECT on the columns that are named",
    });
  }
  const meant = nearest(name, names);
  return new Failure("configuration", `${place}: the database ${schema} has no table "${name}"`, {
    hint: meant === undefined ? "create it, or grant the user SELECT on it" : `did you mean "${meant}"?`,
  });
}
