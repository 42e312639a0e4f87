import { Failure } from "../errors.ts";
import { nearest } from "../nearest.ts";
import type { Column, ColumnType, Table, UniqueIndex } from "./column.ts";
import type { WriteError } from "./target.ts";

/** A column of a known type. */
export type TypedColumn = Column & { readonly type: ColumnType };

/**
 * The column of this name to be written, for the configuration key `place`: as `readableColumn`, and not filled by the
 * database alone.
 */
export function writableColumn(table: Table, name: string, place: string): TypedColumn {
  const column = readableColumn(table, name, place);
  const own = column.generated
    ? "computed by the database"
    : column.setOnUpdate
      ? "set by the database at every update"
      : undefined;
  if (own === undefined) return column;
  throw new Failure("configuration", `${place}: the column ${table.name}.${column.name} is ${own}`, {
    hint: /^(?:state|leavers)\b/.test(place) ? "name another column" : "take it out of the mapping",
  });
}

/**
 * The column of this name, for the configuration key `place`. A `Failure` that names the nearest column where there is
 * none, or says that its type is not known here.
 */
export function readableColumn(table: Table, name: string, place: string): TypedColumn {
  const column = table.columns.get(name.toLowerCase());
  if (!column) {
    const meant = nearest(
      name,
      [...table.columns.values()].map((each) => each.name),
    );
    throw new Failure("configuration", `${place}: the table ${table.name} has no column "${name}"`, {
      hint: `${meant === undefined ? columnList(table) : `did you mean "${meant}"?`}${unseenColumns(table)}`,
    });
  }
  const { type } = column;
  if (!type) {
    throw new Failure(
      "configuration",
      `${place}: ${table.name}.${column.name} is of type ${column.declared}, which cannot be written`,
      {
        hint: "map a text, number, date or binary column instead",
      },
    );
  }
  return { ...column, type };
}

const columnList = (table: Table): string =>
  `it has ${[...table.columns.values()].map((column) => column.name).join(", ")}`;

/** Who has rights on some columns alone, which is where the definition of the table is hidden, sees no others. */
const unseenColumns = ({ unseen }: Table): string =>
  unseen.includes("foreign keys") ? "; if it is there, grant the user SELECT on it" : "";

/** Whether a new row must have a value for it that the database does not give. */
export const mustBeGiven = ({ nullable, hasDefault, generated }: Column): boolean =>
  !nullable && !hasDefault && !generated;

/** Types whose equality is either that of their text or the collation's. */
const keyTypes: readonly ColumnType["type"][] = ["text", "integer", "uuid", "binary"];

/** Under which collations the identities of keys are known (see `Found`), and which to take instead of another one. */
export interface KeyCollations {
  known(collation: string): boolean;
  readonly hint: string;
}

/**
 * The match key's column. It needs a unique index of its own, and a collation whose equality is known, or two people
 * could be taken for one.
 */
export function matchKeyColumn(table: Table, name: string, collations: KeyCollations): TypedColumn {
  const column = writableColumn(table, name, "target.matchKey");
  if (!keyTypes.includes(column.type.type)) {
    throw new Failure(
      "configuration",
      `target.matchKey: ${table.name}.${column.name} is of type ${column.declared}, which cannot be a match key`,
      {
        hint: "use a text, integer, binary or UUID column",
      },
    );
  }
  const unique = table.uniqueIndexes.some(
    ({ columns, opaque }) => opaque !== "rows" && columns.length === 1 && columns[0] === column.name,
  );
  if (!unique) {
    throw new Failure(
      "configuration",
      `target.matchKey: ${table.name}.${column.name} has no unique index of its own, so two rows could be the same person`,
      {
        hint: `CREATE UNIQUE INDEX ${table.name}_${column.name} ON ${table.name} (${column.name})`,
      },
    );
  }
  if (column.collation !== undefined && !collations.known(column.collation)) {
    throw new Failure(
      "configuration",
      `target.matchKey: ${table.name}.${column.name} has the collation ${column.collation}, which cannot be a match key's`,
      { hint: collations.hint },
    );
  }
  return column;
}

/** The unique index that a write clashed with; undefined where it was no such clash or the index is not known. */
export function clashedIndex(table: Table, { index }: WriteError): UniqueIndex | undefined {
  const named = index?.toLowerCase();
  return table.uniqueIndexes.find((each) => spellings(table, each).includes(named ?? ""));
}

/** How databases call an index in a message: MariaDB `mail`, MySQL 8 `users.mail`, SQLite by columns `users.mail, users.site`. */
const spellings = (table: Table, { name, columns }: UniqueIndex): string[] =>
  [name, `${table.name}.${name}`, columns.map((column) => `${table.name}.${column}`).join(", ")].map((spelling) =>
    spelling.toLowerCase(),
  );
