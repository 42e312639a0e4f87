// Runs a main.ts of the tests outside of them: Node 20 does not strip types; vitest does, and is there for the tests, with
// which a benchmark or a soak shares its servers and people.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

/** Gives the command line to `main` of the module, and its exit code to the process. */
export async function runMain(url) {
  // The servers end with this process; so do their folders, where it ends in good order.
  for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
  const vitest = await createVitest("test", { config: false, watch: false });
  try {
    const { main } = await vitest.import(fileURLToPath(url));
    process.exitCode = await main(process.argv.slice(2), process.stdout, process.stderr);
  } finally {
    await vitest.close();
  }
}
