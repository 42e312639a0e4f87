import { setup, teardown } from "../global-setup.ts";
import { optionsOf, type SoakOptions, usage } from "./options.ts";
import { soak } from "./soak.ts";
import { summary } from "./words.ts";

interface Stream {
  write(text: string): unknown;
}

/** Runs a soak, prints what came of it, and gives the exit code: 0 where every run said and left what is right. */
export async function main(argv: readonly string[], stdout: Stream, stderr: Stream): Promise<number> {
  let options: SoakOptions | "help";
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
  stdout.write(`seed ${options.seed}\n`);
  try {
    await setup();
    const rounds = await soak(options, (line) => stderr.write(`${line}\n`));
    stdout.write(summary(options, rounds));
    return 0;
  } catch (error) {
    stderr.write(`${error instanceof Error ? error.message : error}\n`);
    return 1;
  } finally {
    await teardown();
  }
}
