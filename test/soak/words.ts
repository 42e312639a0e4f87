import { endings } from "./endings.ts";
import type { SoakOptions } from "./options.ts";
import { isClean, type Round } from "./soak.ts";

const nameOf = (code: number | null): string =>
  code === null ? "killed" : `${code} ${endings[code as keyof typeof endings]}`;

/** How often each was met, and how it went. */
function table(rounds: readonly Round[]): string {
  const names = [...new Set(rounds.map(({ disturbance }) => disturbance))].sort();
  const codes = [...new Set(rounds.flatMap(({ codes }) => codes))].sort((one, other) => (one ?? -1) - (other ?? -1));
  const lines = names.map((name) => {
    const ended = rounds.filter(({ disturbance }) => disturbance === name).flatMap((round) => round.codes);
    const counts = codes.map((code) => ended.filter((each) => each === code).length || "");
    return [name, ...counts].map(String);
  });
  const all = [["", ...codes.map(nameOf)], ...lines];
  const widths = (all[0] ?? []).map((_, at) => Math.max(...all.map((cells) => cells[at]?.length ?? 0)));
  const padded = (text: string, at: number): string =>
    at === 0 ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
  return all.map((cells) => `${cells.map(padded).join("  ").trimEnd()}\n`).join("");
}

export function summary({ seed, people, leavers }: SoakOptions, rounds: readonly Round[]): string {
  const codes = rounds.flatMap((round) => round.codes);
  const clean = rounds.filter(isClean).length;
  const killed = codes.filter((code) => code === null).length;
  const halfway = rounds.filter((round) => !isClean(round) && round.written > 0).length;
  const changed = rounds.reduce((sum, { changes }) => sum + changes, 0);
  return [
    table(rounds),
    `seed ${seed}, ${people} people, leavers: ${leavers}`,
    `${codes.length} runs: ${clean} done, ${killed} killed, ${codes.length - clean - killed} ended otherwise`,
    `${halfway} of those that were not done had written some of it`,
    `${changed} entries changed; ${rounds.length} comparisons with an independent reading, all of them equal`,
    "",
  ].join("\n");
}
