import { type Place, readHistory } from "./open.ts";
import { lastSuccess } from "./status.ts";

/** Whether a sync of this name, by the configuration in this file, is remembered that was done. */
export async function remembersSuccess(place: Place, name: string, file: string): Promise<boolean> {
  try {
    const { runs } = await readHistory(place, { name, config: file }, 1);
    // The usual file has the runs of all configurations, and many have the usual name.
    return lastSuccess(runs.filter((run) => run.config === file)) !== undefined;
  } catch {
    return false;
  }
}
