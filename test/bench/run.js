// `npm run bench`: runs main.ts. Node 20 does not strip types; vitest does, and is there for the tests, which the
// benchmark shares its servers and people with.
import { fileURLToPath } from "node:url";
import { createVitest } from "vitest/node";

const vitest = await createVitest("test", { config: false, watch: false });
try {
  const { main } = await vitest.import(fileURLToPath(new URL("main.ts", import.meta.url)));
  process.exitCode = await main(process.argv.slice(2), process.stdout, process.stderr);
} finally {
  await vitest.close();
}
