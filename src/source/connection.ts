import { readFileSync } from "node:fs";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as connectTls, createSecureContext, TLSSocket } from "node:tls";
import { Failure } from "../errors.ts";
import { bindOver, NoAnswer, Refused, startTlsOver } from "./answer.ts";
import type { ServerConfig } from "./ldap.ts";
import { bindFailure, startTlsFailure } from "./result-codes.ts";

/** An open connection that is bound as configured and on which nobody else reads. */
export interface Connection {
  readonly socket: Socket | TLSSocket;
  /** For people: the URL. */
  readonly server: string;
  nextMessageId(): number;
  /** Ids of requests whose answers nobody waits for any more, and which may come all the same. */
  readonly givenUp: Set<number>;
  /** Says goodbye (RFC 4511 section 4.3) and closes. */
  close(): void;
}

/** Told how far each try to connect comes, for who wants to show it. */
export interface ConnectionListener {
  /** Waited for before the server is tried. */
  trying(url: URL): Promise<void>;
  connected(socket: Socket): void;
  encrypted(socket: TLSSocket): void;
  bound(): void;
  /** This server did not answer; whether there is another one to try. */
  unanswered(failure: Failure, more: boolean): void;
}

/** Longest wait for TCP and TLS to be there. */
const longestConnectMs = 10_000;
/** Result codes after which another server of the list may do better: busy, unavailable. */
const elsewhere = new Set([51, 52]);

/**
 * The first server of the list that answers. A refused bind is not tried elsewhere: the password is as wrong there, and
 * each try counts towards a lock-out.
 */
export async function openConnection(
  config: ServerConfig,
  urls: readonly string[],
  signal: AbortSignal,
  listener?: ConnectionListener,
): Promise<Connection> {
  const failed: Failure[] = [];
  for (const url of urls) {
    try {
      return await openOne(config, new URL(url), url, signal, listener);
    } catch (error) {
      if (!(error instanceof Unanswered)) throw error;
      failed.push(error.failure);
      listener?.unanswered(error.failure, failed.length < urls.length);
    }
  }
  const [only] = failed;
  if (only && failed.length === 1) throw only;
  throw new Failure("directory", `no directory server answers: ${failed.map((each) => each.message).join("; ")}`, {
    hint: only?.hint,
  });
}

/** One more connection to the server of another one: of several servers that share a name, to the same. */
export async function openBeside(
  { server, socket }: Connection,
  config: ServerConfig,
  signal: AbortSignal,
): Promise<Connection> {
  try {
    return await openOne(config, new URL(server), server, signal, undefined, socket.remoteAddress);
  } catch (error) {
    throw error instanceof Unanswered ? error.failure : error;
  }
}

/** This server did not answer; the next one may. */
class Unanswered extends Error {
  readonly failure: Failure;
  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

async function openOne(
  config: ServerConfig,
  url: URL,
  server: string,
  signal: AbortSignal,
  listener: ConnectionListener | undefined,
  address?: string,
): Promise<Connection> {
  signal.throwIfAborted();
  await listener?.trying(url);
  const host = url.hostname.replace(/^\[|\]$/g, "");
  const secure = url.protocol === "ldaps:";
  const port = Number(url.port) || (secure ? 636 : 389);
  const timeoutMs = Math.min(config.timeoutMs, longestConnectMs);
  const tls = secure || config.startTls ? tlsOptions(config, host) : undefined;
  let socket: Socket | TLSSocket | undefined;
  const abort = () => socket?.destroy();
  signal.addEventListener("abort", abort, { once: true });
  try {
    // The certificate is that of the name: see `tlsOptions`.
    const place = { host: address ?? host, port };
    const first = secure ? connectTls({ ...tls, ...place }) : connect(place);
    socket = first;
    socket.once("connect", () => listener?.connected(first));
    await ready(socket, secure ? "secureConnect" : "connect", timeoutMs);
    if (!secure && tls) {
      await startTlsOver(socket, config.timeoutMs);
      socket = connectTls({ ...tls, socket });
      await ready(socket, "secureConnect", timeoutMs);
    }
    if (socket instanceof TLSSocket) listener?.encrypted(socket);
    await authenticate(config, socket);
    listener?.bound();
    signal.throwIfAborted();
  } catch (error) {
    signal.removeEventListener("abort", abort);
    socket?.destroy();
    if (signal.aborted) throw signal.reason;
    throw refusal(error, server, config);
  }
  return bound(socket, server, signal, abort);
}

function bound(socket: Socket | TLSSocket, server: string, signal: AbortSignal, abort: () => void): Connection {
  // The bind and StartTLS have small ones of their own.
  let messageId = 1000;
  const nextMessageId = () => {
    messageId += 1;
    return messageId;
  };
  return {
    socket,
    server,
    nextMessageId,
    givenUp: new Set(),
    close: () => {
      signal.removeEventListener("abort", abort);
      // UnbindRequest ::= [APPLICATION 2] NULL
      if (socket.writable) socket.end(Buffer.from([0x30, 0x07, 0x02, 0x03, 0x0f, 0xff, 0xff, 0x42, 0x00]));
      socket.destroySoon();
    },
  };
}

function tlsOptions({ tls }: ServerConfig, host: string): ConnectionOptions {
  const servername = tls.servername ?? (isIP(host) ? undefined : host);
  try {
    return {
      secureContext: createSecureContext({
        ...(tls.ca !== undefined && { ca: readFileSync(tls.ca) }),
        ...(tls.cert !== undefined && { cert: readFileSync(tls.cert) }),
        ...(tls.key !== undefined && { key: readFileSync(tls.key) }),
      }),
      ...(servername !== undefined && { servername }),
      // Without a servername, tls.connect checks the certificate against `host`: over an existing socket it must be told.
      host,
      rejectUnauthorized: tls.rejectUnauthorized,
    };
  } catch (error) {
    throw new Failure("configuration", `the files of source.tls cannot be used: ${wordsOf(error)}`, {
      hint: "tls.ca, tls.cert and tls.key name PEM files; the key is the one of the certificate, and without a passphrase",
      cause: error,
    });
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function ready(socket: Socket, event: "connect" | "secureConnect", timeoutMs: number): Promise<void> {
  // A socket without a listener for errors would end the process; later ones are learned of by reading.
  socket.on("error", () => {});
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      socket.destroy(Object.assign(new Error("timed out"), { code: "ETIMEDOUT" }));
    }, timeoutMs);
    const failed = (error: Error) => {
      clearTimeout(timer);
      reject(error);
    };
    const closed = () => failed(Object.assign(new Error("closed"), { code: "ECONNRESET" }));
    socket.once("error", failed);
    socket.once("close", closed);
    socket.once(event, () => {
      clearTimeout(timer);
      socket.off("error", failed);
      socket.off("close", closed);
      socket.setNoDelay(true);
      resolve();
    });
  });
}

async function authenticate(config: ServerConfig, socket: Socket | TLSSocket): Promise<void> {
  if (config.sasl === "external") await bindOver(socket, { mechanism: "EXTERNAL" }, config.timeoutMs);
  else if (config.bindDn !== undefined) {
    await bindOver(socket, { dn: config.bindDn, password: config.bindPassword ?? "" }, config.timeoutMs);
  }
}

/** What the socket or the server said, as a failure; wrapped where the next server may answer. */
function refusal(error: unknown, server: string, config: ServerConfig): unknown {
  if (error instanceof Refused) {
    const who =
      config.sasl === "external" ? "the client certificate's subject (SASL EXTERNAL)" : (config.bindDn ?? "anonymous");
    const failure = error.startTls ? startTlsFailure(server, error.result) : bindFailure(server, who, error.result);
    return elsewhere.has(error.result.code) ? new Unanswered(failure) : failure;
  }
  if (error instanceof NoAnswer) {
    const hint = "is this the right port for ldap:// or ldaps://, and is the directory well?";
    return new Unanswered(new Failure("directory", `${server} ${error.message}`, { hint, cause: error.cause }));
  }
  if (!(error instanceof Error)) return error;
  const code = "code" in error ? String(error.code) : "";
  const [words, hint] = networkWords(code, error.message);
  return new Unanswered(new Failure("directory", `${server} ${words}`, { hint, cause: error }));
}

const certificate = /^(ERR_TLS_CERT|CERT_|UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO)/;

const outOfTime = "renew the certificate of the directory server; is the clock right on both sides?";

function networkWords(code: string, message: string): [words: string, hint: string] {
  const known: Readonly<Record<string, [string, string]>> = {
    ECONNREFUSED: ["refused the connection", "is the directory running, and is the port right?"],
    ENOTFOUND: ["cannot be found: the name does not resolve", "check the host name in source.url"],
    EAI_AGAIN: ["cannot be found: the name server does not answer", "check the network and the name server"],
    ETIMEDOUT: ["did not answer in time", "check the address, the port and the firewall"],
    ECONNRESET: ["cut the connection", "is this the right port for ldap:// or ldaps://?"],
    EHOSTUNREACH: ["cannot be reached", "check the network"],
    ENETUNREACH: ["cannot be reached", "check the network"],
    CERT_HAS_EXPIRED: [`has a certificate that is not accepted: ${message}`, outOfTime],
    CERT_NOT_YET_VALID: [`has a certificate that is not accepted: ${message}`, outOfTime],
  };
  const found = known[code];
  if (found) return found;
  if (certificate.test(code))
    return [
      `has a certificate that is not accepted: ${message}`,
      "set source.tls.ca to the authority that signed it, and use the name that it was made for",
    ];
  if (/SSL|TLS|EPROTO/.test(code))
    return [`does not speak TLS here: ${message}`, "ldaps:// has port 636, ldap:// with startTls port 389"];
  return [`failed: ${message}`, "check source.url"];
}
