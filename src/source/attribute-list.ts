import type { AttributeValue, Entry } from "../entry.ts";
import { attributeKey, type RangedKey, rangedKey } from "./attributes.ts";
import { decodeOnly, decodeValues, type Latin1 } from "./encoded-values.ts";

type Values = readonly AttributeValue[];

/**
 * Names of attributes in the order in which an entry has them. Most entries of a directory have the same ones in the same
 * order, so that they share a shape: their names are made once, and an entry costs no more than its values.
 */
export interface Shape {
  /** The last of the names, as the server spells it. */
  readonly description: Buffer;
  readonly keys: readonly string[];
  readonly places: ReadonlyMap<string, number>;
  /** Those of the keys whose values are a part of all. */
  readonly ranged: readonly RangedKey[];
  /** The shapes with one name more, by that name. */
  readonly longer: Map<string, Shape>;
  /** The one of them that was last asked for. */
  likely: Shape | undefined;
}

const none: readonly RangedKey[] = [];

function rangedAmong(keys: Iterable<string>): readonly RangedKey[] {
  let ranged: RangedKey[] | undefined;
  for (const key of keys) {
    const part = rangedKey(key);
    if (part) ranged = [...(ranged ?? []), part];
  }
  return ranged ?? none;
}

/** The keys of the attributes of which an entry has a part only; an entry of a directory knows at once. */
export const rangedKeys = ({ attributes }: Entry): readonly RangedKey[] =>
  attributes instanceof AttributeList ? attributes.ranged : rangedAmong(attributes.keys());

const newShape = (description: Buffer, keys: readonly string[]): Shape => ({
  description,
  keys,
  places: new Map(keys.map((key, at) => [key, at])),
  ranged: rangedAmong(keys),
  longer: new Map(),
  likely: undefined,
});

/** How many shapes are kept; a directory has some tens. */
const mostShapes = 1000;

/** The shapes of one read. */
export interface Shapes {
  /** That of an entry without attributes. */
  readonly first: () => Shape;
  /** With the name added that lies between two offsets; undefined where the shape has it already. */
  readonly longer: (shape: Shape, bytes: Buffer, start: number, end: number) => Shape | undefined;
}

export function newShapes(): Shapes {
  const rootShape = () => newShape(Buffer.alloc(0), []);
  let root = rootShape();
  let count = 0;
  const found = (shape: Shape, name: Buffer): Shape | undefined => {
    const description = name.toString("latin1");
    let next = shape.longer.get(description);
    if (!next) {
      const key = attributeKey(description);
      if (shape.places.has(key)) return undefined;
      next = newShape(Buffer.from(name), [...shape.keys, key]);
      shape.longer.set(description, next);
      count += 1;
    }
    shape.likely = next;
    return next;
  };
  return {
    first: () => {
      if (count >= mostShapes) {
        root = rootShape();
        count = 0;
      }
      return root;
    },
    longer: (shape, bytes, start, end) =>
      shape.likely && isAt(shape.likely.description, bytes, start, end)
        ? shape.likely
        : found(shape, bytes.subarray(start, end)),
  };
}

/** Whether the bytes between two offsets are this name; compared one by one, which for so few is the fastest. */
function isAt(name: Buffer, bytes: Buffer, start: number, end: number): boolean {
  if (name.length !== end - start) return false;
  for (let at = 0; at < name.length; at += 1) if (name[at] !== bytes[start + at]) return false;
  return true;
}

/**
 * The value of an attribute that has only one; undefined of all others. An entry of a directory has no list for it, which it
 * would have to make.
 */
export const onlyValue = ({ attributes }: Entry, key: string): AttributeValue | undefined =>
  attributes instanceof AttributeList ? attributes.only(key) : undefined;

/** The attributes of an entry: a shape, and as many places in the bytes where lists of values begin. */
export class AttributeList implements ReadonlyMap<string, Values> {
  readonly #shape: Shape;
  readonly #sets: readonly number[];
  readonly #bytes: Buffer;
  readonly #latin1: Latin1;

  constructor(shape: Shape, sets: readonly number[], bytes: Buffer, latin1: Latin1) {
    this.#shape = shape;
    this.#sets = sets;
    this.#bytes = bytes;
    this.#latin1 = latin1;
  }

  get size(): number {
    return this.#sets.length;
  }

  get ranged(): readonly RangedKey[] {
    return this.#shape.ranged;
  }

  get(key: string): Values | undefined {
    const at = this.#shape.places.get(key);
    return at === undefined ? undefined : this.#list(at);
  }

  only(key: string): AttributeValue | undefined {
    const at = this.#shape.places.get(key);
    return at === undefined ? undefined : decodeOnly(this.#bytes, this.#sets[at] ?? 0, this.#latin1);
  }

  #list(at: number): Values {
    return decodeValues(this.#bytes, this.#sets[at] ?? 0, this.#latin1);
  }

  has(key: string): boolean {
    return this.#shape.places.has(key);
  }

  keys(): MapIterator<string> {
    return this.#shape.keys.values();
  }

  *values(): MapIterator<Values> {
    for (const [, values] of this.entries()) yield values;
  }

  *entries(): MapIterator<[string, Values]> {
    for (const [at, key] of this.#shape.keys.entries()) yield [key, this.#list(at)];
  }

  [Symbol.iterator](): MapIterator<[string, Values]> {
    return this.entries();
  }

  forEach(visit: (values: Values, key: string, map: ReadonlyMap<string, Values>) => void): void {
    for (const [key, values] of this.entries()) visit(values, key, this);
  }
}
