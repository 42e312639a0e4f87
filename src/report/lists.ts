import type { Change, Reject } from "../change.ts";
import type { Adopted, BlockedUser, Report, UnknownEntry, UnresolvedReference } from "./event.ts";

/** What a document of a run lists beside its counts. */
export interface Lists<C> {
  readonly rejects: readonly Reject[];
  readonly changes: readonly C[];
  readonly adopted: readonly Adopted[];
  readonly blocked: readonly BlockedUser[];
  readonly unknown: readonly UnknownEntry[];
  readonly unresolved: readonly UnresolvedReference[];
  readonly notices: readonly string[];
  readonly warnings: readonly string[];
}

/**
 * Keeps the first `limit` of each of what a run tells, and all of its notices and warnings.
 *
 * @param listed What is kept of a change.
 */
export function keepFirst<C>(
  limit: number,
  listed: (change: Change) => C,
): { readonly report: Report; readonly lists: Lists<C> } {
  const rejects: Reject[] = [];
  const changes: C[] = [];
  const adopted: Adopted[] = [];
  const blocked: BlockedUser[] = [];
  const unknown: UnknownEntry[] = [];
  const unresolved: UnresolvedReference[] = [];
  const notices: string[] = [];
  const warnings: string[] = [];
  const report: Report = (event) => {
    if (event.type === "change") {
      if (changes.length < limit) changes.push(listed(event.change));
      if (event.adopted !== undefined && adopted.length < limit) adopted.push(adoptedOf(event.change));
    } else if (event.type === "reject" && rejects.length < limit) rejects.push(event.reject);
    else if (event.type === "blocked" && blocked.length < limit) blocked.push(event.blocked);
    else if (event.type === "unknown" && unknown.length < limit) unknown.push(event.unknown);
    else if (event.type === "unresolved" && unresolved.length < limit) unresolved.push(event.unresolved);
    else if (event.type === "notice" || event.type === "info") notices.push(event.message);
    else if (event.type === "warning") warnings.push(event.message);
  };
  return { report, lists: { rejects, changes, adopted, blocked, unknown, unresolved, notices, warnings } };
}

/** What is listed of a change that adopts a row. */
const adoptedOf = ({ key, dn, adopted: by = "" }: Change): Adopted => ({ key, dn, by });
