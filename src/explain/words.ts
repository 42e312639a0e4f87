import { visible } from "../mapping/printable.ts";
import type { Palette } from "../report/chalk.ts";
import { padTo, widthOf } from "../report/width.ts";
import { plural } from "../report/words.ts";
import type { ActiveJudgement } from "./active.ts";
import { columnLines, indent, quoted, stored } from "./column-words.ts";
import type { ExplainedEntry, ExplainedRow, Explanation } from "./explain.ts";
import type { Judgement, Part } from "./judge.ts";
import { mostEntries } from "./locate.ts";
import { partWords } from "./part-words.ts";
import type { Row } from "./row.ts";
import type { Would } from "./would.ts";

export interface Shown {
  readonly paint: Palette;
  /** Also the steps that changed nothing, and the command to look at the entry. */
  readonly verbose: boolean;
  /** For people: where the rows are. */
  readonly table: string;
  /** The command that explains another key with the same configuration. */
  readonly again: (key: string) => string;
}

/** The explanation for people, line by line. */
export function explanationLines(explanation: Explanation, shown: Shown): string[] {
  const { entries, row } = explanation;
  const notes = searchWords(explanation).map((note) => shown.paint.faint(note));
  if (entries.length > 0) {
    return [...notes, ...entries.flatMap((entry, at) => [...(at > 0 ? [""] : []), ...entryLines(entry, shown)])];
  }
  if (row !== undefined) return [...notes, ...leftRowLines(row, shown)];
  return [...notes, ...nobodyLines(explanation, shown)];
}

/** With --quiet: what a sync would do with each, a line for each. */
export function verdictLines(explanation: Explanation, shown: Shown): string[] {
  const { entries, row } = explanation;
  const line = (who: string, verdict: string, because: readonly string[]): string =>
    [`${who}: would ${verdict}`, ...because.map(visible)].join("; ");
  if (entries.length > 0) {
    return entries.map(({ dn, would }) => line(visible(dn), verdictWords(would, shown), would.because));
  }
  if (row === undefined) return nobodyLines(explanation, shown);
  return [line(`row ${quoted(row.row.key)}`, leftRowVerdict(row, shown), row.would.because)];
}

/** How the search went; none where there is nothing to say. */
export function searchWords({ kind, search, entries }: Explanation): string[] {
  const { lookedAt, more } = search;
  const [first] = entries.map(({ key }) => key?.toLowerCase());
  const same = kind === "match key" && entries.length > 1 && entries.every(({ key }) => key?.toLowerCase() === first);
  return [
    ...(lookedAt === undefined
      ? []
      : [`${plural(lookedAt, "entry was", "entries were")} read and mapped to find the key`]),
    ...(more ? [`more than ${mostEntries} entries were found: the first ${mostEntries} are explained`] : []),
    ...(same ? [`${entries.length} entries have this key, and only one of them can have the row`] : []),
  ];
}

/** Only what was asked is denied: a row has no DN, and a filter is none of the table's. */
function nobodyLines(explanation: Explanation, { paint, again }: Shown): string[] {
  const { key, kind, matchKey, otherwise, search } = explanation;
  const denials = {
    "match key": `no entry and no row has ${visible(matchKey)} ${quoted(key)}`,
    dn: `no entry has the DN ${quoted(key)}`,
    filter: `no entry matches ${visible(key)}; the table is not searched by a filter`,
  } as const satisfies Record<Explanation["kind"], string>;
  return [
    paint.bad(denials[kind]),
    ...(search.similar === undefined ? [] : [`  did you mean ${quoted(search.similar)}?`]),
    ...(search.nearest === undefined ? [] : [`  the lowest entry above it that exists is ${visible(search.nearest)}`]),
    ...(otherwise === undefined ? [] : [`  by another attribute: ${visible(again(otherwise))}`]),
  ];
}

const label = (text: string): string => `${indent}${text.padEnd(8)}`;

function entryLines(entry: ExplainedEntry, shown: Shown): string[] {
  const { paint, verbose } = shown;
  const below =
    entry.base === undefined
      ? paint.warn("outside of every configured base and scope")
      : `below ${visible(entry.base || "the root")}`;
  return [
    paint.head(visible(entry.dn)),
    `${label("found")}${visible(entry.server)} ${below}${entry.source === "source" ? "" : ` (${entry.source})`}`,
    ...(verbose && entry.command !== undefined ? [`${label("")}${paint.faint(visible(entry.command))}`] : []),
    ...judgementLines("person", entry.person, "no filter: every entry is one", shown),
    ...activeLines(entry.active, shown),
    ...rowLines(entry.row, entry.key, shown),
    ...(entry.idHolder === undefined
      ? []
      : [`${label("")}${paint.warn(`its immutable id is in the row with the key ${quoted(entry.idHolder)}`)}`]),
    ...columnLines(entry, shown),
    ...wouldLines(entry.would, shown),
  ];
}

/** By a filter as everything else; a rule that is more than that is named, and shows all that decides. */
function activeLines(active: ActiveJudgement, shown: Shown): string[] {
  const { rule, filter, matched, unknown, parts } = active;
  if (rule === null || rule === filter) return judgementLines("active", active, "no rule: everybody is", shown);
  const { paint } = shown;
  const verdict = unknown === null ? (matched ? paint.good("yes") : paint.bad("no ")) : paint.warn("not known");
  return [`${label("active")}${verdict}  ${visible(rule)}`, ...parts.map((part) => partLine(part, shown))];
}

function partLine(part: Part, { paint }: Shown): string {
  const mark = part.unknown === undefined ? (part.matched ? paint.good("✓") : paint.bad("✗")) : paint.warn("?");
  const reason = part.unknown === undefined ? "" : `; ${visible(part.unknown)}`;
  return `${label("")}  ${mark} ${partWords(part)}${reason}`;
}

function judgementLines(name: string, { filter, matched, parts }: Judgement, all: string, shown: Shown): string[] {
  const { paint, verbose } = shown;
  if (filter === null) return [`${label(name)}${paint.good("yes")}  ${paint.faint(all)}`];
  const verdict = matched ? paint.good("yes") : paint.bad("no ");
  const [only] = parts;
  // A filter that is one comparison needs no list.
  if (only && parts.length === 1 && (only.filter === filter || verbose === false)) {
    return [`${label(name)}${verdict}  ${partWords(only)}`];
  }
  return [`${label(name)}${verdict}  ${visible(filter)}`, ...parts.map((part) => partLine(part, shown))];
}

function rowLines(row: Row | undefined, key: string | undefined, { paint, table }: Shown): string[] {
  if (key === undefined) return [`${label("row")}${paint.bad("none: the entry has no match key")}`];
  if (row === undefined) return [`${label("row")}none with the key ${quoted(key)} in ${visible(table)}`];
  return [`${label("row")}${rowWords(row)}`];
}

function rowWords({ column, key, collation, immutableId, protected: kept, owned }: Row): string {
  return [
    `${visible(column)} = ${quoted(key)}${collationWords(collation)}`,
    ...(immutableId === null || immutableId.column === column
      ? []
      : [`${visible(immutableId.column)} ${stored(immutableId.value)}`]),
    ...(kept ? ["protected"] : []),
    ...(owned === null ? [] : [owned ? "in leavers.scope" : "not in leavers.scope"]),
  ].join(", ");
}

/** Of bytes nothing can be said that helps. */
const collationWords = (collation: string | undefined): string =>
  collation === undefined || collation.toLowerCase() === "binary" ? "" : ` (collation ${collation})`;

const actions = {
  insert: "insert a row",
  update: "update the row",
  none: "write nothing",
  reject: "reject the entry",
  protected: "write nothing",
  refused: "refuse the whole run",
  "not read": "not read the entry",
  deactivate: "deactivate the row",
  missing: "count the row as missing",
} satisfies Record<Would["action"], string>;

const tones = {
  insert: "good",
  update: "good",
  none: "good",
  reject: "bad",
  refused: "bad",
  protected: "warn",
  "not read": "warn",
  deactivate: "bad",
  missing: "warn",
} as const satisfies Record<Would["action"], keyof Palette>;

function verdictWords({ action, change }: Would, { paint }: Shown): string {
  const columns =
    change !== undefined && action !== "insert" && action !== "refused"
      ? `: ${visible(Object.keys(change.columns).join(", "))}`
      : "";
  return `${paint[tones[action]](actions[action])}${columns}`;
}

function wouldLines(would: Would, shown: Shown): string[] {
  const { action, because } = would;
  return [
    `${label("sync")}would ${verdictWords(would, shown)}`,
    ...because.map((reason) => `${label("")}${visible(reason)}`),
    // Twins with one key or one mail show only where all entries are read.
    ...(["not read", "deactivate", "missing"].includes(action)
      ? []
      : [`${label("")}${shown.paint.faint("as far as this entry alone shows: dry-run judges all")}`]),
  ];
}

/** Where there is no entry there is none to be read. */
const leftRowVerdict = ({ would }: ExplainedRow, shown: Shown): string =>
  would.action === "not read" ? shown.paint.warn("write nothing") : verdictWords(would, shown);

function leftRowLines(explained: ExplainedRow, shown: Shown): string[] {
  const { row, sameId, would } = explained;
  const { paint, table } = shown;
  const width = Math.max(...Object.keys(row.columns).map((name) => widthOf(visible(name))));
  return [
    paint.head(`a row of ${visible(table)}, and no entry with its key`),
    `${label("row")}${rowWords(row)}`,
    ...Object.entries(row.columns).map(
      ([name, value]) => `${indent}  ${padTo(visible(name), width)}  ${stored(value)}`,
    ),
    ...sameId.map((dn) => `${label("id")}the directory has ${visible(dn)} with this immutable id: explain that DN`),
    `${label("sync")}would ${leftRowVerdict(explained, shown)}`,
    ...would.because.map((reason) => `${label("")}${visible(reason)}`),
  ];
}
