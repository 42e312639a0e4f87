import { isUtf8 } from "node:buffer";
import fc from "fast-check";
import { MessageParser, SearchEntry } from "ldapts";
import { describe, expect, it } from "vitest";
import { MalformedMessage } from "../src/source/ber.ts";
import { messageReader, type ServerMessage } from "../src/source/messages.ts";
import { type PlainEntry, plain } from "./ldap-source.ts";
import { element, integer, octets, sequence, set } from "./servers/ber.ts";

interface WireEntry {
  readonly dn: string;
  readonly attributes: readonly { readonly name: string; readonly values: readonly (string | Buffer)[] }[];
}

const text = fc.string({ unit: "binary", maxLength: 300 });
const bytes = fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array));
const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9-]{0,20}(;[a-z][A-Za-z0-9-]{0,8}){0,2}$/);
const attribute = fc.record({ name, values: fc.array(fc.oneof(text, bytes), { maxLength: 6 }) });
const wireEntry: fc.Arbitrary<WireEntry> = fc.record({
  dn: text,
  attributes: fc.uniqueArray(attribute, { maxLength: 20, selector: (each) => keyOf(each.name) }),
});
/** Lengths of the pieces in which the bytes arrive; the last one takes the rest. */
const pieces = fc.array(fc.integer({ min: 1, max: 400 }), { maxLength: 100 });

/** The rule for names: lower case, each option once and in order, but for the transfer option ;binary. */
const keyOf = (description: string): string => {
  const [type, ...options] = description.toLowerCase().split(";");
  const kept = new Set(options);
  kept.delete("binary");
  return [type, ...Array.from(kept).sort()].join(";");
};

const entryBytes = (id: number, { dn, attributes }: WireEntry): Buffer =>
  sequence(
    integer(id),
    element(
      0x64,
      octets(dn),
      sequence(
        ...attributes.map((each) => sequence(octets(each.name), set(...each.values.map((value) => octets(value))))),
      ),
    ),
  );

const expected = ({ dn, attributes }: WireEntry): PlainEntry => ({
  dn,
  attributes: Object.fromEntries(
    attributes
      .filter(({ values }) => values.length > 0)
      .map((each) => [keyOf(each.name), each.values.map((value) => (Buffer.isBuffer(value) ? decoded(value) : value))]),
  ),
});

const decoded = (value: Buffer): string | Buffer => (isUtf8(value) ? value.toString("utf8") : value);

function readInPieces(stream: Buffer, lengths: readonly number[]): ServerMessage[] {
  const read = messageReader();
  const messages: ServerMessage[] = [];
  let offset = 0;
  for (const length of [...lengths, stream.length]) {
    if (offset < stream.length) messages.push(...read(stream.subarray(offset, offset + length)));
    offset += length;
  }
  return messages;
}

const comparable = (message: ServerMessage) =>
  message.op === "entry" ? { id: message.id, op: message.op, entry: plain(message.read()) } : message;

describe("the reader of messages", () => {
  it("gives any entries back as they were encoded, in whatever pieces the bytes arrive", () => {
    fc.assert(
      fc.property(fc.array(wireEntry, { maxLength: 8 }), pieces, (entries, lengths) => {
        const stream = Buffer.concat(entries.map((entry, index) => entryBytes(index, entry)));
        expect(readInPieces(stream, lengths).map(comparable)).toEqual(
          entries.map((entry, id) => ({ id, op: "entry", entry: expected(entry) })),
        );
      }),
    );
  });

  it("gives the values that ldapts reads from the same bytes", () => {
    fc.assert(
      fc.property(wireEntry, (entry) => {
        const stream = entryBytes(7, entry);
        const [message] = readInPieces(stream, []);
        const ours = message?.op === "entry" ? plain(message.read()) : undefined;
        const reference = readByLdapts(stream);
        const raw = reference.attributes.filter(({ parsedBuffers }) => parsedBuffers.length > 0);
        expect(ours).toEqual({
          dn: reference.name,
          attributes: Object.fromEntries(
            raw.map(({ type, parsedBuffers }) => [keyOf(type), parsedBuffers.map(decoded)]),
          ),
        });
      }),
    );
  });

  const longLength = Buffer.concat([Buffer.from([0x30, 0x84, 0, 0, 0, 0x0c]), integer(7), element(0x65, ...result(0))]);

  it.each([
    ["an entry without attributes", entry(), { op: "entry", entry: { dn: "uid=0", attributes: {} } }],
    [
      "a reference",
      message(element(0x73, octets("ldap://a/"), octets("ldap://b/"))),
      { op: "reference", uris: ["ldap://a/", "ldap://b/"] },
    ],
    ["an end", message(element(0x65, ...result(0))), done({})],
    ["an end whose length is written in four bytes", longLength, done({})],
    [
      "an end with a referral",
      message(element(0x65, ...result(10), element(0xa3, octets("ldap://a/")))),
      done({ result: { code: 10, matchedDn: "dc=å", diagnostic: "said", referrals: ["ldap://a/"] } }),
    ],
    [
      "an end with a cookie",
      message(element(0x65, ...result(0)), controls(paging("ab"))),
      done({ cookie: Buffer.from("ab") }),
    ],
    [
      "an end with the empty cookie",
      message(element(0x65, ...result(0)), controls(paging(""))),
      done({ cookie: Buffer.alloc(0) }),
    ],
    [
      "an end with a cookie behind another control and a criticality",
      message(
        element(0x65, ...result(0)),
        controls(sequence(octets("1.2.3")), paging("ab", element(0x01, Buffer.from([0xff])))),
      ),
      done({ cookie: Buffer.from("ab") }),
    ],
    [
      "an end with another control",
      message(element(0x65, ...result(0)), controls(sequence(octets("1.2.3")))),
      done({}),
    ],
    [
      "an extended response with a name",
      message(element(0x78, ...result(52), octets("1.3.6.1.4.1.1466.20036", 0x8a))),
      { op: "extended", result: { code: 52, matchedDn: "dc=å", diagnostic: "said", referrals: [] } },
    ],
    ["an intermediate response", message(element(0x79, octets("1.2.3", 0x80))), { op: "intermediate" }],
    [
      "the answer to a bind, with credentials of the server",
      message(element(0x61, ...result(0), octets("any", 0x87))),
      { op: "bound", result: { code: 0, matchedDn: "", diagnostic: "", referrals: [] } },
    ],
    ["any other answer", message(element(0x6b, ...result(0))), { op: "other" }],
    [
      "an entry with what a later standard may add to it and to its attributes",
      message(
        element(
          0x64,
          octets("uid=0"),
          sequence(sequence(octets("mail"), set(octets("a")), octets("new", 0x80))),
          element(0xa0, integer(1)),
        ),
      ),
      { op: "entry", entry: { dn: "uid=0", attributes: { mail: ["a"] } } },
    ],
  ])("knows %s", (_, stream, found) => {
    expect(readInPieces(stream, []).map(comparable)).toEqual([{ id: 7, ...found }]);
    expect(readInPieces(stream, Array(stream.length).fill(1)).map(comparable)).toEqual([{ id: 7, ...found }]);
  });

  it.each([
    ["no sequence", Buffer.from("HTTP/1.1 400"), "a message does not begin with a sequence"],
    ["an indefinite length", Buffer.from([0x30, 0x80, 0, 0]), "a length is indefinite or has more than four bytes"],
    [
      "a length of five bytes",
      Buffer.from([0x30, 0x85, 0, 0, 0, 0, 1, 0]),
      "a length is indefinite or has more than four bytes",
    ],
    ["a length over 256 MiB", Buffer.from([0x30, 0x84, 0x10, 0, 0, 1]), "a message claims 268435463 bytes"],
    ["no operation", sequence(integer(7)), "a message has no id or no operation"],
    [
      "an id that is no integer",
      sequence(octets("7"), element(0x65, ...result(0))),
      "a message has no id or no operation",
    ],
    [
      "an id of five bytes",
      sequence(element(0x02, Buffer.alloc(5)), element(0x65)),
      "an integer has no or more than four bytes",
    ],
    ["a result without a code", message(element(0x65)), "a result has no code, matched DN or message"],
    [
      "a paged results control without a value",
      message(element(0x65, ...result(0)), controls(sequence(octets("1.2.840.113556.1.4.319")))),
      "a paged results control has no value",
    ],
    [
      "a paged results control without a cookie",
      message(
        element(0x65, ...result(0)),
        controls(sequence(octets("1.2.840.113556.1.4.319"), octets(sequence(integer(0))))),
      ),
      "a paged results control has no cookie",
    ],
    [
      "an entry without a list of attributes",
      message(element(0x64, octets("uid=0"))),
      "an element is not of the kind expected",
    ],
    ["an attribute that is no sequence", entry(octets("mail")), "an element is not of the kind expected"],
    [
      "an attribute whose values are no set",
      entry(sequence(octets("mail"), sequence(octets("a")))),
      "an element is not of the kind expected",
    ],
    [
      "a value that is no octet string",
      entry(sequence(octets("mail"), set(integer(1)))),
      "an element is not of the kind expected",
    ],
    [
      "a value that is longer than its set",
      entry(sequence(octets("mail"), set(Buffer.from([4, 3, 65])))),
      "an element is longer than what holds it",
    ],
    // Lengths that are too short or too long by whole elements: what they leave over would be lost.
    [
      "a message that another one is in",
      message(element(0x64, octets("uid=0"), sequence()), message(element(0x64, octets("uid=1"), sequence()))),
      "a message has more than its operation and its controls",
    ],
    [
      "a message that goes on after its controls",
      message(element(0x65, ...result(0)), controls(), octets("")),
      "a message has more than its operation and its controls",
    ],
    [
      "an entry with an attribute after its list",
      message(element(0x64, octets("uid=0"), sequence(), sequence(octets("mail"), set(octets("a"))))),
      "a sequence has an element too many",
    ],
    [
      "an attribute with a value after its set",
      entry(sequence(octets("mail"), set(octets("a")), octets("b"))),
      "a sequence has an element too many",
    ],
    [
      "a result that goes on",
      message(element(0x65, ...result(0), octets("more"))),
      "a sequence has an element too many",
    ],
    [
      "a result whose code is no enumeration",
      message(element(0x65, integer(0), octets(""), octets(""))),
      "a result has no code, matched DN or message",
    ],
    ["a reference to no text", message(element(0x73, sequence(octets("ldap://a/")))), "an address is no text"],
    [
      "a cookie that ends before its control does",
      message(
        element(0x65, ...result(0)),
        controls(sequence(octets("1.2.840.113556.1.4.319"), octets(sequence(integer(0), octets(""), octets("b"))))),
      ),
      "a paged results control has no cookie",
    ],
    [
      "a control without a type",
      message(element(0x65, ...result(0)), controls(sequence(integer(1)))),
      "a control has no type, or more than a value",
    ],
    [
      "a value whose length is cut off",
      entry(sequence(octets("mail"), set(Buffer.from([4, 0x82, 1])))),
      "a length is cut off",
    ],
  ])("refuses %s", (_, stream, words) => {
    expect(() => readInPieces(stream, []).map(comparable)).toThrow(new MalformedMessage(words));
  });

  it("waits for the rest of what was cut off, and gives what came before", () => {
    fc.assert(
      fc.property(
        wireEntry,
        wireEntry,
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (first, second, part) => {
          const cut = entryBytes(2, second);
          const stream = Buffer.concat([entryBytes(1, first), cut.subarray(0, Math.floor(cut.length * part))]);
          expect(readInPieces(stream, []).map(comparable)).toEqual([{ id: 1, op: "entry", entry: expected(first) }]);
        },
      ),
    );
  });

  const damage = fc.array(
    fc.record({ at: fc.nat(), byte: fc.oneof(fc.constantFrom(0, 4, 0x30, 0x80, 0x84, 0xff), fc.nat(255)) }),
    {
      minLength: 1,
      maxLength: 10,
    },
  );

  it("ends with messages or a MalformedMessage for any bytes, however damaged", () => {
    const ends = message(element(0x65, ...result(0)), controls(paging("ab")));
    const refused = { count: 0 };
    fc.assert(
      fc.property(fc.array(wireEntry, { maxLength: 4 }), damage, pieces, (entries, changes, lengths) => {
        const stream = Buffer.concat([...entries.map((each) => entryBytes(1, each)), ends]);
        for (const { at, byte } of changes) stream[at % stream.length] = byte;
        try {
          readInPieces(stream, lengths).map(comparable);
        } catch (error) {
          refused.count += 1;
          expect(error).toBeInstanceOf(MalformedMessage);
        }
      }),
      { numRuns: 2000 },
    );
    // Damage that nobody notices would mean that nothing was damaged.
    expect(refused.count).toBeGreaterThan(100);
  });

  it("ends with messages or a MalformedMessage for noise", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), pieces, (noise, lengths) => {
        const content = Buffer.from(noise);
        for (const stream of [
          content,
          element(0x30, content),
          message(element(0x64, content)),
          message(element(0x65, content)),
        ]) {
          try {
            readInPieces(stream, lengths).map(comparable);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedMessage);
          }
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function readByLdapts(stream: Buffer): SearchEntry {
  const found: unknown[] = [];
  const parser = new MessageParser();
  parser.on("message", (each) => found.push(each));
  parser.on("error", (error) => found.push(error));
  parser.read(stream, new Map());
  const [first] = found;
  if (!(first instanceof SearchEntry)) throw new Error(`ldapts read ${String(first)}`);
  return first;
}

function message(...parts: readonly Buffer[]): Buffer {
  return sequence(integer(7), ...parts);
}

function entry(...attributes: readonly Buffer[]): Buffer {
  return message(element(0x64, octets("uid=0"), sequence(...attributes)));
}

function result(code: number): Buffer[] {
  return code === 0
    ? [integer(0, 0x0a), octets(""), octets("")]
    : [integer(code, 0x0a), octets("dc=å"), octets("said")];
}

function controls(...list: readonly Buffer[]): Buffer {
  return element(0xa0, ...list);
}

function paging(cookie: string, ...criticality: readonly Buffer[]): Buffer {
  return sequence(octets("1.2.840.113556.1.4.319"), ...criticality, octets(sequence(integer(0), octets(cookie))));
}

function done(details: object): object {
  const success = { code: 0, matchedDn: "", diagnostic: "", referrals: [] };
  return { op: "done", result: success, cookie: undefined, ...details };
}
