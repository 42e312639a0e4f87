import type { TableRule } from "./column.ts";
import type { Knex } from "./knex.ts";

/** SQLite does not list its check constraints; the text of the table tells whether it has any. */
export async function describeSqliteRules(db: Knex, name: string): Promise<TableRule[]> {
  const schema = (await db.raw(
    "select type, name, sql from sqlite_schema where lower(tbl_name) = lower(?) and type in ('table', 'trigger') order by name",
    [name],
  )) as { type: string; name: string; sql: string }[];
  const keys = (await db.raw(
    `select t.name as owner, k.id as id, k."table" as target, k."from" as col, k."to" as referenced
     from sqlite_schema t, pragma_foreign_key_list(t.name) k where t.type = 'table' order by t.name, k.id, k.seq`,
  )) as { owner: string; id: number; target: string; col: string; referenced: string | null }[];
  const same = (other: string): boolean => other.toLowerCase() === name.toLowerCase();
  const grouped = (own: typeof keys) =>
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
