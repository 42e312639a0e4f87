import { chown, mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createConnection, type RowDataPacket } from "mysql2/promise";
import { certificates } from "./certificates.ts";
import { asAccount, nobody, program, run, runsAsRoot } from "./command.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { instanceFolder, testFolder } from "./folder.ts";
import { host, onFreePorts } from "./port.ts";

export interface MariadbOptions {
  /** Options of mariadbd, after those that every instance has. */
  readonly args?: readonly string[];
  /** The database that is made, with utf8mb4; "idm" unless told. */
  readonly database?: string;
  /** Write every statement to a log, for `generalLog`. */
  readonly generalLog?: boolean;
}

type SqlValue = string | number | Buffer | null;

/** A private MariaDB server. */
export interface Mariadb {
  readonly host: string;
  readonly port: number;
  /** Has all privileges on the database, and no others. */
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Path of the Unix socket. */
  readonly socket: string;
  readonly pid: number;
  /** Runs SQL as root, in the database; of several statements it returns a list for each. Dates come as text. */
  sql(text: string, values?: SqlValue[]): Promise<RowDataPacket[]>;
  /** What the server has to say. */
  log(): Promise<string>;
  /** Every statement so far (option `generalLog`). */
  generalLog(): Promise<string>;
  /** SIGKILL, as a crash would end it. */
  kill(): Promise<void>;
  /** Ends it in good order if it runs, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Kills it and removes its data. */
  stop(): Promise<void>;
}

const templateFolder = (): string => join(testFolder(), "mariadb-template");

/** Makes the empty data directory of which every instance gets a copy: making one takes longer than starting a server. */
export async function makeTemplate(): Promise<void> {
  const folder = templateFolder();
  const temporary = await instanceFolder("db-install-", "nobody");
  await mkdir(folder);
  if (runsAsRoot()) await chown(folder, nobody, nobody);
  const install = [
    program("mariadb-install-db"),
    "--no-defaults",
    `--datadir=${folder}`,
    `--tmpdir=${temporary}`,
    "--skip-test-db",
    "--skip-name-resolve",
  ];
  await run(
    asAccount("nobody", [...install, "--auth-root-authentication-method=normal", "--innodb-log-file-size=16M"]),
    {
      cwd: folder,
    },
  );
}

/**
 * innodb-flush-log-at-trx-commit=2: no commit waits for the disk, yet none is lost when the process is killed (with 0
 * the last second would be). Native AIO is limited for the whole machine, and containers run out of it.
 */
const instanceArgs = [
  "--bind-address=127.0.0.1",
  "--skip-name-resolve",
  "--innodb-flush-log-at-trx-commit=2",
  "--innodb-buffer-pool-size=128M",
  "--innodb-log-file-size=64M",
  "--innodb-use-native-aio=0",
  "--innodb-buffer-pool-dump-at-shutdown=0",
  "--innodb-buffer-pool-load-at-startup=0",
] as const;

/** Starts a MariaDB of its own on a free loopback port, as nobody where the tests run as root. */
export async function startMariadb({
  args = [],
  database = "idm",
  generalLog = false,
}: MariadbOptions = {}): Promise<Mariadb> {
  const folder = await instanceFolder("db-", "nobody");
  const socket = join(folder, "s");
  const logFile = join(testFolder(), `${folder.slice(-9)}.log`);
  const generalLogFile = join(folder, "general.log");
  await run(asAccount("nobody", ["cp", "-a", "--reflink=auto", templateFolder(), join(folder, "data")]), {
    cwd: folder,
  });
  const start = (port: number): Promise<Daemon> => {
    const { ca, serverCert, serverKey } = certificates();
    const own = [
      `--datadir=${join(folder, "data")}`,
      // A server that starts removes every "#sql…" file from its tmpdir, its neighbours' too.
      `--tmpdir=${folder}`,
      `--socket=${socket}`,
      `--pid-file=${join(folder, "pid")}`,
      `--port=${port}`,
    ];
    const tls = [`--ssl-ca=${ca}`, `--ssl-cert=${serverCert}`, `--ssl-key=${serverKey}`];
    const logging = generalLog ? ["--general-log=1", `--general-log-file=${generalLogFile}`] : [];
    const commandLine = [program("mariadbd"), "--no-defaults", ...own, ...tls, ...instanceArgs, ...logging, ...args];
    return startDaemon({ commandLine, account: "nobody", cwd: folder, logFile, ready: /ready for connections/ });
  };
  let port = 0;
  let daemon = await onFreePorts((first) => {
    port = first;
    return start(first);
  });
  const user = "idm";
  const password = "idm-password";
  await untilInCluster(socket);
  await asRoot(socket, undefined, createDatabase(database, user, password));
  return {
    host,
    port,
    user,
    password,
    database,
    socket,
    get pid() {
      return daemon.pid;
    },
    sql: (text, values) => asRoot(socket, database, text, values),
    log: () => readFile(logFile, "utf8"),
    generalLog: () => readFile(generalLogFile, "utf8"),
    kill: () => daemon.end("SIGKILL"),
    restart: async () => {
      await daemon.end("SIGTERM");
      daemon = await start(port);
    },
    stop: async () => {
      await daemon.end("SIGKILL");
      await Promise.all([folder, logFile].map((path) => rm(path, { recursive: true, force: true })));
    },
  };
}

/** The second node of a cluster has them from the first one. */
const createDatabase = (database: string, user: string, password: string): string => `
  CREATE DATABASE IF NOT EXISTS \`${database}\` CHARACTER SET utf8mb4;
  CREATE USER IF NOT EXISTS '${user}'@'%' IDENTIFIED BY '${password}';
  GRANT ALL ON \`${database}\`.* TO '${user}'@'%'`;

/** A node of Galera accepts connections, and refuses statements (error 1047), until it has joined: ten seconds at most. */
async function untilInCluster(socket: string): Promise<void> {
  for (const end = Date.now() + 10_000; ; await sleep(20)) {
    try {
      await asRoot(socket, undefined, "select 1 from information_schema.schemata limit 1");
      return;
    } catch (error) {
      const isJoining = error instanceof Error && "errno" in error && error.errno === 1047;
      if (!isJoining || Date.now() > end) throw error;
    }
  }
}

/** A connection for each call: it is there whatever happened to the server meanwhile, and costs a few milliseconds. */
async function asRoot(
  socket: string,
  database: string | undefined,
  text: string,
  values: SqlValue[] = [],
): Promise<RowDataPacket[]> {
  const connection = await createConnection({
    socketPath: socket,
    user: "root",
    ...(database === undefined ? {} : { database }),
    charset: "utf8mb4",
    dateStrings: true,
    multipleStatements: true,
  });
  try {
    const [rows] = await connection.query<RowDataPacket[]>(text, values);
    return rows;
  } finally {
    await connection.end();
  }
}
