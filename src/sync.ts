import { setImmediate as turn } from "node:timers/promises";
import type { AbsenceWatch } from "./absent.ts";
import { ahead } from "./ahead.ts";
import type { Bystander, Reject, User } from "./change.ts";
import { openClaims } from "./claims.ts";
import { foresee } from "./foresight.ts";
import { charactersOf, type Gathering, gather, mostCharacters } from "./gather.ts";
import { cleaner } from "./heap.ts";
import { createInactive, type Inactive } from "./leavers/created.ts";
import { type Leavers, openLeavers } from "./leavers/pass.ts";
import type { StrangerBook } from "./leavers/strangers.ts";
import { lookAhead } from "./look.ts";
import type { Plan } from "./plan.ts";
import { postponed, settlePostponed } from "./postponed.ts";
import { openReferences } from "./references/pass.ts";
import { rejects } from "./rejects.ts";
import type { Report } from "./report/event.ts";
import type { Retry } from "./retry.ts";
import { type Batch, judge, type Settling } from "./settle.ts";
import type { ByDn } from "./source/by-dn.ts";
import type { Source } from "./source/source.ts";
import type { Target } from "./target/target.ts";

/** One run, all that it needs in hand. */
export interface Run {
  readonly source: Source;
  readonly plan: Plan;
  readonly target: Target;
  readonly report: Report;
  readonly retry: Retry;
  readonly batchSize: number;
  /** How many rejects are too many. */
  readonly mostRejects: number;
  readonly signal: AbortSignal;
  readonly absence: AbsenceWatch;
  /** Where leavers are looked for: those of the read who have no row of their own in it. */
  readonly strangers?: StrangerBook | undefined;
  /** Where the read is not of all entries: looks up whom somebody names. */
  readonly byDn?: ByDn | undefined;
  /** Asked when all sources were read to their end, before it is judged who has left: throws where that cannot be the truth. */
  readonly confirm?: (() => Promise<void>) | undefined;
  /** Where the rows of people who have left are to be deactivated. */
  readonly leavers?: Leavers | undefined;
  /** Where people who are not active and have no row are to get one. */
  readonly inactive?: Inactive | undefined;
}

/**
 * How many batches are read and looked up ahead of the one that is settled. With two, the database is not waited for less,
 * and what has to be kept meanwhile costs a tenth of the time.
 */
const batchesAhead = 1;

/**
 * A sync: the active entries of the source, each mapped to a user, in batches; of each batch the rows that exist are
 * looked up, compared, and what differs is written in one transaction. Nothing of the whole is kept but who has which row.
 * While one batch is written, the next ones are read, mapped and looked up. Who takes a unique value that is not free then
 * is settled after the last batch, when whoever has it may have given it up. In the end come the rows of those who were not
 * read: they have left.
 *
 * @throws Failure where it could not be finished; the batches before stand.
 */
export async function sync(run: Run): Promise<void> {
  const claims = openClaims();
  const foreseeing = { ...run, ...foresee(run.target, run.batchSize) };
  const judging = {
    ...foreseeing,
    claims,
    rejects: rejects({ ...foreseeing, claims, max: run.mostRejects }),
    postponed: postponed(foreseeing),
  };
  const references = openReferences(judging);
  const settling = { ...judging, references };
  const stop = new AbortController();
  try {
    const leavers = run.leavers && (await openLeavers(settling, run.leavers));
    const signal = AbortSignal.any([run.signal, stop.signal]);
    const changes = gather(settling, run.batchSize);
    const cleanUp = cleaner();
    const read = ahead(batches(run, settling, signal), batchesAhead);
    for await (const batch of writtenBeforeFailure(read, changes, run.signal)) {
      await changes.settle(await judge(settling, batch));
      run.report({ type: "progress" });
      cleanUp(batch.entries.length);
      run.signal.throwIfAborted();
    }
    await changes.finish();
    await settlePostponed(settling);
    await references?.fill();
    settling.rejects.flush();
    await run.confirm?.();
    await leavers?.settle();
    if (run.inactive) await createInactive(settling, run.inactive);
  } finally {
    stop.abort();
    claims.close();
    run.strangers?.close();
    references?.close();
    settling.rejects.flush();
    run.report({ type: "progress" });
  }
}

/** Where the source fails, what was judged before is written all the same: each change stands by itself. */
async function* writtenBeforeFailure<T>(
  source: AsyncIterable<T>,
  changes: Gathering,
  signal: AbortSignal,
): AsyncGenerator<T> {
  try {
    yield* source;
  } catch (error) {
    // What else goes wrong then is not what the run failed of.
    if (!signal.aborted) await changes.finish().catch(() => {});
    throw error;
  }
}

/**
 * The users of the source, so many at a time, their rows being looked up. Entries that cannot be mapped are rejects; they
 * go along where they have a key, because it is taken; and so do those of whom it is not known whether they are active.
 */
async function* batches(run: Run, settling: Settling, signal: AbortSignal): AsyncGenerator<Batch> {
  let rejected: Reject[] = [];
  let entries: (User | Bystander)[] = [];
  let read = 0;
  let characters = 0;
  const batch = (): Batch => {
    const whole = { rejects: rejected, entries, find: lookAhead(settling, entries) };
    rejected = [];
    entries = [];
    read = 0;
    characters = 0;
    return whole;
  };
  for await (const piece of run.source.entries(signal)) {
    // What the database answers meanwhile is not to wait until a whole batch is mapped.
    await turn();
    for (const entry of piece) {
      run.absence.see(entry);
      const mapped = run.plan.toUser(entry);
      if ("reason" in mapped) {
        rejected.push(mapped);
        const keys = run.plan.keysOf(entry);
        if (keys.some((key) => key !== undefined)) entries.push({ dn: mapped.dn, keys });
        run.strangers?.meet(entry, keys);
      } else {
        entries.push(mapped);
        characters += charactersOf(mapped);
      }
      read += 1;
      if (read >= run.batchSize || characters >= mostCharacters) yield batch();
    }
    for (const stranger of run.strangers?.take() ?? []) {
      entries.push(stranger);
      read += 1;
      if (read >= run.batchSize) yield batch();
    }
  }
  if (read > 0) yield batch();
}
