import type { Change, Reject } from "../change.ts";
import { Failure } from "../errors.ts";
import { Interrupted } from "../exit.ts";
import { printable, visible } from "../mapping/printable.ts";
import type { LockHolder } from "../target/lock.ts";
import type { Counts, Header, Outcome, Summary, SyncEvent } from "./event.ts";

/** All that the program says of a run, as plain text. Colours are put on by who prints it. */

/** `12,345`. A whole number: loading `toLocaleString` would cost each run 15 ms of CPU. */
export const number = (value: number): string => String(value).replace(/\B(?=(\d{3})+$)/g, ",");

/** `1 row`, `2 rows`. */
export const plural = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;

export function duration(ms: number): string {
  if (ms < 1000) return `${ms} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** `12,345 entries, 8,200/s: 20 inserted, 50 updated, 12,275 unchanged, 0 rejected` */
export function progressWords(counts: Counts, elapsedMs: number): string {
  const rate = elapsedMs > 0 ? `, ${number(Math.round((counts.read * 1000) / elapsedMs))}/s` : "";
  const parts = (["inserted", "updated", "unchanged", "rejected"] as const).map(
    (kind) => `${number(counts[kind])} ${kind}`,
  );
  return `${plural(counts.read, "entry", "entries")}${rate}: ${parts.join(", ")}`;
}

const startWords = ({ command, name, source, target }: Header): string =>
  `${command} ${name}: from ${source} into ${target}`;

const rejectWords = ({ dn, reason }: Reject): string => visible(`${dn}: ${reason}`);

/** `update anna (uid=anna,…): email "a" → "b"` */
function changeWords({ kind, key, dn, adopted, inactive, columns, related = {} }: Change): string {
  const shown = (value: string | null) => (value === null ? "NULL" : `"${printable(value)}"`);
  const differences = Object.entries(columns).map(([name, { from, to }]) =>
    kind === "insert" ? `${name} ${shown(to)}` : `${name} ${shown(from)} → ${shown(to)}`,
  );
  const how = (adopted === undefined ? "" : `, adopted by ${visible(adopted)}`) + (inactive ? ", not active" : "");
  const tables = Object.entries(related).map(([table, rows]) => `${visible(table)} ${plural(rows, "row")}`);
  return `${kind} ${visible(key)} (${dn === "" ? "no active entry" : visible(dn)})${how}: ${[...differences, ...tables].join(", ")}`;
}

interface Said {
  readonly level: "detail" | "info" | "warning";
  readonly words: string;
}

/**
 * What is said of an event while it runs, details with --verbose alone; undefined where it is only counted. It is one line,
 * whatever a server or a database put into it.
 */
export function eventWords(event: SyncEvent): Said | undefined {
  const said = wordsOf(event);
  return said && { ...said, words: visible(said.words) };
}

function wordsOf(event: SyncEvent): Said | undefined {
  switch (event.type) {
    case "started":
      return { level: "info", words: startWords(event.header) };
    case "change":
      return { level: "detail", words: changeWords(event.change) };
    case "info":
      return { level: "info", words: event.message };
    case "detail":
      return { level: "detail", words: event.message };
    case "notice":
      return { level: event.usual ? "detail" : "warning", words: event.message };
    case "warning":
      return { level: "warning", words: event.message };
    case "retry":
      return {
        level: "warning",
        words: `${event.reason}; attempt ${event.attempt} of ${event.attempts} to go on in ${duration(event.waitMs)}`,
      };
    case "waiting":
      return {
        level: "info",
        words: `${holderWords(event.holder)} holds the lock; waiting up to ${duration(event.waitMs)} for it`,
      };
    case "protected":
      if (event.differs.length === 0) return undefined;
      return {
        level: "warning",
        words: `${visible(event.key)} (${visible(event.dn)}) is protected: left as it is, where the directory has another ${event.differs.join(", ")}`,
      };
    default:
      return undefined;
  }
}

/** `process 4711 on db1 (user idm), started 2026-11-24 02:00:00 UTC`, its texts as a database gave them. */
export function holderWords(holder: LockHolder | undefined): string {
  if (!holder) return "another run";
  const user = holder.user === undefined ? "" : ` (user ${holder.user})`;
  const since = holder.since === undefined ? "" : `, started ${holder.since}`;
  return visible(`${holder.process} on ${holder.host}${user}${since}`);
}

const endWords: Readonly<Record<Outcome, string>> = {
  succeeded: "done",
  partial: "done, but some entries were rejected",
  failed: "failed",
  refused: "refused",
  locked: "not started",
  interrupted: "interrupted",
};

type Tone = "head" | "good" | "bad" | "plain";

export interface Line {
  readonly tone: Tone;
  readonly text: string;
}

/** `  from       ldap://…`, so that the values stand below each other. */
export const pad = (name: string, value: string): string => `  ${name.padEnd(10)} ${value}`;

/** Where a run reads and writes. */
export function headerLines({ source, filter, active, target, endState, effect }: Header): string[] {
  const facts = { from: source, filter, active, into: target, "end state": endState, effect };
  return Object.entries(facts).flatMap(([name, value]) => (value === undefined ? [] : [pad(name, visible(value))]));
}

/** `sync default`, the beginning of what is said of a run. */
export const titleOf = ({ command, name }: Pick<Header, "command" | "name">): string => `${command} ${visible(name)}`;

/** `12 of them adopted by username`; none where there are none. */
const adoptedWords = (adopted: Summary["adopted"]): string[] =>
  Object.entries(adopted).map(([by, count]) => `${number(count)} of them adopted by ${visible(by)}`);

/** The counts, below each other; `would` goes before what is done to rows. */
export function countLines(
  { counts, adopted, refusedLeavers }: Pick<Summary, "counts" | "adopted" | "refusedLeavers">,
  would = "",
): Line[] {
  const width = Math.max(...Object.values(counts).map((count) => number(count).length));
  const row = (count: number, words: string, tone: Tone = "plain"): Line => ({
    tone,
    text: `  ${number(count).padStart(width)} ${words}`,
  });
  const rare = (count: number, words: string, tone: Tone = "plain"): Line[] =>
    count > 0 ? [row(count, words, tone)] : [];
  const reactivated = counts.reactivated > 0 ? [`${number(counts.reactivated)} of them reactivated`] : [];
  const updated = [`${would}updated`, ...reactivated, ...adoptedWords(adopted)].join(", ");
  return [
    row(counts.read, counts.read === 1 ? "active entry read" : "active entries read", "head"),
    row(counts.inserted, `${would}inserted`),
    row(counts.updated, updated),
    row(counts.unchanged, "unchanged"),
    row(counts.rejected, `${would}rejected`, counts.rejected > 0 ? "bad" : "plain"),
    ...rare(counts.deactivated, `${would}deactivated`),
    ...rare(counts.missing, "missing, to be deactivated later"),
    ...rare(counts.createdInactive, `${would}inserted as not active`),
    ...rare(refusedLeavers, "could not be deactivated", "bad"),
  ];
}

/** The end of a dry run: that nothing was written stands first, whatever else is to be said. */
export function previewEndWords({ outcome, durationMs }: Summary): string {
  const words: Readonly<Record<Outcome, string>> = {
    succeeded: "nothing was written",
    partial: "nothing was written; some entries would be rejected",
    failed: "failed; nothing was written",
    refused: "nothing was written; a sync would be refused",
    locked: "not started",
    interrupted: "interrupted; nothing was written",
  };
  return `${words[outcome]} (${duration(durationMs)})`;
}

/** The summary, line by line; `tone` is for the colour. */
export function summaryLines(
  header: Header,
  summary: Summary,
  rejects: readonly Reject[],
  notices: readonly string[],
): Line[] {
  const { counts, outcome } = summary;
  const plain = (text: string): Line => ({ tone: "plain", text });
  const all = outcome === "partial" && counts.rejected === counts.read;
  const end = all ? "every entry was rejected" : endWords[outcome];
  const left = counts.rejected + summary.refusedLeavers - rejects.length;
  return [
    {
      tone: outcome === "succeeded" ? "good" : "bad",
      text: `${titleOf(header)}: ${end} in ${duration(summary.durationMs)}`,
    },
    ...headerLines(header).map(plain),
    ...notices.map((notice): Line => ({ tone: "bad", text: pad("notice", visible(notice)) })),
    // Before the first write nothing has been counted: zeros would read like an empty directory.
    ...(outcome === "refused" && counts.read === 0 ? [plain("  nothing was written")] : countLines(summary)),
    ...rejects.map((reject) => plain(`    ${rejectWords(reject)}`)),
    ...(left > 0 ? [plain(`    and ${number(left)} more; --rejects FILE holds all`)] : []),
    ...(outcome === "interrupted"
      ? [
          plain(
            "  The batches counted here are written; the open one was not begun or was rolled back. Run again to finish.",
          ),
        ]
      : []),
  ];
}

/** `error: what and where (what to do)` in one line; a message of several lines keeps them. */
export function errorWords(message: string, hint: string | undefined): string {
  // Values in a message must not forge lines or move the cursor; line breaks part the problems of a configuration.
  const lines = message.split("\n").map(visible);
  if (hint === undefined) return lines.join("\n");
  return lines.length > 1 ? [...lines, visible(hint)].join("\n") : `${lines[0]} (${visible(hint)})`;
}

/** How a command failed; with the stack where that was asked for, or where it is a fault of ours. */
export function failureWords(words: Summary["error"], error: unknown, verbose: boolean | undefined): string {
  const foreseen = error instanceof Failure || error instanceof Interrupted;
  const stack = error instanceof Error && (verbose || !foreseen) ? `\n${stackOf(error)}` : "";
  return `${errorWords(words?.message ?? "", words?.hint ?? undefined)}${stack}`;
}

/** The stack of an error and of what caused it. */
function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : "";
  return `${error.stack ?? error.message}${cause}`;
}
