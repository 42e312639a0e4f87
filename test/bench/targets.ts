import type { Usage } from "./measure.ts";
import type { PeerName } from "./peers.ts";
import type { WorkName } from "./works.ts";

/** A figure of who does a work, seconds unless told; NaN where it was not measured, and so is what is reckoned with it. */
export type Figures = (
  work: WorkName,
  peer: PeerName,
  more?: { readonly name?: keyof Usage; readonly tenfold?: boolean },
) => number;

/** What is to be reached, whatever the machine: ratios within one run of the benchmark. */
interface Target {
  readonly what: string;
  readonly atMost: number;
  readonly measured: (of: Figures) => number;
}

/** Of ten times the people to the usual number. */
const growth = (of: Figures, work: WorkName, name: keyof Usage): number =>
  of(work, "ours", { name, tenfold: true }) / of(work, "ours", { name });

export const targets: readonly Target[] = [
  {
    what: "nothing changed: of the python script",
    atMost: 0.3,
    measured: (of) => of("nothing-changed", "ours") / of("nothing-changed", "python"),
  },
  {
    what: "nothing changed: of ldapsearch and the start of node",
    atMost: 2.2,
    measured: (of) => of("nothing-changed", "ours") / (of("nothing-changed", "ldapsearch") + of("start", "node")),
  },
  {
    what: "first load: of the python script",
    atMost: 0.5,
    measured: (of) => of("first-load", "ours") / of("first-load", "python"),
  },
  {
    what: "1 % changed: of nothing changed",
    atMost: 1.15,
    measured: (of) => of("one-percent", "ours") / of("nothing-changed", "ours"),
  },
  {
    what: "nothing changed, over ldaps: of the same over ldap",
    atMost: 1.25,
    measured: (of) => of("nothing-changed", "ldaps") / of("nothing-changed", "ours"),
  },
  { what: "--version: of node -e 0", atMost: 2.5, measured: (of) => of("start", "version") / of("start", "node") },
  { what: "--help: of node -e 0", atMost: 2.5, measured: (of) => of("start", "help") / of("start", "node") },
  ...(["first-load", "nothing-changed"] as const).flatMap((work): Target[] => {
    const title = work.replace("-", " ");
    return [
      { what: `${title}: peak memory, MiB`, atMost: 160, measured: (of) => of(work, "ours", { name: "peak" }) / 1024 },
      {
        what: `${title}, ten times the people: peak memory, MiB`,
        atMost: 160,
        measured: (of) => of(work, "ours", { name: "peak", tenfold: true }) / 1024,
      },
      { what: `${title}, ten times the people: memory`, atMost: 1.1, measured: (of) => growth(of, work, "peak") },
      { what: `${title}, ten times the people: time`, atMost: 11, measured: (of) => growth(of, work, "seconds") },
    ];
  }),
];
