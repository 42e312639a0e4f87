import type { TableRule } from "./column.ts";
import type { Knex } from "./knex.ts";

/**
 * The triggers, check constraints and foreign keys of a table, as far as the user may see them: triggers want the TRIGGER
 * privilege. The check that MariaDB gives to a JSON column is left out, because values are JSON before they are written.
 */
export async function describeMysqlRules(db: Knex, schema: string, table: string): Promise<TableRule[]> {
  const rows = async <T>(sql: string): Promise<T[]> => ((await db.raw(sql, [schema, table])) as [T[]])[0];
  const triggers = await rows<{ name: string }>(
    `select trigger_name as name from information_schema.triggers
     where event_object_schema = ? and event_object_table = ? and event_manipulation <> 'DELETE' order by 1`,
  );
  const checks = await rows<{ name: string; clause: string }>(
    `select c.constraint_name as name, c.check_clause as clause
     from information_schema.table_constraints t
     join information_schema.check_constraints c
       on c.constraint_schema = t.constraint_schema and c.constraint_name = t.constraint_name
     where t.table_schema = ? and t.table_name = ? and t.constraint_type = 'CHECK' order by 1`,
  );
  const keys = await rows<{ name: string; col: string }>(
    `select constraint_name as name, column_name as col from information_schema.key_column_usage
     where table_schema = ? and table_name = ? and referenced_table_name is not null order by 1, ordinal_position`,
  );
  return [
    ...triggers.map(({ name }) => ({ kind: "trigger", name }) as const),
    ...checks
      .filter(({ clause }) => !/^json_valid\(`[^`]*`\)$/i.test(clause))
      .map(({ name }) => ({ kind: "check constraint", name }) as const),
    ...[...new Set(keys.map(({ name }) => name))].map((name) => {
      const columns = keys.filter((key) => key.name === name).map(({ col }) => col);
      return { kind: "foreign key", name, columns } as const;
    }),
  ];
}
