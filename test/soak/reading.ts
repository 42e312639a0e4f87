import { fileURLToPath } from "node:url";
import { outcomeOf } from "../servers/command.ts";
import { parentOf } from "./company.ts";
import type { Site } from "./site.ts";

/** The rows of the table by external id, without what differs from one load to the next. */
export type Rows = ReadonlyMap<string, readonly (string | number | null)[]>;

const columns =
  "external_id, username, email, display_name, given_name, surname, title, town, department, employee_number, phones, created_by, state";

export async function rowsOf({ mariadb }: Site): Promise<Rows> {
  const rows = await mariadb.sql(`select ${columns} from users`);
  return new Map(rows.map(({ external_id, ...row }) => [String(external_id), Object.values(row)]));
}

export const stateIn = (row: readonly unknown[] | undefined): unknown => row?.at(-1);

/** What an independent reading finds wrong with the table after a run: what it should be, or was before and was not reached. */
export async function wrongWith(
  site: Site,
  before: Rows,
  run: { readonly done: boolean; readonly rejected: readonly string[] },
): Promise<string> {
  const { slapd, mariadb, company, leavers } = site;
  const { host, port, user, password, database } = mariadb;
  const input = JSON.stringify({
    url: slapd.url,
    bindDn: slapd.syncDn,
    bindPassword: slapd.syncPassword,
    base: parentOf("", company),
    database: { host, port, user, password, database },
    before: Object.fromEntries(before),
    leavers,
    ...run,
  });
  const script = fileURLToPath(new URL("reading.py", import.meta.url));
  const { code, stdout, stderr } = await outcomeOf(["/usr/bin/python3", script], { input });
  if (code !== 0) throw new Error(stderr);
  return stdout.split("\n").slice(0, -2).join("\n");
}
