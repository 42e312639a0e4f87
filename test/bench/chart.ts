import { type Peer, peers } from "./peers.ts";
import { figure, type Result } from "./results.ts";
import { type WorkName, works } from "./works.ts";

/** A picture of the medians, a bar for each peer: an SVG that needs nothing else and follows the reader's colour scheme. */

interface Circumstances {
  readonly people: number;
  readonly runs: number;
  readonly cores: number;
}

const width = 760;
const barsBegin = 250;
const barsEnd = width - 70;
const bar = { height: 18, distance: 26 };
const heading = 34;

/** The works that the picture shows: those in which people are synchronised. */
const shown: readonly WorkName[] = ["first-load", "nothing-changed", "one-percent"];

const style = `
text { fill: #1f2328; font: 13px system-ui, sans-serif }
.title { font-size: 16px; font-weight: 600 }
.work { font-weight: 600 }
.faint { fill: #59636e }
.ours { fill: #0969da } .other { fill: #8c959f } .floor { fill: #d1d9e0 }
@media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .faint { fill: #9198a1 }
  .ours { fill: #4493f8 } .other { fill: #656c76 } .floor { fill: #3d444d }
}`;

export function chart(results: readonly Result[], { people, runs, cores }: Circumstances): string {
  const groups = shown
    .map((work) => ({ work, some: results.filter((result) => result.work === work && !result.tenfold) }))
    .filter(({ some }) => some.length > 0);
  const longest = Math.max(...groups.flatMap(({ some }) => some.map((result) => figure(result, "seconds"))));
  const active = groups[0]?.some[0]?.active ?? 0;
  const drawn: string[] = [];
  let y = 56;
  for (const { work, some } of groups) {
    drawn.push(`<text class="work" x="16" y="${y + 20}">${escaped(works[work].title)}</text>`);
    y += heading;
    for (const result of some) {
      drawn.push(barOf(result, y, longest));
      y += bar.distance;
    }
  }
  const numbers = [active, people].map((number) => number.toLocaleString("en"));
  const circumstances = `${numbers.join(" active of ")} people, 13 columns, ${cores} cores for all; median of ${runs} run${runs === 1 ? "" : "s"}`;
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${y + 12}" viewBox="0 0 ${width} ${y + 12}" role="img">
<title>Seconds for a sync, less is better</title>
<style>${style}
</style>
<text class="title" x="16" y="26">Seconds for a sync, less is better</text>
<text class="faint" x="16" y="46">${escaped(circumstances)}</text>
${drawn.join("\n")}
</svg>
`;
}

function barOf(result: Result, y: number, longest: number): string {
  const peer: Peer = peers[result.peer];
  const seconds = figure(result, "seconds");
  const length = Math.max(1, ((barsEnd - barsBegin) * seconds) / longest);
  const kind = peer.floor ? "floor" : peer.ours ? "ours" : "other";
  const middle = y + bar.height - 5;
  return [
    `<text x="${barsBegin - 8}" y="${middle}" text-anchor="end">${escaped(peer.title)}</text>`,
    `<rect class="${kind}" x="${barsBegin}" y="${y}" width="${length.toFixed(1)}" height="${bar.height}" rx="3"/>`,
    `<text x="${(barsBegin + length + 8).toFixed(1)}" y="${middle}">${seconds.toFixed(2)}</text>`,
  ].join("");
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
