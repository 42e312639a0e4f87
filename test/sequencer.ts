import { BaseSequencer, type TestSpecification } from "vitest/node";

/**
 * The files that take longest, so that none of them is left alone at the end. Those that wait rather than compute (for a
 * minute of cron, for the end of a lease) are spread so that one of the workers is waiting while the others compute.
 */
const first = [
  "schedule/debian-cron",
  "hundred-thousand",
  "lock",
  "lock-lease",
  "dry-run-property",
  "target-lock",
  "directories/active-directory",
  "faults",
];

const rankOf = ({ moduleId }: TestSpecification): number => {
  const rank = first.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return rank < 0 ? first.length : rank;
};

/** The order in which the test files are begun. */
export class Sequencer extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rankOf(one) - rankOf(other));
  }
}
