import type { Case } from "./cases.ts";
import type { Usage } from "./measure.ts";
import type { PeerName } from "./peers.ts";
import type { Traffic } from "./traffic.ts";
import type { WorkName } from "./works.ts";

/** One run of a case. */
export interface Sample extends Usage {
  /** Where servers were asked for something. */
  readonly traffic?: Traffic;
}

/** The runs of a case. */
export interface Result extends Case {
  /** Active people that each run reads. */
  readonly active: number;
  readonly samples: readonly Sample[];
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** How the runs of a case are made one figure. */
const summaries = {
  median,
  least: (numbers) => (numbers.length > 0 ? Math.min(...numbers) : Number.NaN),
  most: (numbers) => (numbers.length > 0 ? Math.max(...numbers) : Number.NaN),
} as const satisfies Record<string, (numbers: readonly number[]) => number>;

export type Summary = keyof typeof summaries;

/** One figure of a result, the median unless told; NaN where it was not measured. */
export const figure = (result: Result | undefined, name: keyof Usage, summary: Summary = "median"): number =>
  summaries[summary]((result?.samples ?? []).map((sample) => sample[name]));

export const resultOf = (
  results: readonly Result[],
  work: WorkName,
  peer: PeerName,
  tenfold = false,
): Result | undefined => results.find((one) => one.work === work && one.peer === peer && one.tenfold === tenfold);
