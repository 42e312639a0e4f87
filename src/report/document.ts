import type { Change, Reject } from "../change.ts";
import type { Adopted, Header, Report, Summary, UnknownEntry, UnresolvedReference } from "./event.ts";

/**
 * `--json`: the one document of a run, told when it is finished. It holds the first `limit` changes, rejects, adopted rows and
 * unknown entries; the counts are of all.
 */
export function jsonDocument(
  limit: number,
  print: (text: string) => void,
  head: Pick<Header, "command" | "name" | "runId" | "startedAt">,
): Report {
  let header = head;
  const changes: Change[] = [];
  const rejects: Reject[] = [];
  const adopted: Adopted[] = [];
  const unknown: UnknownEntry[] = [];
  const unresolved: UnresolvedReference[] = [];
  const notices: string[] = [];
  const warnings: string[] = [];
  return (event) => {
    if (event.type === "change" && event.adopted !== undefined && adopted.length < limit) {
      adopted.push(adoptedOf(event.change));
    }
    if (event.type === "started") header = event.header;
    else if (event.type === "change" && changes.length < limit) changes.push(event.change);
    else if (event.type === "reject" && rejects.length < limit) rejects.push(event.reject);
    else if (event.type === "unknown" && unknown.length < limit) unknown.push(event.unknown);
    else if (event.type === "unresolved" && unresolved.length < limit) unresolved.push(event.unresolved);
    else if (event.type === "notice" || event.type === "info") notices.push(event.message);
    else if (event.type === "warning") warnings.push(event.message);
    else if (event.type === "finished")
      print(
        `${JSON.stringify(runDocument(header, event.summary, { rejects, changes, adopted, unknown, unresolved, notices, warnings }), null, 2)}\n`,
      );
  };
}

/** What is listed of a change that adopts a row. */
export const adoptedOf = ({ key, dn, adopted: by = "" }: Change): Adopted => ({ key, dn, by });

/** A run as one document. */
export const runDocument = (
  header: Pick<Header, "command" | "name" | "runId" | "startedAt">,
  summary: Summary,
  lists: {
    readonly rejects: readonly Reject[];
    readonly changes: readonly object[];
    readonly adopted: readonly Adopted[];
    readonly unknown: readonly UnknownEntry[];
    readonly unresolved: readonly UnresolvedReference[];
    readonly notices: readonly string[];
    readonly warnings: readonly string[];
  },
) => ({
  command: header.command,
  name: header.name,
  runId: header.runId,
  outcome: summary.outcome,
  startedAt: header.startedAt.toISOString(),
  finishedAt: summary.finishedAt.toISOString(),
  durationMs: summary.durationMs,
  counts: summary.counts,
  ...lists,
  error: summary.error,
});
