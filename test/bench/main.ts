import { writeFile } from "node:fs/promises";
import { setup, teardown } from "../global-setup.ts";
import { type Case, casesOf } from "./cases.ts";
import { measure } from "./measure.ts";
import { type Options, optionsOf, usage } from "./options.ts";
import { type Peer, type Place, peers, placeAt } from "./peers.ts";
import type { Result, Sample } from "./results.ts";
import { openSite } from "./site.ts";
import { resultTable } from "./table.ts";
import { trafficOf } from "./traffic.ts";
import { type Work, works } from "./works.ts";

interface Stream {
  write(text: string): unknown;
}

/** Measures, prints, and gives the exit code: 0 where every run left the right table, however long it took. */
export async function main(argv: readonly string[], stdout: Stream, stderr: Stream): Promise<number> {
  let options: Options | "help";
  try {
    options = optionsOf(argv);
  } catch (error) {
    stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options === "help") {
    stdout.write(usage);
    return 0;
  }
  await setup();
  try {
    const results = await measureAll(options, (line) => stderr.write(`${line}\n`));
    stdout.write(resultTable(results));
    if (options.json !== undefined) await writeFile(options.json, JSON.stringify({ options, results }, null, 2));
    return 0;
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  } finally {
    await teardown();
  }
}

type Say = (line: string) => void;

async function measureAll(options: Options, say: Say): Promise<readonly Result[]> {
  const cases = casesOf(options);
  const open = async (people: number): Promise<Place> => {
    say(`a directory of ${people} people and a table for them …`);
    return placeAt(await openSite(people));
  };
  const usual = await open(options.people);
  const tenfold = cases.some((one) => one.tenfold) ? await open(options.people * 10) : usual;
  try {
    return await rounds(cases, options.runs, (one) => (one.tenfold ? tenfold : usual), say);
  } finally {
    for (const { site } of new Set([usual, tenfold])) await site.stop();
  }
}

/** In each round every case has its turn: what disturbs the machine for a while disturbs all alike. */
async function rounds(
  cases: readonly Case[],
  runs: number,
  placeOf: (one: Case) => Place,
  say: Say,
): Promise<readonly Result[]> {
  const results = cases.map((one) => ({ ...one, samples: [] as Sample[] }));
  for (const { site } of new Set(cases.map(placeOf))) await site.fill();
  for (let run = 1; run <= runs; run++) {
    for (const result of results) {
      const { times } = works[result.work];
      for (let time = 1; time <= times; time++) {
        const sample = await sampleOf(result, placeOf(result));
        result.samples.push(sample);
        const nth = times > 1 ? ` (${time} of ${times})` : "";
        say(`run ${run} of ${runs}: ${result.work} ${result.peer}${nth} ${sample.seconds.toFixed(3)} s`);
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
  await prepare(site);
  const { result, traffic } = await trafficOf(site, () => measure(command(place)));
  if (floor !== "writes" && traffic.entries !== site.active) {
    throw new Error(`${work}, ${peer}: the directory sent ${traffic.entries} entries, not ${site.active}`);
  }
  if (floor === "reads") await site.fill();
  else await site.check().catch((cause) => Promise.reject(new Error(`${work}, ${peer}: ${cause.message}`, { cause })));
  return { ...result, ...traffic };
}
