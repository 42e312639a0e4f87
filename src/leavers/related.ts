import type { Follower } from "../config/leavers-schema.ts";
import type { Scalar } from "../config/schema.ts";
import { Failure } from "../errors.ts";
import type { Kind } from "../mapping/value.ts";
import type { ColumnType, Table } from "../target/column.ts";
import { constant } from "../target/constant.ts";
import { type Fit, fitter } from "../target/fit.ts";
import { readableColumn, type TypedColumn } from "../target/table.ts";
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
  const isBytes = column.type.type === "binary";
  if (kind === undefined || kinds[key.type.type] === undefined || isBytes !== (key.type.type === "binary")) {
    const types = `${table.name}.${key.name} is of type ${key.declared}, ${users.name}.${column.name} of type ${column.declared}`;
    throw new Failure("configuration", `${place}.key: ${types}`, {
      hint: "name the column that holds the value of the other one",
    });
  }
  refuseOthers(users, column, table, key, place);
  const convert = fitter(kind, { ...key, nullable: true }, key.type);
  // A column of bytes is read as bare digits.
  const asKey: Fit = isBytes ? (value) => convert(value === null ? null : `0x${value}`) : convert;
  return { column: column.name, asKey, key: key.name };
}

/** Rows of somebody else are found by a value that two users share, and by a collation that takes the values of two for one. */
function refuseOthers(users: Table, column: TypedColumn, table: Table, key: TypedColumn, place: string): void {
  const isOnes = (columns: readonly string[]): boolean => columns.length === 1 && columns[0] === column.name;
  if (!isOnes(users.primaryKey) && !users.uniqueIndexes.some(({ opaque, columns }) => !opaque && isOnes(columns))) {
    const message = `${place}.column: two rows may have the same value in ${users.name}.${column.name}: it has no unique index of its own`;
    throw new Failure("configuration", message, { hint: "name a column that tells whose the rows are" });
  }
  const areTexts = column.type.type === "text" && key.type.type === "text";
  if (!areTexts || key.collation === undefined || isBinary(key.collation) || key.collation === column.collation) return;
  const collations = `${table.name}.${key.name} has the collation ${key.collation}, ${users.name}.${column.name} ${column.collation ?? "none"}`;
  throw new Failure("configuration", `${place}.key: ${collations}: it may take the values of two users for one`, {
    hint: "give both columns the same collation, or the key a binary one",
  });
}

const isBinary = (collation: string): boolean => /(^|_)bin(ary)?$/i.test(collation);
