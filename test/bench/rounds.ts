import { type Case, casesOf, turns } from "./cases.ts";
import { measure } from "./measure.ts";
import type { Options } from "./options.ts";
import { type Peer, type Place, peers, placeAt } from "./peers.ts";
import type { Result, Sample } from "./results.ts";
import { openSite } from "./site.ts";
import { trafficOf } from "./traffic.ts";
import { type Work, works } from "./works.ts";

type Say = (line: string) => void;

/**
 * Measures all that the options ask for.
 *
 * @throws Error where a run failed, or did not leave the right table
 */
export async function measureAll(options: Options, say: Say): Promise<readonly Result[]> {
  const cases = casesOf(options);
  const open = async (people: number): Promise<Place> => {
    say(`a directory of ${people} people, and a table for those who are active`);
    return placeAt(await openSite(people));
  };
  const usual = await open(options.people);
  const tenfold = cases.some((one) => one.tenfold) ? await open(options.people * 10) : usual;
  const places = new Set([usual, tenfold]);
  try {
    for (const { site } of places) await site.fill();
    return await rounds(cases, options, (one) => (one.tenfold ? tenfold : usual), say);
  } finally {
    for (const { site } of places) await site.stop();
  }
}

/**
 * In each round every case has its turn: what disturbs the machine for a while disturbs all alike. Nobody always comes
 * after the same one, whose traces in the database may be in the way.
 */
async function rounds(
  cases: readonly Case[],
  { runs, smoke }: Options,
  placeOf: (one: Case) => Place,
  say: Say,
): Promise<readonly Result[]> {
  const results = cases.map((one) => ({ ...one, active: placeOf(one).site.active, samples: [] as Sample[] }));
  for (let run = 1; run <= runs; run++) {
    for (const result of turns(results, run)) {
      const { work, peer, tenfold, samples } = result;
      for (let time = 1; time <= works[work].times; time++) {
        const sample = await sampleOf(result, placeOf(result));
        samples.push(sample);
        const took = smoke ? "" : `: ${sample.seconds.toFixed(3)} s`;
        say(`${run}/${runs} ${work} ${peer}${tenfold ? " with ten times the people" : ""}${took}`);
      }
    }
  }
  return results;
}

async function sampleOf({ work, peer }: Case, place: Place): Promise<Sample> {
  const { prepare }: Work = works[work];
  const { command, floor }: Peer = peers[peer];
  if (!prepare) return measure(command(place));
  const { site } = place;
  if (floor !== "reads") await prepare(site);
  const { result, traffic } = await trafficOf(site, () => measure(command(place)));
  if (floor !== "writes" && traffic.entries !== site.active) {
    throw new Error(`${work}, ${peer}: the directory sent ${traffic.entries} entries, not ${site.active}`);
  }
  const wrong = await site.wrong();
  if (wrong !== undefined) throw new Error(`${work}, ${peer}: ${wrong}`);
  return { ...result, traffic };
}
