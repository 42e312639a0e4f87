import type { Change, Reject } from "../change.ts";
import type { Entry } from "../entry.ts";
import type { LockHolder } from "../target/lock.ts";

/** What a run is about, for the top of what people read. */
export interface Header {
  readonly command: "sync" | "dry-run";
  readonly name: string;
  readonly runId: string;
  readonly startedAt: Date;
  readonly source: string;
  /** As it is sent: who is a person, who is active, and `--filter`. */
  readonly filter: string;
  /** Who is active, as configured: a filter, presets, or "all". */
  readonly active: string;
  readonly target: string;
  /** `state = "active"`, undefined where no state is kept. */
  readonly endState: string | undefined;
  /** What becomes of the writes, where they are not kept; undefined of a sync. */
  readonly effect: string | undefined;
  /** What happens to rows whose entry is not among the active ones, as configured. */
  readonly leavers: string;
  /** `--filter`: leavers are not judged then. */
  readonly isOfSome: boolean;
  /** The command that writes what was shown. */
  readonly next: string;
  /** What fills each column, in the order of the mapping, that of the state last. */
  readonly columns: readonly ColumnSource[];
  /** What fills a column of somebody who is not active, where that is something else. */
  readonly ofInactive: readonly ColumnSource[];
}

/** For people: where a column's value comes from, and by which way. */
export interface ColumnSource {
  /** As the mapping spells it. */
  readonly name: string;
  /** `mail, otherMailbox`, `template "{givenName} {sn}"`, `value "ldap"`, `state.active`. */
  readonly source: string;
  /** Attributes as entries hold them (lower case); none for a constant. */
  readonly attributes: readonly string[];
  /** What is done with the values, step by step: `trim`, `replace /a/ with "b"`, `as uuid`, `multi join "; "`. */
  readonly steps: readonly string[];
}

/**
 * What happens in a run. Counts, progress, summary, JSON document and the files of changes and rejects are all made of
 * these events, so they cannot disagree.
 */
export type SyncEvent =
  | { readonly type: "started"; readonly header: Header }
  /** Told when the batch that it is part of is committed. */
  | {
      readonly type: "change";
      readonly kind: Change["kind"];
      /** Put together when somebody asks for it. */
      readonly change: Change;
      readonly reactivated: boolean;
      /** As in the change. */
      readonly inactive?: true | undefined;
      /** As in the change. */
      readonly adopted?: string | undefined;
      /** As what the user has been counted already: this is a second change, of what could only be known when all rows were there. */
      readonly was?: Was | undefined;
      /** What the change was made of, where a report asks for it. */
      readonly entry?: Entry | undefined;
    }
  /** Another run holds the lock, and this one waits for it. */
  | { readonly type: "waiting"; readonly holder: LockHolder | undefined; readonly waitMs: number }
  /** All sources were read to their end: from now on it can be known who has left. */
  | { readonly type: "complete" }
  /** The run is under way: it holds its lock, and what is left of an earlier run may be replaced. */
  | { readonly type: "begun" }
  | { readonly type: "unchanged"; readonly users: number }
  /** `was`: as what the user has been counted before; `leaver`: it is of a row that no entry read belongs to. */
  | {
      readonly type: "reject";
      readonly reject: Reject;
      readonly was?: "unchanged" | undefined;
      readonly leaver?: true | undefined;
    }
  /** Somebody names an entry that is not synchronised, so that the column is NULL. */
  | { readonly type: "unresolved"; readonly unresolved: UnresolvedReference }
  /** It is not known whether the entry is active: it is neither written nor a leaver. */
  | { readonly type: "unknown"; readonly unknown: UnknownEntry }
  /** An active user whose row is not active by somebody else's doing, and keeps its state. */
  | { readonly type: "blocked"; readonly blocked: BlockedUser }
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
  /**
   * What the source had to say of the read: referrals that were not followed. It stands in the summary too; where it is
   * usual, people read it with --verbose alone.
   */
  | { readonly type: "notice"; readonly message: string; readonly usual?: boolean | undefined }
  /** What a run found out where nothing is wrong, such as the vendor of the directory. */
  | { readonly type: "info"; readonly message: string }
  /** For who wants to know more. */
  | { readonly type: "detail"; readonly message: string }
  | { readonly type: "finished"; readonly summary: Summary };

/** As what somebody is counted. */
export type Was = "insert" | "update" | "unchanged";

export interface UnresolvedReference {
  readonly dn: string;
  readonly key: string;
  readonly column: string;
  /** The DN that the attribute holds. */
  readonly refersTo: string;
}

/** An entry that is left alone. */
export interface UnknownEntry {
  readonly dn: string;
  /** Empty where the entry has none. */
  readonly key: string;
  readonly reason: string;
}

export interface BlockedUser {
  readonly dn: string;
  readonly key: string;
  /** What the row holds in the column of the state. */
  readonly state: string;
}

export type Outcome = "succeeded" | "partial" | "failed" | "refused" | "locked" | "interrupted";

export interface Counts {
  readonly read: number;
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly reactivated: number;
  readonly deactivated: number;
  /** Rows of which it was kept that they are missing: see `leavers.grace`. */
  readonly missing: number;
  /** New rows of people who are not active; they are no part of `read`. */
  readonly createdInactive: number;
  readonly rejected: number;
}

/** How many rows were written, or would be. */
export const writtenRows = ({ inserted, updated, deactivated, missing, createdInactive }: Counts): number =>
  inserted + updated + deactivated + missing + createdInactive;

/** A row that had none of the match keys before that by which it was found, and has them now. */
export interface Adopted {
  readonly key: string;
  readonly dn: string;
  /** The match key by which it was found. */
  readonly by: string;
}

export interface Summary {
  readonly outcome: Outcome;
  readonly counts: Counts;
  /** Of those updated, how many rows were adopted, by the match key by which they were found. */
  readonly adopted: Readonly<Record<string, number>>;
  /** Rows that were to be deactivated and were refused; they are no part of `read`. */
  readonly refusedLeavers: number;
  readonly finishedAt: Date;
  readonly durationMs: number;
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

/** A listener; the program's only way to talk. */
export type Report = (event: SyncEvent) => void;
