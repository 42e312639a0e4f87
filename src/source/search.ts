import type { Entry } from "../entry.ts";
import type { Failure } from "../errors.ts";
import type { Pace } from "../pace.ts";
import { MalformedMessage } from "./ber.ts";
import { circleWatch } from "./circle.ts";
import type { Connection } from "./connection.ts";
import type { Result, ServerMessage } from "./messages.ts";
import { mostBytes, mostHeld, type Receive } from "./receive.ts";
import { incomplete, searchFailure } from "./result-codes.ts";

/** Makes the bytes of the request for the page that begins at `cookie`. */
export type EncodePage = (messageId: number, cookie: Buffer | undefined) => Buffer;

/** How pages are asked for. */
interface Asking {
  /** Calls when a request may be sent; at once unless told. */
  readonly soon?: Pace["soon"] | undefined;
  /** No page is asked for after so many entries: then the read is not complete, and says nothing of it. */
  readonly most?: number | undefined;
}

/** How many pages without an entry may follow each other; more is a server that goes round in circles. */
const mostEmptyPages = 1000;

/**
 * The entries below one base, page by page. The read is complete where a page ended with success and an empty cookie
 * (RFC 2696 section 3), or where the server never paged and ended with success: everything else throws. A page without
 * entries is not an end. The next page is asked for before the entries of the last one are given out, or as soon as it may be.
 */
export async function* searchPages(
  receive: Receive,
  connection: Connection,
  base: string,
  encode: EncodePage,
  onReference: (uris: readonly string[]) => void,
  { soon = (send) => send(), most = Number.POSITIVE_INFINITY }: Asking = {},
): AsyncGenerator<readonly Entry[]> {
  const progress: Progress = { server: connection.server, base, read: 0, bytes: 0, pages: 0, empty: 0 };
  const ask = (inHand: number, cookie?: Buffer): number => {
    const id = connection.nextMessageId();
    const request = encode(id, cookie);
    soon(() => {
      if (connection.socket.writable) connection.socket.write(request);
    }, inHand);
    return id;
  };
  const comesAgain = circleWatch();
  let id: number | undefined = ask(0);
  try {
    while (id !== undefined) {
      let entries: EncodedEntry[] = [];
      const before = progress.read;
      let held = progress.bytes;
      let done: Done | undefined;
      while (!done) {
        for (const message of await receive(progress)) {
          if (!isAnswer(message, id, done, connection, progress)) continue;
          if (message.op === "entry") {
            entries.push(message);
            progress.read += 1;
          } else if (message.op === "reference") onReference(message.uris);
          else if (message.op === "done") done = message;
        }
        if (!done && (entries.length > mostHeld || progress.bytes - held > mostBytes) && entries.length > 0) {
          held = progress.bytes;
          yield* decoded(entries, progress);
          entries = [];
        }
      }
      const cookie = nextCookie(done, progress, progress.read === before);
      if (cookie && comesAgain(pageText(entries, progress)))
        throw inCircles(progress, "the same pages again and again");
      id = cookie && progress.read < most ? ask(entries.length, cookie) : undefined;
      yield* decoded(entries, progress);
    }
  } finally {
    if (id !== undefined) connection.givenUp.add(id);
  }
}

/**
 * Whether a message is part of the answer to this request. One that no request of ours explains may be an entry of which
 * not even the number is right any more: it is not passed over.
 */
function isAnswer(
  message: ServerMessage,
  id: number,
  done: Done | undefined,
  { givenUp }: Connection,
  progress: Progress,
): boolean {
  // A server that leaves (id 0), and one that refuses a search in this unfitting way. Who leaves after the end may.
  if (message.op === "extended") {
    if (done && !done.cookie?.length) return false;
    throw searchFailure(progress, message.result);
  }
  if (message.id !== id) {
    if (givenUp.has(message.id)) return false;
    throw notLdap(progress, new MalformedMessage(`an answer to request ${message.id}, which was not made`));
  }
  if (done) throw notLdap(progress, new MalformedMessage("an answer goes on after its end"));
  if (message.op === "bound" || message.op === "other")
    throw notLdap(progress, new MalformedMessage("an answer that is none to a search"));
  return true;
}

type EncodedEntry = Extract<ServerMessage, { op: "entry" }>;

/** What tells a page from others: no entry comes twice, so the last one does. An empty page is like no other. */
function pageText(entries: readonly EncodedEntry[], progress: Progress): string {
  const [[last] = []] = decoded(entries.slice(-1), progress);
  return last?.dn ?? `page ${progress.pages}`;
}

/** How many entries are decoded together: what is made of them should be gone again before the memory is next cleaned up. */
const pieceSize = 50;

function* decoded(entries: readonly EncodedEntry[], progress: Progress): Generator<readonly Entry[]> {
  for (let at = 0; at < entries.length; at += pieceSize) {
    try {
      yield entries.slice(at, at + pieceSize).map((entry) => entry.read());
    } catch (error) {
      throw error instanceof MalformedMessage ? notLdap(progress, error) : error;
    }
  }
}

export const notLdap = (progress: Progress, error: MalformedMessage): Failure =>
  incomplete(progress, `the server sent what is not LDAP (${error.message})`, { hint: whenWell, cause: error });

export const whenWell = "run again when the directory is well";

/** How far the search below one base has come. */
export interface Progress {
  readonly server: string;
  readonly base: string;
  /** Entries so far. */
  read: number;
  /** Received, of messages that are not complete too. */
  bytes: number;
  /** Pages that ended. */
  pages: number;
  /** How many of them, the last ones, had no entry. */
  empty: number;
}

interface Done {
  readonly result: Result;
  readonly cookie: Buffer | undefined;
}

/** Where the next page begins; undefined where the read is complete. */
function nextCookie({ result, cookie }: Done, progress: Progress, wasEmpty: boolean): Buffer | undefined {
  if (result.code !== 0) throw searchFailure(progress, result);
  if (cookie === undefined && progress.pages > 0) {
    throw incomplete(progress, "the server stopped paging without saying that there are no more", {
      hint: "try again, or ask the directory's administrator",
    });
  }
  progress.pages += 1;
  progress.empty = wasEmpty ? progress.empty + 1 : 0;
  if (!cookie?.length) return undefined;
  if (progress.empty > mostEmptyPages) {
    throw inCircles(progress, `${progress.empty} pages without an entry, one after the other`);
  }
  return cookie;
}

const inCircles = (progress: Progress, what: string): Failure =>
  incomplete(progress, `the server sent ${what}`, {
    hint: "tell the directory's administrator; another server of the same directory may answer better",
  });
