import type { Change, Reject } from "../../change.ts";
import type { AttributeValue } from "../../entry.ts";
import { inOrder, preferNaming } from "../../mapping/attribute.ts";
import type { ColumnSource, Header, Summary, SyncEvent } from "../event.ts";
import { eventWords } from "../words.ts";

/** What the page holds as JSON, and what its script reads: one subject, so one file. */

/** A value as the directory sent it; bytes that are no text as hexadecimal digits, the first of them. */
export type RawValue = string | { readonly hex: string; readonly bytes: number };

/** A change with the raw values of the attributes that its columns are made of. */
export interface PageChange extends Change {
  readonly reactivated: boolean;
  /** By attribute, as entries hold them (lower case); null where no entry came with the change. */
  readonly raw: Readonly<Record<string, readonly RawValue[]>> | null;
  /** Of the attributes that have several values: the one that multi "single" takes of them as they were sent. */
  readonly chosen: Readonly<Record<string, { readonly at: number; readonly by: "RDN" | "smallest" }>>;
}

/** One list of the page. The page is to be opened on a laptop, so each is bounded; the counts are of all. */
export type ListName = "changes" | "rejects" | "messages";

export interface PageLists {
  readonly changes: PageChange;
  readonly rejects: Reject;
  readonly messages: string;
}

export type PageRecord = { [Name in ListName]: readonly [Name, PageLists[Name]] }[ListName];

/** The head of the data; null where the run ended before it started. */
export type PageHeader = (Omit<Header, "startedAt"> & { readonly startedAt: string }) | null;

/** The end of the data. */
export interface PageEnd extends Omit<Summary, "finishedAt"> {
  readonly finishedAt: string;
  /** How many there were, in the page or not. */
  readonly told: Readonly<Record<ListName, number>>;
}

/** The record of an event, undefined where the page does not list it. */
export function recordOf(
  event: SyncEvent,
  columns: ReadonlyMap<string, ColumnSource>,
  safe: (text: string) => string,
): PageRecord | undefined {
  if (event.type === "change") return ["changes", pageChange(event, columns)];
  if (event.type === "reject") return ["rejects", event.reject];
  const { level, words } = eventWords(event) ?? {};
  return level === "warning" ? ["messages", safe(words ?? "")] : undefined;
}

/** The list that an event is part of, known without making its record. */
export function listOf(event: SyncEvent): ListName | undefined {
  if (event.type === "change") return "changes";
  if (event.type === "reject") return "rejects";
  return eventWords(event)?.level === "warning" ? "messages" : undefined;
}

function pageChange(
  { change, entry, reactivated }: Extract<SyncEvent, { type: "change" }>,
  columns: ReadonlyMap<string, ColumnSource>,
): PageChange {
  const names = new Set(Object.keys(change.columns).flatMap((name) => columns.get(name)?.attributes ?? []));
  const values = (name: string) => entry?.attributes.get(name) ?? [];
  const raw = Object.fromEntries([...names].map((name) => [name, values(name).map(rawValue)] as const));
  const several = [...names].filter((name) => values(name).length > 1);
  const chosen = Object.fromEntries(several.map((name) => [name, choiceOf(change.dn, name, values(name))] as const));
  return { ...change, reactivated, raw: entry ? raw : null, chosen };
}

function choiceOf(dn: string, name: string, values: readonly AttributeValue[]): PageChange["chosen"][string] {
  const naming = preferNaming(dn, { name, key: name }, values);
  const taken = inOrder(naming).find((value) => value.length > 0) ?? "";
  return { at: values.indexOf(taken), by: naming.length === 1 ? "RDN" : "smallest" };
}

/** A photograph is told from another by its beginning and its length. */
const shownBytes = 4096;

const rawValue = (value: AttributeValue): RawValue =>
  typeof value === "string" ? value : { hex: value.toString("hex", 0, shownBytes), bytes: value.length };

/**
 * JSON that can stand in a script element: without `<` there is neither `</script>` nor `<!--`
 * (https://html.spec.whatwg.org/multipage/scripting.html#restrictions-for-contents-of-script-elements).
 */
export const scriptJson = (data: unknown): string => JSON.stringify(data).replaceAll("<", "\\u003c");
