import type { Reject } from "../change.ts";

/** Rejects of one column for one reason. */
export interface RejectGroup {
  readonly column: string;
  /** What its reasons have in common: `…` stands where they differ. */
  readonly reason: string;
  readonly count: number;
  readonly examples: readonly Pick<Reject, "dn" | "key" | "reason">[];
}

const mostExamples = 3;

/** Quoted texts, bytes with their number, UUIDs, numbers and DNs: what differs from one reject to the next of its kind. */
const dn = String.raw`[a-z][a-z\d.-]*=(?:\\.|[^,+\\":()])*(?:[,+] ?[a-z][a-z\d.-]*=(?:\\.|[^,+\\":()])*)*`;
const values = new RegExp(
  String.raw`"(?:[^"\\]|\\.)*"|0x[\da-f]+…?(?: \(\d+ bytes?\))?|\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b|${dn}|\d+`,
  "giu",
);

/** The rejects of a sample by column and reason, the most frequent first. */
export function groupRejects(rejects: readonly Reject[]): RejectGroup[] {
  const groups = new Map<string, Reject[]>();
  for (const reject of rejects) {
    const kind = JSON.stringify([reject.column, ruleOf(reject.reason)]);
    const group = groups.get(kind);
    if (group) group.push(reject);
    else groups.set(kind, [reject]);
  }
  return [...groups.values()]
    .map((group) => ({
      column: group[0]?.column ?? "",
      reason: common(group.map(({ reason }) => reason)),
      count: group.length,
      examples: group.slice(0, mostExamples).map(({ dn, key, reason }) => ({ dn, key, reason })),
    }))
    .sort((a, b) => b.count - a.count);
}

/** A value may be folded, be bytes, or have a quotation mark in it, and the name of a holder is not always known. */
const ruleOf = (reason: string, shown: (value: string) => string = () => "…"): string =>
  reason
    .replace(/ \(from .*\)$/s, "")
    .replace(values, shown)
    .replaceAll(" (…)", "");

const unnamed = (value: string): string => (value.startsWith('"') ? '"…"' : "…");

/** Texts that differ in their values only, as one. */
function common(reasons: readonly string[]): string {
  const [first = "", ...others] = reasons;
  const found = others.map((reason) => reason.match(values) ?? []);
  const parts = first.split(values);
  if (others.some((other) => other.split(values).join("\0") !== parts.join("\0"))) return ruleOf(first, unnamed);
  let at = -1;
  return first.replace(values, (value) => {
    at += 1;
    if (found.every((other) => other[at] === value)) return value;
    return unnamed(value);
  });
}
