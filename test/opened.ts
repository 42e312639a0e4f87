import { resolveAllActive } from "../src/active/resolve.ts";
import { loadConfig } from "../src/config/load.ts";
import { makePlan } from "../src/plan.ts";
import { openTarget } from "../src/target/open.ts";
import type { Workspace } from "./program.ts";

/** What the configuration of a workspace names, open as in a run. Who closes the target is the test. */
export async function opened(work: Workspace, now = new Date(), signal = new AbortController().signal) {
  const { config } = await loadConfig({ cwd: work.folder, env: process.env, version: "test" });
  const target = await openTarget(config.target);
  const sources = await resolveAllActive(config.sources, now, signal, () => {});
  return { config, target, sources, plan: makePlan(config, target.table), signal };
}
