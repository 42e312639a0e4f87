import type { Reject, User } from "./change.ts";
import type { Claims } from "./claims.ts";
import { shownKey, type WriteVerdict } from "./diff.ts";
import { Failure } from "./errors.ts";
import { printable } from "./mapping/printable.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report/event.ts";
import { plural } from "./report/words.ts";
import { type Retry, retrying } from "./retry.ts";
import { clashedIndex } from "./target/table.ts";
import type { Target, WriteError } from "./target/target.ts";

/** Words for every way in which an entry is rejected, and the limit on how many may be. */
export interface Rejects {
  add(reject: Reject): void;
  /**
   * The row with this key carries the immutable id `owner`, which is not this user's. Where its identity is given, the
   * reject waits for the name of the entry that it belongs to, which may come later.
   */
  foreign(user: User, owner: string, identity: string | undefined): void;
  /** This DN has the row of this identity: now those that wait for its name can be told. */
  claimed(identity: string, dn: string): void;
  /** Another entry with the same key was read before. */
  duplicate(user: User, first: string): void;
  protectedInsert(user: User): void;
  /** The database refused the row. */
  refused(verdict: WriteVerdict, error: WriteError): Promise<void>;
  /** Throws a `Failure` where there are more than the limit. To be called where all that was done has been told. */
  check(): void;
  /** Tells those that still wait. */
  flush(): void;
}

/** How many rejects may wait for the name of the other entry; the rest are told without it. */
const mostWaiting = 1000;

export function rejects(run: {
  readonly plan: Plan;
  readonly target: Target;
  readonly claims: Claims;
  readonly report: Report;
  readonly retry: Retry;
  readonly max: number;
}): Rejects {
  const { plan, target, claims } = run;
  const key = plan.columns[plan.key]?.name ?? "";
  const waiting = new Map<string, ForeignReject[]>();
  let count = 0;
  const report = (reject: Reject): void => run.report({ type: "reject", reject });
  const add = (reject: Reject): void => {
    count += 1;
    report(reject);
  };
  return {
    add,
    foreign: (user, owner, identity) => {
      const foreign = { user, owner };
      if (identity === undefined || waiting.size >= mostWaiting) {
        add(foreignReject(plan, foreign, undefined));
        return;
      }
      count += 1;
      waiting.set(identity, [...(waiting.get(identity) ?? []), foreign]);
    },
    claimed: (identity, dn) => {
      for (const foreign of waiting.get(identity) ?? []) report(foreignReject(plan, foreign, dn));
      waiting.delete(identity);
    },
    duplicate: (user, first) => {
      const value = shownKey(plan, user.key);
      const reason = `${key} ${quoted(value)} is also that of ${first}, which was read first`;
      add({ dn: user.dn, key: value, column: key, reason });
    },
    protectedInsert: (user) => {
      const value = shownKey(plan, user.key);
      const reason = `${key} ${quoted(value)} is protected: no row is made for it`;
      add({ dn: user.dn, key: value, column: key, reason });
    },
    refused: async (verdict, error) =>
      add(await retrying(run.retry, () => refusedReject(plan, target, claims, verdict, error))),
    check: () => {
      if (count <= run.max) return;
      throw new Failure(
        "limit",
        `${plural(count, "entry was", "entries were")} rejected, limits.reject.max is ${run.max}: the run stops here`,
        {
          hint: "mend what the rejects say, or raise limits.reject.max",
        },
      );
    },
    flush: () => {
      for (const foreigners of waiting.values())
        for (const foreign of foreigners) report(foreignReject(plan, foreign, undefined));
      waiting.clear();
    },
  };
}

interface ForeignReject {
  readonly user: User;
  readonly owner: string;
}

function foreignReject(plan: Plan, { user, owner }: ForeignReject, holder: string | undefined): Reject {
  const id = plan.columns[plan.immutableId ?? -1];
  const key = plan.columns[plan.key]?.name ?? "";
  const own = user.values[plan.immutableId ?? -1];
  const [its, ours] = [owner, own ?? undefined].map((each) => each && plan.show(id?.column ?? "", each));
  const whose = holder === undefined ? "another entry" : holder;
  const value = shownKey(plan, user.key);
  const reason = `the row with ${key} ${quoted(value)} belongs to ${whose}: its ${id?.name} is ${its}, this entry's is ${ours ?? "not shown"}`;
  return { dn: user.dn, key: value, column: id?.name ?? key, reason };
}

const quoted = (value: string): string => JSON.stringify(printable(value));

async function refusedReject(
  plan: Plan,
  target: Target,
  claims: Claims,
  { user, write }: WriteVerdict,
  error: WriteError,
): Promise<Reject> {
  const { dn } = user;
  const key = shownKey(plan, user.key);
  const index = clashedIndex(target.table, error);
  const values = index && write.takes?.find((taking) => taking.index === index)?.to;
  if (index && values) {
    const named = index.columns.map((column) => nameOf(plan, column));
    const texts = index.columns.map((column, at) => plan.show(column, values[at] ?? ""));
    const clash = named.map((name, at) => `${name} ${quoted(texts[at] ?? "")}`).join(" with ");
    const column = named.join(", ");
    const [holder] = await target.holders(index, [values]);
    const keyName = plan.columns[plan.key]?.name ?? "";
    if (holder?.key === undefined) return { dn, key, column, reason: `${clash} is already taken (${error.message})` };
    if (holder.key === null) return { dn, key, column, reason: `${clash} already belongs to a row without ${keyName}` };
    const [found] = await target.find([holder.key], []);
    const claimant = found && claims.claimant(found.identity)?.dn;
    const who = `${keyName} ${quoted(shownKey(plan, holder.key))}${claimant === undefined ? "" : ` (${claimant})`}`;
    return { dn, key, column, reason: `${clash} already belongs to the row with ${who}` };
  }
  if (error.missing !== undefined) {
    const column = nameOf(plan, error.missing);
    return { dn, key, column, reason: `${column}: no value, but the column must have one and has no default` };
  }
  // What has no cause was found here, before the database was asked.
  const reason = error.cause === undefined ? error.message : `the database refused the row: ${error.message}`;
  return { dn, key, column: columnOf(plan, error.message), reason };
}

/** A column as the mapping spells it, where it is mapped. */
const nameOf = (plan: Plan, name: string): string =>
  plan.columns.find(({ column }) => column.toLowerCase() === name.toLowerCase())?.name ?? name;

/** The column that a message of a database names, as the mapping spells it; empty where it names none. */
function columnOf(plan: Plan, message: string): string {
  const named = /column [`'"]?(?:[^`'".\s]*\.)*([^`'"\s]+)[`'"]?/i.exec(message)?.[1]?.toLowerCase();
  return plan.columns.find(({ column }) => column.toLowerCase() === named)?.name ?? "";
}
