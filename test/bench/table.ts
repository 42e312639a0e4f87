import { namesOf } from "./cases.ts";
import { type Peer, type PeerName, peers } from "./peers.ts";
import { figure, type Result, resultOf, type Summary } from "./results.ts";
import { type Figures, targets } from "./targets.ts";
import { type WorkName, works } from "./works.ts";

/** What is printed: tables of text. */

type Row = readonly string[];

/** Words begin where their heading does, figures end there. */
function table(headings: Row, rows: readonly Row[]): string {
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const isFigures = (at: number): boolean => rows.every((row) => /^[\d.,]*$/.test(row[at] ?? ""));
  const line = (row: Row): string =>
    row.map((cell, at) => (isFigures(at) ? cell.padStart(widths[at] ?? 0) : cell.padEnd(widths[at] ?? 0))).join("  ");
  return [headings, ...rows].map((row) => `${line(row).trimEnd()}\n`).join("");
}

const workTables = (results: readonly Result[], of: (work: WorkName, some: readonly Result[]) => string): string =>
  [...new Set(results.map(({ work }) => work))]
    .map((work) =>
      of(
        work,
        results.filter((result) => result.work === work),
      ),
    )
    .join("\n");

const thousands = (number: number): string => Math.round(number).toLocaleString("en");
const fixed = (number: number, digits: number): string => (Number.isNaN(number) ? "" : number.toFixed(digits));

const nameOf = ({ peer, tenfold }: Result): string => peers[peer].title + (tenfold ? ", ten times the people" : "");

const isFloor = (name: PeerName, work: WorkName): boolean => {
  const peer: Peer = peers[name];
  return peer.floor !== undefined && peer.works.includes(work);
};

/** The medians of each work: the ratios are to what merely reads and writes, and to the script in Python. */
export const timeTables = (results: readonly Result[]): string =>
  workTables(results, (work, some) => {
    const floors = namesOf(peers).filter((peer) => isFloor(peer, work));
    const floor = floors.reduce((sum, peer) => sum + figure(resultOf(some, work, peer), "seconds"), 0);
    const python = figure(resultOf(some, work, "python"), "seconds");
    const headings = "s,least,most,people/s,x floor,x python,CPU s,peak MiB,searches,statements".split(",");
    const rows = some.map((result) => {
      const seconds = figure(result, "seconds");
      const [first] = result.samples;
      return [
        nameOf(result),
        fixed(seconds, 3),
        fixed(figure(result, "seconds", "least"), 3),
        fixed(figure(result, "seconds", "most"), 3),
        first?.traffic ? thousands(result.active / seconds) : "",
        result.tenfold ? "" : fixed(seconds / floor, 2),
        result.tenfold ? "" : fixed(seconds / python, 2),
        fixed(figure(result, "cpu"), 2),
        fixed(figure(result, "peak") / 1024, 0),
        String(first?.traffic?.searches ?? ""),
        String(first?.traffic?.statements ?? ""),
      ];
    });
    return table([works[work].title, ...headings], rows);
  });

/** What each asked of the servers. */
export const trafficTables = (results: readonly Result[]): string =>
  workTables(results, (work, some) => {
    const rows = some.map((result) => {
      const { searches = 0, statements = 0, kinds = {} } = result.samples[0]?.traffic ?? {};
      const named = Object.entries(kinds).map(([kind, count]) => `${count} ${kind}`);
      return [nameOf(result), String(searches), String(statements), named.join(", ")];
    });
    return table([works[work].title, "searches", "statements", "of them"], rows);
  });

/** The medians count. Beside them the least of all runs: where these say something else, the machine was busy. */
export function targetTable(results: readonly Result[]): string {
  const figures =
    (summary: Summary): Figures =>
    (work, peer, { name = "seconds", tenfold = false } = {}) =>
      figure(resultOf(results, work, peer, tenfold), name, summary);
  const rows = targets.map(({ what, atMost, measured }) => {
    const ratio = measured(figures("median"));
    const verdict = Number.isNaN(ratio) ? "not measured" : ratio <= atMost ? "met" : "not met";
    return [what, String(atMost), fixed(ratio, 2), fixed(measured(figures("least")), 2), verdict];
  });
  return table(["to reach", "at most", "median", "least", ""], rows);
}
