import { generator } from "../servers/people.ts";

/** Chance that is the same again with the same seed. */
export interface Random {
  /** A whole number from 0 up to below this one. */
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}

export function seeded(seed: number): Random {
  const next = generator(seed);
  const below = (limit: number): number => Math.floor(next() * limit);
  return {
    below,
    chance: (probability) => next() < probability,
    pick: <T>(list: readonly T[]) => list[below(list.length)] as T,
  };
}

/** `FUZZ_SEED` from the environment, else another one each time. It belongs into what a test prints. */
export const fuzzSeed = (): number => Number(process.env.FUZZ_SEED ?? Date.now() % 1_000_000_000);

/** How often: the usual number, times `FUZZ_RUNS` from the environment. */
export const fuzzRuns = (usual: number): number => Math.ceil(usual * Number(process.env.FUZZ_RUNS ?? 1));

/** Prints what a fuzz did, with its seed: vitest passes the output of tests on. */
export function tell(what: string, seed: number, counts: Readonly<Record<string, number>>): void {
  const words = Object.entries(counts).map(([name, count]) => `${count} ${name}`);
  process.stdout.write(`fuzz ${what}, FUZZ_SEED=${seed}: ${words.join(", ")}\n`);
}
