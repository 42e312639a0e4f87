import type { TableRule } from "./column.ts";
import { namedMysqlRows } from "./mysql-rows.ts";
import type { Recipient } from "./send.ts";

type Rows = <T>(sql: string, values?: readonly string[]) => Promise<readonly T[]>;

/** What only the database knows of a table, as far as the user may see it. */
export interface MysqlRules {
  readonly rules: readonly TableRule[];
  /** Whether the user may delete rows. */
  readonly deletable: boolean;
  /** What the user may not see. */
  readonly unseen: readonly string[];
}

/**
 * The triggers, check constraints and foreign keys of a table. The catalogue shows checks and keys to nobody who may only
 * read and write rows, but SHOW CREATE TABLE does; triggers want the TRIGGER privilege.
 *
 * @param quoted the table, with its database
 */
export async function describeMysqlRules(
  db: Recipient,
  schema: string,
  table: string,
  quoted: string,
): Promise<MysqlRules> {
  const rows: Rows = (sql, values = [schema, table]) => namedMysqlRows(db, sql, values);
  const seen = await definitionOf(db, quoted);
  const definition = seen ?? "";
  const pointing = await references(rows, table);
  const own = withSelf(foreignKeys(definition), pointing, table);
  const rights = await rightsOf(rows, schema, table);
  const rules = [...(await triggers(rows)), ...checks(definition), ...own, ...pointing];
  return {
    rules,
    deletable: rights.has("DELETE"),
    unseen: [
      ...(seen === undefined ? ["check constraints", "foreign keys"] : []),
      ...(rights.has("TRIGGER") ? [] : ["triggers"]),
    ],
  };
}

/** Undefined where the user may not see it: whoever has rights on some columns alone. */
async function definitionOf(db: Recipient, quoted: string): Promise<string | undefined> {
  try {
    const [created] = await namedMysqlRows<Record<string, string>>(db, `show create table ${quoted}`);
    return created?.["Create Table"];
  } catch (error) {
    // ER_TABLEACCESS_DENIED_ERROR
    if (error instanceof Error && "errno" in error && error.errno === 1142) return undefined;
    throw error;
  }
}

async function triggers(rows: Rows): Promise<TableRule[]> {
  const found = await rows<{ name: string; timing: string; event: string }>(
    `select trigger_name as name, action_timing as timing, event_manipulation as event from information_schema.triggers
     where event_object_schema = ? and event_object_table = ? and event_manipulation <> 'DELETE' order by 1`,
  );
  return found.map(({ name, timing, event }) => ({
    kind: "trigger",
    name,
    fills: timing === "BEFORE" && event === "INSERT",
  }));
}

/** Of the rights that are of whole tables those that the user has here; it sees the triggers of a table with TRIGGER on it. */
async function rightsOf(rows: Rows, schema: string, table: string): Promise<ReadonlySet<string>> {
  const asked = "privilege_type in ('TRIGGER', 'DELETE')";
  const found = await rows<{ name: string }>(
    `select privilege_type as name from information_schema.user_privileges where ${asked}
     union select privilege_type from information_schema.schema_privileges where ${asked} and ? like table_schema
     union select privilege_type from information_schema.table_privileges
       where ${asked} and table_schema = ? and table_name = ?`,
    [schema, schema, table],
  );
  return new Set(found.map((right) => right.name));
}

/** A name as the server quotes it, with the quotes. */
const name = "`((?:[^`]|``)+)`";

/**
 * The checks of columns and of the table. That which MariaDB gives to a JSON column is left out, because values are JSON
 * before they are written.
 */
function checks(definition: string): TableRule[] {
  const lines = definition.split("\n").map((line) => line.trim());
  return lines.flatMap((line): TableRule[] => {
    const named = new RegExp(`^CONSTRAINT ${name} CHECK \\(`, "i").exec(line)?.[1];
    if (named !== undefined) return [{ kind: "check constraint", name: plain(named) }];
    const column = new RegExp(`^${name} .* CHECK \\(`, "i").exec(
      line.replace(/ CHECK \(json_valid\(`[^`]*`\)\)/i, ""),
    )?.[1];
    return column === undefined ? [] : [{ kind: "check constraint", name: `of ${plain(column)}` }];
  });
}

function foreignKeys(definition: string): TableRule[] {
  const key = new RegExp(`CONSTRAINT ${name} FOREIGN KEY \\(([^)]*)\\)`, "gi");
  return [...definition.matchAll(key)].map(([, named = "", columns = ""]) => ({
    kind: "foreign key",
    name: plain(named),
    columns: [...columns.matchAll(new RegExp(name, "g"))].map(([, column = ""]) => plain(column)),
  }));
}

/** Foreign keys by which the table points at itself are named as `references` names them. */
const withSelf = (keys: readonly TableRule[], pointing: readonly TableRule[], table: string): TableRule[] =>
  keys.map((key) => ({
    ...key,
    self: pointing.some(({ self, name }) => self && name.toLowerCase() === `${table}.${key.name}`.toLowerCase()),
  }));

const plain = (quoted: string): string => quoted.replaceAll("``", "`");

/** Foreign keys of other tables that point here, where the user may see those tables. */
async function references(rows: Rows, table: string): Promise<TableRule[]> {
  const found = await rows<{ name: string; owner: string; col: string }>(
    `select constraint_name as name, table_name as owner, referenced_column_name as col
     from information_schema.key_column_usage where referenced_table_schema = ? and referenced_table_name = ?
     order by 2, 1, ordinal_position`,
  );
  const keys = [...new Set(found.map(({ name: key, owner }) => `${owner}.${key}`))];
  return keys.map((key) => {
    const own = found.filter((row) => `${row.owner}.${row.name}` === key);
    const self = own[0]?.owner.toLowerCase() === table.toLowerCase();
    return { kind: "reference", name: key, columns: own.map(({ col }) => col), self };
  });
}
