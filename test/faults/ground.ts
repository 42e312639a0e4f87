import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { configSchema } from "../../src/config/schema.ts";
import { type Workspace, workspace } from "../program.ts";
import { certificateFor } from "../servers/certificates.ts";
import { instanceFolder } from "../servers/folder.ts";
import { type Mariadb, startMariadb } from "../servers/mariadb.ts";
import { peopleLdif, person } from "../servers/people.ts";
import { host } from "../servers/port.ts";
import { startProxy, type TcpProxy } from "../servers/proxy.ts";
import { type ServerCertificate, type Slapd, type SlapdOptions, startSlapd } from "../servers/slapd.ts";
import { passwords, staffConfig } from "../staff.ts";
import { smallTablespace } from "./small-disk.ts";
import { type Crowd, mariadbStore, mariadbTable, type Store, sow, sqliteStore, sqliteTable } from "./store.ts";

/** The servers that all cells share, and the tables as each of them finds them. */
export interface Ground {
  readonly directories: Readonly<Record<Crowd, Directory>>;
  readonly mariadb: Mariadb;
  /** In front of MariaDB. */
  readonly proxy: TcpProxy;
  readonly stores: Readonly<Record<"MariaDB" | "SQLite", Store>>;
  readonly sqliteFile: string;
  readonly work: Workspace;
  readonly passwords: Readonly<Record<string, string>>;
  /** The tables that an independent reading has found right, by crowd and kind of database. */
  readonly rightTables: Map<string, readonly string[]>;
  /** Ends what proxies do to connections. */
  heal(): Promise<void>;
  stop(): Promise<void>;
}

/** A directory, with a proxy in front of it. */
interface Directory {
  readonly slapd: Slapd;
  readonly proxy: TcpProxy;
  /** The user names of those who are active, in the order in which they are read. */
  readonly active: readonly string[];
}

export const batchSize = 100;

/** Switched on as soon as the program takes it. */
const leavers = { action: "deactivate", scope: { origin: "ldap" } };
export const deactivates = configSchema.shape.leavers.safeParse(leavers).success;

export async function startGround(): Promise<Ground> {
  const [many, few, mariadb, work] = await Promise.all([
    directory(2000, { sizeLimit: 500, tls: true }),
    expiredCertificate().then((tls) => directory(150, { tls, overlays: ["retcode"] })),
    startMariadb({ args: [smallTablespace] }),
    workspace(),
  ]);
  const sqliteFile = work.path("idm.sqlite");
  const proxy = await startProxy({ to: mariadb });
  const proxies = [many.proxy, few.proxy, proxy];
  const ground: Ground = {
    directories: { many, few },
    mariadb,
    proxy,
    stores: { MariaDB: mariadbStore(mariadb), SQLite: sqliteStore(sqliteFile) },
    sqliteFile,
    work,
    passwords: passwords(many.slapd, mariadb),
    rightTables: new Map(),
    heal: async () => {
      for (const each of proxies) await each.resume();
    },
    stop: async () => {
      for (const each of proxies) await each.stop();
      for (const server of [many.slapd, few.slapd, mariadb]) await server.stop();
    },
  };
  await mariadb.sql(`${mariadbTable}; create table heavy (id int primary key, n int)`);
  await mariadb.sql("insert into heavy select seq, 0 from seq_1_to_2000");
  await ground.stores.SQLite.sql(sqliteTable);
  for (const [into, crowd] of [
    ["MariaDB", "many"],
    ["MariaDB", "few"],
    ["SQLite", "many"],
  ] as const) {
    await prepare(ground, into, crowd);
  }
  return ground;
}

/** For a server at 127.0.0.1; its time was over yesterday. */
export async function expiredCertificate(): Promise<ServerCertificate> {
  const folder = await instanceFolder("expired-");
  const [serverCert, serverKey] = [join(folder, "cert.pem"), join(folder, "key.pem")];
  await certificateFor(host, serverCert, serverKey, -1);
  await Promise.all([chmod(folder, 0o755), chmod(serverKey, 0o644)]);
  return { serverCert, serverKey };
}

async function directory(count: number, options: SlapdOptions): Promise<Directory> {
  const slapd = await startSlapd({ people: peopleLdif({ count }), ...options });
  const active = Array.from({ length: count }, (_, index) => person(index)).filter((each) => each.active);
  return { slapd, proxy: await startProxy({ to: slapd }), active: active.map(({ uid }) => uid) };
}

/** The table as the cells find it, of one sync and what is done to it then. */
async function prepare(ground: Ground, into: keyof Ground["stores"], crowd: Crowd): Promise<void> {
  const store = ground.stores[into];
  await store.sql("delete from users");
  await ground.work.configure({ ...configOf(ground, into, crowd), leavers: {} });
  const { code, error } = await ground.work.json(["sync"], ground.passwords);
  if (code !== 0) throw new Error(`the first sync ended with ${code}: ${JSON.stringify(error)}`);
  await sow(store);
  await store.keep(crowd);
}

/** The configuration of every run, apart from what a cell changes. */
export function configOf({ directories, mariadb, stores }: Ground, into: keyof Ground["stores"], crowd: Crowd): object {
  const config = staffConfig(directories[crowd].slapd, mariadb);
  return {
    ...config,
    source: { ...config.source, timeoutMs: 10_000 },
    target: { ...stores[into].target, table: "users", matchKey: "external_id", timeoutMs: 10_000 },
    mapping: { ...config.mapping, origin: { value: "ldap" } },
    batchSize,
    retry: { attempts: 4 },
    ...(deactivates && { leavers }),
  };
}
