import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Change } from "../change.ts";
import type { RunOptions } from "../cli.ts";
import type { Glimpse } from "../config/glimpse.ts";
import type { LoadedConfig } from "../config/load.ts";
import { Failure } from "../errors.ts";
import { type Place, readHistory, storesOf } from "../history/open.ts";
import { processStart } from "../history/process.ts";
import type { RunRecord } from "../history/record.ts";
import { lastSuccess } from "../history/status.ts";
import { remembersSuccess, targetHash } from "../history/success.ts";
import { callHooks } from "../hooks/hook.ts";
import type { Io } from "../io.ts";
import { safely } from "../redact.ts";
import { runDocument } from "../report/document.ts";
import type { Header, Report, Summary } from "../report/event.ts";
import { keepFirst, type Lists } from "../report/lists.ts";
import { metricsText, successInFile, writeMetrics } from "../report/metrics.ts";
import { errorWords } from "../report/words.ts";
import { thisRunner } from "./runner.ts";

/** What outlasts a run: its record in the history, the metrics, and who is told by hooks. */
export interface Books {
  /** Told what is known of the configuration before it is checked. */
  readonly seen: (glimpse: Glimpse) => void;
  /** Listens to the run. */
  readonly report: Report;
  /** The run begins. Nothing that goes wrong here or at the end is more than a warning. */
  begin(loaded: LoadedConfig): Promise<void>;
  end(summary: Summary, exitCode: number): Promise<void>;
  /** Whether a sync by this configuration is remembered that was done. */
  isRemembered(): Promise<boolean>;
}

interface Given {
  readonly options: RunOptions;
  readonly version: string;
  readonly io: Io;
  readonly head: Pick<Header, "command" | "runId" | "startedAt">;
  /** Takes the secrets out. */
  readonly safe: (text: string) => string;
  readonly warn: (message: string) => void;
}

const rejectsKept = 10;
const changesKept = 100;

export function openBooks(given: Given): Books {
  const { options, io, safe, warn } = given;
  let glimpsed: Glimpse | undefined;
  let loaded: LoadedConfig | undefined;
  const heard = keepFirst(changesKept, withoutValues);
  const noted = new Set<string>();
  const note = (message: string, subject = message) => {
    if (!noted.has(subject)) warn(message);
    noted.add(subject);
  };
  const place = (): Place => ({
    history: loaded ? loaded.config.history : glimpsed?.historyFile ? { file: glimpsed.historyFile } : undefined,
    target: loaded?.config.target,
    env: io.env,
    now: () => new Date(),
  });
  const remember = async (record: RunRecord): Promise<void> => {
    for (const store of storesOf(options.command, place())) {
      try {
        return await store.write(record);
      } catch (error) {
        // Where it may not be written, that is told once, and not for the beginning of the run and for its end.
        note(`history: ${wordsOf(error)}`, store.title);
      }
    }
    note("history: this run is not remembered");
  };
  const record = () => openRecord(given, glimpsed, loaded);
  const isRemembered = async (): Promise<boolean> =>
    loaded !== undefined && (await remembersSuccess(place(), loaded.config.name, loaded.file));
  return {
    seen: (glimpse) => {
      glimpsed = glimpse;
    },
    report: heard.report,
    isRemembered,
    begin: async (configured) => {
      loaded = configured;
      await remember(record());
    },
    end: async (summary, exitCode) => {
      const { finishedAt, durationMs, outcome, counts, error } = summary;
      const rejects = heard.lists.rejects.slice(0, rejectsKept).map((reject) => safely(reject, safe));
      await remember({
        ...record(),
        finishedAt: finishedAt.toISOString(),
        durationMs,
        outcome,
        exitCode,
        counts,
        error,
        rejects,
      });
      if (options.command === "sync" && loaded) await tellOthers(given, loaded, place(), summary, heard.lists, note);
    },
  };
}

/** Of a change not the values, which are nobody's business but the table's. */
const withoutValues = ({ columns, ...change }: Change) => ({ ...change, columns: Object.keys(columns) });

/** The record of a run that has begun. */
function openRecord({ options, version, head }: Given, glimpsed?: Glimpse, loaded?: LoadedConfig): RunRecord {
  const { host, user, pid } = thisRunner(head.runId);
  return {
    runId: head.runId,
    command: options.command,
    filter: options.filter ?? null,
    name: loaded?.config.name ?? glimpsed?.name ?? null,
    config: loaded?.file ?? glimpsed?.file ?? null,
    configHash: loaded?.hash ?? null,
    targetHash: loaded ? targetHash(loaded.config.target) : null,
    schedule: loaded?.config.schedule ?? null,
    host,
    user,
    version,
    pid,
    processStart: processStart(pid),
    startedAt: head.startedAt.toISOString(),
    finishedAt: null,
    durationMs: null,
    outcome: "running",
    exitCode: null,
    counts: null,
    error: null,
    rejects: [],
  };
}

/** The metrics and the hooks of a sync that has ended. */
async function tellOthers(
  { options, head, io, safe }: Given,
  { config, file, variables }: LoadedConfig,
  place: Place,
  summary: Summary,
  heard: Lists<object>,
  warn: (message: string) => void,
): Promise<void> {
  const { name, metrics, hooks } = config;
  // Metrics are of the whole: what one person took, or how many there were, is not what is watched.
  if (metrics && options.filter === undefined) {
    try {
      const before = successInFile(metrics.file, name) ?? (await rememberedSuccess(place, name, file));
      const isSuccess = summary.outcome === "succeeded" || summary.outcome === "partial";
      const measured = { ...summary, name, lastSuccess: isSuccess ? summary.finishedAt : before };
      writeMetrics(metrics.file, metricsText(measured));
    } catch (error) {
      warn(`metrics: ${wordsOf(error)}`);
    }
  }
  const document = runDocument({ ...head, name }, summary, safely(heard, safe));
  const env = Object.fromEntries(Object.entries(io.env).filter(([variable]) => !variables.includes(variable)));
  const surroundings = { folder: dirname(file), env, wait: sleep };
  await callHooks(hooks, summary, document, surroundings, warn);
}

async function rememberedSuccess(place: Place, name: string, config: string): Promise<Date | undefined> {
  const { runs } = await readHistory(place, { name, config }, 1);
  return lastSuccess(runs);
}

function wordsOf(error: unknown): string {
  if (error instanceof Failure) return errorWords(error.message, error.hint);
  return error instanceof Error ? error.message : String(error);
}
