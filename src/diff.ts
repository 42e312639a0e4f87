import type { Change, Difference, User } from "./change.ts";
import type { Plan } from "./plan.ts";
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
  /** The row carries another immutable id, `owner`: it is somebody else's. */
  | { readonly kind: "foreign"; readonly user: User; readonly owner: string }
  | { readonly kind: "insert"; readonly user: User; readonly row?: undefined; readonly write: Write }
  | {
      readonly kind: "update";
      readonly user: User;
      readonly row: RowValues;
      readonly write: Write;
      readonly reactivated: boolean;
    };

/** Compares a user with the row that has its key. Values on both sides are the texts that the columns store. */
export function diff(plan: Plan, user: User, row: RowValues | undefined): Verdict {
  const owner = ownerOf(plan, user, row);
  if (owner !== undefined) return { kind: "foreign", user, owner };
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
  const expect = {
    columns: plan.guard.map((at) => plan.read[at] ?? ""),
    values: plan.guard.map((at) => row[at] ?? null),
  };
  const differs = differing(plan, user, row);
  const update: Write = {
    kind: "update",
    key: row[plan.key] ?? user.key,
    columns: differs.map(({ column }) => column),
    values: differs.map(({ to }) => to),
    ...takings(plan, user, row),
  };
  const write = plan.guard.length === 0 ? update : { ...update, expect };
  return { kind: "update", user, row, write, reactivated: reactivates(plan, user, row) };
}

/** What a verdict says that is done. */
export const changeOf = (plan: Plan, { kind, user, row }: WriteVerdict): Change => ({
  kind,
  key: shownKey(plan, user.key),
  dn: user.dn,
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
  /** As the mapping spells it. */
  readonly name: string;
  /** As the database does. */
  readonly column: string;
}

function differing({ columns }: Plan, { values }: User, row: RowValues | undefined): Differing[] {
  return columns.flatMap((each, at) => {
    const to = values[at];
    const from = row?.[at] ?? null;
    return to === undefined || (row && isKept(each, from, to))
      ? []
      : [{ name: each.name, column: each.column, from, to }];
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
const isKept = (column: Plan["columns"][number], from: string | null, to: string | null | undefined): boolean =>
  to === undefined || column.insertOnly || from === to;

function isSame({ columns }: Plan, { values }: User, row: RowValues): boolean {
  for (let at = 0; at < columns.length; at += 1) {
    const column = columns[at];
    if (column && !isKept(column, row[at] ?? null, values[at])) return false;
  }
  return true;
}

const shown = (plan: Plan, column: string, value: string | null): string | null =>
  value === null ? null : plan.show(column, value);

/** A match key as people and the audit trail have it. */
export const shownKey = (plan: Plan, key: string): string => plan.show(plan.columns[plan.key]?.column ?? "", key);

/** What a user does to the unique indexes; nothing to say is most often the answer, and then nothing is said. */
function takings(plan: Plan, user: User, row: RowValues | undefined): { takes?: readonly Taking[] } {
  if (plan.unique.length === 0) return {};
  const takes: Taking[] = [];
  for (const { index, at, defaults } of plan.unique) {
    const from = row && complete(at.map((place) => row[place] ?? null));
    const to = complete(
      at.map((place, part) => {
        const filled = row && plan.columns[place]?.insertOnly ? undefined : user.values[place];
        return filled === undefined ? ((row ? row[place] : defaults[part]) ?? null) : filled;
      }),
    );
    const same = from && to ? from.every((value, part) => value === to[part]) : from === to;
    if (!same) takes.push({ index, from, to });
  }
  return takes.length > 0 ? { takes } : {};
}

/** Values with a NULL among them are never equal to others. */
const complete = (values: RowValues): RowValues | undefined => (values.includes(null) ? undefined : values);

/** The immutable id that the row carries, where it is not this user's. An entry that shows no id cannot prove that the row is its own. */
function ownerOf({ immutableId, key }: Plan, user: User, row: RowValues | undefined): string | undefined {
  if (immutableId === undefined || immutableId === key) return undefined;
  const owner = row?.[immutableId] ?? undefined;
  return owner === undefined || user.values[immutableId]?.toLowerCase() === owner.toLowerCase() ? undefined : owner;
}

/** The row had a state, and it was not the active one. */
function reactivates(plan: Plan, user: User, row: RowValues): boolean {
  if (plan.state === undefined) return false;
  const from = row[plan.state];
  return from !== null && from !== undefined && from !== user.values[plan.state];
}

const folded = (text: string | null | undefined): string | null =>
  text === null || text === undefined ? null : foldGenerously(text);

/** A row as it is, or the values of one to be: what those do not have is NULL. */
export const isProtected = (plan: Plan, row: User["values"]): boolean =>
  plan.protect.some((conditions) => conditions.every(({ at, value }) => folded(row[at]) === value));

export type WriteVerdict = Extract<Verdict, { write: unknown }>;
export const isWrite = (verdict: Verdict): verdict is WriteVerdict => "write" in verdict;
