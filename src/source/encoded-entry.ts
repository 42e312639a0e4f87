import type { AttributeValue, Entry } from "../entry.ts";
import { AttributeList, newShapes, type Shapes } from "./attribute-list.ts";
import { attributeKey } from "./attributes.ts";
import { contentStart, elementEnd, expectExtensions, tags } from "./ber.ts";
import { decodeText, decodeValues, type Latin1, latin1Memo } from "./encoded-values.ts";

/** What is the same for all entries of a read. */
export interface EntryKind {
  /** Whether entries keep attributes without values, because no values were asked for. */
  readonly typesOnly: boolean;
  readonly shapes: Shapes;
  readonly latin1: Latin1;
}

export const entryKind = (typesOnly: boolean): EntryKind => ({ typesOnly, shapes: newShapes(), latin1: latin1Memo() });

/**
 * The entry whose name begins at `start`, as it lies in the bytes of an answer: looked through at once for what is not LDAP,
 * decoded where it is asked for. What waits for its turn is bytes then, which nobody has to clean up.
 *
 * Offsets instead of elements: a directory has millions of values, and an object for each would be a fifth of the time.
 *
 * @throws MalformedMessage
 */
export function encodedEntry(bytes: Buffer, start: number, opEnd: number, kind: EntryKind): Entry {
  const { typesOnly, shapes, latin1 } = kind;
  const nameEnd = elementEnd(bytes, start, opEnd, tags.octets);
  const listEnd = elementEnd(bytes, nameEnd, opEnd, tags.sequence);
  if (listEnd !== opEnd) expectExtensions(bytes, listEnd, opEnd);
  const sets: number[] = [];
  let repeated: (readonly [type: number, set: number])[] | undefined;
  let shape = shapes.first();
  let end: number;
  for (let offset = contentStart(bytes, nameEnd); offset < listEnd; offset = end) {
    end = elementEnd(bytes, offset, listEnd, tags.sequence);
    const type = contentStart(bytes, offset);
    const set = elementEnd(bytes, type, end, tags.octets);
    const setEnd = elementEnd(bytes, set, end, tags.set);
    if (setEnd !== end) expectExtensions(bytes, setEnd, end);
    const first = contentStart(bytes, set);
    for (let value = first; value < setEnd; ) value = elementEnd(bytes, value, setEnd, tags.octets);
    if (first === setEnd && !typesOnly) continue;
    const longer = shapes.longer(shape, bytes, contentStart(bytes, type), set);
    if (longer) {
      sets.push(set);
      shape = longer;
    } else repeated = [...(repeated ?? []), [type, set]];
  }
  const attributes = new AttributeList(shape, sets, bytes, latin1);
  return new EncodedEntry(
    bytes,
    start,
    nameEnd,
    repeated ? joined(attributes, repeated, bytes, latin1) : attributes,
    latin1,
  );
}

/** With the values of attributes that came more than once. */
function joined(
  attributes: AttributeList,
  repeated: readonly (readonly [type: number, set: number])[],
  bytes: Buffer,
  latin1: Latin1,
): Entry["attributes"] {
  const all = new Map<string, readonly AttributeValue[]>(attributes);
  for (const [type, set] of repeated) {
    const key = attributeKey(bytes.toString("latin1", contentStart(bytes, type), set));
    all.set(key, [...(all.get(key) ?? []), ...decodeValues(bytes, set, latin1)]);
  }
  return all;
}

class EncodedEntry implements Entry {
  readonly #bytes: Buffer;
  readonly #start: number;
  readonly #nameEnd: number;
  readonly #latin1: Latin1;
  readonly attributes: Entry["attributes"];

  constructor(bytes: Buffer, start: number, nameEnd: number, attributes: Entry["attributes"], latin1: Latin1) {
    this.#bytes = bytes;
    this.#start = start;
    this.#nameEnd = nameEnd;
    this.#latin1 = latin1;
    this.attributes = attributes;
  }

  get dn(): string {
    return decodeText(this.#bytes, contentStart(this.#bytes, this.#start), this.#nameEnd, this.#latin1);
  }
}
