import { isUtf8 } from "node:buffer";
import type { AttributeValue, Entry } from "../entry.ts";
import { attributeKey } from "./attributes.ts";
import {
  contentStart,
  type Element,
  element,
  elementEnd,
  elements,
  integer,
  MalformedMessage,
  messageSize,
} from "./ber.ts";

/** The result of an operation (RFC 4511 section 4.1.9). */
export interface Result {
  readonly code: number;
  readonly matchedDn: string;
  readonly diagnostic: string;
  readonly referrals: readonly string[];
}

/** A message of the server, as far as a search needs it (RFC 4511 section 4.5.2). */
export type ServerMessage = { readonly id: number } & (
  | { readonly op: "entry"; readonly entry: Entry }
  | { readonly op: "reference"; readonly uris: readonly string[] }
  /** `cookie`: of the paged results control (RFC 2696), undefined where the answer carries no such control. */
  | { readonly op: "done"; readonly result: Result; readonly cookie: Buffer | undefined }
  /** Unasked (id 0): the notice of disconnection (section 4.4.1). */
  | { readonly op: "extended"; readonly result: Result }
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
      messages.push(decode(bytes, element(bytes, offset, offset + length), typesOnly));
      offset += length;
    }
    const rest = bytes.subarray(offset);
    waiting = rest.length > 0 ? [rest] : [];
    size = rest.length;
    return messages;
  };
}

function decode(bytes: Buffer, message: Element, typesOnly: boolean): ServerMessage {
  const [idPart, op, controls] = elements(bytes, message.start, message.end);
  if (idPart?.tag !== 0x02 || !op) throw new MalformedMessage("a message has no id or no operation");
  const id = integer(bytes, idPart);
  switch (op.tag) {
    case 0x64:
      return { id, op: "entry", entry: decodeEntry(bytes, op, typesOnly) };
    case 0x73:
      return { id, op: "reference", uris: texts(bytes, op) };
    case 0x65:
      return { id, op: "done", result: decodeResult(bytes, op), cookie: controls && pagingCookie(bytes, controls) };
    case 0x78:
      return { id, op: "extended", result: decodeResult(bytes, op) };
    default:
      return { id, op: "other" };
  }
}

/** Universal tags: OCTET STRING, SEQUENCE, SET. */
const tags = { octets: 0x04, sequence: 0x30, set: 0x31 } as const;

/** Offsets instead of elements: a directory has millions of values, and an object for each would be a fifth of the time. */
function decodeEntry(bytes: Buffer, op: Element, typesOnly: boolean): Entry {
  const nameEnd = elementEnd(bytes, op.start, op.end, tags.octets);
  const listEnd = elementEnd(bytes, nameEnd, op.end, tags.sequence);
  const attributes = new Map<string, readonly AttributeValue[]>();
  let end: number;
  for (let offset = contentStart(bytes, nameEnd); offset < listEnd; offset = end) {
    end = elementEnd(bytes, offset, listEnd, tags.sequence);
    const type = contentStart(bytes, offset);
    const typeEnd = elementEnd(bytes, type, end, tags.octets);
    const values = decodeValues(bytes, typeEnd, elementEnd(bytes, typeEnd, end, tags.set));
    if (values.length === 0 && !typesOnly) continue;
    const key = attributeKey(bytes.toString("latin1", contentStart(bytes, type), typeEnd));
    const before = attributes.get(key);
    attributes.set(key, before ? [...before, ...values] : values);
  }
  return { dn: bytes.toString("utf8", contentStart(bytes, op.start), nameEnd), attributes };
}

function decodeValues(bytes: Buffer, set: number, setEnd: number): AttributeValue[] {
  const values: AttributeValue[] = [];
  let end: number;
  for (let offset = contentStart(bytes, set); offset < setEnd; offset = end) {
    end = elementEnd(bytes, offset, setEnd, tags.octets);
    values.push(decodeValue(bytes, contentStart(bytes, offset), end));
  }
  return values;
}

/** U+FFFD in the text means that bytes were not UTF-8, or that it was there from the start: only then is it worth a look. */
function decodeValue(bytes: Buffer, start: number, end: number): AttributeValue {
  const text = bytes.toString("utf8", start, end);
  if (!text.includes("\uFFFD") || isUtf8(bytes.subarray(start, end))) return text;
  return Buffer.from(bytes.subarray(start, end));
}

function decodeResult(bytes: Buffer, op: Element): Result {
  const [code, matchedDn, diagnostic, ...more] = elements(bytes, op.start, op.end);
  if (!code || !matchedDn || !diagnostic) throw new MalformedMessage("a result has no code, matched DN or message");
  const referral = more.find((part) => part.tag === 0xa3);
  return {
    code: integer(bytes, code),
    matchedDn: bytes.toString("utf8", matchedDn.start, matchedDn.end),
    diagnostic: bytes.toString("utf8", diagnostic.start, diagnostic.end),
    referrals: referral ? texts(bytes, referral) : [],
  };
}

const texts = (bytes: Buffer, { start, end }: Element): string[] =>
  [...elements(bytes, start, end)].map((part) => bytes.toString("utf8", part.start, part.end));

const pagedResults = "1.2.840.113556.1.4.319";

function pagingCookie(bytes: Buffer, controls: Element): Buffer | undefined {
  for (const control of elements(bytes, controls.start, controls.end)) {
    const [type, ...rest] = elements(bytes, control.start, control.end);
    if (!type || bytes.toString("latin1", type.start, type.end) !== pagedResults) continue;
    const value = rest.find((part) => part.tag === 0x04);
    if (!value) throw new MalformedMessage("a paged results control has no value");
    const [, cookie] = elements(bytes, ...contentOf(bytes, value));
    if (!cookie) throw new MalformedMessage("a paged results control has no cookie");
    return Buffer.from(bytes.subarray(cookie.start, cookie.end));
  }
  return undefined;
}

function contentOf(bytes: Buffer, value: Element): [number, number] {
  const sequence = element(bytes, value.start, value.end);
  return [sequence.start, sequence.end];
}
