/**
 * A lock that a run holds in the target database, so that no two runs of one sync overlap, on whatever hosts. It is a
 * lease: whoever holds it renews it, and where that stops (kill -9, a lost host) it is free when it has run out. Each
 * taking has a token of its own; a write that brings the token of an earlier one is refused (fencing), so that a run that
 * stood still and was taken for dead cannot write after its successor.
 */

/** Who asks for a lock. */
export interface Runner {
  readonly runId: string;
  readonly host: string;
  readonly pid: number;
  readonly user: string;
}

/** Who holds a lock, as far as the database tells. */
export interface LockHolder {
  /** `process 4711`, or where that is not known `connection 17`. */
  readonly process: string;
  readonly host: string;
  readonly user: string | undefined;
  /** By the clock of the database: `2026-11-24 02:00:00 UTC`. */
  readonly since: string | undefined;
}

export interface LockRequest {
  /** Of the sync. With the target's table it names the lock. */
  readonly name: string;
  readonly runner: Runner;
  readonly leaseSeconds: number;
}

/** What a write shows to prove that its run holds the lock: the row of the lock and what must stand in it. */
export interface Fence extends LockRow {
  readonly runId: string;
  /** A number that grows with each taking. */
  readonly token: string;
  readonly leaseSeconds: number;
}

export interface LockRow {
  readonly name: string;
  readonly table: string;
}

/** Whether the run holds the lock; where another one does, which, if that is known. */
export type Standing =
  | {
      readonly held: true;
      /** For `Target.write`; undefined where the database has no row to look at. */
      readonly fence: Fence | undefined;
    }
  | { readonly held: false; readonly holder: LockHolder | undefined };

/** One lock of the target database, asked for by one run. */
export interface Lock {
  /** Takes it where it is free, in one step: of two who try, one gets it. */
  take(): Promise<Standing>;
  /** Makes the lease as long as it was. One that has run out is renewed all the same where nobody has taken it. */
  renew(): Promise<Standing>;
  /** Gives it back; tells whether it was held until then. `succeeded`: the whole sync was done, which is remembered. */
  release(succeeded?: boolean): Promise<Standing>;
  /** What the lock does not do here and how that is mended, once it was tried to take it. */
  readonly warning: string | undefined;
  /** Ends its connection. A lock that was not given back runs out. */
  close(): Promise<void>;
}
