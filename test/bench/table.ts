import { peers } from "./peers.ts";
import { figure, type Result } from "./results.ts";
import { works } from "./works.ts";

const headings = ["work", "peer", "median s", "CPU s", "peak MiB", "searches", "statements"];

export function resultTable(results: readonly Result[]): string {
  const rows = results.map((result) => [
    works[result.work].title + (result.tenfold ? ", tenfold" : ""),
    peers[result.peer].title,
    figure(result, "seconds").toFixed(3),
    figure(result, "cpu").toFixed(2),
    (figure(result, "peak") / 1024).toFixed(0),
    String(result.samples[0]?.searches ?? ""),
    String(result.samples[0]?.statements ?? ""),
  ]);
  const widths = headings.map((heading, at) => Math.max(heading.length, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, at) => (at < 2 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join("  ");
  return [headings, ...rows].map((row) => `${line(row)}\n`).join("");
}
