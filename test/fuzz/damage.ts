import { element, integer, octets, sequence, set } from "../servers/ber.ts";
import { hostileBytes } from "./hostile.ts";
import type { Random } from "./random.ts";

/** Answers to a search as a server sends them, and what may happen to their bytes. */

export interface Page {
  readonly messages: readonly Buffer[];
}

const message = (id: number, ...parts: readonly Buffer[]): Buffer => sequence(integer(id), ...parts);

const result = (code: number): Buffer[] => [integer(code, 0x0a), octets(""), octets("")];

const paging = (cookie: Buffer): Buffer =>
  element(0xa0, sequence(octets("1.2.840.113556.1.4.319"), octets(sequence(integer(0), octets(cookie)))));

const done = (id: number, cookie?: Buffer, code = 0): Buffer =>
  message(id, element(0x65, ...result(code)), ...(cookie ? [paging(cookie)] : []));

export const bindResponse = (id: number): Buffer => message(id, element(0x61, ...result(0)));

function entry(random: Random, id: number, name: string): Buffer {
  const values = (count: number) => set(...Array.from({ length: count }, () => octets(hostileBytes(random))));
  const attribute = (description: string, list: Buffer) => sequence(octets(description), list);
  const others = Array.from({ length: random.below(3) }, (_, at) => attribute(`x${at}`, values(random.below(3))));
  const list = sequence(
    attribute("uid", set(octets(name))),
    ...(random.chance(0.8) ? [attribute("mail", values(1 + random.below(3)))] : []),
    ...others,
  );
  return message(id, element(0x64, octets(`cn=${name},dc=example`), list));
}

const reference = (id: number): Buffer => message(id, element(0x73, octets("ldap://other.example.com/dc=example")));

/** A whole read: pages of a few entries, some of them empty; seldom a server that does not page. */
export function wholeRead(random: Random, firstId: number): Page[] {
  const count = random.chance(0.2) ? 1 : 1 + random.below(4);
  const pages = random.chance(0.15) ? 1 : count;
  const paged = pages > 1 || random.chance(0.7);
  let number = 0;
  return Array.from({ length: pages }, (_, page) => {
    const id = firstId + page;
    const entries = Array.from({ length: random.below(5) }, () => entry(random, id, `u${number++}`));
    const references = random.chance(0.1) ? [reference(id)] : [];
    const cookie = page + 1 < pages ? Buffer.from([page + 1, random.below(256)]) : Buffer.alloc(0);
    return { messages: [...entries, ...references, done(id, paged ? cookie : undefined)] };
  });
}

type MessageDamage = (random: Random, messages: Buffer[], id: number) => void;

const somewhere = (random: Random, messages: readonly Buffer[]): number => random.below(messages.length);
const insert = (random: Random, messages: Buffer[], what: Buffer): void =>
  void messages.splice(random.below(messages.length + 1), 0, what);

const notice = (code: number): Buffer =>
  message(0, element(0x78, ...result(code), octets("1.3.6.1.4.1.1466.20036", 0x8a)));

/** Something that contains itself so many times. */
function nested(depth: number, tag: number): Buffer {
  let inner: Buffer = Buffer.alloc(0);
  for (let level = 0; level < depth; level += 1) inner = element(tag, inner);
  return inner;
}

/** What may happen to whole messages. */
const ofMessages: Readonly<Record<string, MessageDamage>> = {
  "a message twice": (random, messages) => insert(random, messages, messages[somewhere(random, messages)] as Buffer),
  "a message less": (random, messages) => void messages.splice(somewhere(random, messages), 1),
  "no end": (_, messages) => void messages.pop(),
  "the end twice": (_, messages) => void messages.push(messages.at(-1) as Buffer),
  "the end too early": (random, messages) => insert(random, messages, messages.pop() as Buffer),
  "another end": (random, messages, id) =>
    void messages.splice(-1, 1, done(id, undefined, random.pick([1, 3, 4, 10, 11, 32, 34, 50, 51, 52, 53, 80, 4096]))),
  "the same cookie again": (random, messages, id) =>
    void messages.splice(-1, 1, done(id, Buffer.from([1, random.below(256)]))),
  "no cookie": (_, messages, id) => void messages.splice(-1, 1, done(id)),
  "another message id": (random, messages, id) => {
    const at = somewhere(random, messages);
    const other = random.pick([0, 1, -1, id - 1, id + 1, id + 256, 2 ** 31 - 1]);
    const [, ...rest] = [...parts(messages[at] as Buffer)];
    messages[at] = sequence(integer(other), ...rest);
  },
  "a notice of disconnection": (random, messages) => insert(random, messages, notice(random.pick([0, 2, 51, 52, 80]))),
  "an extended response": (random, messages, id) => insert(random, messages, message(id, element(0x78, ...result(0)))),
  "an intermediate response": (random, messages, id) =>
    insert(random, messages, message(id, element(0x79, octets("1.2.3", 0x80)))),
  "another operation": (random, messages, id) =>
    insert(
      random,
      messages,
      message(id, element(random.pick([0x61, 0x67, 0x69, 0x6f, 0x62, 0x42, 0x66, 0x74, 0x5f]), ...result(0))),
    ),
  depth: (random, messages, id) =>
    insert(
      random,
      messages,
      message(
        id,
        element(
          random.pick([0x64, 0x65, 0x73, 0x79]),
          nested(random.pick([50, 2000]), random.pick([0x30, 0x31, 0xa0])),
        ),
      ),
    ),
  "deep controls": (random, messages, id) =>
    insert(random, messages, message(id, element(0x65, ...result(0)), element(0xa0, nested(2000, 0x30)))),
};

/** The elements in a message, as they lie in its bytes. */
function* parts(bytes: Buffer): Iterable<Buffer> {
  const [whole] = headersOf(bytes);
  for (let at = whole?.content ?? 0; at < bytes.length; ) {
    const [own] = headersOf(bytes.subarray(at));
    if (!own) return;
    yield bytes.subarray(at, at + own.end);
    at += own.end;
  }
}

interface ElementPlace {
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** Every element of well-formed bytes, also within others. */
function headersOf(bytes: Buffer, from = 0, to = bytes.length): ElementPlace[] {
  const found: ElementPlace[] = [];
  for (let start = from; start < to; ) {
    const first = bytes[start + 1] ?? 0;
    const size = first < 0x80 ? 0 : first - 0x80;
    const content = start + 2 + size;
    const end = content + (size === 0 ? first : bytes.readUIntBE(start + 2, size));
    found.push({ start, content, end });
    // Constructed ones; the value of the paging control holds elements too.
    if (((bytes[start] ?? 0) & 0x20) !== 0) found.push(...headersOf(bytes, content, end));
    start = end;
  }
  return found;
}

type ByteDamage = (random: Random, bytes: Buffer) => Buffer;

const replaced = (bytes: Buffer, start: number, end: number, by: Buffer): Buffer =>
  Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(end)]);

const lengthOctets = (length: number): Buffer => {
  const coded = element(0x04, Buffer.alloc(Math.min(length, 0xffff)));
  return coded.subarray(1, coded.length - Math.min(length, 0xffff));
};

const relength =
  (
    length: (random: Random, place: ElementPlace, places: readonly ElementPlace[], bytes: Buffer) => Buffer,
  ): ByteDamage =>
  (random, bytes) => {
    const places = headersOf(bytes);
    if (places.length === 0) return bytes;
    const place = random.pick(places);
    return replaced(bytes, place.start + 1, place.content, length(random, place, places, bytes));
  };

/** What may happen to the bytes of an answer. */
const ofBytes: Readonly<Record<string, ByteDamage>> = {
  "a bit": (random, bytes) => {
    const changed = Buffer.from(bytes);
    const at = random.below(bytes.length);
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  "a bit of a tag": (random, bytes) => {
    const changed = Buffer.from(bytes);
    const at = random.pick(headersOf(bytes)).start;
    changed[at] = (changed[at] ?? 0) ^ (1 << random.below(8));
    return changed;
  },
  "some bytes": (random, bytes) => {
    const changed = Buffer.from(bytes);
    for (let count = 1 + random.below(6); count > 0; count -= 1)
      changed[random.below(bytes.length)] = random.below(256);
    return changed;
  },
  "bytes less": (random, bytes) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at + 1 + random.below(8), Buffer.alloc(0));
  },
  "bytes more": (random, bytes) => {
    const at = random.below(bytes.length);
    return replaced(bytes, at, at, Buffer.from(Array.from({ length: 1 + random.below(8) }, () => random.below(256))));
  },
  "cut off": (random, bytes) => bytes.subarray(0, random.below(bytes.length)),
  "an element less": (random, bytes) => {
    const { start, end } = random.pick(headersOf(bytes));
    return replaced(bytes, start, end, Buffer.alloc(0));
  },
  "an element twice": (random, bytes) => {
    const { start, end } = random.pick(headersOf(bytes));
    return replaced(bytes, end, end, bytes.subarray(start, end));
  },
  "a huge length": relength((random) =>
    Buffer.from(
      random.pick(["847fffffff", "84ffffffff", "840fffffff", "8410000000", "887fffffffffffffff", "83ffffff", "fe"]),
      "hex",
    ),
  ),
  "an indefinite length": relength(() => Buffer.from([0x80])),
  "no length": relength(() => Buffer.from([0])),
  "a length that is off by some": relength((random, { content, end }) =>
    lengthOctets(Math.max(0, end - content + random.pick([-3, -2, -1, 1, 2, 3]))),
  ),
  "a length in more bytes": relength((random, { content, end }) => {
    const long = Buffer.alloc(random.pick([2, 3, 4, 5]));
    long.writeUIntBE(end - content, long.length - 2, 2);
    return Buffer.concat([Buffer.from([0x80 + long.length]), long]);
  }),
  // As far as another element ends: what lies between is there, and is somewhere else.
  "a length up to another end": relength((random, { content }, places) => {
    const ends = places.filter(({ end }) => end >= content).map(({ end }) => end);
    return lengthOctets(random.pick(ends) - content);
  }),
};

export const damages = ["nothing", ...Object.keys(ofMessages), ...Object.keys(ofBytes)] as const;

/** The bytes of each page, after this damage was done to one of them. */
export function damaged(random: Random, kind: string, pages: readonly Page[], firstId: number): Buffer[] {
  const which = random.below(pages.length);
  return pages.map(({ messages }, page) => {
    const copy = [...messages];
    if (page === which) ofMessages[kind]?.(random, copy, firstId + page);
    const bytes = Buffer.concat(copy);
    const change = page === which ? ofBytes[kind] : undefined;
    return change && bytes.length > 0 ? change(random, bytes) : bytes;
  });
}
