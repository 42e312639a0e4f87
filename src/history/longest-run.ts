import { readHistory } from "./open.ts";
import { isTelling } from "./status.ts";

/** What is known of a sync by those who have not loaded its configuration. */
interface Asked {
  readonly name: string;
  /** The configuration file. */
  readonly config: string;
  readonly historyFile: string | undefined;
}

/** How long the longest of the syncs took that are remembered in the file; undefined where none is. */
export async function longestRunMs(
  { name, config, historyFile }: Asked,
  env: Readonly<Record<string, string | undefined>>,
): Promise<number | undefined> {
  const history = historyFile === undefined ? undefined : { file: historyFile };
  const { runs } = await readHistory({ history, env, now: () => new Date() }, { name, config }, 1000);
  const durations = runs.filter(isTelling).flatMap(({ durationMs }) => durationMs ?? []);
  return durations.length === 0 ? undefined : Math.max(...durations);
}
