import { Failure } from "../errors.ts";
import { batches, type Journal, openJournal } from "../journal.ts";
import { shownKey } from "../keys.ts";
import { type DeactivateLimit, refusalOfLeavers } from "../limits.ts";
import { printable } from "../mapping/printable.ts";
import { plural } from "../report/words.ts";
import { retrying } from "../retry.ts";
import type { Settling } from "../settle.ts";
import { type Candidate, countKeyless, findCandidates } from "./candidates.ts";
import type { LeaverPlan } from "./plan.ts";
import type { StrangerBook } from "./strangers.ts";
import type { SecondLook } from "./whereabouts.ts";
import { type Leaver, writeLeavers } from "./write.ts";

/** What a run needs to judge who has left. */
export interface Leavers {
  readonly plan: LeaverPlan;
  readonly limit: DeactivateLimit;
  /** Of the sync, for people. */
  readonly name: string;
  /** Whether a sync of this name into this table has ever been finished. */
  succeededBefore(): Promise<boolean>;
  readonly secondLook: SecondLook;
  /** Whether a plan that goes beyond a limit is shown before it is refused. */
  readonly isShown: boolean;
}

interface Passing extends Settling {
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly strangers?: StrangerBook | undefined;
}

/**
 * The rows of people who have left, after all sources were read to their end: who is in no claim of the run is a candidate;
 * the limits are held against all of them before the first write; each is looked for in the directory once more; and who is
 * not there, or not active, is deactivated.
 */
export interface LeaversPass {
  settle(): Promise<void>;
}

/** To be called before the first write of the run: what percentages are of is counted now. */
export async function openLeavers(run: Passing, leavers: Leavers): Promise<LeaversPass> {
  const rows = await retrying(run.retry, () => run.target.count(leavers.plan.owned));
  return { settle: () => settle(run, leavers, rows) };
}

async function settle(run: Passing, leavers: Leavers, rows: number): Promise<void> {
  const { plan } = leavers;
  run.report({ type: "complete" });
  if (isBlind(run)) return;
  const candidates = openJournal<Candidate>();
  const leaving = openJournal<Leaver>();
  try {
    const census = await findCandidates(run, plan, candidates);
    tellKeyless(run, await countKeyless(run, plan));
    if (census.candidates === 0) return;
    const refusal = await refusalOfLeavers(
      leavers,
      { ...census, owned: rows - census.protected },
      run.target.table.name,
    );
    if (refusal && !leavers.isShown) throw refusal;
    // A broken filter has made a leaver of everybody: nobody is looked for where nothing comes of it.
    await lookAgain(run, refusal ? undefined : leavers.secondLook, candidates, leaving).catch((error: unknown) => {
      throw beforeTheFirst(error);
    });
    for (const batch of batches(leaving.items(), run.batchSize)) {
      run.signal.throwIfAborted();
      await writeLeavers(run, plan, batch);
      run.report({ type: "progress" });
    }
    if (refusal) throw refusal;
  } finally {
    candidates.close();
    leaving.close();
  }
}

/** The read is complete, and the failure does not say what became of the leavers. */
function beforeTheFirst(error: unknown): unknown {
  if (!(error instanceof Failure)) return error;
  const hint = ["nobody was deactivated", ...(error.hint === undefined ? [] : [error.hint])].join("; ");
  return new Failure(error.turn, error.message, { hint, cause: error });
}

/** Entries that show no match key may be those of any row. */
function isBlind({ strangers, report }: Passing): boolean {
  const { count = 0, dns = [] } = strangers?.keyless ?? {};
  if (count === 0) return false;
  const shown = plural(count, "entry shows", "entries show");
  const message = `nobody was deactivated: ${shown} no match key (${firstOf(dns, count)}), so that it is not known whose rows theirs are`;
  report({ type: "warning", message });
  return true;
}

function tellKeyless({ report }: Passing, count: number): void {
  if (count === 0) return;
  const rows = count === 1 ? "1 active row has" : `${plural(count, "active row")} have`;
  const message = `${rows} no match key, so that it cannot be known whether their people have left: they are left as they are`;
  report({ type: "notice", message });
}

/** Who is told by name, of those who are left alone. */
const mostNamed = 3;

const firstOf = (names: readonly string[], count: number): string => {
  const first = names.slice(0, mostNamed).map((name) => printable(name));
  return [...first, ...(count > first.length ? [`${count - first.length} more`] : [])].join("; ");
};

/** Where a candidate is found after all, the row is left alone. */
const leftAlone = {
  active: "was not read and is active in the directory: moved or changed during the read, the row is left as it is",
  unknown: "was not read, and it is not known whether the entry is active: the row is left as it is",
} as const;

async function lookAgain(
  run: Passing,
  secondLook: SecondLook | undefined,
  candidates: Journal<Candidate>,
  leaving: Journal<Leaver>,
): Promise<void> {
  const left = { active: [] as string[], unknown: [] as string[] };
  for (const batch of batches(candidates.items(), run.batchSize)) {
    run.signal.throwIfAborted();
    const found = (await secondLook?.of(batch)) ?? [];
    for (const [at, candidate] of batch.entries()) {
      const { kind, ...where } = found[at] ?? { kind: "gone" };
      if (kind === "active" || kind === "unknown")
        left[kind].push(shownKey(run.plan, candidate.key, run.plan.keys[candidate.by]));
      else leaving.add({ ...candidate, dn: "dn" in where ? where.dn : "" });
    }
  }
  for (const kind of ["active", "unknown"] as const) {
    const keys = left[kind];
    if (keys.length === 0) continue;
    const who =
      keys.length === 1
        ? firstOf(keys, 1)
        : `each of ${plural(keys.length, "person", "people")} (${firstOf(keys, keys.length)})`;
    run.report({ type: "notice", message: `${who} ${leftAlone[kind]}` });
  }
}
