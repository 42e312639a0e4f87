// `npm run bench`: runs main.ts. Node 20 does not strip types; vitest does, and is there for the tests, which the
// benchmark shares its servers and people with.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

// The servers end with this process; so do their folders, where it ends in good order.
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => process.exit(1));
const vitest = await createVitest("test", { config: false, watch: false });
try {
  const { main } = await vitest.import(fileURLToPath(new URL("main.ts", import.meta.url)));
  process.exitCode = await main(process.argv.slice(2), process.stdout, process.stderr);
} finally {
  await vitest.close();
}
