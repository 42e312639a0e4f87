import { createServer, type Socket } from "node:net";
import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import { element, integer, octets, readElement, sequence, set } from "./ber.ts";
import { decodeRequest, type LdapRequest, pagedResults } from "./ldap-request.ts";
import { host, listenOnFreePort } from "./port.ts";

/**
 * Answers one request. A server that is silent answers nothing; one that is slow waits for a promise of the test's
 * before it answers. An error thrown here ends the connection and makes `stop` fail, so that no assertion is lost.
 */
export type Handler = (request: LdapRequest, reply: Reply) => void | Promise<void>;

interface Reply {
  bindResponse(code: number, diagnostic?: string): void;
  searchEntry(dn: string, attributes: Readonly<Record<string, Value | readonly Value[]>>): void;
  searchReference(uris: readonly string[]): void;
  searchDone(code: number, details?: SearchDone): void;
  /** With `messageId` 0 and OID 1.3.6.1.4.1.1466.20036 it is the Notice of Disconnection (RFC 4511 section 4.4.1). */
  extendedResponse(code: number, details?: Extended): void;
  /** Anything, also what is not LDAP. */
  rawBytes(bytes: Buffer): void;
  /** Ends the connection in good order (FIN) after what has been sent. */
  close(): void;
  /** Breaks the connection (RST) after what has been sent. */
  reset(): void;
}

type Value = string | Buffer;

interface Extended {
  readonly diagnostic?: string;
  readonly oid?: string;
  readonly messageId?: number;
  readonly value?: string;
}

interface SearchDone {
  readonly matchedDn?: string;
  readonly diagnostic?: string;
  readonly referrals?: readonly string[];
  /** Of the paged results control, as Latin-1 where it is a string. Empty is the last page, and so is none. */
  readonly cookie?: Value;
  /** Whether the paged results control is in the answer: where it was in the request, unless told. */
  readonly control?: boolean;
}

export interface ScriptedLdap {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Every request so far, in the order of arrival. */
  readonly requests: readonly LdapRequest[];
  /** How many connections were accepted so far. */
  readonly connections: number;
  stop(): Promise<void>;
}

/**
 * Starts a server whose answers the test writes.
 * @param options.chunkSize sends the bytes in pieces of this size, each with a turn of the event loop to itself, so
 * that the reader gets messages in parts.
 */
export async function scriptedLdap(handler: Handler, options: { chunkSize?: number } = {}): Promise<ScriptedLdap> {
  const requests: LdapRequest[] = [];
  const failures: unknown[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  const answer = async (request: LdapRequest, reply: Reply, socket: Socket): Promise<void> => {
    requests.push(request);
    try {
      await handler(request, reply);
      if (request.op === "unbind") reply.close();
    } catch (error) {
      failures.push(error);
      socket.destroy();
    }
  };
  const server = createServer({ noDelay: true }, (socket) => {
    const connection = ++connections;
    const out = outgoing(socket, options.chunkSize ?? Number.POSITIVE_INFINITY);
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
    // The client may break the connection whenever it likes.
    socket.on("error", () => {});
    receive(socket, connection, (request) => void answer(request, replyTo(request, out), socket), failures);
  });
  const port = await listenOnFreePort(server);
  return {
    host,
    port,
    url: `ldap://${host}:${port}`,
    requests,
    get connections() {
      return connections;
    },
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
      if (failures.length > 0) throw failures[0];
    },
  };
}

function receive(socket: Socket, connection: number, take: (request: LdapRequest) => void, failures: unknown[]): void {
  let waiting: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    try {
      for (let message = readElement(waiting); message !== undefined; message = readElement(waiting)) {
        waiting = waiting.subarray(message.end);
        take(decodeRequest(message, connection));
      }
    } catch (error) {
      failures.push(error);
      socket.destroy();
    }
  });
}

interface Outgoing {
  send(bytes: Buffer): void;
  /** Does something to the socket once all that was sent is out. */
  after(action: (socket: Socket) => unknown): void;
}

function outgoing(socket: Socket, chunkSize: number): Outgoing {
  let pending: Buffer[] = [];
  let work: Promise<void> = Promise.resolve();
  const flush = async (): Promise<void> => {
    const bytes = Buffer.concat(pending);
    pending = [];
    for (let offset = 0; offset < bytes.length && !socket.destroyed; offset += chunkSize) {
      await new Promise((resolve) => socket.write(bytes.subarray(offset, offset + chunkSize), resolve));
      await nextTurn();
    }
  };
  return {
    send: (bytes) => {
      if (pending.push(bytes) === 1) work = work.then(flush);
    },
    after: (action) => {
      work = work.then(async () => void (await action(socket)));
    },
  };
}

/** Node reports an RST that comes together with bytes as an orderly end, so the bytes get a head start. */
async function reset(socket: Socket): Promise<void> {
  await pause(20);
  socket.resetAndDestroy();
}

function replyTo(request: LdapRequest, out: Outgoing): Reply {
  const send = (...parts: readonly Buffer[]) => out.send(sequence(integer(request.messageId), ...parts));
  return {
    bindResponse: (code, diagnostic) => send(element(0x61, ...ldapResult(code, { diagnostic }))),
    searchEntry: (dn, attributes) => send(searchEntry(dn, attributes)),
    searchReference: (uris) => send(element(0x73, ...uris.map((uri) => octets(uri)))),
    searchDone: (code, details = {}) => {
      const { control = request.op === "search" && request.pageSize !== undefined, cookie = "" } = details;
      send(element(0x65, ...ldapResult(code, details)), ...(control ? [pagingControl(cookie)] : []));
    },
    extendedResponse: (code, { diagnostic, oid, value, messageId = request.messageId } = {}) => {
      const name = oid === undefined ? [] : [octets(oid, 0x8a)];
      const answer = value === undefined ? [] : [octets(value, 0x8b)];
      out.send(sequence(integer(messageId), element(0x78, ...ldapResult(code, { diagnostic }), ...name, ...answer)));
    },
    rawBytes: (bytes) => out.send(bytes),
    close: () => out.after((socket) => socket.end()),
    reset: () => out.after(reset),
  };
}

interface ResultDetails {
  readonly matchedDn?: string | undefined;
  readonly diagnostic?: string | undefined;
  readonly referrals?: readonly string[] | undefined;
}

/** The components of LDAPResult (RFC 4511 section 4.1.9). */
function ldapResult(code: number, { matchedDn = "", diagnostic = "", referrals }: ResultDetails): Buffer[] {
  const referral = referrals === undefined ? [] : [element(0xa3, ...referrals.map((uri) => octets(uri)))];
  return [integer(code, 0x0a), octets(matchedDn), octets(diagnostic), ...referral];
}

function searchEntry(dn: string, attributes: Readonly<Record<string, Value | readonly Value[]>>): Buffer {
  const list = Object.entries(attributes).map(([name, values]) => {
    const all = typeof values === "string" || Buffer.isBuffer(values) ? [values] : values;
    return sequence(octets(name), set(...all.map((value) => octets(value))));
  });
  return element(0x64, octets(dn), sequence(...list));
}

/** The controls of a message with the paged results control alone; 0 = the server does not say how many there are. */
function pagingControl(cookie: Value): Buffer {
  const bytes = typeof cookie === "string" ? Buffer.from(cookie, "latin1") : cookie;
  return element(0xa0, sequence(octets(pagedResults), octets(sequence(integer(0), octets(bytes)))));
}
