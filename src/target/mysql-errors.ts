import { Failure } from "../errors.ts";
import { WriteError, type WriteTrouble } from "./target.ts";

/** What is read of an error of mysql2 or of a socket. */
interface DriverError {
  readonly errno?: unknown;
  readonly code?: unknown;
  readonly sqlState?: unknown;
  readonly sqlMessage?: unknown;
  /** The connection cannot be used any more. */
  readonly fatal?: unknown;
}

/**
 * Server errors by number, of MySQL and MariaDB
 * (https://mariadb.com/kb/en/mariadb-error-code-reference/, https://dev.mysql.com/doc/mysql-errors/8.0/en/).
 */
const serverErrors: Readonly<Record<number, WriteTrouble>> = {
  1048: "refused", // column cannot be null
  1062: "refused", // duplicate entry
  1118: "refused", // row size too large
  1153: "refused", // packet bigger than max_allowed_packet
  1180: "refused", // Galera: wsrep_max_ws_rows exceeded; a smaller transaction may pass
  1264: "refused", // out of range
  1265: "refused", // data truncated
  1292: "refused", // incorrect value
  1364: "refused", // no default value
  1366: "refused", // incorrect value for the column's type or character set
  1406: "refused", // data too long
  1216: "refused", // a foreign key points nowhere, in a table that the user may not see
  1217: "refused", // a foreign key points here, likewise
  1451: "refused", // a foreign key points here
  1452: "refused", // a foreign key points nowhere
  1644: "refused", // SIGNAL of a trigger
  1690: "refused", // out of range in an expression
  3140: "refused", // invalid JSON
  3819: "refused", // CHECK constraint (MySQL)
  4025: "refused", // CHECK constraint (MariaDB)
  1205: "conflict", // lock wait timeout
  1213: "conflict", // deadlock; Galera: certification failed
  1020: "conflict", // record has changed since last read (MariaDB snapshot isolation)
  1040: "outage", // too many connections
  1047: "outage", // Galera: node not ready
  1053: "outage", // server shutdown in progress
  1077: "outage", // normal shutdown
  1152: "outage", // aborted connection
  1158: "outage", // communication packets: read error
  1159: "outage", // read timeout
  1160: "outage", // write error
  1161: "outage", // write timeout
  1184: "outage", // aborted new connection
  1203: "outage", // user has too many connections
  1226: "outage", // user has too many connections, by the limit of the account
  1317: "outage", // query execution was interrupted
  1927: "outage", // connection was killed
  3168: "outage", // server is not available
  4031: "outage", // disconnected by the server because of inactivity
};

/** SQLSTATE classes that blame the data: of a value (22), of a constraint (23), of a trigger's SIGNAL (45). */
const dataStates = /^(22|23|45)/;

const networkErrors: Readonly<Record<string, string>> = {
  ECONNREFUSED: "refused the connection",
  ENOENT: "has no socket there",
  ECONNRESET: "cut the connection",
  EPIPE: "cut the connection",
  PROTOCOL_CONNECTION_LOST: "cut the connection",
  ETIMEDOUT: "did not answer in time",
  EHOSTUNREACH: "cannot be reached",
  ENETUNREACH: "cannot be reached",
  EAI_AGAIN: "cannot be found (the name server does not answer)",
};

const fullDisk = "make room on the disk of the database server, or in its tablespace";
const fullHouse = "a sync has three connections open at a time: raise the limit, or end what else has connections open";

/** Rows are deleted in related tables alone. */
const hintOf = (errno: number, message: string): string | undefined =>
  message.startsWith("DELETE command denied") ? "grant the user DELETE on that table" : hints[errno];

const hints: Readonly<Record<number, string>> = {
  1021: fullDisk,
  1040: fullHouse,
  1044: "grant the user SELECT, INSERT and UPDATE on the table",
  1045: "check target.connection.user and password",
  1049: "check target.connection.database",
  1114: fullDisk,
  1142: "grant the user SELECT, INSERT and UPDATE on the table",
  1143: "grant the user SELECT, INSERT and UPDATE on the table",
  1203: fullHouse,
  1226: fullHouse,
  1290: "the server is read-only; point target.connection at the primary",
  1836: "the server is read-only; point target.connection at the primary",
};

/** Sorts an error of the driver; undefined where it is none of the driver's. `server` names the server for people. */
export function mysqlError(error: unknown, server: string): WriteError | Failure | undefined {
  if (error instanceof WriteError || error instanceof Failure) return error;
  if (!(error instanceof Error)) return undefined;
  const { errno, code, sqlState, sqlMessage, fatal } = error as DriverError;
  const network = networkErrors[error.name === "KnexTimeoutError" ? "ETIMEDOUT" : String(code)];
  if (network) return new WriteError("outage", `the database at ${server} ${network}`, { cause: error });
  if (typeof errno === "number" && typeof sqlMessage === "string") {
    const trouble = serverErrors[errno] ?? (dataStates.test(String(sqlState)) ? "refused" : undefined);
    const details = { cause: error, hint: hintOf(errno, sqlMessage) };
    if (trouble === "refused")
      return new WriteError(trouble, sqlMessage, { ...details, ...detailsOf(errno, sqlMessage) });
    const message = `the database at ${server} says: ${sqlMessage}`;
    return trouble ? new WriteError(trouble, message, details) : new Failure("database", message, details);
  }
  if (isTls(String(code)) && /certificate (has expired|is not yet valid)/i.test(error.message)) {
    return new Failure("database", `the database at ${server}: TLS failed: ${error.message}`, {
      hint: "renew the certificate of the database server; is the clock right on both sides?",
      cause: error,
    });
  }
  if (code === "ENOTFOUND") {
    return new Failure("database", `the database at ${server} cannot be found`, {
      hint: "check target.connection.host",
      cause: error,
    });
  }
  if (isTls(String(code))) {
    return new Failure("database", `the database at ${server}: TLS failed: ${error.message}`, {
      // The driver's own code says no more than that TLS failed.
      hint: /certificate/i.test(error.message)
        ? "set target.connection.tls.ca to the authority that signed the certificate, and host or tls.servername to the name that it was made for"
        : "check target.connection.tls",
      cause: error,
    });
  }
  if (fatal !== true) return undefined;
  // The driver says why it gave up, but not by a code: a login method it does not know, a server that is no MySQL.
  return new Failure(
    "database",
    `the database at ${server} answers what the driver does not understand: ${error.message}`,
    {
      hint: "check target.connection.host and port",
      cause: error,
    },
  );
}

const isTls = (code: string): boolean =>
  /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|HANDSHAKE_(SSL_ERROR|NO_SSL_SUPPORT))/.test(code);

/**
 * What follows the last `for key` of "Duplicate entry 'x' for key 'mail'": the name of the index, as `clashedIndex` knows
 * it; and the column of "Field 'x' doesn't have a default value" and "Column 'x' cannot be null".
 */
function detailsOf(
  errno: number,
  message: string,
): { index?: string | undefined; missing?: string | undefined; foreignKey?: boolean } {
  if (errno === 1452 || errno === 1216) return { foreignKey: true };
  if (errno === 1062) return { index: /^.* for key '(.*)'$/s.exec(message)?.[1] };
  return errno === 1364 || errno === 1048 ? { missing: /^\w+ '(.*)' /s.exec(message)?.[1] } : {};
}
