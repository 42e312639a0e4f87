import { randomUUID } from "node:crypto";
import { watchAbsence } from "../absent.ts";
import { resolveAllActive } from "../active/resolve.ts";
import { countUnknowns } from "../active/unknowns.ts";
import type { RunOptions } from "../cli.ts";
import { exposures } from "../config/exposure.ts";
import { type LoadedConfig, loadConfig, type ResolvedConfig } from "../config/load.ts";
import { type Ending, endingOf } from "../exit.ts";
import { checkFilter, refuseEmpty, refuseSilent, tableWarnings } from "../guards.ts";
import { expectMany } from "../heap.ts";
import { listen } from "../interruption.ts";
import type { Io } from "../io.ts";
import { countBlocked } from "../leavers/blocked.ts";
import { limitsOfRun } from "../limits.ts";
import { type Asking, lease } from "../lock.ts";
import { openPace } from "../pace.ts";
import { makePlan, type Plan, withEntries } from "../plan.ts";
import { redact } from "../redact.ts";
import { columnsOfReferences } from "../references/plan.ts";
import { combine } from "../report/combine.ts";
import { type Counts, type Header, type Report, type SyncEvent, writtenRows } from "../report/event.ts";
import { openReports, type Reports } from "../report/open.ts";
import { safeEvent } from "../report/safe.ts";
import { type Tally, tally } from "../report/tally.ts";
import { errorWords } from "../report/words.ts";
import { type Retry, retryOf } from "../retry.ts";
import { openByDn } from "../source/by-dn.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { openSource } from "../source/open.ts";
import type { Notice, Source } from "../source/source.ts";
import { sourcesOfInactive } from "../state-columns.ts";
import { type Run, sync } from "../sync.ts";
import { openTarget } from "../target/open.ts";
import type { Target } from "../target/target.ts";
import { type Books, openBooks } from "./bookkeeping.ts";
import { type Leaving, openLeaving } from "./leaving.ts";
import { modeOf } from "./modes.ts";
import { thisRunner } from "./runner.ts";
import { commandLine } from "./session.ts";

/** The commands `sync` and `dry-run`: opens what the configuration names, runs, tells how it ended, and gives the exit code. */
export async function run(options: RunOptions, version: string, io: Io): Promise<number> {
  const startedAt = new Date();
  const secrets: string[] = [];
  const head = { command: options.command, name: "default", runId: randomUUID(), startedAt } as const;
  const counted = tally();
  const blocked = countBlocked();
  const safe = (text: string) => redact(text, secrets);
  const reports = await openReports(options, io, head, safe);
  const books = openBooks({ options, version, io, head, safe, warn: reports.warn });
  const interruption = listen(io);
  let end: Ending = { outcome: "succeeded", code: 0, error: null };
  let cause: unknown;
  let judged = false;
  try {
    checkFilter(options.filter);
    const { seen } = books;
    const literal = (secret: string) => secrets.push(secret);
    const loaded = await loadConfig({ cwd: io.cwd(), file: options.config, env: io.env, version, seen, literal });
    secrets.push(...loaded.secrets);
    await books.begin(loaded);
    judged = judgesLeavers(options, loaded.config);
    reports.open();
    const listeners = combine(counted.report, books.report, blocked.report, (event) => reports.report(event));
    const report: Report = (event) => listeners(safeEvent(event, safe));
    // Before anything that may fail: they are told of every run.
    const exposed = exposures(loaded.config).map(({ message, hint }) => errorWords(message, hint));
    for (const message of [...loaded.warnings, ...exposed]) report({ type: "warning", message });
    await carryOut(options, loaded, head, report, counted, books, interruption.signal);
    for (const message of blocked.notices()) report({ type: "info", message });
    end = goodEnd(options, counted);
  } catch (error) {
    end = withoutLeavers(judged, counted, standing(options, counted.counts(), endingOf(error, interruption.signal)));
    cause = error;
  }
  const finishedAt = new Date();
  const error = end.error && { message: safe(end.error.message), hint: end.error.hint && safe(end.error.hint) };
  const durationMs = finishedAt.getTime() - startedAt.getTime();
  const summary = {
    outcome: end.outcome,
    counts: counted.counts(),
    adopted: counted.adopted(),
    refusedLeavers: counted.refusedLeavers(),
    finishedAt,
    durationMs,
    error,
  };
  const unfinished = told(reports, { type: "finished", summary });
  // After the summary, so that it is the last thing that people read.
  if (end.error) reports.failed(end.error, cause);
  const code = unfinished ? codeWithout(reports, unfinished, end.code) : end.code;
  await books.end(summary, code);
  // Not before: a signal that comes at the very end must not keep the run from telling how it ended.
  interruption.stop();
  return code;
}

/** Says why a file that an option names could not be finished; gives the exit code, which is no longer that of a success. */
function codeWithout(reports: Reports, unfinished: unknown, before: number): number {
  const { code, error } = endingOf(unfinished, new AbortController().signal);
  reports.failed(error, unfinished);
  return before === 0 || before === 3 || before === 10 ? code : before;
}

/** Tells the end; gives back why a file that an option names could not be finished. */
function told(reports: Reports, event: SyncEvent): unknown {
  try {
    reports.report(event);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Nothing went wrong: done, done but for some, or, where it was asked for, changes are pending. */
function goodEnd({ exitCode }: RunOptions, counted: Tally): Ending {
  const counts = counted.counts();
  const pending = exitCode && writtenRows(counts) > 0;
  const isPartial = counts.rejected + counted.refusedLeavers() > 0;
  const outcome = isPartial ? "partial" : "succeeded";
  return { outcome, code: pending ? 10 : isPartial ? 3 : 0, error: null };
}

/** Of a sync that failed on the way, what it did before stands: that is said before what to do. */
function standing({ command }: RunOptions, counts: Counts, end: Ending): Ending {
  const isKept = command === "sync" && writtenRows(counts) > 0 && end.outcome !== "interrupted";
  if (!isKept || !end.error) return end;
  const hint = ["finished batches stand", ...(end.error.hint === null ? [] : [end.error.hint])].join("; ");
  // 2 would say that nothing was tried.
  return { ...end, code: end.code === 2 ? 1 : end.code, error: { ...end.error, hint } };
}

/** Leavers are judged by the whole of a read. */
const judgesLeavers = ({ filter }: RunOptions, { leavers }: ResolvedConfig): boolean =>
  filter === undefined && leavers.action === "deactivate";

/** Where a run that judges leavers came to no end of its read, it says why nobody was deactivated. */
function withoutLeavers(judged: boolean, counted: Tally, end: Ending): Ending {
  if (!judged || counted.isComplete() || end.code !== 1 || !end.error) return end;
  const { message, hint } = end.error;
  const why = "nobody was deactivated: the read is not complete";
  return { ...end, error: { message, hint: hint === null ? why : `${why}; ${hint}` } };
}

/** Of so few people as a filter may leave, none may have a telephone. */
const leastToTell = 5;

async function carryOut(
  options: RunOptions,
  loaded: LoadedConfig,
  head: Pick<Header, "command" | "runId" | "startedAt">,
  report: Report,
  counted: Tally,
  { isRemembered }: Books,
  signal: AbortSignal,
): Promise<void> {
  const { config } = loaded;
  const mode = modeOf(options);
  const target = await openTarget(config.target, { readOnly: mode.readOnly });
  let apart: ReturnType<typeof openByDn> | undefined;
  let leaving: Leaving | undefined;
  try {
    const plan = makePlan(config, target.table);
    const notice: Notice = (message, usual) => report({ type: "notice", message, ...(usual && { usual }) });
    const say = (message: string) => report({ type: "info", message });
    const sources = await resolveAllActive(config.sources, head.startedAt, signal, say);
    const unknowns = countUnknowns(plan, report);
    const limits = limitsOfRun(config.limits, options);
    const { startedAt } = head;
    const isShown = mode.showsRefused;
    const given = { options, loaded, plan, target, sources, limits, startedAt, signal, isShown, isRemembered };
    leaving = await openLeaving(given);
    const { leavers, strangers, inactive } = leaving;
    const { attributes, whose } = plan;
    const batchSize = options.batchSize ?? config.batchSize;
    const pace = openPace(batchSize);
    const request = { attributes, whose, filter: options.filter, sameBind: leavers !== undefined, pace };
    const source = openSource(sources, request, notice, (entry, why) => {
      unknowns.tell(entry, why);
      strangers?.doubt(entry);
    });
    const header = headerOf(head, options, { ...config, sources }, source, plan, target, mode.effect(target.table));
    const blindSpots = mode.blindSpots(plan, target, leavers?.plan);
    tellBeginning(report, header, [...tableWarnings(plan, target.table), ...blindSpots], source);
    const retry = retryOf(config, report, signal);
    const absence = watchAbsence(plan.mapped, options.filter === undefined ? 1 : leastToTell);
    apart = options.filter === undefined ? undefined : openByDn(sources, plan.attributes, signal);
    const asking = askingOf(options, config.name, head.runId, retry);
    expectMany();
    await mode.into(target, columnsOfReferences(plan), asking, async (into, signal) => {
      report({ type: "begun" });
      const all: Run = {
        absence,
        source,
        plan: options.report === undefined ? plan : withEntries(plan),
        target: pace.over(into),
        report,
        retry: { ...retry, signal },
        signal,
        batchSize,
        mostRejects: config.limits.reject.max,
        strangers,
        byDn: apart?.find,
        confirm: async () => {
          for (const message of unknowns.notices()) notice(message);
          for (const message of absence.warnings()) report({ type: "warning", message });
          if (counted.counts().read === 0) await nobodyRead(options, { target: into, report, retry }, config.state);
          if (leavers && !options.allowEmpty) refuseSilent(source);
        },
        leavers,
        inactive,
      };
      await mode.before(all, limits, () => openSource(sources, request, () => {}));
      await sync(all);
      await mode.after(all, limits, counted.counts());
    });
  } finally {
    apart?.close();
    leaving?.close();
    await target.close();
  }
}

function tellBeginning(report: Report, header: Header, warnings: readonly string[], { commands }: Source): void {
  report({ type: "started", header });
  for (const message of warnings) report({ type: "warning", message });
  for (const message of commands) report({ type: "detail", message });
}

function askingOf({ wait: seconds = 0, filter }: RunOptions, name: string, runId: string, retry: Retry): Asking {
  const { report } = retry;
  const clock = () => performance.now();
  const isWhole = filter === undefined;
  return { ...lease, name, runner: thisRunner(runId), waitMs: seconds * 1000, isWhole, report, retry, clock };
}

async function nobodyRead(
  options: RunOptions,
  run: Pick<Run, "target" | "report" | "retry">,
  state: ResolvedConfig["state"],
): Promise<void> {
  if (options.filter !== undefined) {
    run.report({ type: "warning", message: `no active entry matches ${options.filter}` });
  } else if (!options.allowEmpty) await refuseEmpty(run, state);
}

function headerOf(
  head: Pick<Header, "command" | "runId" | "startedAt">,
  options: RunOptions,
  { name, sources, state, leavers }: Omit<ResolvedConfig, "sources"> & { readonly sources: readonly LdapConfig[] },
  source: Source,
  plan: Plan,
  target: Target,
  effect: string | undefined,
): Header {
  return {
    ...head,
    name,
    source: source.title,
    filter: source.filter,
    active: [...new Set(sources.map(({ active }) => active?.title ?? "all"))].join(" or "),
    target: target.title,
    effect,
    leavers: leavers.action,
    isOfSome: options.filter !== undefined,
    next: syncCommandLine(options),
    endState: state && `${state.column} = ${JSON.stringify(state.active)}`,
    columns: plan.columns.map(({ name, source, attributes, steps }) => ({ name, source, attributes, steps })),
    ofInactive: sourcesOfInactive({ state, leavers }),
  };
}

/** The sync that a dry run previews, as it is typed. */
function syncCommandLine(options: RunOptions): string {
  const given = [
    ["--filter", options.filter],
    ["--batch-size", options.batchSize],
    ["--max-insert", options.maxInsert],
    ["--max-update", options.maxUpdate],
    ["--max-deactivate", options.maxDeactivate],
  ].filter(([, value]) => value !== undefined);
  const words = [...given.flat().map(String), ...(options.allowEmpty ? ["--allow-empty"] : [])];
  return commandLine({ ...options, command: "sync" }, ...words);
}
