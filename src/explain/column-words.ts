import type { AttributeValue } from "../entry.ts";
import { printable, visible } from "../mapping/printable.ts";
import { isRefusal } from "../mapping/reject.ts";
import type { Traced } from "../mapping/trace.ts";
import { padTo, widthOf } from "../report/width.ts";
import type { ExplainedColumn } from "./columns.ts";
import type { ExplainedEntry } from "./explain.ts";
import type { Shown } from "./words.ts";
import { isWritten } from "./would.ts";

/** What people read of each column: what it has, what a sync writes, and the way of the value. */

export const indent = "  ";
export const mostValues = 5;

export const quoted = (text: string): string => `"${printable(text)}"`;
export const valueWords = (value: AttributeValue): string =>
  typeof value === "string" ? quoted(value) : printable(value);
export const stored = (value: string | null): string => (value === null ? "NULL" : quoted(value));

/** A result that is wider has its way on a line of its own. */
const widest = 60;

/** `*` stands where a sync would write, and only there. */
export function columnLines({ columns, would }: ExplainedEntry, { paint, verbose }: Shown): string[] {
  const width = Math.max(...columns.map(({ column }) => widthOf(visible(column))));
  const shown = columns.map((column) => {
    const written = isWritten(would, column.column);
    return { column, written, result: resultWords(column, written) };
  });
  const wide = Math.max(...shown.map(({ result }) => widthOf(result)).filter((each) => each <= widest));
  return shown.flatMap(({ column, written, result }) => {
    const [mark, tone] =
      column.misfit !== undefined ? ["!", paint.bad] : written ? ["*", paint.warn] : [" ", (text: string) => text];
    const before = `${indent}${tone(mark)} ${padTo(visible(column.column), width)}  `;
    const way = paint.faint(`${wayWords(column, verbose)}${leftWords(column, written)}`);
    if (widthOf(result) <= widest) return [`${before}${tone(padTo(result, wide))}  ${way}`.trimEnd()];
    return [`${before}${tone(result)}`, `${" ".repeat(indent.length + 2 + width + 2)}${way}`];
  });
}

/** `"old" → "new"` where that is written, else the value that the row has or would have. */
function resultWords({ result, misfit, now }: ExplainedColumn, written: boolean): string {
  if (misfit !== undefined) return `✗ ${visible(misfit)}`;
  if (result === undefined) return now === undefined ? "left out" : stored(now);
  if (now === undefined) return stored(result);
  return written ? `${stored(now)} → ${stored(result)}` : stored(now);
}

/** Why a column keeps what it has though the directory has something else. */
function leftWords({ result, differs, left }: ExplainedColumn, written: boolean): string {
  if (left !== undefined) return ` (${left})`;
  return differs && !written && result !== undefined ? ` (${stored(result)} is not written)` : "";
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
