import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

const flags = [
  // V8 lets the heap grow to four times what lives before it cleans up. All that lives in a run is a batch: with 1.3 times
  // the first load of 100,000 people took 120 MB instead of 155 MB, in the same time.
  "--heap-growing-percent=30",
  // Those clean-ups are frequent and small: a second thread that helps with them cost 0.9 of 3 seconds of CPU.
  "--no-concurrent-marking",
  // Nor to mark what lives little by little: all that is new meanwhile then counts as living, 8 MB of it each time.
  "--no-incremental-marking",
  // Nor is it a good moment to clean up while a batch is waited for: all that lives then is soon gone.
  "--no-minor-gc-task",
  // Nor does it help to learn what outlives a clean-up: that is what was just being waited with, and to put its like among
  // what lives long from then on cost 0.3 of 2.4 seconds of CPU in every other run.
  "--no-allocation-site-pretenuring",
  // The second core is busy with the servers, and the threads of a clean-up wait for each other.
  "--no-parallel-scavenge",
];

/**
 * From here on memory is cleaned up as fits many entries that come and go. While a program is loaded most of what is made
 * stays, and to clean up after that in the same way cost 20 of 370 ms of CPU.
 */
export function expectMany(): void {
  for (const flag of flags) setFlagsFromString(flag);
}

/** Of so many people some 8 MB are left behind. */
const peopleBetween = 100_000;

/**
 * Cleans up what was left behind by people, told how many there were. V8 itself would wait until that is 24 MB, more than
 * all that lives in a run, so that a run of a million would take more memory than one of a hundred thousand.
 */
export function cleaner(): (people: number) => void {
  let since = 0;
  let collect: (() => void) | undefined;
  return (people) => {
    since += people;
    if (since < peopleBetween) return;
    since = 0;
    collect ??= collector();
    collect();
  };
}

/** What V8 has for it is there only where a flag asks for it, and then in contexts that are made from then on. */
function collector(): () => void {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc");
}
