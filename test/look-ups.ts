import type { Target } from "../src/target/target.ts";

/** A target of which the keys of each look-up are noted. */
export function withLookUps(target: Target) {
  const lookedUp: (readonly string[])[] = [];
  const watching: Target = {
    ...target,
    find: (keys, ...rest) => {
      lookedUp.push(keys);
      return target.find(keys, ...rest);
    },
  };
  return { lookedUp, watching };
}
