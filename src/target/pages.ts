import { conditionSql } from "./conditions.ts";
import type { Binding } from "./dialect.ts";
import { bound, identityText, keyColumn, known, type OpenTable, readRow } from "./open-table.ts";
import type { TypedColumn } from "./table.ts";
import type { Condition, Overview, PageRequest, Scanned } from "./target.ts";
import { identityByWeights, type KnownIdentity, plainCharacters } from "./weights.ts";

/** What is asked of the table as a whole: how many rows, and all of them page by page. */

export async function count({ db, dialect, table }: OpenTable, where: readonly Condition[]): Promise<number> {
  const bindings: Binding[] = [];
  const conditions = where.length > 0 ? ` where ${conditionSql(dialect, table, where, bindings, "u.")}` : "";
  const [row] = await dialect.rows(db, {
    sql: `select count(*) from ${dialect.quote(table.name)} u${conditions}`,
    bindings,
  });
  return Number(row?.[0] ?? 0);
}

/**
 * By key and not by position: rows that others make or delete meanwhile do not shift a page. The key's own index gives the
 * order, and no two rows have the same place in it. MariaDB is told so: it would rather sort the whole table for each page.
 */
export async function page(open: OpenTable, request: PageRequest): Promise<readonly Scanned[]> {
  const { db, dialect, table, keys } = open;
  const by = keyColumn(open, request.by);
  const columns = request.columns.map((name) => known(open, name));
  const identities = keys.map((key) => dialect.identity(key, `u.${dialect.quote(key.name)}`));
  const select = [...identities, ...columns.map((column) => dialect.select(column))];
  const bindings: Binding[] = [];
  const key = dialect.inOrder(by);
  const conditions = [
    ...request.where,
    ...keys.slice(0, keys.indexOf(by)).map(({ name }) => ({ column: name, oneOf: [null] })),
  ];
  const where = conditions.length > 0 ? [conditionSql(dialect, table, conditions, bindings, "u.")] : [];
  if (request.after === undefined) where.push(`u.${dialect.quote(by.name)} is not null`);
  else where.push(`${key} > ${dialect.asKey(by, dialect.place(bound(dialect, by, request.after), bindings))}`);
  // Two columns of one name are one where rows come as objects.
  const selected = select.map((sql, at) => `${sql} as c${at}`).join(", ");
  const rows = await dialect.rows(db, {
    sql: `select ${selected} from ${dialect.fromInOrder(table.name, indexOf(open, by))} where ${where.join(" and ")} order by ${key} limit ${request.size}`,
    bindings,
  });
  return rows.map((raw) => ({
    identities: keys.map((each, at) => identityOf(open, each, raw[at])),
    row: readRow(dialect, columns, raw.slice(keys.length)),
  }));
}

/** That in which every row is by this key alone. */
const indexOf = ({ table }: OpenTable, { name }: TypedColumn): string | undefined =>
  table.uniqueIndexes.find(({ columns: [only, ...others], opaque }) => !opaque && only === name && others.length === 0)
    ?.name;

/** As a look-up gives it, where a number is the text that was asked for. */
function identityOf({ dialect }: OpenTable, { type }: TypedColumn, raw: unknown): string | null {
  if (raw === null || raw === undefined) return null;
  return type.type === "integer" && !Buffer.isBuffer(raw) ? dialect.read(raw, type) : identityText(raw);
}

/** In one question: is there a row, and what do characters weigh. */
export async function overview({ db, dialect, table, keys: [key] }: OpenTable): Promise<Overview | undefined> {
  const own = key && dialect.ownIdentity(key);
  const weights = own ? [] : key && dialect.weights?.(key, [" ", ...plainCharacters]);
  if (!weights) return undefined;
  const count = `(select count(*) from (select 1 from ${dialect.quote(table.name)} limit 1) u)`;
  const columns = [count, ...weights].map((sql, at) => `${sql} as c${at}`).join(", ");
  const [row] = await dialect.rows(db, { sql: `select ${columns}`, bindings: [] });
  const [rows, ...weighed] = row ?? [];
  const identity = own ?? identityOfWeighed(weighed);
  return identity && { isVacant: Number(rows) === 0, identity };
}

const identityOfWeighed = ([space, ...others]: readonly unknown[]): KnownIdentity | undefined =>
  Buffer.isBuffer(space) && others.every(Buffer.isBuffer) ? identityByWeights(others as Buffer[], space) : undefined;
