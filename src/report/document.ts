import type { Header, Report, Summary } from "./event.ts";
import { jsonText } from "./json-text.ts";
import { keepFirst, type Lists } from "./lists.ts";

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
  const kept = keepFirst(limit, (change) => change);
  return (event) => {
    kept.report(event);
    if (event.type === "started") header = event.header;
    else if (event.type === "finished") print(`${jsonText(runDocument(header, event.summary, kept.lists), 2)}\n`);
  };
}

/** A run as one document. */
export const runDocument = (
  header: Pick<Header, "command" | "name" | "runId" | "startedAt">,
  summary: Summary,
  lists: Lists<object>,
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
