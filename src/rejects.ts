import type { Reject, User } from "./change.ts";
import type { Claims } from "./claims.ts";
import type { Foreign, WriteVerdict } from "./diff.ts";
import { Failure } from "./errors.ts";
import { keyNames, keyPlace, placeOfKey, shownKey, userKey } from "./keys.ts";
import type { StrangerBook } from "./leavers/strangers.ts";
import { printable } from "./mapping/printable.ts";
import { identityOf } from "./match.ts";
import type { Plan } from "./plan.ts";
import type { Report } from "./report/event.ts";
import { plural } from "./report/words.ts";
import { type Retry, retrying } from "./retry.ts";
import type { Settling } from "./settle.ts";
import type { UniqueIndex } from "./target/column.ts";
import { clashedIndex } from "./target/table.ts";
import type { RowValues, Target, WriteError } from "./target/target.ts";

/** Words for every way in which an entry is rejected, and the limit on how many may be. */
export interface Rejects {
  /** `was`: as what the user has been counted before. */
  add(reject: Reject, was?: "unchanged"): void;
  /**
   * The row with this key carries an id that is not this user's. Where its identity is given, the reject waits for the name
   * of the entry that it belongs to, which may come later.
   */
  foreign(foreign: Foreign, identity: string | undefined): void;
  /** This DN has the row of this identity: now those that wait for its name can be told. */
  claimed(identity: string, dn: string): void;
  /** Another entry with the same key was read before; `which` of the keys that the user has. */
  duplicate(user: User, which: number, first: string): void;
  protectedInsert(user: User): void;
  /** Of a row that was to be deactivated. */
  leaver(reject: Reject): void;
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
  readonly strangers?: StrangerBook | undefined;
}): Rejects {
  const { plan, strangers } = run;
  const waiting = new Map<string, Foreign[]>();
  let count = 0;
  const report = (reject: Reject): void => run.report({ type: "reject", reject });
  const add: Rejects["add"] = (reject, was) => {
    count += 1;
    run.report({ type: "reject", reject, was });
  };
  const addForeign = (foreign: Foreign, identity: string | undefined): void => {
    strangers?.reject(foreign.user);
    if (identity === undefined || waiting.size >= mostWaiting) {
      add(foreignReject(plan, foreign, undefined));
      return;
    }
    count += 1;
    waiting.set(identity, [...(waiting.get(identity) ?? []), foreign]);
  };
  return {
    add,
    leaver: (reject) => {
      count += 1;
      run.report({ type: "reject", reject, leaver: true });
    },
    foreign: addForeign,
    claimed: (identity, dn) => {
      if (waiting.size === 0) return;
      for (const foreign of waiting.get(identity) ?? []) report(foreignReject(plan, foreign, dn));
      waiting.delete(identity);
    },
    duplicate: (user, which, first) => {
      strangers?.reject(user);
      const at = plan.keys.filter((each) => typeof user.values[each] === "string")[which] ?? -1;
      const column = plan.columns[at]?.name ?? "";
      const value = shownKey(plan, user.values[at] ?? "", at);
      const reason = `${column} ${quoted(value)} is also that of ${first}, which was read first`;
      add({ dn: user.dn, key: userKey(plan, user), column, reason });
    },
    protectedInsert: (user) => {
      strangers?.reject(user);
      const key = userKey(plan, user);
      const column = plan.columns[keyPlace(plan, user.values) ?? -1]?.name ?? "";
      add({ dn: user.dn, key, column, reason: `${column} ${quoted(key)} is protected: no row is made for it` });
    },
    refused: async (verdict, error) => {
      const told = await retrying(run.retry, () => refusedReject(run, verdict, error));
      strangers?.reject(verdict.user);
      if ("reason" in told) add(told);
      else addForeign(told.foreign, told.identity);
    },
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

function foreignReject(plan: Plan, { user, key, id, owner }: Foreign, holder: string | undefined): Reject {
  const { dn, values } = user;
  const named = plan.columns[key]?.name ?? "";
  const { name = named, column = "" } = plan.columns[id] ?? {};
  const [its, ours] = [owner, values[id] ?? undefined].map((each) => each && plan.show(column, each));
  const whose = holder === undefined ? "another entry" : holder;
  const value = shownKey(plan, values[key] ?? user.key, key);
  const reason = `the row with ${named} ${quoted(value)} belongs to ${whose}: its ${name} is ${its}, this entry's is ${ours ?? "not shown"}`;
  return { dn, key: userKey(plan, user), column: name, reason };
}

const quoted = (value: string): string => JSON.stringify(printable(value));

/** A reject that may have to wait for the name of the entry of this identity. */
interface Waiting {
  readonly foreign: Foreign;
  readonly identity: string | undefined;
}

/** Why a row was refused, for who does not wait for the name of another entry. */
export async function refusal(
  run: Pick<Settling, "plan" | "target" | "claims">,
  verdict: WriteVerdict,
  error: WriteError,
): Promise<Reject> {
  const told = await refusedReject(run, verdict, error);
  return "reason" in told ? told : foreignReject(run.plan, told.foreign, undefined);
}

async function refusedReject(
  { plan, target, claims }: Pick<Settling, "plan" | "target" | "claims">,
  { user, write }: WriteVerdict,
  error: WriteError,
): Promise<Reject | Waiting> {
  const { dn } = user;
  const key = userKey(plan, user);
  const index = clashedIndex(target.table, error);
  const values = index && (write.takes?.find((taking) => taking.index === index)?.to ?? wanted(plan, user, index));
  if (index && values) {
    const named = index.columns.map((column) => nameOf(plan, column));
    const texts = index.columns.map((column, at) => plan.show(column, values[at] ?? ""));
    const clash = named.map((name, at) => `${name} ${quoted(texts[at] ?? "")}`).join(" with ");
    const column = named.join(", ");
    const [holder] = await target.holders(index, [values]);
    if (holder?.key === undefined) return { dn, key, column, reason: `${clash} is already taken (${error.message})` };
    const none = `${clash} already belongs to a row without`;
    if (holder.key === null) return { dn, key, column, reason: `${none} ${keyNames(plan).join(" or ")}` };
    const [found] = await target.find([holder.key], [], holder.by);
    const at = placeOfKey(plan, holder.by);
    const identity = found && identityOf(plan.keys.indexOf(at), found.identity);
    const claimant = identity && claims.claimant(identity)?.dn;
    const clashing = plan.keys.find(
      (each) => index.columns.length === 1 && plan.columns[each]?.column === index.columns[0],
    );
    if (clashing !== undefined && plan.keys.indexOf(at) < plan.keys.indexOf(clashing)) {
      const foreign = { user, key: clashing, id: at, owner: holder.key };
      return claimant === undefined ? { foreign, identity } : foreignReject(plan, foreign, claimant);
    }
    const whose = claimant === undefined ? "" : ` (${claimant})`;
    const before = plan.keys.slice(0, plan.keys.indexOf(at)).map((each) => plan.columns[each]?.name);
    if (clashing === at) return { dn, key, column, reason: `${none} ${before.join(" or ")}${whose}` };
    const who = `${plan.columns[at]?.name} ${quoted(shownKey(plan, holder.key, at))}${whose}`;
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

/** What a user wants to have in an index: the row may have been looked up again since, and another write have been tried. */
function wanted(plan: Plan, { values }: User, index: UniqueIndex): RowValues | undefined {
  const known = plan.unique.find((each) => each.index === index)?.at ?? [];
  const texts = known.flatMap((at) => values[at] ?? []);
  return known.length > 0 && texts.length === known.length ? texts : undefined;
}

/** A column as the mapping spells it, where it is mapped. */
const nameOf = (plan: Plan, name: string): string =>
  plan.columns.find(({ column }) => column.toLowerCase() === name.toLowerCase())?.name ?? name;

/** The column that a message of a database names, as the mapping spells it; empty where it names none. */
function columnOf(plan: Plan, message: string): string {
  const named = /column [`'"]?(?:[^`'".\s]*\.)*([^`'"\s]+)[`'"]?/i.exec(message)?.[1]?.toLowerCase();
  return plan.columns.find(({ column }) => column.toLowerCase() === named)?.name ?? "";
}
