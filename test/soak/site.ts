import { isLaterValue } from "../../src/config/later.ts";
import { type Workspace, workspace } from "../program.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { peopleLdif, record } from "../servers/people.ts";
import { startProxy, type TcpProxy } from "../servers/proxy.ts";
import { type Slapd, startSlapd } from "../servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "../staff.ts";
import { type Company, openCompany, parentOf } from "./company.ts";

/** What becomes of the row of somebody who has left. */
export const leaversActions = ["ignore", "deactivate"] as const;
export type Leavers = (typeof leaversActions)[number];

/** What this version of the program can do. */
export const usualLeavers: Leavers = isLaterValue(["leavers", "action"], "deactivate") ? "ignore" : "deactivate";

/** The servers of a soak, what lies between them and the program, and a folder for the program. */
export interface Site {
  readonly company: Company;
  readonly leavers: Leavers;
  readonly slapd: Slapd;
  readonly mariadb: Mariadb;
  readonly toDirectory: TcpProxy;
  readonly toDatabase: TcpProxy;
  readonly work: Workspace;
  readonly env: Readonly<Record<string, string>>;
  /** Writes the configuration, with keys of its source replaced. */
  configure(settings: Settings): Promise<void>;
  /** Makes everything well again: servers that were killed, connections that stand still, the lock of a run that is gone. */
  recover(): Promise<void>;
  stop(): Promise<void>;
}

export interface Settings {
  readonly source?: Readonly<Record<string, unknown>>;
  readonly batchSize: number;
}

export async function openSite(people: number, leavers: Leavers): Promise<Site> {
  const slapd = await startSlapd({ people: peopleLdif({ count: people }), sizeLimit: 500 });
  const mariadb = await startMariadb();
  const [toDirectory, toDatabase] = (await Promise.all([slapd, mariadb].map((to) => startProxy({ to })))) as [
    TcpProxy,
    TcpProxy,
  ];
  const company = openCompany(slapd.suffix, people);
  const dn = parentOf("Lager, alt", company);
  await slapd.modify(
    record(dn, { objectClass: ["organizationalUnit"], ou: ["Lager, alt"] }).replace("\n", "\nchangetype: add\n"),
  );
  await mariadb.sql(`${staffTable}; alter table users add unique key by_email (email)`);
  const work = await workspace();
  const through = staffConfig(slapd, { ...mariadb, port: toDatabase.port });
  const recover = async () => {
    for (const [server, proxy] of [
      [slapd, toDirectory],
      [mariadb, toDatabase],
    ] as const) {
      if (!isAlive(server.pid)) await server.restart();
      proxy.cutAfterBytes(Number.POSITIVE_INFINITY, "toClient");
      await proxy.resume();
    }
    await mariadb.sql("drop table if exists idm_ldap_sync_lock");
  };
  return {
    company,
    leavers,
    slapd,
    mariadb,
    toDirectory,
    toDatabase,
    work,
    env: passwords(slapd, mariadb),
    configure: ({ source = {}, batchSize }) =>
      work.configure({
        ...through,
        source: { ...through.source, url: `ldap://${toDirectory.host}:${toDirectory.port}`, ...source },
        ...(leavers === "deactivate" && { leavers: { action: leavers, scope: { created_by: "sync" } } }),
        retry: { attempts: 4 },
        batchSize,
      }),
    recover,
    stop: async () => {
      await Promise.all([toDirectory, toDatabase, slapd, mariadb].map((each) => each.stop()));
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
