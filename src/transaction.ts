import { Failure } from "./errors.ts";
import type { Report } from "./report/event.ts";
import { plural } from "./report/words.ts";
import { type Retry, retrying } from "./retry.ts";
import { type Target, type Write, WriteError, type WriteTrouble } from "./target/target.ts";

/** What is to be written together, and how it is looked at again where that did not go well. */
export interface Transaction<V> {
  writeOf(verdict: V): Write | undefined;
  /** What is to be done about the same rows as the table is now. */
  lookAgain(): Promise<readonly V[]>;
  /** The row is as it was to become. */
  isDone(verdict: V): boolean;
  /** For people: the key of a row. */
  nameOf(verdict: V): string;
  /** Makes another error of what the target said. */
  sorted?(error: unknown, before: WriteTrouble | undefined): unknown;
}

interface Writing {
  readonly target: Target;
  readonly report: Report;
  readonly retry: Retry;
}

/**
 * One transaction with all that is planned; gives the verdicts as they ended. After a conflict or an outage the rows are
 * looked up and compared again, for they may have changed. After an outage the commit may have happened all the same:
 * it shows in that nothing is left to do, and then the first verdicts are what was done.
 */
export async function transact<V>(
  run: Writing,
  planned: readonly V[],
  { writeOf, lookAgain, isDone, nameOf, sorted }: Transaction<V>,
): Promise<readonly V[]> {
  if (planned.length === 0) return planned;
  let current = planned;
  let inDoubt = false;
  const attempt = async (before: WriteTrouble | undefined): Promise<void> => {
    if (before !== undefined) {
      const again = await lookAgain();
      // It is whole or not at all, so most of its rows tell; a few may have been changed again since, by others.
      if (inDoubt && again.filter(isDone).length * 2 >= again.length) return;
      inDoubt = false;
      current = again;
    }
    const writes = current.flatMap((verdict) => writeOf(verdict) ?? []);
    if (writes.length === 0) return;
    await run.target.write(writes).catch((error: unknown) => {
      inDoubt = error instanceof WriteError && error.undecided;
      throw sorted ? sorted(error, before) : error;
    });
  };
  await retrying(run.retry, attempt).catch((error: unknown) => {
    throw inDoubt ? doubtful(run, error, planned.map(nameOf)) : error;
  });
  return current;
}

/** The connection was lost while a transaction was under way, and was not found again to see how it ended. */
function doubtful(run: Writing, error: unknown, names: readonly string[]): unknown {
  const keys = `${names[0] ?? ""}${names.length > 1 ? ` to ${names.at(-1)}` : ""}`;
  const doubt = `whether the last batch (${plural(names.length, "row")}, ${keys}) was written is not known and not counted`;
  if (error instanceof Failure) {
    const hint = `${doubt}; ${error.hint ?? "run again when the database is well"}`;
    return new Failure(error.turn, error.message, { hint, cause: error.cause });
  }
  // Interrupted while waiting for the database: the summary says it.
  run.report({ type: "notice", message: doubt });
  return error;
}

/**
 * Settles what belongs into one transaction; where a row of it is refused, halves are tried until only that row is left.
 * The order is kept.
 */
export async function byHalves<V>(
  all: readonly V[],
  settle: (some: readonly V[]) => Promise<void>,
  refused: (only: V, error: WriteError) => Promise<void>,
): Promise<void> {
  try {
    await settle(all);
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const [only] = all;
    if (only === undefined) throw error;
    if (all.length === 1) return refused(only, error);
    const middle = all.length >> 1;
    await byHalves(all.slice(0, middle), settle, refused);
    await byHalves(all.slice(middle), settle, refused);
  }
}
