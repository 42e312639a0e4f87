import { defineConfig } from "vitest/config";
import { Sequencer } from "./test/sequencer.ts";

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    exclude: ["test/bench/**"],
    globalSetup: "test/global-setup.ts",
    pool: "forks",
    // Each file may run a slapd and a MariaDB of its own beside the program: two at a time is what a small machine bears,
    // and one more that waits for some of the time.
    maxWorkers: 3,
    sequence: { sequencer: Sequencer },
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
