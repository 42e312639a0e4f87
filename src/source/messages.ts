import { isUtf8 } from "node:buffer";
import type { AttributeValue, Entry } from "../entry.ts";
import { AttributeList, newShapes, type Shapes } from "./attribute-list.ts";
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
  const kind: EntryKind = { typesOnly, shapes: newShapes() };
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

/** What is the same for all entries of a read. */
interface EntryKind {
  readonly typesOnly: boolean;
  readonly shapes: Shapes;
}

/** Universal tags: INTEGER, OCTET STRING, … Operations: SearchResultEntry, SearchResultReference, … */
const tags = {
  integer: 0x02,
  octets: 0x04,
  sequence: 0x30,
  set: 0x31,
  entry: 0x64,
  reference: 0x73,
  done: 0x65,
  bound: 0x61,
  extended: 0x78,
  responseValue: 0x8b,
  intermediate: 0x79,
  enumerated: 0x0a,
  boolean: 0x01,
  controls: 0xa0,
} as const;

function decode(bytes: Buffer, offset: number, end: number, kind: EntryKind): ServerMessage {
  const start = contentStart(bytes, offset);
  if (start === end || elementEnd(bytes, start, end) === end || bytes[start] !== tags.integer) {
    throw new MalformedMessage("a message has no id or no operation");
  }
  const id = integer(bytes, element(bytes, start, end));
  const op = element(bytes, elementEnd(bytes, start, end), end);
  const controls = op.end < end ? element(bytes, op.end, end) : undefined;
  // A message whose length is wrong may hold the next one, which would be lost in silence.
  if (controls && (controls.tag !== tags.controls || controls.end < end)) {
    throw new MalformedMessage("a message has more than its operation and its controls");
  }
  switch (op.tag) {
    case tags.entry:
      return { id, op: "entry", read: () => decodeEntry(bytes, op.start, op.end, kind) };
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

/**
 * What comes after the known elements of a sequence must be of a later standard (RFC 4511 section 4), and so have a tag
 * of its own: anything else is what a wrong length left over, and would be lost in silence.
 */
function expectExtensions(bytes: Buffer, start: number, end: number): void {
  for (const { tag } of elements(bytes, start, end)) {
    if ((tag & 0xc0) !== 0x80) throw new MalformedMessage("a sequence has an element too many");
  }
}

/** An entry as it came, and the same as text, a character for each byte. */
interface Raw {
  readonly bytes: Buffer;
  /** Where the text begins in the bytes. */
  readonly start: number;
  readonly text: string;
}

/**
 * Offsets instead of elements: a directory has millions of values, and an object for each would be a fifth of the time.
 * For the same reason the bytes become text once, as a whole, and what is ASCII is cut out of that.
 */
function decodeEntry(bytes: Buffer, start: number, opEnd: number, { typesOnly, shapes }: EntryKind): Entry {
  const nameEnd = elementEnd(bytes, start, opEnd, tags.octets);
  const listEnd = elementEnd(bytes, nameEnd, opEnd, tags.sequence);
  if (listEnd !== opEnd) expectExtensions(bytes, listEnd, opEnd);
  const raw: Raw = { bytes, start, text: bytes.toString("latin1", start, listEnd) };
  const lists: (readonly AttributeValue[])[] = [];
  let shape = shapes.first();
  let end: number;
  for (let offset = contentStart(bytes, nameEnd); offset < listEnd; offset = end) {
    end = elementEnd(bytes, offset, listEnd, tags.sequence);
    const type = contentStart(bytes, offset);
    const typeEnd = elementEnd(bytes, type, end, tags.octets);
    const setEnd = elementEnd(bytes, typeEnd, end, tags.set);
    if (setEnd !== end) expectExtensions(bytes, setEnd, end);
    const values = decodeValues(raw, typeEnd, setEnd);
    if (values.length === 0 && !typesOnly) continue;
    const description = raw.text.substring(contentStart(bytes, type) - start, typeEnd - start);
    const longer = shape.likely?.description === description ? shape.likely : shapes.longer(shape, description);
    if (longer) lists.push(values);
    else {
      const at = shape.keys.indexOf(attributeKey(description));
      lists[at] = [...(lists[at] ?? []), ...values];
    }
    shape = longer ?? shape;
  }
  const dn = asciiText(raw, contentStart(bytes, start), nameEnd);
  return {
    dn: dn ?? bytes.toString("utf8", contentStart(bytes, start), nameEnd),
    attributes: new AttributeList(shape, lists),
  };
}

function decodeValues(raw: Raw, set: number, setEnd: number): AttributeValue[] {
  const { bytes } = raw;
  const values: AttributeValue[] = [];
  let end: number;
  for (let offset = contentStart(bytes, set); offset < setEnd; offset = end) {
    end = elementEnd(bytes, offset, setEnd, tags.octets);
    const start = contentStart(bytes, offset);
    const value = asciiText(raw, start, end) ?? decodeValue(bytes, start, end);
    // A list that is begun with its one value takes less room than one that is grown.
    if (offset === contentStart(bytes, set) && end === setEnd) return [value];
    values.push(value);
  }
  return values;
}

/** V8 copies a part of a text that is shorter; a longer one points into the whole, which makes each comparison dear. */
const longestCopied = 13;

/** The bytes as text where all of them are ASCII. */
function asciiText({ bytes, start: textStart, text }: Raw, start: number, end: number): string | undefined {
  for (let at = start; at < end; at += 1) if ((bytes[at] ?? 0) > 0x7f) return undefined;
  return end - start < longestCopied
    ? text.substring(start - textStart, end - textStart)
    : bytes.toString("latin1", start, end);
}

/** U+FFFD in the text means that bytes were not UTF-8, or that it was there from the start: only then is it worth a look. */
function decodeValue(bytes: Buffer, start: number, end: number): AttributeValue {
  const text = bytes.toString("utf8", start, end);
  if (!text.includes("\uFFFD") || isUtf8(bytes.subarray(start, end))) return text;
  return Buffer.from(bytes.subarray(start, end));
}

function decodeResult(bytes: Buffer, op: Element): Result {
  const [code, matchedDn, diagnostic, ...more] = elements(bytes, op.start, op.end);
  if (code?.tag !== tags.enumerated || matchedDn?.tag !== tags.octets || diagnostic?.tag !== tags.octets) {
    throw new MalformedMessage("a result has no code, matched DN or message");
  }
  expectExtensions(bytes, diagnostic.end, op.end);
  const referral = more.find((part) => part.tag === 0xa3);
  return {
    code: integer(bytes, code),
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
