import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import type { ResolvedConfig } from "../config/load.ts";
import type { MysqlOptions } from "./knex.ts";

export type MysqlConfig = Extract<ResolvedConfig["target"], { client: "mysql2" }>;
type Tls = NonNullable<MysqlConfig["connection"]["tls"]>;

/** A connection that is not ready after so long will not be: sooner than the pool gives up, or it would be nobody's. */
export const connectMs = (timeoutMs: number): number => Math.min(timeoutMs, 10_000);

/** How mysql2 is to connect. */
export function driverOptions({ connection, timeoutMs }: MysqlConfig): MysqlOptions {
  const { host, port, socketPath, user, password, database, tls } = connection;
  // A socket of this machine has no name that a certificate could have.
  const isRemote = socketPath === undefined;
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password: password ?? "",
    database,
    ...(tls && { ssl: encryption(tls, isRemote) }),
    ...(tls && isRemote && namedSocket(host, port, tls.servername)),
    charset: "utf8mb4",
    connectTimeout: connectMs(timeoutMs),
    dateStrings: true,
    supportBigNumbers: true,
    bigNumberStrings: true,
    jsonStrings: true,
    disableEval: !mayMakeCode(),
  };
}

/** For each kind of answer mysql2 makes a function that reads it, which Node can forbid; then it reads without. */
function mayMakeCode(): boolean {
  try {
    return typeof new Function() === "function";
  } catch {
    return false;
  }
}

/** Unless told, mysql2 takes a certificate that a trusted authority made for anybody. */
const encryption = ({ ca, cert, key, rejectUnauthorized }: Tls, isNamed: boolean) => ({
  ...pem("ca", ca),
  ...pem("cert", cert),
  ...pem("key", key),
  rejectUnauthorized,
  verifyIdentity: rejectUnauthorized && isNamed,
});

const pem = (name: "ca" | "cert" | "key", path: string | undefined): Partial<Record<typeof name, string>> =>
  path === undefined ? {} : { [name]: readFileSync(path, "utf8") };

/**
 * mysql2 compares the certificate with `host`. An address is no server name (RFC 6066 section 3), and then Node takes the name
 * of the socket, which of an address has none, and so would look for "localhost" in the certificate.
 */
const namedSocket = (host: string, port: number, servername = host) => ({
  host: servername,
  stream: (): Socket => Object.assign(connect({ host, port, noDelay: true, keepAlive: true }), { _host: servername }),
});
