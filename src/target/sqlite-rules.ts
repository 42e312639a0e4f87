import type { TableRule } from "./column.ts";
import type { Recipient } from "./send.ts";
import { namedSqliteRows } from "./sqlite-rows.ts";

/** A column of a foreign key, and the one that it points at, which is not told where that is the primary key. */
interface KeyColumn {
  readonly owner: string;
  readonly id: number;
  readonly target: string;
  readonly col: string;
  readonly referenced: string | null;
}

/** SQLite does not list its check constraints; the text of the table tells whether it has any. */
export async function describeSqliteRules(db: Recipient, name: string): Promise<TableRule[]> {
  const schema = await namedSqliteRows<{ type: string; name: string; sql: string }>(
    db,
    "select type, name, sql from sqlite_schema where lower(tbl_name) = lower(?) and type in ('table', 'trigger') order by name",
    [name],
  );
  const keys = await namedSqliteRows<KeyColumn>(
    db,
    `select t.name as owner, k.id as id, k."table" as target, k."from" as col, k."to" as referenced
     from sqlite_schema t, pragma_foreign_key_list(t.name) k where t.type = 'table' order by t.name, k.id, k.seq`,
  );
  const same = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  const grouped = (own: readonly KeyColumn[]) =>
    [...new Set(own.map(({ owner, id }) => `${owner} ${id}`))].map((each) =>
      own.filter(({ owner, id }) => `${owner} ${id}` === each),
    );
  // A trigger of SQLite cannot change the row that is on its way.
  const triggers = schema.filter(({ type, sql }) => type === "trigger" && !/\bdelete\s+on\b/i.test(sql));
  const checked = schema.some(({ type, sql }) => type === "table" && /\bcheck\s*\(/i.test(sql));
  return [
    ...triggers.map((row) => ({ kind: "trigger", name: row.name }) as const),
    ...(checked ? [{ kind: "check constraint", name: "of the table" } as const] : []),
    ...grouped(keys.filter(({ owner }) => same(owner))).map((key) => {
      const columns = key.map(({ col }) => col);
      const self = same(key[0]?.target ?? "");
      return { kind: "foreign key", name: `on ${columns.join(", ")}`, columns, self } as const;
    }),
    ...grouped(keys.filter(({ target }) => same(target))).map((key) => ({
      kind: "reference" as const,
      self: same(key[0]?.owner ?? ""),
      name: `${key[0]?.owner}.${key.map(({ col }) => col).join(", ")}`,
      // Without a name it is the primary key that is pointed at.
      columns: key.some(({ referenced }) => referenced === null)
        ? undefined
        : key.map(({ referenced }) => referenced ?? ""),
    })),
  ];
}
