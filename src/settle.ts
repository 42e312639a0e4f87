import type { User } from "./change.ts";
import type { Claims } from "./claims.ts";
import { diff, isWrite, type Verdict } from "./diff.ts";
import type { Plan } from "./plan.ts";
import type { Rejects } from "./rejects.ts";
import type { Report } from "./report/event.ts";
import { type Retry, retrying } from "./retry.ts";
import { uniqueColumns } from "./target/table.ts";
import { type Found, type Target, WriteError } from "./target/target.ts";

/** What the settling of a batch needs. */
export interface Settling {
  readonly plan: Plan;
  readonly target: Target;
  readonly claims: Claims;
  readonly rejects: Rejects;
  readonly report: Report;
  readonly retry: Retry;
}

/**
 * Brings the rows of one batch of users in line: one look-up, the difference, one transaction. Each user ends as exactly
 * one of changed, unchanged and rejected.
 */
export async function settle(run: Settling, users: readonly User[]): Promise<void> {
  const found = await retrying(run.retry, () => look(run, users));
  const verdicts: Verdict[] = [];
  for (const [at, user] of users.entries()) {
    const { identity, row } = found[at] ?? { identity: user.key, row: undefined };
    const verdict = diff(run.plan, user, row);
    if (stands(run, verdict, identity)) verdicts.push(verdict);
  }
  await carryOut(run, verdicts);
}

const look = (run: Settling, users: readonly User[]): Promise<readonly Found[]> =>
  run.target.find(
    users.map((user) => user.key),
    run.plan.read,
  );

/** Whether this user is the one for the row of this identity; where another is, this one has been rejected. */
function stands(run: Settling, verdict: Verdict, identity: string): boolean {
  const { user } = verdict;
  const first = run.claims.claimant(identity);
  if (first === undefined && verdict.kind !== "foreign") {
    run.claims.claim(identity, user.dn);
    run.rejects.claimed(identity, user.dn);
    return true;
  }
  if (first === undefined && verdict.kind === "foreign") run.rejects.foreign(user, verdict.owner, identity);
  // A server may give one entry twice, where it was moved during the read; that is no clash.
  else if (first !== undefined && first !== user.dn) run.rejects.duplicate(user, first);
  run.rejects.check();
  return false;
}

/** Writes what differs. Where a row is refused, halves are tried until only that row is left, and it is rejected. */
async function carryOut(run: Settling, verdicts: readonly Verdict[]): Promise<void> {
  try {
    tell(run, await writeAll(run, verdicts));
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const [only, ...others] = verdicts.filter(isWrite);
    if (only && others.length > 0) {
      const middle = verdicts.length >> 1;
      await carryOut(run, verdicts.slice(0, middle));
      await carryOut(run, verdicts.slice(middle));
      return;
    }
    tell(
      run,
      verdicts.filter((verdict) => verdict !== only),
    );
    if (only) await run.rejects.refused(only.user, error);
  }
  run.rejects.check();
}

/**
 * One transaction with all that differs; gives the verdicts as they ended. After a conflict or an outage the rows are
 * looked up and compared again, for they may have changed. After an outage the commit may have happened all the same:
 * it shows in that nothing is left to do, and then the first verdicts are what was done.
 */
async function writeAll(run: Settling, verdicts: readonly Verdict[]): Promise<readonly Verdict[]> {
  const planned = verdicts.filter(isWrite);
  if (planned.length === 0) return verdicts;
  let current: readonly Verdict[] = planned;
  await retrying(run.retry, async (before) => {
    if (before !== undefined) {
      const users = planned.map((verdict) => verdict.user);
      const found = await look(run, users);
      const again = users.map((user, at) => diff(run.plan, user, found[at]?.row));
      if (before === "outage" && again.every((verdict) => verdict.kind === "unchanged")) return;
      current = again;
    }
    const writes = current.filter(isWrite).map((verdict) => verdict.write);
    if (writes.length > 0) await run.target.write(writes).catch((error: unknown) => rethrow(run, error, before));
  });
  return [...verdicts.filter((verdict) => !isWrite(verdict)), ...current];
}

/** A key that was free at the look-up and is taken now: somebody else inserted it, so look again, once. */
function rethrow(run: Settling, error: unknown, before: unknown): never {
  const clash = error instanceof WriteError && uniqueColumns(run.target.table, error);
  const key = run.plan.columns[run.plan.key]?.column;
  if (clash && before === undefined && clash.length === 1 && clash[0] === key) {
    throw new WriteError("conflict", error.message, { cause: error });
  }
  throw error;
}

function tell(run: Settling, verdicts: readonly Verdict[]): void {
  let unchanged = 0;
  for (const verdict of verdicts) {
    const { user } = verdict;
    switch (verdict.kind) {
      case "insert":
        run.report({ type: "change", change: verdict.change, reactivated: false });
        break;
      case "update":
        run.report({ type: "change", change: verdict.change, reactivated: verdict.reactivated });
        break;
      case "unchanged":
        unchanged += 1;
        break;
      case "foreign":
        run.rejects.foreign(user, verdict.owner, undefined);
        break;
      case "protected":
        if (verdict.row) {
          unchanged += 1;
          run.report({ type: "protected", dn: user.dn, key: user.key, differs: verdict.differs });
        } else run.rejects.protectedInsert(user);
    }
  }
  if (unchanged > 0) run.report({ type: "unchanged", users: unchanged });
}
