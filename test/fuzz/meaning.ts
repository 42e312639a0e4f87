/**
 * What bytes from a server say, read apart from the program: every octet by X.690 and the ASN.1 of RFC 4511, with nothing
 * taken for granted that does not stand there. Where a `...` leaves room for later elements of a sequence (section 4),
 * these have tags of their own, context-specific ones.
 */

/** Bytes that are not LDAP. */
class NotLdap extends Error {}

interface Part {
  readonly tag: number;
  readonly content: Buffer;
}

/** The first element and what comes after it; undefined where the bytes end before it does. */
function take(bytes: Buffer): { readonly part: Part; readonly rest: Buffer } | undefined {
  const [tag, first] = bytes;
  if (tag === undefined || first === undefined) return undefined;
  if ((tag & 0x1f) === 0x1f) throw new NotLdap("a tag of several octets");
  const size = first < 0x80 ? 0 : first - 0x80;
  if (first === 0x80 || size > 4) throw new NotLdap("an indefinite length, or one of more than four octets");
  if (bytes.length < 2 + size) return undefined;
  let length = first;
  if (size > 0) {
    length = 0;
    for (const octet of bytes.subarray(2, 2 + size)) length = length * 256 + octet;
  }
  const end = 2 + size + length;
  if (end > bytes.length) return undefined;
  return { part: { tag, content: bytes.subarray(2 + size, end) }, rest: bytes.subarray(end) };
}

/** All elements of what is complete. */
function parts(content: Buffer): Part[] {
  const found: Part[] = [];
  for (let rest = content; rest.length > 0; ) {
    const next = take(rest);
    if (!next) throw new NotLdap("an element is longer than what it is in");
    found.push(next.part);
    rest = next.rest;
  }
  return found;
}

const isExtension = ({ tag }: Part): boolean => (tag & 0xc0) === 0x80;

/** The elements of a sequence by their tags, then perhaps some that a later standard has. */
function fields(content: Buffer, ...tags: readonly number[]): Buffer[] {
  const all = parts(content);
  const own = all.slice(0, tags.length);
  if (own.length < tags.length || own.some(({ tag }, at) => tag !== tags[at])) throw new NotLdap("another element");
  if (!all.slice(tags.length).every(isExtension)) throw new NotLdap("an element too many");
  return own.map((each) => each.content);
}

function integer(content: Buffer | undefined): number {
  if (!content || content.length < 1 || content.length > 4) throw new NotLdap("an integer of this size");
  return content.readIntBE(0, content.length);
}

interface Message {
  readonly id: number;
  readonly op: Part;
  readonly controls: readonly Part[];
}

function messageIn({ tag, content }: Part): Message {
  if (tag !== 0x30) throw new NotLdap("no sequence");
  const [id, op, controls, ...more] = parts(content);
  if (!id || !op || id.tag !== 0x02 || more.length > 0) throw new NotLdap("a message of other parts");
  if (controls && controls.tag !== 0xa0) throw new NotLdap("no controls");
  return { id: integer(id.content), op, controls: controls ? parts(controls.content) : [] };
}

/** Result code, then matched DN and diagnostic message; referral and what extends it have tags of their own. */
const codeIn = (op: Part): number => integer(fields(op.content, 0x0a, 0x04, 0x04)[0]);

function cookieIn(controls: readonly Part[]): Buffer | undefined {
  for (const { tag, content } of controls) {
    const all = parts(content);
    // Type, then perhaps criticality, then perhaps a value.
    const tags = all.map((part) => part.tag.toString(16)).join(" ");
    if (tag !== 0x30 || !/^4( 1)?( 4)?$/.test(tags)) throw new NotLdap("no control");
    if (all[0]?.content.toString("latin1") !== "1.2.840.113556.1.4.319") continue;
    const value = all.slice(1).find((part) => part.tag === 0x04);
    const [sequence, ...more] = value ? parts(value.content) : [];
    const [size, cookie, ...others] = sequence?.tag === 0x30 ? parts(sequence.content) : [];
    if (size?.tag !== 0x02 || cookie?.tag !== 0x04 || more.length + others.length > 0) throw new NotLdap("no cookie");
    return cookie.content;
  }
  return undefined;
}

export interface MeantEntry {
  /** Values by lower-cased attribute. */
  readonly attributes: ReadonlyMap<string, readonly Buffer[]>;
}

function entryIn(op: Part): MeantEntry {
  const attributes = new Map<string, readonly Buffer[]>();
  const [, list] = fields(op.content, 0x04, 0x30);
  for (const { tag, content } of parts(list ?? Buffer.alloc(0))) {
    if (tag !== 0x30) throw new NotLdap("no attribute");
    const [description, set] = fields(content, 0x04, 0x31);
    const values = parts(set ?? Buffer.alloc(0));
    if (values.some((value) => value.tag !== 0x04)) throw new NotLdap("no octet string");
    const key = (description ?? Buffer.alloc(0)).toString("latin1").toLowerCase();
    attributes.set(key, [...(attributes.get(key) ?? []), ...values.map((value) => value.content)]);
  }
  return { attributes };
}

export interface Meaning {
  /** Whether the bytes are a whole read, to its end; "perhaps" where more comes after that, which a client need not see. */
  readonly complete: boolean | "perhaps";
  /** Of a read that is not complete: those before the place where that shows. */
  readonly entries: readonly MeantEntry[];
  /** How many requests a client sends that goes by these answers. */
  readonly requests: number;
  /** Where the server ended it with another code than success. */
  readonly code?: number;
  readonly why?: string;
}

const empty = Buffer.alloc(0);

/** @param pages what is sent in answer to each search request; their message ids count from `firstId`. */
export function meaningOf(pages: readonly Buffer[], firstId: number): Meaning {
  const entries: MeantEntry[] = [];
  let requests = 1;
  let bytes = pages[0] ?? empty;
  try {
    for (;;) {
      const next = take(bytes);
      if (!next) return { complete: false, entries, requests, why: "it ends too early" };
      bytes = next.rest;
      const { id, op, controls } = messageIn(next.part);
      if (id !== firstId + requests - 1) throw new NotLdap("an answer to nothing");
      // IntermediateResponse says nothing of entries; a search reference was counted and passed over.
      if (op.tag === 0x79 || op.tag === 0x73) {
        if (op.tag === 0x73 && parts(op.content).some(({ tag }) => tag !== 0x04)) throw new NotLdap("no address");
        continue;
      }
      if (op.tag === 0x64) entries.push(entryIn(op));
      else if (op.tag === 0x65) {
        const code = codeIn(op);
        if (code !== 0) return { complete: false, entries, requests, code, why: "another result" };
        const cookie = cookieIn(controls);
        if (cookie === undefined && requests > 1) throw new NotLdap("paging that stops");
        if (!cookie?.length) return { complete: bytes.length === 0 || "perhaps", entries, requests };
        bytes = Buffer.concat([bytes, pages[requests] ?? empty]);
        requests += 1;
      } else throw new NotLdap("no answer to a search");
    }
  } catch (error) {
    if (!(error instanceof NotLdap)) throw error;
    return { complete: false, entries, requests, why: error.message };
  }
}

/** Whether the bytes are the success of a bind with this id; "perhaps" where more comes after it, that nobody asked for. */
export function isBound(bytes: Buffer, id: number): boolean | "perhaps" {
  try {
    const next = take(bytes);
    if (!next) return false;
    const message = messageIn(next.part);
    const bound = message.id === id && message.op.tag === 0x61 && codeIn(message.op) === 0;
    return bound && (next.rest.length === 0 || "perhaps");
  } catch (error) {
    if (error instanceof NotLdap) return false;
    throw error;
  }
}
