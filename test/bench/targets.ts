import type { Usage } from "./measure.ts";
import type { PeerName } from "./peers.ts";
import { figure, type Result, resultOf } from "./results.ts";
import type { WorkName } from "./works.ts";

/** What is to be reached, whatever the machine: ratios within one run of the benchmark. */
interface Target {
  readonly what: string;
  readonly atMost: number;
  readonly measured: (results: readonly Result[]) => number;
}

/** A median; NaN where it was not measured, and so is what is reckoned with it. */
const seconds = (results: readonly Result[], work: WorkName, peer: PeerName): number =>
  figure(resultOf(results, work, peer), "seconds");

/** Ours with ten times the people, to ours with the usual number. */
const tenfold = (results: readonly Result[], work: WorkName, name: keyof Usage): number =>
  figure(resultOf(results, work, "ours", true), name) / figure(resultOf(results, work, "ours"), name);

const mebibytes = (results: readonly Result[], work: WorkName): number =>
  figure(resultOf(results, work, "ours", true) ?? resultOf(results, work, "ours"), "peak") / 1024;

export const targets: readonly Target[] = [
  {
    what: "nothing changed: of the python script",
    atMost: 0.3,
    measured: (of) => seconds(of, "nothing-changed", "ours") / seconds(of, "nothing-changed", "python"),
  },
  {
    what: "nothing changed: of ldapsearch and the start of node",
    atMost: 2.2,
    measured: (of) =>
      seconds(of, "nothing-changed", "ours") /
      (seconds(of, "nothing-changed", "ldapsearch") + seconds(of, "start", "node")),
  },
  {
    what: "first load: of the python script",
    atMost: 0.5,
    measured: (of) => seconds(of, "first-load", "ours") / seconds(of, "first-load", "python"),
  },
  {
    what: "1 % changed: of nothing changed",
    atMost: 1.15,
    measured: (of) => seconds(of, "one-percent", "ours") / seconds(of, "nothing-changed", "ours"),
  },
  {
    what: "nothing changed, over ldaps: of the same over ldap",
    atMost: 1.25,
    measured: (of) => seconds(of, "nothing-changed", "ldaps") / seconds(of, "nothing-changed", "ours"),
  },
  {
    what: "--version: of node -e 0",
    atMost: 2.5,
    measured: (of) => seconds(of, "start", "version") / seconds(of, "start", "node"),
  },
  {
    what: "--help: of node -e 0",
    atMost: 2.5,
    measured: (of) => seconds(of, "start", "help") / seconds(of, "start", "node"),
  },
  ...(["first-load", "nothing-changed"] as const).flatMap((work): Target[] => {
    const title = work.replace("-", " ");
    return [
      { what: `${title}: peak memory, MiB`, atMost: 160, measured: (of) => mebibytes(of, work) },
      { what: `${title}, ten times the people: time`, atMost: 11, measured: (of) => tenfold(of, work, "seconds") },
      { what: `${title}, ten times the people: memory`, atMost: 1.1, measured: (of) => tenfold(of, work, "peak") },
    ];
  }),
];
