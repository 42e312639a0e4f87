import type { Entry } from "../entry.ts";
import {
  contentStart,
  type Element,
  element,
  elementEnd,
  elements,
  expectExtensions,
  integer,
  MalformedMessage,
  messageSize,
  tags,
} from "./ber.ts";
import { type EntryKind, encodedEntry, entryKind } from "./encoded-entry.ts";

/** The result of an operation (RFC 4511 section 4.1.9). */
export interface Result {
  readonly code: number;
  readonly matchedDn: string;
  readonly diagnostic: string;
  readonly referrals: readonly string[];
}

/** A message of the server, as far as a read needs it (RFC 4511 section 4). */
export type ServerMessage = {
  readonly id: number;
} /** Decoded when it is wanted, from bytes that lie still until then. `read` throws MalformedMessage. */ & (
  | { readonly op: "entry"; readonly read: () => Entry }
  | { readonly op: "reference"; readonly uris: readonly string[] }
  /** `cookie`: of the paged results control (RFC 2696), undefined where the answer carries no such control. */
  | { readonly op: "done"; readonly result: Result; readonly cookie: Buffer | undefined }
  /** The answer to a bind (section 4.2.2). */
  | { readonly op: "bound"; readonly result: Result }
  /** Unasked (id 0): the notice of disconnection (section 4.4.1). `value`: undefined where the answer has none. */
  | { readonly op: "extended"; readonly result: Result; readonly value: string | undefined }
  /** Says nothing of entries (section 4.13). */
  | { readonly op: "intermediate" }
  | { readonly op: "other" }
);

/**
 * Cuts a byte stream into messages. What is left of a chunk waits for the next one; the bytes of a long message are
 * put together once, when the last of them is here.
 *
 * @param typesOnly Whether entries keep attributes without values, because no values were asked for.
 * @throws MalformedMessage
 */
export function messageReader(typesOnly = false): (chunk: Buffer) => readonly ServerMessage[] {
  const kind = entryKind(typesOnly);
  let waiting: Buffer[] = [];
  let size = 0;
  let wanted = 0;
  return (chunk) => {
    waiting.push(chunk);
    size += chunk.length;
    if (size < wanted) return [];
    const messages: ServerMessage[] = [];
    const bytes = waiting.length === 1 ? chunk : Buffer.concat(waiting, size);
    let offset = 0;
    for (;;) {
      const length = messageSize(bytes, offset, bytes.length);
      wanted = length ?? 0;
      if (length === undefined || offset + length > bytes.length) break;
      messages.push(decode(bytes, offset, offset + length, kind));
      offset += length;
    }
    const rest = bytes.subarray(offset);
    waiting = rest.length > 0 ? [rest] : [];
    size = rest.length;
    return messages;
  };
}

/** Of an entry nothing is made but where it lies, for of those there are many. */
class EntryMessage {
  readonly op = "entry";
  readonly id: number;
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #end: number;
  readonly #kind: EntryKind;

  constructor(id: number, bytes: Buffer, start: number, end: number, kind: EntryKind) {
    this.id = id;
    this.#bytes = bytes;
    this.#start = start;
    this.#end = end;
    this.#kind = kind;
  }

  read(): Entry {
    return encodedEntry(this.#bytes, this.#start, this.#end, this.#kind);
  }
}

function decode(bytes: Buffer, offset: number, end: number, kind: EntryKind): ServerMessage {
  const start = contentStart(bytes, offset);
  const opAt = start === end ? end : elementEnd(bytes, start, end);
  if (opAt === end || bytes[start] !== tags.integer) throw new MalformedMessage("a message has no id or no operation");
  const id = integer(bytes, contentStart(bytes, start), opAt);
  const opEnd = elementEnd(bytes, opAt, end);
  // A message whose length is wrong may hold the next one, which would be lost in silence.
  if (opEnd < end && (bytes[opEnd] !== tags.controls || elementEnd(bytes, opEnd, end) < end)) {
    throw new MalformedMessage("a message has more than its operation and its controls");
  }
  if (bytes[opAt] === tags.entry) return new EntryMessage(id, bytes, contentStart(bytes, opAt), opEnd, kind);
  const op = element(bytes, opAt, end);
  const controls = opEnd < end ? element(bytes, opEnd, end) : undefined;
  switch (op.tag) {
    case tags.reference:
      return { id, op: "reference", uris: texts(bytes, op) };
    case tags.done:
      return { id, op: "done", result: decodeResult(bytes, op), cookie: controls && pagingCookie(bytes, controls) };
    case tags.bound:
      return { id, op: "bound", result: decodeResult(bytes, op) };
    case tags.extended:
      return { id, op: "extended", result: decodeResult(bytes, op), value: responseValue(bytes, op) };
    case tags.intermediate:
      return { id, op: "intermediate" };
    default:
      return { id, op: "other" };
  }
}

function decodeResult(bytes: Buffer, op: Element): Result {
  const [code, matchedDn, diagnostic, ...more] = elements(bytes, op.start, op.end);
  if (code?.tag !== tags.enumerated || matchedDn?.tag !== tags.octets || diagnostic?.tag !== tags.octets) {
    throw new MalformedMessage("a result has no code, matched DN or message");
  }
  expectExtensions(bytes, diagnostic.end, op.end);
  const referral = more.find((part) => part.tag === 0xa3);
  return {
    code: integer(bytes, code.start, code.end),
    matchedDn: bytes.toString("utf8", matchedDn.start, matchedDn.end),
    diagnostic: bytes.toString("utf8", diagnostic.start, diagnostic.end),
    referrals: referral ? texts(bytes, referral) : [],
  };
}

function responseValue(bytes: Buffer, op: Element): string | undefined {
  const value = [...elements(bytes, op.start, op.end)].find((part) => part.tag === tags.responseValue);
  return value && bytes.toString("utf8", value.start, value.end);
}

const texts = (bytes: Buffer, { start, end }: Element): string[] =>
  Array.from(elements(bytes, start, end), (part) => {
    if (part.tag !== tags.octets) throw new MalformedMessage("an address is no text");
    return bytes.toString("utf8", part.start, part.end);
  });

const pagedResults = "1.2.840.113556.1.4.319";

/** Each part must be what it is: a cookie that is missed would end the read too early. */
function pagingCookie(bytes: Buffer, { start, end }: Element): Buffer | undefined {
  for (const control of elements(bytes, start, end)) {
    const [type, ...rest] = elements(bytes, control.start, control.end);
    const [value, ...more] = rest[0]?.tag === tags.boolean ? rest.slice(1) : rest;
    if (control.tag !== tags.sequence || type?.tag !== tags.octets || more.length > 0) {
      throw new MalformedMessage("a control has no type, or more than a value");
    }
    if (bytes.toString("latin1", type.start, type.end) !== pagedResults) continue;
    if (value?.tag !== tags.octets) throw new MalformedMessage("a paged results control has no value");
    return Buffer.from(cookieIn(bytes, value));
  }
  return undefined;
}

function cookieIn(bytes: Buffer, { start, end }: Element): Buffer {
  const sequenceEnd = elementEnd(bytes, start, end, tags.sequence);
  const [size, cookie, ...more] = elements(bytes, contentStart(bytes, start), sequenceEnd);
  if (size?.tag !== tags.integer || cookie?.tag !== tags.octets || more.length > 0 || sequenceEnd < end) {
    throw new MalformedMessage("a paged results control has no cookie");
  }
  return bytes.subarray(cookie.start, cookie.end);
}
