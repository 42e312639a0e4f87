/** Chance that is the same for the same seed. */
export interface Random {
  /** From 0 up to 1. */
  next(): number;
  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number;
  chance(probability: number): boolean;
  /** Up to so many of the list, each once. */
  some<T>(list: readonly T[], most: number): T[];
  /** One of the names, each as often as its weight says. */
  weighted<Name extends string>(weights: Readonly<Record<Name, { readonly weight: number }>>): Name;
}

export function randomOf(seed: number): Random {
  let state = seed | 0;
  // mulberry32
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const between = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  return {
    next,
    between,
    chance: (probability) => next() < probability,
    some: (list, most) => {
      const left = [...list];
      const count = Math.min(most, left.length);
      return Array.from({ length: count }, () => left.splice(between(0, left.length - 1), 1)).flat();
    },
    weighted: (weights) => {
      const all = Object.entries(weights) as [keyof typeof weights, { readonly weight: number }][];
      let left = next() * all.reduce((sum, [, { weight }]) => sum + weight, 0);
      for (const [name, { weight }] of all) {
        left -= weight;
        if (left < 0) return name;
      }
      throw new Error("there is nothing to choose from");
    },
  };
}
