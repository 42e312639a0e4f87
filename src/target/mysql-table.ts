import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Column, Table } from "./column.ts";
import type { Knex } from "./knex.ts";
import { mysqlColumnType } from "./mysql-columns.ts";

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
  readonly extra: string;
  readonly charset: string | null;
  readonly collation: string | null;
}

/** The table's columns and unique indexes; a `Failure("configuration")` where it is not there or has no transactions. */
export async function describeMysqlTable(db: Knex, schema: string, name: string): Promise<Table> {
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
        hint: `ALTER TABLE ${quoteMysql(name)} ENGINE = InnoDB`,
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

function column(row: ColumnRow): Column {
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
  const strange = type === undefined && mysqlColumnType({ ...facts, charset: "utf8mb4" }) !== undefined;
  return {
    name: row.name,
    declared: strange ? `${row.declared} character set ${row.charset}` : row.declared,
    type,
    nullable: row.nullable === "YES",
    hasDefault: Number(row.has_default) === 1 || row.nullable === "YES",
    generated: /\b(virtual|stored|persistent)\b/i.test(row.extra),
    setOnUpdate: /\bon update\b/i.test(row.extra),
    collation: row.collation ?? undefined,
  };
}

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
