import { createHash } from "node:crypto";
import type { ResolvedConfig } from "../config/load.ts";
import { type Place, readHistory } from "./open.ts";
import { lastSuccess } from "./status.ts";

/** Whether a sync of this name, by the configuration in this file and into the table of today, is remembered that was done. */
export async function remembersSuccess(place: Place, name: string, file: string): Promise<boolean> {
  if (place.target === undefined) return false;
  const into = targetHash(place.target);
  try {
    const { runs } = await readHistory(place, { name, config: file }, 1);
    // The usual file has the runs of all configurations, and many have the usual name.
    return lastSuccess(runs.filter((run) => run.config === file && run.targetHash === into)) !== undefined;
  } catch {
    return false;
  }
}

/** Tells tables from each other, those of other servers and databases too; whoever writes there does not matter. */
export function targetHash({ client, connection, table }: ResolvedConfig["target"]): string {
  const where =
    "filename" in connection ? [connection.filename] : [connection.host, connection.port, connection.database];
  return createHash("sha256")
    .update(JSON.stringify([client, ...where, table.toLowerCase()]))
    .digest("hex");
}
