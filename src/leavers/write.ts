import type { Change, Difference } from "../change.ts";
import type { WriteVerdict } from "../diff.ts";
import { shownKey } from "../keys.ts";
import { refusal } from "../rejects.ts";
import { retrying } from "../retry.ts";
import type { Settling } from "../settle.ts";
import type { Following, RowValues, Taking, Write, WriteError } from "../target/target.ts";
import { byHalves, transact } from "../transaction.ts";
import { type Candidate, valueIn } from "./candidates.ts";
import type { Given } from "./given.ts";
import { judgeGrace } from "./grace.ts";
import type { LeaverPlan } from "./plan.ts";

/** A candidate after the second look. */
export interface Leaver extends Candidate {
  /** Empty where the entry is gone. */
  readonly dn: string;
}

/** What is to be done about one leaver, as the table is now. */
type Parting =
  | { readonly kind: "write"; readonly leaver: Leaver; readonly write: Write; readonly change: Change }
  /** The row is as it was to become. */
  | { readonly kind: "done"; readonly leaver: Leaver }
  /** Somebody else has changed or deleted the row since: the next run judges it. */
  | { readonly kind: "left"; readonly leaver: Leaver };

/** Writes one batch of leavers: one transaction, with what follows in other tables. A row that is refused is a reject. */
export async function writeLeavers(run: Settling, plan: LeaverPlan, leavers: readonly Leaver[]): Promise<void> {
  await byHalves(
    leavers,
    (some) => writeSome(run, plan, some),
    async (only, error) => {
      run.rejects.leaver(await retrying(run.retry, () => refusedReject(run, plan, only, error)));
    },
  );
  run.rejects.check();
}

async function writeSome(run: Settling, plan: LeaverPlan, leavers: readonly Leaver[]): Promise<void> {
  const planned = (await retrying(run.retry, () => partings(run, plan, leavers))).filter(
    ({ kind }) => kind === "write",
  );
  const ended = await transact(run, planned, {
    writeOf: (parting) => (parting.kind === "write" ? parting.write : undefined),
    lookAgain: () =>
      partings(
        run,
        plan,
        planned.map(({ leaver }) => leaver),
      ),
    isDone: ({ kind }) => kind === "done",
    nameOf: ({ leaver }) => keyOf(run, leaver),
  });
  for (const parting of ended) {
    if (parting.kind !== "write") continue;
    const { change } = parting;
    run.report({ type: "change", kind: change.kind, change, reactivated: false });
  }
}

const keyOf = ({ plan }: Pick<Settling, "plan">, { by, key }: Candidate): string => shownKey(plan, key, plan.keys[by]);

async function partings(run: Settling, plan: LeaverPlan, leavers: readonly Leaver[]): Promise<readonly Parting[]> {
  const rows = await rowsOf(run, plan, leavers);
  const follow = await followings(run, plan, leavers, rows);
  return leavers.map((leaver, at): Parting => {
    const row = rows[at];
    if (row === undefined) return { kind: "left", leaver };
    const given = givenTo(plan, leaver);
    const differs = given.filter(({ column, text }) => valueIn(plan, row)(column) !== text);
    const isAsSeen = leaver.seen.every((value, place) => row[place] === value);
    if (!isAsSeen || differs.length === 0) return { kind: differs.length === 0 ? "done" : "left", leaver };
    const { following, counts } = follow(at);
    return {
      kind: "write",
      leaver,
      write: writeOf(run, plan, leaver, row, differs, following),
      change: changeOf(run, plan, leaver, row, differs, counts),
    };
  });
}

async function rowsOf({ target }: Settling, plan: LeaverPlan, leavers: readonly Leaver[]) {
  const rows: (RowValues | undefined)[] = leavers.map(() => undefined);
  for (const [by, name] of target.keys.entries()) {
    const places = leavers.flatMap((leaver, at) => (leaver.by === by ? [at] : []));
    if (places.length === 0) continue;
    const keys = places.map((at) => leavers[at]?.key ?? "");
    const found = await target.find(keys, plan.read, by === 0 ? undefined : name);
    for (const [which, at] of places.entries()) rows[at] = found[which]?.row;
  }
  return rows;
}

/** What the row is given; judged by what was seen of it, so that a second look gives the same. */
function givenTo(plan: LeaverPlan, { isDue, seen }: Leaver): readonly Given[] {
  const waited = judgeGrace(plan.grace, valueIn(plan, seen)).given;
  return isDue ? [...plan.given, ...waited] : waited;
}

/** What follows of a leaver, and how many rows that are, by table. */
type Follow = (at: number) => {
  readonly following: readonly Following[];
  readonly counts: ReadonlyMap<string, number>;
};

async function followings(
  { target }: Settling,
  plan: LeaverPlan,
  leavers: readonly Leaver[],
  rows: readonly (RowValues | undefined)[],
): Promise<Follow> {
  const following = leavers.map((): Following[] => []);
  const counts = leavers.map(() => new Map<string, number>());
  for (const { followUp, column, asKey } of plan.related) {
    const given = leavers.flatMap(({ isDue }, at) => {
      const value = rows[at] && isDue ? asKey(valueIn(plan, rows[at])(column)) : null;
      return typeof value === "string" ? [{ at, value }] : [];
    });
    const found = await target.related(
      followUp,
      given.map(({ value }) => value),
    );
    for (const [which, { at, value }] of given.entries()) {
      const count = found[which] ?? 0;
      following[at]?.push({ followUp, value });
      const { name } = followUp.table;
      if (count > 0) counts[at]?.set(name, (counts[at].get(name) ?? 0) + count);
    }
  }
  return (at) => ({ following: following[at] ?? [], counts: counts[at] ?? new Map() });
}

function writeOf(
  { target }: Settling,
  plan: LeaverPlan,
  { by, key }: Leaver,
  row: RowValues,
  differs: readonly Given[],
  follow: readonly Following[],
): Write {
  const expected = [...new Set([...plan.read.slice(0, plan.telling), ...plan.related.map(({ column }) => column)])];
  const takes = takingsOf(plan, row, differs);
  return {
    kind: "update",
    key,
    ...(by > 0 && { by: target.keys[by] ?? "" }),
    columns: differs.map(({ column }) => column),
    values: differs.map(({ text }) => text),
    expect: { columns: expected, values: expected.map(valueIn(plan, row)) },
    ...(takes.length > 0 && { takes }),
    ...(follow.length > 0 && { follow }),
  };
}

function takingsOf(plan: LeaverPlan, row: RowValues, differs: readonly Given[]): readonly Taking[] {
  const complete = (values: RowValues): RowValues | undefined => (values.includes(null) ? undefined : values);
  return plan.unique.flatMap(({ index, at }): Taking[] => {
    const to = at.map((place) => {
      const given = differs.find(({ column }) => column === plan.read[place]);
      return given ? given.text : (row[place] ?? null);
    });
    const from = at.map((place) => row[place] ?? null);
    if (from.every((value, part) => value === to[part])) return [];
    return [{ index, from: complete(from), to: complete(to) }];
  });
}

function changeOf(
  run: Settling,
  plan: LeaverPlan,
  leaver: Leaver,
  row: RowValues,
  differs: readonly Given[],
  counts: ReadonlyMap<string, number>,
): Change {
  const shown = (column: string, value: string | null): string | null =>
    value === null ? null : run.plan.show(column, value);
  // Not by assignment, which would lose a column named __proto__.
  const columns = Object.fromEntries(
    differs.map((given): [string, Difference] => {
      const { name, column, text } = given;
      const to = given.shown === text ? shown(column, text) : given.shown;
      return [name, { from: shown(column, valueIn(plan, row)(column)), to }];
    }),
  );
  return {
    kind: leaver.isDue ? "deactivate" : "missing",
    key: keyOf(run, leaver),
    dn: leaver.dn,
    columns,
    ...(counts.size > 0 && { related: Object.fromEntries(counts) }),
  };
}

/** Why the database refused the row, in the words of every other reject. */
async function refusedReject(run: Settling, plan: LeaverPlan, leaver: Leaver, error: WriteError) {
  const values: (string | null | undefined)[] = [];
  values[run.plan.keys[leaver.by] ?? 0] = leaver.key;
  const user = { dn: leaver.dn, key: leaver.key, values: Array.from(run.plan.columns, (_, at) => values[at]) };
  const [parting] = await partings(run, plan, [leaver]);
  const write: Write =
    parting?.kind === "write" ? parting.write : { kind: "update", key: leaver.key, columns: [], values: [] };
  const verdict: WriteVerdict = {
    kind: "update",
    user,
    row: leaver.seen,
    write,
    reactivated: false,
    adopted: undefined,
  };
  return refusal(run, verdict, error);
}
