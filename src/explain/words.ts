import type { AttributeValue } from "../entry.ts";
import { printable, visible } from "../mapping/printable.ts";
import { isRefusal } from "../mapping/reject.ts";
import type { Traced } from "../mapping/trace.ts";
import type { Palette } from "../report/chalk.ts";
import { padTo, widthOf } from "../report/width.ts";
import type { ExplainedColumn } from "./columns.ts";
import { type ExplainedEntry, type ExplainedRow, type Explanation, searchWords } from "./explain.ts";
import type { Judgement, Part } from "./judge.ts";
import type { Row } from "./row.ts";
import type { Would } from "./would.ts";

interface Shown {
  readonly paint: Palette;
  /** Also the steps that changed nothing, and the command to look at the entry. */
  readonly verbose: boolean;
  /** For people: where the rows are. */
  readonly table: string;
}

/** The explanation for people, line by line. */
export function explanationLines(explanation: Explanation, shown: Shown): string[] {
  const { key, entries, row, search } = explanation;
  const notes = searchWords(explanation).map((note) => shown.paint.faint(note));
  if (entries.length > 0) {
    return [...notes, ...entries.flatMap((entry, at) => [...(at > 0 ? [""] : []), ...entryLines(entry, shown)])];
  }
  if (row !== undefined) return [...notes, ...leftRowLines(row, shown)];
  return [
    ...notes,
    shown.paint.bad(`neither the directory nor the table has ${quoted(key)}`),
    ...(search.similar === undefined ? [] : [`  did you mean ${quoted(search.similar)}?`]),
    ...(search.nearest === undefined ? [] : [`  the lowest entry above it that exists is ${visible(search.nearest)}`]),
  ];
}

const indent = "  ";
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
    ...judgementLines("active", entry.active, "no rule: everybody is", shown),
    ...rowLines(entry.row, entry.key, shown),
    ...(entry.idHolder === undefined
      ? []
      : [`${label("")}${paint.warn(`its immutable id is in the row with the key ${quoted(entry.idHolder)}`)}`]),
    ...columnLines(entry.columns, shown),
    ...wouldLines(entry.would, shown),
  ];
}

function judgementLines(
  name: string,
  { filter, matched, parts }: Judgement,
  all: string,
  { paint, verbose }: Shown,
): string[] {
  if (filter === null) return [`${label(name)}${paint.good("yes")}  ${paint.faint(all)}`];
  const verdict = matched ? paint.good("yes") : paint.bad("no ");
  const [only] = parts;
  // A filter that is one comparison needs no list.
  if (only && parts.length === 1 && (only.filter === filter || verbose === false)) {
    return [`${label(name)}${verdict}  ${partWords(only)}`];
  }
  const lines = parts.map(
    (part) => `${label("")}  ${part.matched ? paint.good("✓") : paint.bad("✗")} ${partWords(part)}`,
  );
  return [`${label(name)}${verdict}  ${visible(filter)}`, ...lines];
}

const mostValues = 5;

function partWords({ filter, values }: Part): string {
  const words = values
    .slice(0, mostValues)
    .map(({ value, means }) => `${valueWords(value)}${means === undefined ? "" : ` = ${visible(means)}`}`);
  const more = values.length > mostValues ? ` and ${values.length - mostValues} more` : "";
  return `${visible(filter)}: the entry has ${words.length === 0 ? "no value" : words.join(", ")}${more}`;
}

const quoted = (text: string): string => `"${printable(text)}"`;
const valueWords = (value: AttributeValue): string => (typeof value === "string" ? quoted(value) : printable(value));
const stored = (value: string | null): string => (value === null ? "NULL" : quoted(value));

function rowLines(row: Row | undefined, key: string | undefined, { paint, table }: Shown): string[] {
  if (key === undefined) return [`${label("row")}${paint.bad("none: the entry has no match key")}`];
  if (row === undefined) return [`${label("row")}none with the key ${quoted(key)} in ${visible(table)}`];
  return [`${label("row")}${rowWords(row)}`];
}

function rowWords({ column, key, collation, immutableId, protected: kept, owned }: Row): string {
  return [
    `${visible(column)} = ${quoted(key)}${collation === undefined ? "" : ` by ${collation}`}`,
    ...(immutableId === null || immutableId.column === column
      ? []
      : [`${visible(immutableId.column)} ${stored(immutableId.value)}`]),
    ...(kept ? ["protected"] : []),
    ...(owned === null ? [] : [owned ? "in leavers.scope" : "not in leavers.scope"]),
  ].join(", ");
}

function columnLines(columns: readonly ExplainedColumn[], { paint, verbose }: Shown): string[] {
  const width = Math.max(...columns.map(({ column }) => widthOf(visible(column))));
  const results = columns.map(resultWords);
  const wide = Math.min(60, Math.max(...results.map(widthOf)));
  return columns.map((column, at) => {
    const words = padTo(results[at] ?? "", wide);
    const tone =
      column.misfit !== undefined ? paint.bad : column.differs && column.left === undefined ? paint.warn : plainly;
    const mark = column.misfit !== undefined ? "!" : column.differs && column.left === undefined ? "*" : " ";
    const left = column.left === undefined ? "" : ` (${column.left})`;
    return `${indent}${tone(mark)} ${padTo(visible(column.column), width)}  ${tone(words)}  ${paint.faint(`${wayWords(column, verbose)}${left}`)}`.trimEnd();
  });
}

const plainly = (text: string): string => text;

/** `"old" → "new"`, or the one value that both have. */
function resultWords({ result, misfit, now, differs, left }: ExplainedColumn): string {
  if (misfit !== undefined) return `✗ ${visible(misfit)}`;
  if (result === undefined) return now === undefined ? "left out" : stored(now);
  if (now === undefined) return stored(result);
  return differs && left === undefined ? `${stored(now)} → ${stored(result)}` : stored(now);
}

/** `mail " Anna@X " | trim "Anna@X" | lowercase "anna@x"`; without --verbose a step that changes nothing has no values. */
function wayWords({ source, trace }: ExplainedColumn, verbose: boolean): string {
  const reads = trace.attributes.filter(({ name, values }) => values.length > 0 && (trace.used ?? name) === name);
  const from = reads.map(({ name, values }) => `${name} ${listWords(values)}`).join(", ");
  let before = listWords(reads[0]?.values ?? []);
  const steps = trace.steps.flatMap(({ step, values }) => {
    const now = listWords(values);
    const same = now === before;
    before = now;
    if (same) return verbose ? [`${visible(step)} (changes nothing)`] : [];
    return [`${visible(step)} ${now}`.trimEnd()];
  });
  const none = trace.attributes.length > 0 ? `${visible(source)}: no value` : visible(source);
  return [from === "" ? none : from, ...steps].join(" | ");
}

const listWords = (values: readonly Traced[]): string => {
  const words = values.slice(0, mostValues).map((value) => (isRefusal(value) ? `✗ ${value.why}` : valueWords(value)));
  return `${words.join(", ")}${values.length > mostValues ? `, … (${values.length})` : ""}`;
};

const actions = {
  insert: "insert a row",
  update: "update the row",
  none: "write nothing",
  reject: "reject the entry",
  protected: "write nothing",
  refused: "refuse the whole run",
  "not read": "not read the entry",
} satisfies Record<Would["action"], string>;

function wouldLines({ action, change, because }: Would, { paint }: Shown): string[] {
  const tones = {
    insert: "good",
    update: "good",
    none: "good",
    reject: "bad",
    refused: "bad",
    protected: "warn",
    "not read": "warn",
  } as const;
  const columns =
    action === "update" && change !== undefined ? `: ${visible(Object.keys(change.columns).join(", "))}` : "";
  return [
    `${label("sync")}would ${paint[tones[action]](actions[action])}${columns}`,
    ...because.map((reason) => `${label("")}${visible(reason)}`),
    ...(action === "not read"
      ? []
      : [`${label("")}${paint.faint("the other entries of the directory are not judged here")}`]),
  ];
}

function leftRowLines({ row, sameId, because }: ExplainedRow, shown: Shown): string[] {
  const { paint, table } = shown;
  const width = Math.max(...Object.keys(row.columns).map((name) => widthOf(visible(name))));
  return [
    paint.head(`a row of ${visible(table)}, and no entry with its key`),
    `${label("row")}${rowWords(row)}`,
    ...Object.entries(row.columns).map(
      ([name, value]) => `${indent}  ${padTo(visible(name), width)}  ${stored(value)}`,
    ),
    ...sameId.map((dn) => `${label("id")}the directory has ${visible(dn)} with this immutable id: explain that DN`),
    `${label("sync")}would ${paint.warn("write nothing")}`,
    ...because.map((reason) => `${label("")}${visible(reason)}`),
  ];
}
