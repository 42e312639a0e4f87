import type { ResolvedConfig } from "../config/load.ts";
import { defaultFile, fileStore } from "./file.ts";
import { merged, type RunRecord } from "./record.ts";
import type { HistoryStore, Wanted } from "./store.ts";
import { tableStore } from "./table.ts";

/** What is known of where runs are remembered. Without a target no table can be used. */
export interface Place {
  readonly history: ResolvedConfig["history"];
  readonly target?: ResolvedConfig["target"] | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
}

/**
 * Where a run is written down: in the first of these that takes it. A dry run writes nothing to the database, not even
 * this: it is remembered in the file.
 */
export function storesOf(command: RunRecord["command"], place: Place): HistoryStore[] {
  const { table, files } = stores(place);
  return { sync: [...table, ...files.slice(0, 1)], "dry-run": files.slice(0, 1) }[command];
}

/** All runs of the name, or of all names, wherever they are written down. */
export async function readHistory(
  place: Place,
  wanted: Wanted | undefined,
  limit: number,
): Promise<{ readonly runs: RunRecord[]; readonly unreadable: number; readonly from: string[] }> {
  const { table, files } = stores(place);
  const all = [...table, ...files];
  const read = [];
  for (const store of all) read.push(await store.read(wanted, limit));
  return {
    runs: merged(read.flatMap(({ records }) => records)),
    unreadable: read.reduce((sum, { unreadable }) => sum + unreadable, 0),
    from: all.map(({ title }) => title),
  };
}

/** The table where one is configured; the configured file, and the usual one, which has the runs that ended before the configuration was known. */
function stores({ history, target, env, now }: Place): { table: HistoryStore[]; files: HistoryStore[] } {
  const usual = defaultFile(env);
  const named = history && "file" in history ? [history.file] : [];
  return {
    table: history && "table" in history && target ? [tableStore(target, history.table)] : [],
    files: [...new Set([...named, usual])].map((file) => fileStore(file, now)),
  };
}
