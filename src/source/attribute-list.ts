import type { AttributeValue, Entry } from "../entry.ts";
import { attributeKey, type RangedKey, rangedKey } from "./attributes.ts";

type Values = readonly AttributeValue[];

/**
 * Names of attributes in the order in which an entry has them. Most entries of a directory have the same ones in the same
 * order, so that they share a shape: their names are made once, and an entry costs no more than its values.
 */
export interface Shape {
  /** The last of the names, as the server spells it. */
  readonly description: string;
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

const newShape = (description: string, keys: readonly string[]): Shape => ({
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
  /** With this name added; undefined where the shape has it already. */
  readonly longer: (shape: Shape, description: string) => Shape | undefined;
}

export function newShapes(): Shapes {
  let root = newShape("", []);
  let count = 0;
  return {
    first: () => {
      if (count >= mostShapes) {
        root = newShape("", []);
        count = 0;
      }
      return root;
    },
    longer: (shape, description) => {
      let next = shape.longer.get(description);
      if (!next) {
        const key = attributeKey(description);
        if (shape.places.has(key)) return undefined;
        next = newShape(description, [...shape.keys, key]);
        shape.longer.set(description, next);
        count += 1;
      }
      shape.likely = next;
      return next;
    },
  };
}

/** The attributes of an entry: a shape, and as many lists of values. */
export class AttributeList implements ReadonlyMap<string, Values> {
  readonly #shape: Shape;
  readonly #lists: readonly Values[];

  constructor(shape: Shape, lists: readonly Values[]) {
    this.#shape = shape;
    this.#lists = lists;
  }

  get size(): number {
    return this.#lists.length;
  }

  get ranged(): readonly RangedKey[] {
    return this.#shape.ranged;
  }

  get(key: string): Values | undefined {
    const at = this.#shape.places.get(key);
    return at === undefined ? undefined : this.#lists[at];
  }

  has(key: string): boolean {
    return this.#shape.places.has(key);
  }

  keys(): MapIterator<string> {
    return this.#shape.keys.values();
  }

  values(): MapIterator<Values> {
    return this.#lists.values();
  }

  *entries(): MapIterator<[string, Values]> {
    for (const [at, key] of this.#shape.keys.entries()) yield [key, this.#lists[at] ?? []];
  }

  [Symbol.iterator](): MapIterator<[string, Values]> {
    return this.entries();
  }

  forEach(visit: (values: Values, key: string, map: ReadonlyMap<string, Values>) => void): void {
    for (const [key, values] of this.entries()) visit(values, key, this);
  }
}
