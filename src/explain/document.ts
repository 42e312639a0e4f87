import type { AttributeValue } from "../entry.ts";
import { isRefusal } from "../mapping/reject.ts";
import type { Traced } from "../mapping/trace.ts";
import type { ActiveJudgement } from "./active.ts";
import type { ExplainedColumn } from "./columns.ts";
import type { ExplainedEntry, Explanation } from "./explain.ts";
import type { Judgement } from "./judge.ts";
import type { Row } from "./row.ts";
import { searchWords } from "./words.ts";
import { isWritten } from "./would.ts";

/** The explanation for `--json`: bytes as base64 (the first of many), what does not exist as null. */
export function explanationDocument(explanation: Explanation): object {
  const { key, kind, entries, row, search } = explanation;
  return {
    key,
    kind,
    notes: searchWords(explanation),
    nearest: search.nearest ?? null,
    similar: search.similar ?? null,
    entries: entries.map(entryDocument),
    row:
      row === undefined
        ? null
        : { ...rowDocument(row.row), sameId: row.sameId, would: row.would, because: row.would.because },
  };
}

function entryDocument({
  source,
  server,
  base,
  dn,
  key,
  person,
  active,
  columns,
  row,
  idHolder,
  would,
}: ExplainedEntry): object {
  return {
    source,
    server,
    base: base ?? null,
    dn,
    key: key ?? null,
    person: judgementDocument(person),
    active: activeDocument(active),
    columns: columns.map((column) => ({ ...columnDocument(column), written: isWritten(would, column.column) })),
    row: row === undefined ? null : rowDocument(row),
    idHolder: idHolder ?? null,
    would,
  };
}

const activeDocument = ({ rule, unknown, ...judgement }: ActiveJudgement): object => ({
  rule,
  ...judgementDocument(judgement),
  unknown,
});

const judgementDocument = ({ filter, matched, parts }: Judgement): object => ({
  filter,
  matched,
  parts: parts.map((part) => ({
    ...part,
    values: part.values.map(({ attribute, value, means }) => ({
      attribute,
      value: plain(value),
      means: means ?? null,
    })),
  })),
});

const columnDocument = ({ column, source, trace, result, misfit, now, differs, left }: ExplainedColumn): object => ({
  column,
  source,
  attributes: trace.attributes.map(({ name, values }) => ({ name, values: values.map(plain) })),
  steps: trace.steps.map(({ step, values }) => ({ step, values: values.map(traced) })),
  result: result ?? null,
  fits: misfit === undefined,
  misfit: misfit ?? null,
  now: now ?? null,
  differs,
  left: left ?? null,
});

const rowDocument = ({ values: _, collation, ...row }: Row): object => ({ ...row, collation: collation ?? null });

/** A photograph is known by its beginning and its length. */
const shownBytes = 4096;

const plain = (value: AttributeValue): string | { base64: string; bytes?: number } => {
  if (typeof value === "string") return value;
  const base64 = value.toString("base64", 0, shownBytes);
  return value.length > shownBytes ? { base64, bytes: value.length } : { base64 };
};

const traced = (value: Traced): ReturnType<typeof plain> | { refused: string } =>
  isRefusal(value) ? { refused: `${value.why} (${value.rule})` } : plain(value);
