import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { watchAbsence } from "./absent.ts";
import type { SyncOptions } from "./cli.ts";
import { type LoadedConfig, loadConfig } from "./config/load.ts";
import { Failure } from "./errors.ts";
import { endings, Interrupted } from "./exit.ts";
import { checkFilter, refuseEmpty, tableWarnings, withinLimits } from "./guards.ts";
import type { Io } from "./io.ts";
import { limitsOfRun } from "./limits.ts";
import { makePlan } from "./plan.ts";
import { redact } from "./redact.ts";
import type { Header, Report, Summary } from "./report/event.ts";
import { openReports, type Reports } from "./report/open.ts";
import { type Tally, tally } from "./report/tally.ts";
import { openSource } from "./source/open.ts";
import { type Run, sync } from "./sync.ts";
import { openTarget } from "./target/open.ts";

/** The command `sync`: opens what the configuration names, runs, tells how it ended, and gives the exit code. */
export async function runSync(options: SyncOptions, version: string, io: Io): Promise<number> {
  const startedAt = new Date();
  const secrets: string[] = [];
  const head = { command: options.command, name: "default", runId: randomUUID(), startedAt } as const;
  const counted = tally();
  const safe = (text: string) => redact(text, secrets);
  const reports = openReports(options, io, head, safe);
  const interruption = listen(io);
  let end: Ending = { outcome: "succeeded", code: 0, error: null };
  let cause: unknown;
  try {
    checkFilter(options.filter);
    const loaded = await loadConfig({ cwd: io.cwd(), file: options.config, env: io.env, version });
    secrets.push(...loaded.secrets);
    reports.open();
    await run(options, loaded, head, reports, counted, interruption.signal);
    if (counted.counts().rejected > 0) end = { outcome: "partial", code: 3, error: null };
  } catch (error) {
    end = ending(error, interruption.signal);
    cause = error;
  } finally {
    interruption.stop();
  }
  const finishedAt = new Date();
  const error = end.error && { message: safe(end.error.message), hint: end.error.hint && safe(end.error.hint) };
  const durationMs = finishedAt.getTime() - startedAt.getTime();
  reports.report({
    type: "finished",
    summary: { outcome: end.outcome, counts: counted.counts(), finishedAt, durationMs, error },
  });
  // After the summary, so that it is the last thing that people read.
  if (end.error) reports.failed(end.error, cause);
  return end.code;
}

type Ending = Pick<Summary, "outcome" | "error"> & { readonly code: number };

function ending(error: unknown, signal: AbortSignal): Ending {
  const reason = signal.aborted ? signal.reason : error;
  const message = error instanceof Error ? error.message : String(error);
  if (reason instanceof Interrupted) {
    return {
      outcome: "interrupted",
      code: reason.code,
      error: { message: reason.message, hint: "run again to finish" },
    };
  }
  if (error instanceof Failure) return { ...endings[error.turn], error: { message, hint: error.hint ?? null } };
  return {
    outcome: "failed",
    code: 1,
    error: {
      message: `this is a fault of idm-ldap-sync: ${message}`,
      hint: "please report it with the output of --verbose",
    },
  };
}

/** The first signal asks the run to stop after the open batch; the second one ends the process as if nobody had listened. */
function listen(io: Io): { readonly signal: AbortSignal; stop(): void } {
  const controller = new AbortController();
  const stop = () => {
    io.off("SIGINT", onInt);
    io.off("SIGTERM", onTerm);
  };
  const interrupt = (name: "SIGINT" | "SIGTERM") => {
    stop();
    controller.abort(new Interrupted(name));
  };
  const onInt = () => interrupt("SIGINT");
  const onTerm = () => interrupt("SIGTERM");
  io.on("SIGINT", onInt);
  io.on("SIGTERM", onTerm);
  return { signal: controller.signal, stop };
}

async function run(
  options: SyncOptions,
  loaded: LoadedConfig,
  head: Pick<Header, "command" | "runId" | "startedAt">,
  reports: Reports,
  counted: Tally,
  signal: AbortSignal,
): Promise<void> {
  const { config } = loaded;
  const report: Report = (event) => {
    counted.report(event);
    reports.report(event);
  };
  const target = await openTarget(config.target);
  try {
    const plan = makePlan(config, target.table);
    const request = { attributes: plan.attributes, filter: options.filter };
    const source = openSource(config.sources, request, (message) => report({ type: "notice", message }));
    const { state } = config;
    const endState = state && `${state.column} = ${JSON.stringify(state.active)}`;
    const header: Header = {
      ...head,
      name: config.name,
      source: source.title,
      filter: source.filter,
      target: target.title,
      endState,
    };
    report({ type: "started", header });
    for (const message of [...loaded.warnings, ...tableWarnings(plan, target.table)])
      report({ type: "warning", message });
    for (const message of source.commands) report({ type: "detail", message });
    const retry = { attempts: config.retry.attempts, report, signal, wait, random: Math.random };
    const absence = watchAbsence(options.filter === undefined ? plan.mapped : []);
    const all: Run = {
      absence,
      source,
      plan,
      target,
      report,
      retry,
      signal,
      batchSize: options.batchSize ?? config.batchSize,
      mostRejects: config.limits.reject.max,
    };
    await withinLimits(all, limitsOfRun(config.limits, options), () => openSource(config.sources, request, () => {}));
    await sync(all);
    for (const message of absence.warnings()) report({ type: "warning", message });
    if (options.filter !== undefined && counted.counts().read === 0) {
      report({ type: "warning", message: `no active entry matches ${options.filter}` });
    }
    if (options.filter === undefined && !options.allowEmpty && counted.counts().read === 0) {
      await refuseEmpty(all, config.state);
    }
  } finally {
    await target.close();
  }
}

const wait = async (ms: number, signal: AbortSignal): Promise<void> => {
  await sleep(ms, undefined, { signal }).catch(() => {});
  signal.throwIfAborted();
};
