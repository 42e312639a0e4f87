import { afterAll, beforeAll, beforeEach } from "vitest";
import { type Checked, checked } from "./check-report.ts";
import { type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "./staff.ts";

/** `check` of slapd and MariaDB: the servers of a test file, and a workspace. */

const count = 300;
export const active = Array.from({ length: count }, (_, index) => person(index)).filter((each) => each.active).length;
export const people = "ou=people,dc=example,dc=com";

export let slapd: Slapd;
export let mariadb: Mariadb;
export let work: Workspace;
export let env: Record<string, string>;

/** Starts them for the test file that calls it; each test has an empty table. */
export function useStaff(): void {
  beforeAll(async () => {
    slapd = await startSlapd({ people: peopleLdif({ count }), sizeLimit: 100, tls: true });
    mariadb = await startMariadb({ generalLog: true });
    work = await workspace();
    env = passwords(slapd, mariadb);
  });
  afterAll(async () => {
    await slapd?.stop();
    await mariadb?.stop();
  });
  beforeEach(async () => {
    await mariadb.sql("drop table if exists users");
    await mariadb.sql(staffTable);
  });
}

export type Changes = Readonly<Record<string, unknown>>;

/** The configuration of the staff with keys of its parts replaced; a part's key that is undefined goes. */
export const configured = ({ source = {}, target = {}, mapping = {}, ...rest }: Record<string, Changes> = {}) => {
  const config = staffConfig(slapd, mariadb);
  const connection = { ...config.target.connection, ...(target.connection as Changes | undefined) };
  return {
    ...config,
    ...rest,
    source: { ...config.source, pageSize: 100, ...source },
    target: { ...config.target, ...target, connection },
    mapping: { ...config.mapping, ...mapping },
  };
};

export async function checkWith(changes: Record<string, Changes> = {}, args: readonly string[] = []): Promise<Checked> {
  await work.configure(configured(changes));
  return checked(work, args, env);
}
