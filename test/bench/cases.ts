import type { Options } from "./options.ts";
import { type Peer, type PeerName, peers } from "./peers.ts";
import { type WorkName, works } from "./works.ts";

/** A peer that does a work, at the usual site or at the one with ten times the people. */
export interface Case {
  readonly work: WorkName;
  readonly peer: PeerName;
  readonly tenfold: boolean;
}

export const namesOf = <N extends string>(table: Readonly<Record<N, unknown>>): N[] => Object.keys(table) as N[];

/** What is measured: work by work, and in each of them peer by peer. */
export function casesOf({ only, million, smoke }: Options): Case[] {
  const onlyWorks = only.filter((name) => name in works);
  const onlyPeers = only.filter((name) => name in peers);
  const isWanted = ({ work, peer }: Case): boolean =>
    (onlyWorks.length === 0 || onlyWorks.includes(work)) && (onlyPeers.length === 0 || onlyPeers.includes(peer));
  // A start asks nothing of a server.
  const some = namesOf(works).filter((work) => !smoke || work !== "start");
  const all = some.flatMap((work): Case[] => {
    const able = namesOf(peers).filter((peer) => (peers[peer] as Peer).works.includes(work));
    const tenfold = million && (work === "first-load" || work === "nothing-changed");
    return [
      ...able.map((peer): Case => ({ work, peer, tenfold: false })),
      ...(tenfold ? [{ work, peer: "ours", tenfold } as const] : []),
    ];
  });
  return all.filter(isWanted);
}

/** The order of a round: work by work, and in each of them the peer that was first the last time is the last one now. */
export function turns<C extends Case>(cases: readonly C[], round: number): C[] {
  return namesOf(works).flatMap((work) => {
    const some = cases.filter((one) => one.work === work);
    const first = (round - 1) % Math.max(1, some.length);
    return [...some.slice(first), ...some.slice(0, first)];
  });
}
