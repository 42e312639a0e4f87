import type { DirectoryRecord, LdapServer } from "../servers/ldap-server.ts";
import { recordsIn } from "../servers/ldif.ts";
import type { Mariadb } from "../servers/mariadb.ts";

/** Directory and table, read by ldapsearch and by SQL: nothing of the program has a part in it. */

export type Row = Readonly<Record<string, string | null>>;

/** The entries below a base, with attributes that are asked for by name. */
export const entriesBelow = async (
  server: LdapServer,
  base: string,
  attributes: readonly string[],
): Promise<DirectoryRecord[]> =>
  recordsIn(await server.search(["-b", base, "-E", "pr=1000/noprompt", "(objectClass=*)", ...attributes]));

/** The rows of the table without the number that the database gives them. */
export async function tableOf(mariadb: Mariadb): Promise<Row[]> {
  const rows = await mariadb.sql("select * from users");
  return rows.map(({ id: _, ...row }) => ({ ...row }));
}

/** What is in one of the lists alone, in no order: of thousands of rows, a failing test shows these. */
export function differences(called: readonly Row[], found: readonly Row[]) {
  const text = (row: Row): string => JSON.stringify(Object.entries(row).sort());
  const without = (rows: readonly Row[], others: readonly Row[]): Row[] => {
    const texts = new Set(others.map(text));
    return rows.filter((row) => !texts.has(text(row)));
  };
  return {
    missing: without(called, found),
    unexpected: without(found, called),
    count: found.length - called.length,
  };
}

export const none = { missing: [], unexpected: [], count: 0 };

/** How many rows of the table were ever written, as the database counts them (`--userstat=1`). */
export async function rowsWritten(mariadb: Mariadb): Promise<number> {
  const [row] = await mariadb.sql(
    "select rows_changed as n from information_schema.table_statistics where table_name = 'users'",
  );
  return Number(row?.n ?? 0);
}

/** Its text values in an order of their own: that of code points. */
export const valuesOf = ({ attributes }: DirectoryRecord, name: string): string[] =>
  (attributes[name] ?? []).map(String).sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)));

export const firstOf = (entry: DirectoryRecord, name: string): string | null => valuesOf(entry, name)[0] ?? null;

export const lowercase = (value: string | null): string | null => value?.toLowerCase() ?? null;

/** `Larsson, Eva` of `CN=Larsson\, Eva,OU=…` (RFC 4514 section 2.4). */
export function nameIn(dn: string | null): string | null {
  const [, value] = /^[^=]+=((?:\\.|[^\\,])*)/su.exec(dn ?? "") ?? [];
  if (value === undefined) return null;
  const bytes = value.replace(/((?:\\[0-9a-fA-F]{2})+)/g, (hex) => decodeURIComponent(hex.replaceAll("\\", "%")));
  return bytes.replace(/\\(.)/gsu, "$1");
}
