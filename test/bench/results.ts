import type { Case } from "./cases.ts";
import type { Usage } from "./measure.ts";
import type { Traffic } from "./traffic.ts";

/** One run of a case. */
export type Sample = Usage & Partial<Traffic>;

/** The runs of a case. */
export interface Result extends Case {
  readonly samples: readonly Sample[];
}

export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** The median of one figure of a result. */
export const figure = ({ samples }: Result, name: keyof Usage): number => median(samples.map((sample) => sample[name]));
