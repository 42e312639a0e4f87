import { readFile } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { connect as connectByTls } from "node:tls";
import { type Element, element, elementsIn, integer, octets, readElement, readInteger, sequence, set } from "./ber.ts";
import { certificates } from "./certificates.ts";
import { decodeRequest, type LdapRequest, pagedResults } from "./ldap-request.ts";
import { host, listenOnFreePort } from "./port.ts";

/**
 * A proxy that keeps the limits of Active Directory's LDAP policies ([MS-ADTS] section 3.1.1.3.4.6), which Samba does
 * not have. All else passes as it is.
 *
 * MaxValRange: `member` of a large group arrives as `member` without values and as `member;range=0-1499`; the client
 * asks for `member;range=1500-*`, and so on until what arrives ends with `-*` (section 3.1.1.3.1.3.3).
 * MaxPageSize: a search without pages ends with sizeLimitExceeded, and a page has no more entries, whatever its size.
 */
export interface AdLimits {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** Every search so far, as the client asked for it. */
  readonly searches: readonly LdapRequest[];
  stop(): Promise<void>;
}

interface AdLimitsOptions {
  /** URL of the server. Between client and proxy there is no TLS: the client uses `ldap://` whatever the server wants. */
  readonly to: string;
  /** How many values of an attribute are given at a time; 1500 unless told. */
  readonly maxValRange?: number;
  /** How many entries are given without pages, and in a page; 1000 unless told. */
  readonly maxPageSize?: number;
  /** Waited for before the server is asked: something may change between two pages. */
  readonly beforeSearch?: (search: LdapRequest) => Promise<void>;
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** A search that has not been answered in full. */
interface OpenSearch {
  /** By the name of the attribute in lower case. */
  readonly ranges: ReadonlyMap<string, Range>;
  /** How many entries may still follow. */
  left: number;
  /** What the result is instead of the server's: of a limit that was passed. */
  result?: Buffer;
}

/** The result of a search (RFC 4511 section 4.1.9). */
const searchDone = (code: number, diagnostic: string): Buffer =>
  element(0x65, integer(code, 0x0a), octets(""), octets(diagnostic));

const sizeLimitExceeded = searchDone(4, "more entries than MaxPageSize");

/** operationsError. */
const pastTheEnd = searchDone(1, "the range begins behind the last value");

export async function startAdLimits({
  to,
  maxValRange = 1500,
  maxPageSize = 1000,
  beforeSearch = async () => {},
}: AdLimitsOptions): Promise<AdLimits> {
  const sockets = new Set<Socket>();
  const searches: LdapRequest[] = [];
  const ca = await readFile(certificates().ca);
  let connections = 0;
  const server = createServer({ noDelay: true }, (client) => {
    const connection = ++connections;
    const open = new Map<number, OpenSearch>();
    const upstream = connectTo(to, ca);
    pass(client, upstream, async (message) => {
      if (operationOf(message).tag === 0x63) {
        const search = decodeRequest(message, connection);
        searches.push(search);
        await beforeSearch(search);
      }
      return [toServer(message, open, maxPageSize)];
    });
    pass(upstream, client, async (message) => toClient(message, open, maxValRange));
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("close", () => sockets.delete(socket));
    }
  });
  const port = await listenOnFreePort(server);
  return {
    host,
    port,
    url: `ldap://${host}:${port}`,
    searches,
    stop: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function connectTo(url: string, ca: Buffer): Socket {
  const { protocol, hostname, port } = new URL(url);
  const address = { host: hostname, port: Number(port) };
  return protocol === "ldaps:" ? connectByTls({ ...address, ca }) : connect(address);
}

/** Hands on each message in turn as what becomes of it; the end of one side is the end of the other. */
function pass(from: Socket, to: Socket, change: (message: Element) => Promise<readonly Buffer[]>): void {
  let waiting: Buffer = Buffer.alloc(0);
  let work: Promise<void> = Promise.resolve();
  const handOn = async (message: Element): Promise<void> => {
    for (const bytes of await change(message)) if (!to.write(bytes)) from.pause();
  };
  from.on("data", (chunk: Buffer) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let message = readElement(waiting); message !== undefined; message = readElement(waiting)) {
      const next = message;
      waiting = waiting.subarray(message.end);
      work = work.then(() => handOn(next));
    }
  });
  to.on("drain", () => from.resume());
  from.on("error", () => to.destroy());
  from.on("close", () => void work.then(() => to.destroySoon()));
}

function operationOf(message: Element): Element {
  const [, operation] = elementsIn(message.content);
  if (operation === undefined) throw new Error("LDAP: a message without an operation");
  return operation;
}

const idOf = (message: Element): number => readInteger(elementsIn(message.content)[0]?.content ?? Buffer.alloc(1));

const bytesOf = ({ tag, content }: Element): Buffer => element(tag, content);

/** The message with another operation, or with other controls. */
function changed(message: Element, operation: Buffer, controls?: Buffer): Buffer {
  const [id, , ...own] = elementsIn(message.content).map(bytesOf);
  return sequence(...(id === undefined ? [] : [id]), operation, ...(controls === undefined ? own : [controls]));
}

/** A search asks the server for whole attributes and for no larger pages; what the client asked for is remembered. */
function toServer(message: Element, open: Map<number, OpenSearch>, maxPageSize: number): Buffer {
  const operation = operationOf(message);
  if (operation.tag !== 0x63) return bytesOf(message);
  const parts = elementsIn(operation.content);
  const asked = elementsIn(parts[7]?.content ?? Buffer.alloc(0)).map(({ content }) => String(content));
  const ranges = new Map<string, Range>();
  const whole = asked.map((description) => {
    const [, name = description, low, high] = /^(.+);range=(\d+)-(\d+|\*)$/i.exec(description) ?? [];
    if (low !== undefined) {
      ranges.set(name.toLowerCase(), {
        low: Number(low),
        high: high === "*" ? Number.POSITIVE_INFINITY : Number(high),
      });
    }
    return name;
  });
  const controls = elementsIn(elementsIn(message.content)[2]?.content ?? Buffer.alloc(0));
  const paged = controls.some((control) => isPaging(control));
  open.set(idOf(message), { ranges, left: paged ? Number.POSITIVE_INFINITY : maxPageSize });
  const attributes = sequence(...whole.map((name) => octets(name)));
  const search = element(0x63, ...parts.slice(0, 7).map(bytesOf), attributes);
  if (!paged) return changed(message, search);
  const limited = controls.map((control) =>
    isPaging(control) ? withPageSize(control, maxPageSize) : bytesOf(control),
  );
  return changed(message, search, element(0xa0, ...limited));
}

const isPaging = (control: Element): boolean => String(elementsIn(control.content)[0]?.content) === pagedResults;

/** The paged results control (RFC 2696) with a size of no more than `most`. */
function withPageSize(control: Element, most: number): Buffer {
  return sequence(
    ...elementsIn(control.content).map((part, index) => {
      if (index === 0 || part.tag !== 0x04) return bytesOf(part);
      const [size, cookie] = elementsIn(readElement(part.content)?.content ?? Buffer.alloc(0));
      if (size === undefined || cookie === undefined) return bytesOf(part);
      return octets(sequence(integer(Math.min(readInteger(size.content), most)), bytesOf(cookie)));
    }),
  );
}

function toClient(message: Element, open: Map<number, OpenSearch>, maxValRange: number): readonly Buffer[] {
  const operation = operationOf(message);
  const id = idOf(message);
  const search = open.get(id);
  if (search === undefined) return [bytesOf(message)];
  if (operation.tag === 0x64) {
    if (search.left-- === 0) search.result = sizeLimitExceeded;
    const entry = entryInRanges(operation, search, maxValRange);
    return search.result === undefined ? [changed(message, entry)] : [];
  }
  if (operation.tag !== 0x65) return [bytesOf(message)];
  open.delete(id);
  return [search.result === undefined ? bytesOf(message) : changed(message, search.result)];
}

function entryInRanges(entry: Element, search: OpenSearch, maxValRange: number): Buffer {
  const [dn, list] = elementsIn(entry.content);
  if (dn === undefined || list === undefined) throw new Error("LDAP: an entry without name or attributes");
  const attributes = elementsIn(list.content).flatMap((attribute) => {
    const [type, values] = elementsIn(attribute.content);
    const name = String(type?.content);
    const all = elementsIn(values?.content ?? Buffer.alloc(0)).map(bytesOf);
    const range = search.ranges.get(name.toLowerCase());
    if (range === undefined && all.length <= maxValRange) return [bytesOf(attribute)];
    const { low, high } = range ?? { low: 0, high: Number.POSITIVE_INFINITY };
    if (low >= all.length) search.result = pastTheEnd;
    const end = Math.min(high + 1, low + maxValRange, all.length);
    const part = attributeOf(`${name};range=${low}-${end === all.length ? "*" : end - 1}`, all.slice(low, end));
    return range === undefined ? [attributeOf(name, []), part] : [part];
  });
  return element(0x64, bytesOf(dn), sequence(...attributes));
}

const attributeOf = (name: string, values: readonly Buffer[]): Buffer => sequence(octets(name), set(...values));
