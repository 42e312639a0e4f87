import type { Bystander, Reject, User } from "./change.ts";
import type { Claims } from "./claims.ts";
import { blockedState, changeOf, diff, isWrite, type Verdict, type WriteVerdict } from "./diff.ts";
import { hash } from "./hash.ts";
import { userKey } from "./keys.ts";
import type { StrangerBook } from "./leavers/strangers.ts";
import { adoptInstead, clashesOn, lookAgain } from "./look.ts";
import type { FindAhead, Match } from "./match.ts";
import type { Plan } from "./plan.ts";
import type { Postponed } from "./postponed.ts";
import type { References } from "./references/pass.ts";
import type { Rejects } from "./rejects.ts";
import type { Report, Was } from "./report/event.ts";
import { type Retry, retrying } from "./retry.ts";
import { inOrder } from "./target/steps.ts";
import { type Target, WriteError } from "./target/target.ts";
import { transact } from "./transaction.ts";

/** What the settling of a batch needs. */
export interface Settling {
  readonly plan: Plan;
  readonly target: Target;
  /** How rows are looked up ahead of their turn, where that is not how the target does. */
  readonly ahead?: FindAhead;
  readonly claims: Claims;
  readonly rejects: Rejects;
  readonly postponed: Postponed;
  readonly report: Report;
  readonly retry: Retry;
  /** Where leavers are looked for. */
  readonly strangers?: StrangerBook | undefined;
  /** Where the mapping has references. */
  readonly references?: References | undefined;
}

/** So many entries of a read, in the order in which they came. */
export interface Batch {
  /** Those that could not be mapped. */
  readonly rejects: readonly Reject[];
  readonly entries: readonly (User | Bystander)[];
  /** What is found of each of `entries`. */
  readonly find: () => Promise<readonly Match[]>;
}

/** What is to be done about one batch of users: the difference to what was looked up. Who cannot have a row is a reject. */
export async function judge(run: Settling, { rejects, entries, find }: Batch): Promise<readonly Verdict[]> {
  for (const reject of rejects) {
    run.rejects.add(reject);
    run.rejects.check();
  }
  const found = await retrying(run.retry, find);
  const verdicts: Verdict[] = [];
  for (let at = 0; at < entries.length; at += 1) {
    const entry = entries[at] as User | Bystander;
    const match = found[at] as Match;
    if (entry.values === undefined) standBy(run, entry, match);
    else {
      const verdict = diff(run.plan, entry, match);
      if (stands(run, verdict, match)) verdicts.push(verdict);
    }
  }
  return verdicts;
}

/** Whoever gives up a unique value stands before whoever takes it, so that halves do not come between them. */
function giversFirst(verdicts: readonly Verdict[]): readonly Verdict[] {
  const planned = verdicts.filter(isWrite).map((verdict) => verdict.write);
  const ordered = inOrder(planned);
  if (ordered === planned) return verdicts;
  const byWrite = new Map(verdicts.map((verdict) => [isWrite(verdict) ? verdict.write : undefined, verdict]));
  return [...verdicts.filter((verdict) => !isWrite(verdict)), ...ordered.flatMap((write) => byWrite.get(write) ?? [])];
}

/** No digest of values is negative. */
const bystanding = -1;

/** Takes the keys of a rejected entry out of play, but where the row's immutable id tells whose it is. */
function standBy({ plan, claims }: Settling, { dn, unknown }: Bystander, { identities, row }: Match): void {
  const owned = plan.immutableId !== undefined && row?.[plan.immutableId];
  for (const identity of identities)
    if (owned || unknown) claims.show(identity);
    else claims.claim(identity, { dn, digest: bystanding });
}

/** Whether this user is the one for the row of these identities; where another is, this one has been rejected. */
function stands(run: Settling, verdict: Verdict, { identities }: Match): boolean {
  const { user } = verdict;
  const own = { dn: user.dn, digest: verdict.kind === "unchanged" ? sameAsRow : digestOf(user) };
  const reject = (): false => {
    for (const identity of identities) run.claims.show(identity);
    run.rejects.check();
    return false;
  };
  for (let which = 0; which < identities.length; which += 1) {
    const identity = identities[which] ?? "";
    const first = verdict.kind === "foreign" ? run.claims.claimant(identity) : run.claims.claim(identity, own);
    if (first === undefined) continue;
    // A server may give one entry twice, where it was moved during the read; that is no clash.
    if (first.dn !== own.dn || ![own.digest, digestOf(user)].includes(first.digest)) {
      run.rejects.duplicate(user, which, first.dn);
    }
    return reject();
  }
  if (verdict.kind === "foreign") {
    run.rejects.foreign(verdict, identities.at(-1));
    return reject();
  }
  for (const identity of identities) run.rejects.claimed(identity, user.dn);
  return true;
}

/** The digest of nearly all users of most runs: that of the values that the row has. */
const sameAsRow = 0;

function digestOf({ values }: User): number {
  let digest = 1;
  // Twice as fast as with an iterator; of a first load it is done for every row.
  for (let at = 0; at < values.length; at += 1) digest = hash(values[at] ?? "\0", digest);
  return digest || 1;
}

/**
 * Writes what differs in one transaction. Where a row is refused, halves are tried until only that row is left; it is postponed
 * or rejected. Each user ends as exactly one of changed, unchanged and rejected, some of them at the end of the read: see
 * `settlePostponed`.
 */
export const carryOut = (run: Settling, verdicts: readonly Verdict[]): Promise<void> =>
  byHalves(run, giversFirst(verdicts));

async function byHalves(run: Settling, verdicts: readonly Verdict[]): Promise<void> {
  try {
    tell(run, await writeAll(run, verdicts));
  } catch (error) {
    if (!(error instanceof WriteError)) throw error;
    const [only, ...others] = verdicts.filter(isWrite);
    const instead =
      only && others.length === 0 ? await retrying(run.retry, () => adoptInstead(run, only, error)) : undefined;
    if (instead) {
      await byHalves(
        run,
        verdicts.map((verdict) => (verdict === only ? instead : verdict)),
      );
      return;
    }
    if (only && others.length > 0) {
      const middle = verdicts.length >> 1;
      await byHalves(run, verdicts.slice(0, middle));
      await byHalves(run, verdicts.slice(middle));
      return;
    }
    tell(
      run,
      verdicts.filter((verdict) => verdict !== only),
    );
    if (only && !run.postponed.add(only, error)) await run.rejects.refused(only, error);
  }
  run.rejects.check();
}

/** One transaction with all that differs; gives the verdicts as they ended. */
export async function writeAll(
  run: Settling,
  verdicts: readonly Verdict[],
  lookedAgain = (users: readonly User[]): Promise<readonly Verdict[]> => lookAgain(run, users),
): Promise<readonly Verdict[]> {
  const planned: readonly Verdict[] = verdicts.filter(isWrite);
  const ended = await transact(run, planned, {
    writeOf: (verdict) => (isWrite(verdict) ? verdict.write : undefined),
    lookAgain: () => lookedAgain(planned.map(({ user }) => user)),
    isDone: (verdict) => verdict.kind === "unchanged" || (verdict.kind === "protected" && verdict.differs.length === 0),
    nameOf: ({ user }) => userKey(run.plan, user),
    sorted: (error, before) => {
      // A first key that was free at the look-up and is taken now: somebody else inserted it, so look again, once.
      const isTaken = error instanceof WriteError && before === undefined && clashesOn(run, error, run.target.keys[0]);
      return isTaken ? new WriteError("conflict", error.message, { cause: error }) : error;
    },
  });
  return [...verdicts.filter((verdict) => !isWrite(verdict)), ...ended];
}

/** The event of a change. Nobody asks for the values of most of them, so they are put together only then. */
export class Told {
  readonly type = "change";
  readonly #plan: Plan;
  readonly #verdict: WriteVerdict;
  readonly was: Was | undefined;

  constructor(plan: Plan, verdict: WriteVerdict, was?: Was) {
    this.#plan = plan;
    this.#verdict = verdict;
    this.was = was;
  }

  get kind() {
    return this.#verdict.kind;
  }

  get reactivated() {
    return this.#verdict.kind === "update" && this.#verdict.reactivated;
  }

  get adopted() {
    return this.#verdict.adopted;
  }

  get entry() {
    return this.#verdict.user.entry;
  }

  get change() {
    return changeOf(this.#plan, this.#verdict);
  }
}

/** Told of whoever keeps a state that is not the active one, whatever else is written. */
function tellBlocked({ plan, report }: Settling, { user, row }: Exclude<Verdict, { kind: "foreign" }>): void {
  const state = blockedState(plan, row);
  if (state === undefined) return;
  report({ type: "blocked", blocked: { dn: user.dn, key: userKey(plan, user), state } });
}

function tell(run: Settling, verdicts: readonly Verdict[]): void {
  let unchanged = 0;
  for (const verdict of verdicts) {
    const { user } = verdict;
    run.references?.note(verdict);
    switch (verdict.kind) {
      case "insert":
      case "update":
        run.report(new Told(run.plan, verdict));
        tellBlocked(run, verdict);
        break;
      case "unchanged":
        unchanged += 1;
        tellBlocked(run, verdict);
        break;
      case "foreign":
        run.rejects.foreign(verdict, undefined);
        break;
      case "protected":
        if (verdict.row) {
          unchanged += 1;
          run.report({ type: "protected", dn: user.dn, key: userKey(run.plan, user), differs: verdict.differs });
        } else run.rejects.protectedInsert(user);
    }
  }
  if (unchanged > 0) run.report({ type: "unchanged", users: unchanged });
}
