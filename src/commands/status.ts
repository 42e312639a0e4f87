import { hostname } from "node:os";
import type { StatusOptions } from "../cli.ts";
import { targetExposures } from "../config/exposure.ts";
import { type LoadedConfig, loadConfig } from "../config/load.ts";
import { hasConfig } from "../config/locate.ts";
import { nextDue } from "../history/next-due.ts";
import { type Place, readHistory } from "../history/open.ts";
import { isAlive } from "../history/process.ts";
import type { RunRecord } from "../history/record.ts";
import { type NameStatus, type SeenRun, statusExitCode, statusOf, type Viewpoint } from "../history/status.ts";
import { statusLines } from "../history/words.ts";
import type { Io } from "../io.ts";
import { plural } from "../report/words.ts";
import { type Answer, inSession, type Session, warnOf } from "./session.ts";

type StatusSession = Session<LoadedConfig | undefined>;

/** The command `status`: how the last runs went, and when the next one is due. Without a configuration, of all names. */
export const status = (options: StatusOptions, version: string, io: Io): Promise<number> =>
  inSession<LoadedConfig | undefined>(
    options,
    version,
    io,
    (session) => answer(options, session, io),
    async (request) =>
      options.config === undefined && !(await hasConfig(request.cwd))
        ? undefined
        : // Who looks is not always who may read the secrets.
          loadConfig({ ...request, secretsNeeded: readsDatabase }),
  );

const readsDatabase = ({ history }: { readonly history?: Place["history"] }): boolean =>
  history !== undefined && "table" in history;

async function answer(options: StatusOptions, session: StatusSession, io: Io): Promise<Answer> {
  const { loaded, print, talk, paint } = session;
  const { limit, quiet = false, exitCode = false } = options;
  const now = new Date();
  const place: Place = { history: loaded?.config.history, target: loaded?.config.target, env: io.env, now: () => now };
  // Otherwise nothing is connected to.
  if (loaded && readsDatabase(loaded.config)) warnOf(targetExposures(loaded.config.target), talk);
  const wanted = loaded && { name: loaded.config.name, config: loaded.file };
  const { runs, unreadable, from } = await readHistory(place, wanted, Math.max(limit, remembered));
  if (unreadable > 0)
    talk(
      "warning",
      `${plural(unreadable, "line")} of ${from.join(" and ")} cannot be read and ${unreadable === 1 ? "is" : "are"} left out`,
    );
  const viewpoint = { now, host: hostname(), isAlive, nextDue };
  const names = statuses(runs, loaded, limit, viewpoint);
  const shown = names.filter(({ state }) => !quiet || state !== "healthy");
  for (const [at, each] of shown.entries()) {
    if (at > 0) print("");
    for (const line of statusLines(each, { paint, now, zone: each.schedule?.timezone })) print(line);
  }
  if (names.length === 0 && !quiet) print(`no run is remembered in ${from.join(" or ")}`);
  return {
    code: exitCode ? statusExitCode(names, loaded !== undefined) : 0,
    document: { names: names.map(nameDocument) },
  };
}

/** So many runs are looked at for what is said of all. */
const remembered = 1000;

/** Of the name that is configured, else of each that is remembered. */
function statuses(
  runs: readonly RunRecord[],
  loaded: LoadedConfig | undefined,
  limit: number,
  viewpoint: Viewpoint,
): NameStatus[] {
  if (loaded) return [statusOf(loaded.config.name, runs, loaded.config.schedule ?? null, limit, viewpoint)];
  const names = [...new Set(runs.map(({ name }) => name))].sort((a, b) => ((a ?? "\uffff") < (b ?? "\uffff") ? -1 : 1));
  return names.map((name) =>
    statusOf(
      name,
      runs.filter((run) => run.name === name),
      undefined,
      limit,
      viewpoint,
    ),
  );
}

const nameDocument = ({ name, state, runs, lastSuccess, nextDue: next, overdue }: NameStatus) => ({
  name,
  state,
  overdue,
  lastSuccess: lastSuccess?.toISOString() ?? null,
  nextDue: next?.toISOString() ?? null,
  runs: runs.map(runDocument),
});

/** What is only there to find the process again, or stands above, is left out. */
const runDocument = ({ processStart: _, schedule: __, ...run }: SeenRun) => run;
