import { Failure } from "./errors.ts";
import type { Report } from "./report/event.ts";
import { holderWords } from "./report/words.ts";
import { type Retry, retrying } from "./retry.ts";
import type { Lock, LockHolder, LockRequest, Standing } from "./target/lock.ts";
import { type Target, WriteError } from "./target/target.ts";

/** How long a lock stands without a renewal, and how often it is renewed: three renewals may fail. */
export const lease = { leaseSeconds: 45, heartbeatMs: 10_000 } as const;

/** What a run needs to be alone. */
export interface Asking extends LockRequest {
  readonly heartbeatMs: number;
  /** How long to wait for another run's end. */
  readonly waitMs: number;
  /** Whether it is the whole sync, whose success is worth remembering. */
  readonly isWhole: boolean;
  readonly report: Report;
  readonly retry: Retry;
  /** Milliseconds that only grow. */
  readonly clock: () => number;
}

type Held = Extract<Standing, { held: true }>;

/**
 * Does the work while no other run of the same sync, on any host, writes. The target that the work is given writes only
 * while the lock is held; the signal is aborted where it is lost.
 *
 * @throws Failure("lock") where another run holds it; Failure("database") where it was lost on the way
 */
export async function alone<T>(
  target: Target,
  asking: Asking,
  work: (target: Target, signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const lock = await target.lock(asking);
  let succeeded = false;
  try {
    const held = await acquire(lock, target, asking);
    if (lock.warning !== undefined) asking.report({ type: "warning", message: lock.warning });
    const lost = new AbortController();
    const stop = new AbortController();
    const beating = beat(lock, asking, stop.signal, lost);
    try {
      const signal = AbortSignal.any([asking.retry.signal, lost.signal]);
      const result = await work(fenced(target, lock, held, lost.signal), signal);
      // Who had nothing to write may have missed that the lock was lost, and what it read is old then.
      await retrying(asking.retry, () => verify(lock));
      succeeded = asking.isWhole;
      return result;
    } catch (error) {
      throw lost.signal.aborted ? lost.signal.reason : error;
    } finally {
      stop.abort();
      await beating;
      // Where it cannot be given back, it runs out.
      await lock.release(succeeded).catch(() => {});
    }
  } finally {
    await lock.close();
  }
}

/** How often a run that waits looks again. */
const pollMs = 1000;

async function acquire(lock: Lock, target: Target, asking: Asking): Promise<Held> {
  const until = asking.clock() + asking.waitMs;
  for (let told = false; ; told = true) {
    const standing = await retrying(asking.retry, () => lock.take());
    if (standing.held) return standing;
    const waitMs = until - asking.clock();
    if (waitMs <= 0) throw locked(asking, target, standing.holder);
    if (!told) asking.report({ type: "waiting", holder: standing.holder, waitMs: asking.waitMs });
    await asking.retry.wait(Math.min(waitMs, pollMs), asking.retry.signal);
  }
}

/** Renews the lease again and again; where it cannot be, sooner again. Aborts `lost` where another run has the lock. */
async function beat(lock: Lock, asking: Asking, stop: AbortSignal, lost: AbortController): Promise<void> {
  const { heartbeatMs, retry } = asking;
  let waitMs = heartbeatMs;
  for (;;) {
    try {
      await retry.wait(waitMs, stop);
    } catch {
      return;
    }
    try {
      const standing = await lock.renew();
      waitMs = heartbeatMs;
      if (standing.held) continue;
      lost.abort(lostLock(standing.holder));
      return;
    } catch {
      // An outage, which the run meets as well. The lease may stand longer than it lasts; if not, the fence tells.
      waitMs = heartbeatMs / 5;
    }
  }
}

/** The target that refuses to write where the lock is lost. */
const fenced = (target: Target, lock: Lock, { fence }: Held, lost: AbortSignal): Target => ({
  ...target,
  write: async (writes) => {
    lost.throwIfAborted();
    if (!fence) await verify(lock);
    try {
      await target.write(writes, fence);
    } catch (error) {
      // A row that another run has written meanwhile is no reject of this one.
      if (!(error instanceof WriteError && error.trouble === "outage")) await verify(lock);
      throw error;
    }
  },
});

async function verify(lock: Lock): Promise<void> {
  const standing = await lock.renew();
  if (!standing.held) throw lostLock(standing.holder);
}

const locked = (asking: Asking, target: Target, holder: LockHolder | undefined): Failure =>
  new Failure(
    "lock",
    `another run of sync ${JSON.stringify(asking.name)} into ${target.table.name} holds the lock: ${holderWords(holder)}`,
    {
      hint: `let it end, or wait for it with --wait SECONDS; the lock of a run that was killed is free within ${asking.leaseSeconds} seconds`,
    },
  );

const lostLock = (holder: LockHolder | undefined): Failure =>
  new Failure("database", `this run has lost its lock to ${holderWords(holder)}: nothing was written since`, {
    hint: "it stood still, or was without the database, for longer than its lease; what is left is the other run's",
  });
