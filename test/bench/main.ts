import { writeFile } from "node:fs/promises";
import { arch, cpus } from "node:os";
import { setup, teardown } from "../global-setup.ts";
import { casesOf } from "./cases.ts";
import { chart } from "./chart.ts";
import { type Options, optionsOf, usage } from "./options.ts";
import type { Result } from "./results.ts";
import { measureAll } from "./rounds.ts";
import { targetTable, timeTables, trafficTables } from "./table.ts";

interface Stream {
  write(text: string): unknown;
}

/** Measures, prints, and gives the exit code: 0 where every run left the right table, however long it took. */
export async function main(argv: readonly string[], stdout: Stream, stderr: Stream): Promise<number> {
  let options: Options | "help";
  try {
    options = optionsOf(argv);
    if (options !== "help" && casesOf(options).length === 0) throw new Error("--only: nobody of these does that work");
  } catch (error) {
    stderr.write(`${(error as Error).message}\n\n${usage}`);
    return 2;
  }
  if (options === "help") {
    stdout.write(usage);
    return 0;
  }
  try {
    await setup();
    const results = await measureAll(options, (line) => stderr.write(`${line}\n`));
    stdout.write(options.smoke ? trafficTables(results) : `${timeTables(results)}\n${targetTable(results)}`);
    await store(options, results);
    return 0;
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  } finally {
    await teardown();
  }
}

async function store(options: Options, results: readonly Result[]): Promise<void> {
  const { people, runs, json, chart: picture } = options;
  const [cpu] = cpus();
  const machine = { node: process.version, arch: arch(), cores: cpus().length, cpu: cpu?.model };
  if (json !== undefined) await writeFile(json, `${JSON.stringify({ people, runs, machine, results }, null, 2)}\n`);
  if (picture !== undefined) await writeFile(picture, chart(results, { people, runs, cores: machine.cores }));
}
