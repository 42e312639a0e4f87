import type { Change, Reject } from "../change.ts";

/** What a run is about, for the top of what people read. */
export interface Header {
  readonly command: "sync";
  readonly name: string;
  readonly runId: string;
  readonly startedAt: Date;
  readonly source: string;
  readonly filter: string;
  readonly target: string;
  /** `state = "active"`, undefined where no state is kept. */
  readonly endState: string | undefined;
}

/**
 * What happens in a run. Counts, progress, summary, JSON document and the files of changes and rejects are all made of
 * these events, so they cannot disagree.
 */
export type SyncEvent =
  | { readonly type: "started"; readonly header: Header }
  /** Told when the batch that it is part of is committed. */
  | { readonly type: "change"; readonly change: Change; readonly reactivated: boolean }
  | { readonly type: "unchanged"; readonly users: number }
  | { readonly type: "reject"; readonly reject: Reject }
  | { readonly type: "protected"; readonly dn: string; readonly key: string; readonly differs: readonly string[] }
  /** A batch is finished: a good moment to show how far it is. */
  | { readonly type: "progress" }
  | {
      readonly type: "retry";
      readonly attempt: number;
      readonly attempts: number;
      readonly waitMs: number;
      readonly reason: string;
    }
  | { readonly type: "warning"; readonly message: string }
  /** What the source had to say of the read: referrals that were not followed. It stands in the summary too. */
  | { readonly type: "notice"; readonly message: string }
  /** For who wants to know more. */
  | { readonly type: "detail"; readonly message: string }
  | { readonly type: "finished"; readonly summary: Summary };

export type Outcome = "succeeded" | "partial" | "failed" | "refused" | "locked" | "interrupted";

export interface Counts {
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly reactivated: number;
  readonly deactivated: number;
  readonly rejected: number;
}

export interface Summary {
  readonly outcome: Outcome;
  readonly counts: Counts;
  readonly finishedAt: Date;
  readonly durationMs: number;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

/** A listener; the program's only way to talk. */
export type Report = (event: SyncEvent) => void;
