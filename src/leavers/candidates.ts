import type { Claims } from "../claims.ts";
import { isProtected } from "../diff.ts";
import type { Journal } from "../journal.ts";
import { shownKey } from "../keys.ts";
import { identityOf } from "../match.ts";
import type { Plan } from "../plan.ts";
import { type Retry, retrying } from "../retry.ts";
import type { RowValues, Scanned, Target } from "../target/target.ts";
import { judgeGrace } from "./grace.ts";
import type { LeaverPlan } from "./plan.ts";
import type { Strangers } from "./strangers.ts";

/** A row that no entry of the read belongs to. */
export interface Candidate {
  /** Which of the plan's keys it is found by: the first one that it has. */
  readonly by: number;
  readonly key: string;
  /** It has been missing for long enough. */
  readonly isDue: boolean;
  /** What was seen of it, the columns that tell: see `LeaverPlan`. */
  readonly seen: RowValues;
}

/** How many rows there are of each kind. */
export interface Census {
  /** Candidates that are due. */
  due: number;
  /** Those that are not due and that no run has missed before. */
  newlyMissing: number;
  /** All of them. */
  candidates: number;
  /** Rows that would be owned but are protected. */
  protected: number;
  /** The match keys of some candidates, as people read them: due ones first. */
  readonly examples: { readonly due: string[]; readonly newlyMissing: string[] };
}

interface Looking {
  readonly plan: Plan;
  readonly target: Target;
  readonly claims: Claims;
  readonly retry: Retry;
  readonly strangers?: Strangers | undefined;
}

/** Most rows of a page. They are small, and each page is a round trip. */
const pageSize = 5000;

const mostExamples = 10;

/** Looks through the owned rows for those that nobody of this run has; they are put into the journal. */
export async function findCandidates(
  run: Looking,
  plan: LeaverPlan,
  journal: Pick<Journal<Candidate>, "add">,
): Promise<Census> {
  const census: Census = {
    due: 0,
    newlyMissing: 0,
    candidates: 0,
    protected: 0,
    examples: { due: [], newlyMissing: [] },
  };
  for await (const { by, scanned } of ownedRows(run, plan)) {
    if (isProtected(plan, scanned.row)) census.protected += 1;
    else if (!isSeen(run, plan, scanned)) {
      const { row } = scanned;
      const waited = judgeGrace(plan.grace, valueIn(plan, row));
      const candidate = { by, key: row[plan.keys[by] ?? -1] ?? "", isDue: waited.isDue, seen: row };
      count(census, candidate, waited.isNew, run.plan);
      // Who only has to wait on needs no look and no write.
      if (waited.isDue || waited.given.length > 0) journal.add(candidate);
    }
  }
  return census;
}

function count(census: Census, { by, key, isDue }: Candidate, isNew: boolean, plan: Plan): void {
  census.candidates += 1;
  const kind = isDue ? "due" : isNew ? "newlyMissing" : undefined;
  if (kind === undefined) return;
  census[kind] += 1;
  if (census.examples[kind].length < mostExamples) census.examples[kind].push(shownKey(plan, key, plan.keys[by]));
}

/** All owned rows that have a match key, in pages: by the first key, then those without it by the next one. */
async function* ownedRows(
  { target, retry }: Looking,
  plan: LeaverPlan,
): AsyncGenerator<{ readonly by: number; readonly scanned: Scanned }> {
  const columns = plan.read.slice(0, plan.telling);
  for (const [by, name] of target.keys.entries()) {
    for (let after: string | undefined; ; ) {
      retry.signal.throwIfAborted();
      const request = { where: plan.owned, columns, by: name, after, size: pageSize };
      const page = await retrying(retry, () => target.page(request));
      for (const scanned of page) yield { by, scanned };
      if (page.length < pageSize) break;
      after = page.at(-1)?.row[plan.keys[by] ?? -1] ?? undefined;
    }
    if (!canBeNull(target, name)) return;
  }
}

const canBeNull = ({ table }: Target, name: string): boolean =>
  table.columns.get(name.toLowerCase())?.nullable !== false;

/** Whether one of the row's match keys, or its immutable id, is that of an entry of this run. */
function isSeen({ claims, strangers }: Looking, plan: LeaverPlan, { identities, row }: Scanned): boolean {
  for (let which = 0; which < identities.length; which += 1) {
    const identity = identities[which];
    if (identity !== null && identity !== undefined && claims.knows(identityOf(which, identity))) return true;
  }
  const id = plan.immutableId === undefined ? null : row[plan.immutableId];
  if (strangers === undefined) return false;
  return typeof id === "string" ? strangers.has(id) : strangers.byIdAlone > 0;
}

/** What a row has in a column of the plan. */
export const valueIn =
  ({ read }: LeaverPlan, row: RowValues) =>
  (column: string): string | null =>
    row[read.indexOf(column)] ?? null;

/** How many rows would be owned and have no match key: it cannot be known whose they are. */
export async function countKeyless({ target, retry }: Looking, plan: LeaverPlan): Promise<number> {
  if (!target.keys.every((name) => canBeNull(target, name))) return 0;
  const without = target.keys.map((column) => ({ column, oneOf: [null] }));
  return retrying(retry, () => target.count([...plan.owned, ...without]));
}
