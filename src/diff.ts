import type { Change, Difference, User } from "./change.ts";
import { userKey } from "./keys.ts";
import type { Match } from "./match.ts";
import type { Plan } from "./plan.ts";
import type { Returning } from "./state-columns.ts";
import type { RowValues, Taking, Write } from "./target/target.ts";
import { foldGenerously } from "./target/text.ts";

/** What is to be done about one user. */
export type Verdict =
  | { readonly kind: "unchanged"; readonly user: User; readonly row: RowValues }
  /** A protected row, or one that would become one: `differs` names the columns that are left as they are. */
  | {
      readonly kind: "protected";
      readonly user: User;
      readonly row: RowValues | undefined;
      readonly differs: readonly string[];
    }
  /** The row carries another immutable id: it is somebody else's. */
  | ({ readonly kind: "foreign" } & Foreign)
  | {
      readonly kind: "insert";
      readonly user: User;
      readonly row?: undefined;
      readonly write: Write;
      readonly adopted?: undefined;
    }
  | {
      readonly kind: "update";
      readonly user: User;
      readonly row: RowValues;
      readonly write: Write;
      readonly reactivated: boolean;
      /** The column of the key by which it was found, where it gets one of those before it. */
      readonly adopted: string | undefined;
    };

/** A row that is not this user's. */
export interface Foreign {
  readonly user: User;
  /** Position of the match key by which it was found. */
  readonly key: number;
  /** Position of the column that tells whose it is. */
  readonly id: number;
  /** What the row has there. */
  readonly owner: string;
}

/** Compares a user with the row that is its own. Values on both sides are the texts that the columns store. */
export function diff(plan: Plan, user: User, { row, by }: Pick<Match, "row" | "by">): Verdict {
  const key = plan.keys[by] ?? -1;
  const owner = ownerOf(plan, user, row, key);
  if (owner !== undefined) return { kind: "foreign", user, key, id: plan.immutableId ?? -1, owner };
  if (isProtected(plan, row ?? user.values)) {
    return { kind: "protected", user, row, differs: differing(plan, user, row).map(({ name }) => name) };
  }
  if (!row) {
    return {
      kind: "insert",
      user,
      write: { kind: "insert", ...filling(plan, user), ...takings(plan, user, undefined) },
    };
  }
  // Nearly all of most runs, so nothing is made for it.
  if (isSame(plan, user, row)) return { kind: "unchanged", user, row };
  const differs = differing(plan, user, row);
  const write: Write = {
    kind: "update",
    key: row[key] ?? user.key,
    ...(by > 0 && { by: plan.columns[key]?.column ?? "" }),
    columns: differs.map(({ column }) => column),
    values: differs.map(({ to }) => to),
    ...takings(plan, user, row),
    ...expected(plan, row, by, differs),
  };
  const before = plan.keys.slice(0, by).map((at) => plan.columns[at]?.column);
  const adopted = differs.some(({ column }) => before.includes(column)) ? plan.columns[key]?.name : undefined;
  return { kind: "update", user, row, write, reactivated: reactivates(plan, user, row), adopted };
}

/**
 * What must still be so when the row is written: whose it is, that it has none of the keys before that by which it was found,
 * and, where it becomes active again, that nobody has blocked it.
 */
function expected(
  { columns, guard, keys, read, returning, state }: Plan,
  row: RowValues,
  by: number,
  differs: readonly Differing[],
): Pick<Extract<Write, { key: string }>, "expect"> {
  const writesState = returning !== undefined && differs.some(({ at }) => columns[at]?.ofState);
  const ofState = writesState && state !== undefined ? [state, returning.setBy] : [];
  const others = [...keys.slice(0, by), ...ofState];
  const places = others.length === 0 ? guard : [...new Set([...others, ...guard])];
  if (places.length === 0) return {};
  return { expect: { columns: places.map((at) => read[at] ?? ""), values: places.map((at) => row[at] ?? null) } };
}

/** What a verdict says that is done. */
export const changeOf = (plan: Plan, { kind, user, row, adopted }: WriteVerdict): Change => ({
  kind,
  key: userKey(plan, user),
  dn: user.dn,
  ...(adopted !== undefined && { adopted }),
  // Not by assignment, which would lose a column named __proto__.
  columns: Object.fromEntries(
    differing(plan, user, row).map(({ name, column, from, to }) => [
      name,
      { from: shown(plan, column, from), to: shown(plan, column, to) },
    ]),
  ),
});

/** A column that is written. */
interface Differing extends Difference {
  /** Its position in the plan. */
  readonly at: number;
  /** As the mapping spells it. */
  readonly name: string;
  /** As the database does. */
  readonly column: string;
}

function differing(plan: Plan, { values }: User, row: RowValues | undefined): Differing[] {
  const blocked = isBlocked(plan, row);
  return plan.columns.flatMap((each, at) => {
    const to = values[at];
    const from = row?.[at] ?? null;
    return to === undefined || (row && isKept(each, from, to, blocked))
      ? []
      : [{ at, name: each.name, column: each.column, from, to }];
  });
}

/** What a new row is given. Most often that is all columns, and then their names are the same list each time. */
function filling({ columns, names }: Plan, { values }: User): { columns: readonly string[]; values: RowValues } {
  if (isWhole(values)) return { columns: names, values };
  const filled = columns.flatMap(({ column }, at) => {
    const value = values[at];
    return value === undefined ? [] : [{ column, value }];
  });
  return { columns: filled.map(({ column }) => column), values: filled.map(({ value }) => value) };
}

const isWhole = (values: User["values"]): values is RowValues => !values.includes(undefined);

/** Whether a column of a row stays as it is. */
const isKept = (
  column: Plan["columns"][number],
  from: string | null,
  to: string | null | undefined,
  blocked: boolean,
): boolean =>
  to === undefined ||
  column.insertOnly ||
  from === to ||
  (blocked && column.ofState === true) ||
  column.suits?.(from) === true;

function isSame(plan: Plan, { values }: User, row: RowValues): boolean {
  const { columns } = plan;
  const blocked = isBlocked(plan, row);
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at];
    if (column && !isKept(column, row[at] ?? null, values[at], blocked)) return false;
  }
  return true;
}

const shown = (plan: Plan, column: string, value: string | null): string | null =>
  value === null ? null : plan.show(column, value);

/** What a user does to the unique indexes; nothing to say is most often the answer, and then nothing is said. */
function takings(plan: Plan, user: User, row: RowValues | undefined): { takes?: readonly Taking[] } {
  if (plan.unique.length === 0) return {};
  const takes: Taking[] = [];
  const blocked = isBlocked(plan, row);
  const valueAfter = (place: number, byDefault: string | null | undefined): string | null => {
    const column = plan.columns[place];
    const to = user.values[place];
    const kept = row && column && isKept(column, row[place] ?? null, to, blocked);
    return kept || to === undefined ? ((row ? row[place] : byDefault) ?? null) : to;
  };
  for (const { index, at, defaults } of plan.unique) {
    const from = row && complete(at.map((place) => row[place] ?? null));
    const to = complete(at.map((place, part) => valueAfter(place, defaults[part])));
    const same = from && to ? from.every((value, part) => value === to[part]) : from === to;
    if (!same) takes.push({ index, from, to });
  }
  return takes.length > 0 ? { takes } : {};
}

/** Values with a NULL among them are never equal to others. */
const complete = (values: RowValues): RowValues | undefined => (values.includes(null) ? undefined : values);

/** The immutable id that the row carries, where it is not this user's. An entry that shows no id cannot prove that the row is its own. */
function ownerOf({ immutableId }: Plan, user: User, row: RowValues | undefined, key: number): string | undefined {
  if (immutableId === undefined || immutableId === key) return undefined;
  const owner = row?.[immutableId] ?? undefined;
  return owner === undefined || user.values[immutableId]?.toLowerCase() === owner.toLowerCase() ? undefined : owner;
}

/** The row had a state, it was not the active one, and it becomes that. */
function reactivates(plan: Plan, user: User, row: RowValues): boolean {
  if (plan.state === undefined) return false;
  const from = row[plan.state];
  return from !== null && from !== undefined && from !== user.values[plan.state] && !isBlocked(plan, row);
}

/** The state of a row that is not active by somebody else's doing, and so stays; undefined of all other rows. */
export function blockedState({ state, returning }: Plan, row: RowValues | undefined): string | undefined {
  if (returning === undefined || state === undefined) return undefined;
  const held = row?.[state] ?? null;
  if (held === null || isActive(returning, held)) return undefined;
  return held === returning.inactive && row?.[returning.setBy] === returning.mark ? undefined : held;
}

/** Many collations compare texts without regard to case. */
const isActive = ({ active }: Returning, held: string): boolean => held.toLowerCase() === active.toLowerCase();

const isBlocked = (plan: Plan, row: RowValues | undefined): boolean =>
  plan.returning !== undefined && blockedState(plan, row) !== undefined;

const folded = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : foldGenerously(text);

/** A row as it is, or the values of one to be: what those do not have is NULL. */
export const isProtected = ({ protect }: Pick<Plan, "protect">, row: User["values"]): boolean =>
  protect.some((conditions) => conditions.every(({ at, value }) => folded(row[at]) === value));

export type WriteVerdict = Extract<Verdict, { write: unknown }>;
export const isWrite = (verdict: Verdict): verdict is WriteVerdict => "write" in verdict;
