import type { Follower } from "../config/leavers-schema.ts";
import type { Scalar } from "../config/schema.ts";
import { Failure } from "../errors.ts";
import type { Kind } from "../mapping/value.ts";
import type { ColumnType, Table } from "../target/column.ts";
import { constant } from "../target/constant.ts";
import { type Fit, fitter } from "../target/fit.ts";
import { readableColumn } from "../target/table.ts";
import type { FollowUp, Target } from "../target/target.ts";
import { givenBy } from "./given.ts";

/** What happens in another table when a row is deactivated. */
export interface RelatedPlan {
  readonly followUp: FollowUp;
  /** The column of the users table that the other one holds, as the database spells it. */
  readonly column: string;
  /** Its value as the other table has it; a misfit is in no row there. */
  readonly asKey: Fit;
}

/** @throws Failure (configuration) where a table or a column is not there or cannot hold what it should. */
export async function relatedPlans(
  followers: readonly Follower[],
  target: Pick<Target, "table" | "describe">,
  now: Date,
): Promise<readonly RelatedPlan[]> {
  const plans: RelatedPlan[] = [];
  // Two follow-ups in one table describe it once.
  const tables = new Map<string, Table>();
  for (const [at, follower] of followers.entries()) {
    const place = `leavers.related[${at}]`;
    const table = tables.get(follower.table) ?? (await target.describe(follower.table, `${place}.table`));
    tables.set(follower.table, table);
    plans.push(relatedPlan(follower, place, target.table, table, now));
  }
  return plans;
}

function relatedPlan(follower: Follower, place: string, users: Table, table: Table, now: Date): RelatedPlan {
  const { column, asKey, key } = link(follower, place, users, table);
  const where = Object.entries(follower.where ?? {}).map(([name, values]) => ({
    column: readableColumn(table, name, `${place}.where.${name}`).name,
    oneOf: [values]
      .flat()
      .map((value: Scalar | null) => (value === null ? null : constant(table, name, value, `${place}.where.${name}`))),
  }));
  const given = follower.set && givenBy(table, follower.set, `${place}.set`, now);
  const set = given && {
    columns: given.map((each) => each.column),
    values: given.map(({ text }) => text),
    loose: given.filter(({ text, shown }) => text !== shown).map((each) => each.column),
  };
  return { followUp: { table, key, where, set }, column, asKey };
}

/** Types by whose values rows are known, and the kind of those values. */
const kinds: { readonly [T in ColumnType["type"]]?: Kind } = {
  text: "text",
  integer: "integer",
  numeric: "integer",
  uuid: "uuid",
  binary: "binary",
};

/** The two columns by which the tables belong together. */
function link(
  { key: name, column: named }: Follower,
  place: string,
  users: Table,
  table: Table,
): Pick<RelatedPlan, "column" | "asKey"> & { readonly key: string } {
  const [only = "", ...others] = users.primaryKey;
  if (named === undefined && (only === "" || others.length > 0)) {
    throw new Failure(
      "configuration",
      `${place}.column is missing: ${users.name} has no primary key of one column that this account may see`,
      {
        hint: `name the column of ${users.name} that ${table.name}.${name} holds, or GRANT SELECT on it`,
      },
    );
  }
  const column = readableColumn(users, named ?? only, `${place}.column`);
  const key = readableColumn(table, name, `${place}.key`);
  const kind = kinds[column.type.type];
  const isBinary = column.type.type === "binary";
  if (kind === undefined || kinds[key.type.type] === undefined || isBinary !== (key.type.type === "binary")) {
    const types = `${table.name}.${key.name} is of type ${key.declared}, ${users.name}.${column.name} of type ${column.declared}`;
    throw new Failure("configuration", `${place}.key: ${types}`, {
      hint: "name the column that holds the value of the other one",
    });
  }
  const convert = fitter(kind, { ...key, nullable: true }, key.type);
  // A column of bytes is read as bare digits.
  const asKey: Fit = isBinary ? (value) => convert(value === null ? null : `0x${value}`) : convert;
  return { column: column.name, asKey, key: key.name };
}
