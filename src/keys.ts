import type { User } from "./change.ts";
import type { Plan } from "./plan.ts";

/** The match keys of an entry, and how people see them. */

/** What tells of a key: its column, and how that shows a value. */
type Keyed = Pick<Plan, "columns" | "keys" | "show">;

/** A match key as people and the audit trail have it; `at`: the position of its column, that of the first key unless told. */
export const shownKey = ({ columns, keys, show }: Keyed, key: string, at = keys[0]): string =>
  show(columns[at ?? -1]?.column ?? "", key);

/** The position of the first match key of which these values have one. */
export const keyPlace = ({ keys }: Pick<Plan, "keys">, values: User["values"]): number | undefined =>
  keys.find((at) => typeof values[at] === "string");

/** The match key of a user for people: the first one that it has. */
export const userKey = (plan: Keyed, { key, values }: User): string => shownKey(plan, key, keyPlace(plan, values));

/** The position of the match key in this column, as the database spells it; that of the first key where none is named. */
export const placeOfKey = ({ columns, keys }: Keyed, column: string | undefined): number =>
  keys.find((at) => columns[at]?.column === column) ?? keys[0] ?? -1;

/** The names of the match keys as the mapping spells them. */
export const keyNames = ({ columns, keys }: Keyed): string[] => keys.map((at) => columns[at]?.name ?? "");
