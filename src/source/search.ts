import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { MalformedMessage } from "./ber.ts";
import type { Connection } from "./connection.ts";
import { messageReader, type Result, type ServerMessage } from "./messages.ts";
import { searchFailure } from "./result-codes.ts";

/** Makes the bytes of the request for the page that begins at `cookie`. */
export type EncodePage = (messageId: number, cookie: Buffer | undefined) => Buffer;

/** How many pages without an entry may follow each other; more is a server that goes round in circles. */
const mostEmptyPages = 1000;

/**
 * The entries below one base, page by page. The read is complete where a page ended with success and an empty cookie
 * (RFC 2696 section 3), or where the server never paged and ended with success: everything else throws. A page without
 * entries is not an end. The request for the next page is sent before the entries of the last one are given out.
 */
export async function* searchPages(
  receive: Receive,
  connection: Connection,
  base: string,
  encode: EncodePage,
  onReference: (uris: readonly string[]) => void,
): AsyncGenerator<readonly Entry[]> {
  let read = 0;
  let pages = 0;
  let empty = 0;
  const ask = (cookie?: Buffer): number => {
    const id = connection.nextMessageId();
    connection.socket.write(encode(id, cookie));
    return id;
  };
  let id: number | undefined = ask();
  while (id !== undefined) {
    let entries: Entry[] = [];
    let inPage = 0;
    let done: Done | undefined;
    while (!done) {
      for (const message of await receive(read)) {
        if (message.op === "extended") throw searchFailure(connection.server, base, read, message.result);
        if (message.id !== id) continue;
        if (message.op === "entry") entries.push(message.entry);
        else if (message.op === "reference") onReference(message.uris);
        else if (message.op === "done") done = message;
      }
      read += entries.length;
      inPage += entries.length;
      if (done) id = nextPage(done, pages, connection, base, read, ask);
      if (entries.length > 0) yield entries;
      entries = [];
    }
    pages += 1;
    empty = inPage === 0 ? empty + 1 : 0;
    if (empty > mostEmptyPages) {
      throw new Failure(
        "directory",
        `${connection.server} sent ${empty} pages without an entry, one after the other, and no end`,
        {
          hint: "tell the directory's administrator; another server of the same directory may answer better",
        },
      );
    }
  }
}

interface Done {
  readonly result: Result;
  readonly cookie: Buffer | undefined;
}

/** Asks for the next page and gives its message id; undefined where the read is complete. */
function nextPage(
  done: Done,
  pages: number,
  connection: Connection,
  base: string,
  read: number,
  ask: (cookie: Buffer) => number,
): number | undefined {
  if (done.result.code !== 0) throw searchFailure(connection.server, base, read, done.result);
  if (done.cookie === undefined && pages > 0) {
    throw new Failure(
      "directory",
      `${connection.server} stopped paging after ${read} entries without saying that there are no more`,
      {
        hint: "the read is not complete; try again, or ask the directory's administrator",
      },
    );
  }
  return done.cookie?.length ? ask(done.cookie) : undefined;
}

/** The messages that came next; `read` is how many entries came before, for the words of a failure. */
export type Receive = (read: number) => Promise<readonly ServerMessage[]>;

/**
 * Receives from a connection. Bytes are taken from the socket only when asked for, so that a slow database slows the
 * server down and not the memory up. Silence for longer than `timeoutMs` is a failure.
 */
export function receiver(connection: Connection, timeoutMs: number, signal: AbortSignal): Receive {
  const chunks: AsyncIterator<Buffer> = connection.socket[Symbol.asyncIterator]();
  const read = messageReader();
  const lost = (entries: number, why: string, cause?: unknown): Failure =>
    new Failure("directory", `${connection.server} ${why} after ${entries} entries: the read is not complete`, {
      hint: "what was written stands; run again when the directory is well",
      cause,
    });
  return async (entries) => {
    let timer: NodeJS.Timeout | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(lost(entries, `sent nothing for ${timeoutMs} ms`)), timeoutMs);
    });
    try {
      const chunk = await Promise.race([chunks.next(), silence]);
      if (chunk.done) throw lost(entries, "closed the connection");
      return [...read(chunk.value)];
    } catch (error) {
      connection.socket.destroy();
      if (signal.aborted) throw signal.reason;
      if (error instanceof Failure) throw error;
      if (error instanceof MalformedMessage) throw lost(entries, `sent what is not LDAP (${error.message})`, error);
      throw lost(entries, `lost the connection (${error instanceof Error ? error.message : String(error)})`, error);
    } finally {
      clearTimeout(timer);
    }
  };
}
