import type { Options } from "./options.ts";
import { type Peer, type PeerName, peers } from "./peers.ts";
import { type WorkName, works } from "./works.ts";

/** A peer that does a work, at the usual site or at the one with ten times the people. */
export interface Case {
  readonly work: WorkName;
  readonly peer: PeerName;
  readonly tenfold: boolean;
}

const names = <N extends string>(table: Readonly<Record<N, unknown>>): N[] => Object.keys(table) as N[];

/** What is measured, in the order of one round: work by work, in each of them the peers in turn. */
export function casesOf({ only, million }: Options): Case[] {
  const onlyWorks = only.filter((name) => name in works);
  const onlyPeers = only.filter((name) => name in peers);
  const isWanted = ({ work, peer }: Case): boolean =>
    (onlyWorks.length === 0 || onlyWorks.includes(work)) && (onlyPeers.length === 0 || onlyPeers.includes(peer));
  const all = names(works).flatMap((work): Case[] => {
    const able = names(peers).filter((peer) => (peers[peer] as Peer).works.includes(work));
    const tenfold = million && (work === "first-load" || work === "nothing-changed");
    return [
      ...able.map((peer): Case => ({ work, peer, tenfold: false })),
      ...(tenfold ? [{ work, peer: "ours", tenfold } as const] : []),
    ];
  });
  return all.filter(isWanted);
}
