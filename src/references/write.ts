import type { Reject, User } from "../change.ts";
import { diff, isWrite, type Verdict } from "../diff.ts";
import { userKey } from "../keys.ts";
import { match } from "../match.ts";
import { refusal } from "../rejects.ts";
import type { Was } from "../report/event.ts";
import { retrying } from "../retry.ts";
import { type Settling, Told, writeAll } from "../settle.ts";
import { byHalves } from "../transaction.ts";
import type { ReferencePlan } from "./plan.ts";

/** Somebody whose references do not have what they should, and as what they have been counted. */
export interface Candidate {
  readonly user: User;
  readonly was: Was;
}

/** Brings the references of one batch in line, by the rules of every write: the row must still be theirs, and unprotected. */
export async function writeReferences(
  run: Settling,
  plan: ReferencePlan,
  candidates: readonly Candidate[],
): Promise<void> {
  if (candidates.length === 0) return;
  const was = new Map(candidates.map((each) => [each.user, each.was]));
  const users = candidates.map(({ user }) => user);
  const writing = { ...run, plan };
  await carryOut(writing, was, await retrying(run.retry, () => compared(writing, users)));
}

/** What is to be done as the table is now. A row that is gone is not made again. */
async function compared({ plan, target }: Writing, users: readonly User[]): Promise<readonly Verdict[]> {
  const found = await match(plan, target, users);
  return users.map((user, at): Verdict => {
    const { row, by = 0 } = found[at] ?? {};
    return row === undefined ? { kind: "unchanged", user, row: [] } : diff(plan, user, { row, by });
  });
}

interface Writing extends Settling {
  readonly plan: ReferencePlan;
}

async function carryOut(run: Writing, was: ReadonlyMap<User, Was>, verdicts: readonly Verdict[]): Promise<void> {
  await byHalves(
    verdicts,
    async (some) => {
      const ended = await writeAll(run, some, (users) => compared(run, users));
      for (const verdict of ended) tell(run, was, verdict);
    },
    async (only, error) => {
      if (!isWrite(only)) throw error;
      const reject = await retrying(run.retry, () => refusal(run, only, error));
      refuse(run, reject, was.get(only.user) ?? "unchanged");
      run.rejects.check();
    },
  );
}

function tell({ plan, report }: Writing, was: ReadonlyMap<User, Was>, verdict: Verdict): void {
  const { user } = verdict;
  if (isWrite(verdict)) report(new Told(plan, verdict, was.get(user)));
  else if (verdict.kind === "protected" && verdict.row) {
    report({ type: "protected", dn: user.dn, key: userKey(plan, user), differs: verdict.differs });
  }
}

/**
 * Somebody whose row was as it should be but for this is a reject. A row that was written counts as written: it is a
 * warning then, and a reject of the next run.
 */
export function refuse({ rejects, report }: Settling, reject: Reject, was: Was): void {
  if (was === "unchanged") rejects.add(reject, was);
  else report({ type: "warning", message: `${reject.dn}: ${reject.reason}; the rest of the row is written` });
}
