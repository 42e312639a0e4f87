import type { Charset, ColumnType } from "./column.ts";

/** What information_schema.columns says of a column. */
export interface MysqlColumnRow {
  readonly data_type: string;
  readonly declared: string;
  readonly chars: number | null;
  readonly octets: number | null;
  readonly numeric_precision: number | null;
  readonly scale: number | null;
  readonly fraction: number | null;
  readonly charset: string | null;
}

/** The type of a column of MySQL or MariaDB; undefined where values of it cannot be written from text. */
export function mysqlColumnType(row: MysqlColumnRow): ColumnType | undefined {
  return types[row.data_type.toLowerCase()]?.(row);
}

/** The charsets whose repertoire is known; a column in any other one cannot be checked before the write. */
const charsets: Readonly<Record<string, Charset>> = {
  utf8mb4: "unicode",
  utf16: "unicode",
  utf16le: "unicode",
  utf32: "unicode",
  utf8: "bmp",
  utf8mb3: "bmp",
  ucs2: "bmp",
  latin1: "latin1",
  ascii: "ascii",
};

const text = (limit: { maxChars?: number | undefined; maxBytes?: number | undefined; padded?: boolean }) => {
  return (row: MysqlColumnRow): ColumnType | undefined => {
    const charset = charsets[row.charset ?? ""];
    return charset && { type: "text", padded: false, ...limit, charset };
  };
};

/** CHAR and VARCHAR count characters; the TEXT types count bytes. */
const characters = (padded: boolean) => (row: MysqlColumnRow) =>
  text({ maxChars: row.chars ?? undefined, padded })(row);
const bytes = (row: MysqlColumnRow) => text({ maxBytes: row.octets ?? undefined })(row);

const integer =
  (bits: number) =>
  (row: MysqlColumnRow): ColumnType =>
    /unsigned/i.test(row.declared)
      ? { type: "integer", min: 0n, max: (1n << BigInt(bits)) - 1n }
      : { type: "integer", min: -(1n << BigInt(bits - 1)), max: (1n << BigInt(bits - 1)) - 1n };

const binary =
  (fixed: boolean) =>
  (row: MysqlColumnRow): ColumnType => ({
    type: "binary",
    maxBytes: row.octets ?? row.chars ?? 0,
    fixed,
  });

/** Not FLOAT(m,d), which rounds in silence. */
const float =
  (bits: 32 | 64) =>
  (row: MysqlColumnRow): ColumnType | undefined =>
    row.scale === null ? { type: "float", bits } : undefined;

const instant =
  (min: string, max: string) =>
  (row: MysqlColumnRow): ColumnType => ({
    type: "datetime",
    fraction: row.fraction ?? 0,
    min,
    max,
  });

const types: Readonly<Record<string, (row: MysqlColumnRow) => ColumnType | undefined>> = {
  char: characters(true),
  varchar: characters(false),
  tinytext: bytes,
  text: bytes,
  mediumtext: bytes,
  longtext: bytes,
  tinyint: integer(8),
  smallint: integer(16),
  mediumint: integer(24),
  int: integer(32),
  bigint: integer(64),
  year: () => ({ type: "integer", min: 1901n, max: 2155n }),
  decimal: (row) => ({
    type: "decimal",
    precision: row.numeric_precision ?? 10,
    scale: row.scale ?? 0,
    unsigned: /unsigned/i.test(row.declared),
  }),
  float: float(32),
  double: float(64),
  date: () => ({ type: "date" }),
  datetime: instant("1000-01-01 00:00:00", "9999-12-31 23:59:59"),
  timestamp: instant("1970-01-01 00:00:01", "2038-01-19 03:14:07"),
  bit: (row) => ({ type: "bit", bits: row.numeric_precision ?? 1 }),
  binary: binary(true),
  varbinary: binary(false),
  tinyblob: binary(false),
  blob: binary(false),
  mediumblob: binary(false),
  longblob: binary(false),
  json: () => ({ type: "json", doubles: true }),
  uuid: () => ({ type: "uuid" }),
  enum: (row) => ({ type: "enum", members: enumMembers(row.declared) }),
};

/** The members of `enum('a','it''s','back\\\\slash')`. */
const enumMembers = (declared: string): string[] =>
  [...declared.matchAll(/'((?:[^']|'')*)'/g)].map(([, member = ""]) =>
    member.replace(/''|\\(.)/g, (_, escaped: string | undefined) =>
      escaped === undefined ? "'" : (escapes[escaped] ?? escaped),
    ),
  );

const escapes: Readonly<Record<string, string>> = { "0": "\0", n: "\n", r: "\r" };
