import type { Change, Reject } from "../change.ts";
import { printable, visible } from "../mapping/printable.ts";
import type { Palette } from "./chalk.ts";
import { type Counts, type Header, type Report, type Summary, writtenRows } from "./event.ts";
import { padTo, widthOf } from "./width.ts";
import { countLines, headerLines, number, pad, plural, previewEndWords, titleOf } from "./words.ts";

/** How each kind of change is shown, in this order. */
const kinds = {
  insert: { title: "New", sign: "+", tone: "good", count: (counts) => counts.inserted + counts.createdInactive },
  update: { title: "Changed", sign: "~", tone: "warn", count: (counts) => counts.updated },
  deactivate: { title: "Leaving", sign: "-", tone: "bad", count: (counts) => counts.deactivated },
  missing: { title: "Missing", sign: "?", tone: "faint", count: (counts) => counts.missing },
} as const satisfies Record<
  Change["kind"],
  { title: string; sign: string; tone: keyof Palette; count: (counts: Counts) => number }
>;

const kindNames = Object.keys(kinds) as Change["kind"][];

/**
 * The end of a dry run for people, on stdout: what would change, by kind, old beside new, then the counts and what to run
 * next. At most `limit` changes and as many rejects are shown. Where `onlyTrouble` is set, a run without trouble says
 * nothing. `columns`: the width of the terminal, where it is one.
 */
export function humanPreview(
  print: (text: string) => void,
  paint: Palette,
  { onlyTrouble, limit, columns }: { onlyTrouble: boolean; limit: number; columns: number | undefined },
): Report {
  const changes: Record<Change["kind"], Change[]> = { insert: [], update: [], deactivate: [], missing: [] };
  const rejects: Reject[] = [];
  const notices: string[] = [];
  let header: Header | undefined;
  return (event) => {
    if (event.type === "started") header = event.header;
    else if (event.type === "notice" && !event.usual) notices.push(event.message);
    else if (event.type === "change" && event.was !== undefined && event.was !== "unchanged") {
      // The second change of somebody is shown as one with the first.
      const { dn, columns } = event.change;
      const before = changes[event.was];
      const at = before.findIndex((change) => change.dn === dn);
      const first = before[at];
      if (first) before[at] = { ...first, columns: { ...first.columns, ...columns } };
    } else if (event.type === "change") {
      const kept = changes[event.kind];
      if (kept.length < limit) kept.push(event.change);
    } else if (event.type === "reject") {
      if (rejects.length < limit) rejects.push(event.reject);
    } else if (event.type === "finished" && header && !(onlyTrouble && event.summary.outcome === "succeeded")) {
      // Who asked for quiet wants to know what is wrong, and not all the rest.
      const shown = shares(changes, onlyTrouble ? 0 : limit);
      const lines = [
        ...top(paint, header, event.summary, notices),
        ...kindNames.flatMap((kind) =>
          group(paint, header as Header, kind, shown[kind], event.summary.counts, columns),
        ),
        ...leaving(paint, header, event.summary.counts),
        ...rejected(paint, rejects, event.summary),
        "",
        ...countLines(event.summary, "would be ").map(({ tone, text }) =>
          tone === "plain" ? text : paint[tone](text),
        ),
        ...next(paint, header, event.summary),
      ];
      print(`${lines.join("\n")}\n`);
    }
  };
}

/** No more than `limit` of all kinds together, each kind its part of them. */
function shares(changes: Record<Change["kind"], Change[]>, limit: number): Record<Change["kind"], Change[]> {
  const shown = { ...changes };
  let left = limit;
  const byNeed = [...kindNames].sort((a, b) => changes[a].length - changes[b].length);
  for (const [at, kind] of byNeed.entries()) {
    const part = Math.min(changes[kind].length, Math.floor(left / (byNeed.length - at)));
    shown[kind] = changes[kind].slice(0, part);
    left -= part;
  }
  return shown;
}

function top(paint: Palette, header: Header, summary: Summary, notices: readonly string[]): string[] {
  const well = summary.outcome === "succeeded";
  const title = `${titleOf(header)}: ${previewEndWords(summary)}`;
  return [
    well ? paint.good(title) : paint.bad(title),
    ...headerLines(header),
    ...notices.map((notice) => paint.bad(pad("notice", visible(notice)))),
  ];
}

function group(
  paint: Palette,
  header: Header,
  kind: Change["kind"],
  changes: readonly Change[],
  counts: Counts,
  columns: number | undefined,
): string[] {
  const { title, sign, tone, count } = kinds[kind];
  const all = count(counts);
  if (all === 0) return [];
  const keyWidth = Math.min(32, Math.max(0, ...changes.map(({ key }) => widthOf(printable(key)))));
  return [
    "",
    paint.head(`${title} (${number(all)})`),
    ...changes.flatMap((change) => [
      `${paint[tone](`  ${sign} ${padTo(printable(change.key), keyWidth)}`)}  ${paint.faint(`${whose(change)}${adoption(change)}`)}`,
      ...differences(paint, header, change, columns),
      ...related(paint, change),
    ]),
    ...more(paint, all - changes.length),
  ];
}

/** Where so many would leave that the run is refused, nobody is looked for a second time: their entries may be there. */
const whose = ({ dn, inactive }: Change): string =>
  `${dn === "" ? "no active entry" : visible(dn)}${inactive ? ", not active" : ""}`;

const adoption = ({ adopted }: Change): string =>
  adopted === undefined ? "" : `, a row adopted by ${visible(adopted)}`;

const more = (paint: Palette, left: number): string[] =>
  left > 0
    ? [paint.faint(`  and ${number(left)} more: --limit N shows more, --changes FILE and --report FILE.html hold all`)]
    : [];

const related = (paint: Palette, { related: tables }: Change): string[] =>
  Object.entries(tables ?? {}).map(([table, rows]) => paint.faint(`      ${visible(table)}: ${plural(rows, "row")}`));

/** Column, old and new value, and beside them what fills the column; in columns, long values folded in the middle. */
function differences(
  paint: Palette,
  header: Header,
  { kind, inactive, columns: changed }: Change,
  width = 120,
): string[] {
  const isInactive = kind === "deactivate" || inactive === true;
  const filled = [...header.columns, ...(isInactive ? header.ofInactive : [])];
  const sources = new Map(filled.map(({ name, source }) => [name, printable(source)]));
  const names = Object.keys(changed);
  const nameWidth = Math.max(...names.map((name) => widthOf(visible(name))));
  const sourceWidth = Math.max(...names.map((name) => widthOf(sources.get(name) ?? "")));
  const hasOld = kind !== "insert";
  const values = hasOld ? 2 : 1;
  const room = Math.floor((width - nameWidth - Math.min(sourceWidth, 30) - 14) / values);
  const longest = Math.min(60, Math.max(16, room));
  const shown = (value: string | null) => (value === null ? "NULL" : `"${printable(value, longest)}"`);
  const rows = Object.entries(changed).map(([name, { from, to }]) => ({ name, from: shown(from), to: shown(to) }));
  const fromWidth = Math.max(...rows.map(({ from }) => widthOf(from)));
  const toWidth = Math.max(...rows.map(({ to }) => widthOf(to)));
  return rows.map(({ name, from, to }) => {
    const before = hasOld ? `${paint.bad(padTo(from, fromWidth))} → ` : "";
    const source = paint.faint(sources.get(name) ?? "");
    return `      ${padTo(visible(name), nameWidth)}  ${before}${paint.good(padTo(to, toWidth))}  ${source}`;
  });
}

/** That nobody leaves is said, and why, rather than left to be guessed from a list that is not there. */
function leaving(paint: Palette, { leavers, isOfSome }: Header, { deactivated, missing }: Counts): string[] {
  if (deactivated + missing > 0) return [];
  const left = "rows without an active entry are left as they are";
  const why =
    leavers === "ignore"
      ? `not judged: leavers.action is "ignore", ${left}`
      : isOfSome
        ? `not judged: with --filter not all entries are read, ${left}`
        : "nobody";
  return ["", `${paint.head("Leaving")}  ${paint.faint(why)}`];
}

function rejected(paint: Palette, rejects: readonly Reject[], { counts, refusedLeavers }: Summary): string[] {
  const all = counts.rejected + refusedLeavers;
  if (all === 0) return [];
  const left = all - rejects.length;
  return [
    "",
    paint.head(`Rejected (${number(all)})`),
    ...rejects.flatMap(({ dn, reason }) => [`${paint.bad("  !")} ${visible(dn)}`, `      ${visible(reason)}`]),
    ...(left > 0 ? [paint.faint(`  and ${number(left)} more: --limit N shows more, --rejects FILE holds all`)] : []),
  ];
}

function next(paint: Palette, header: Header, { outcome, counts }: Summary): string[] {
  const pending = writtenRows(counts);
  if (outcome !== "succeeded" && outcome !== "partial") return [];
  const write = `to write ${pending === 1 ? "this change" : `these ${number(pending)} changes`}: ${visible(header.next)}`;
  const mended = "a rejected entry is left out until its reason is mended";
  const words =
    counts.read === 0
      ? "nothing to do: no active entry was read"
      : counts.rejected > 0
        ? `${mended}; ${pending === 0 ? "nothing else differs" : write}`
        : pending === 0
          ? "nothing to do: what was read is in the table as it should be"
          : write;
  return ["", paint.head(words)];
}
