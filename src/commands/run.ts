import { randomUUID } from "node:crypto";
import { watchAbsence } from "../absent.ts";
import type { RunOptions } from "../cli.ts";
import { type LoadedConfig, loadConfig, type ResolvedConfig } from "../config/load.ts";
import { type Ending, endingOf } from "../exit.ts";
import { checkFilter, refuseEmpty, tableWarnings, withinLimits } from "../guards.ts";
import { listen, wait } from "../interruption.ts";
import type { Io } from "../io.ts";
import { limitsOfRun } from "../limits.ts";
import { makePlan, type Plan } from "../plan.ts";
import { redact } from "../redact.ts";
import type { Header, Report } from "../report/event.ts";
import { openReports, type Reports } from "../report/open.ts";
import { type Tally, tally } from "../report/tally.ts";
import { openSource } from "../source/open.ts";
import type { Source } from "../source/source.ts";
import { type Run, sync } from "../sync.ts";
import { openTarget } from "../target/open.ts";
import type { Target } from "../target/target.ts";

/** The commands `sync` and `dry-run`: opens what the configuration names, runs, tells how it ended, and gives the exit code. */
export async function run(options: RunOptions, version: string, io: Io): Promise<number> {
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
    await carryOut(options, loaded, head, reports, counted, interruption.signal);
    if (counted.counts().rejected > 0) end = { outcome: "partial", code: 3, error: null };
  } catch (error) {
    end = endingOf(error, interruption.signal);
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

async function carryOut(
  options: RunOptions,
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
    report({ type: "started", header: headerOf(head, config, source, plan, target) });
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

function headerOf(
  head: Pick<Header, "command" | "runId" | "startedAt">,
  { name, sources, state }: ResolvedConfig,
  source: Source,
  plan: Plan,
  target: Target,
): Header {
  return {
    ...head,
    name,
    source: source.title,
    filter: source.filter,
    active: [...new Set(sources.map(({ active = "all" }) => active))].join(" or "),
    target: target.title,
    endState: state && `${state.column} = ${JSON.stringify(state.active)}`,
    columns: plan.columns.map(({ name, source, attributes, steps }) => ({ name, source, attributes, steps })),
  };
}
