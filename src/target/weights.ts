import type { Column, ColumnType } from "./column.ts";

/** What `find` gives as the identity of a key, where that is known without asking; undefined where it is not. */
export type KnownIdentity = (key: string) => string | undefined;

/** Keys that are their own identity, or make it, whatever the database, by the type of their column. */
const identities: { readonly [T in ColumnType["type"]]?: KnownIdentity } = {
  integer: (key) => (/^(?:0|[1-9]\d{0,14})$/.test(key) ? key : undefined),
  uuid: (key) => (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(key) ? key : undefined),
  binary: (key) => (/^(?:[0-9a-f]{2})+$/.test(key) ? Buffer.from(key, "hex").toString("latin1") : undefined),
};

export const identityByType = ({ type }: Column): KnownIdentity | undefined => type && identities[type.type];

/** That of a text whose bytes alone count. */
export const identityOfBytes: KnownIdentity = (key) => (/^[\x21-\x7e]+$/.test(key) ? key : undefined);

/** Of these most keys are: numbers, names of accounts, mail addresses, UUIDs. */
export const plainCharacters: readonly string[] = [
  ..."0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.@",
];

/** Longer keys are left to the database. */
const longest = 191;

/**
 * The identity of a text from the weights of its characters, for collations that weigh each by itself.
 *
 * @param weights of `plainCharacters`, in their order
 * @param space its weight, which does not count at the end of a text
 */
export function identityByWeights(weights: readonly Buffer[], space: Buffer): KnownIdentity {
  const ofCode: (Buffer | undefined)[] = [];
  for (const [at, character] of plainCharacters.entries()) {
    const weight = weights[at];
    const wouldBeCut = space.length > 0 && weight?.subarray(-space.length).equals(space);
    if (weight && !wouldBeCut) ofCode[character.charCodeAt(0)] = weight;
  }
  const bytes = Buffer.alloc(longest * Math.max(0, ...weights.map(({ length }) => length)));
  return (key) => {
    if (key.length > longest) return undefined;
    let size = 0;
    for (let at = 0; at < key.length; at += 1) {
      const weight = ofCode[key.charCodeAt(at)];
      if (!weight) return undefined;
      for (let byte = 0; byte < weight.length; byte += 1) {
        bytes[size] = weight[byte] ?? 0;
        size += 1;
      }
    }
    return bytes.toString("latin1", 0, size);
  };
}
