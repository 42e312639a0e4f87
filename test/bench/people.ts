import { baseLdif, type Person, person, record } from "../servers/people.ts";

/** The people of the benchmark, and the row that each active one is to have: made from the person, not from any reading. */

/** The columns that are compared: all but the table's own number and time. */
export const columns = [
  "external_id",
  "username",
  "email",
  "display_name",
  "given_name",
  "surname",
  "title",
  "town",
  "department",
  "employee_number",
  "phones",
  "created_by",
  "state",
] as const;

type Row = Readonly<Record<(typeof columns)[number], string | undefined>>;

/** As slapd makes them, time first: each is greater than the one before. */
const entryUuid = (index: number): string =>
  `${(0x1000_0000 + index * 53).toString(16).padStart(8, "0")}-5e5b-103f-8a3b-d5b2a3c0f0d3`;

export function* benchLdif(count: number): Generator<string> {
  yield baseLdif();
  for (let index = 0; index < count; index++) {
    const { dn, attributes } = person(index);
    yield record(dn, { ...attributes, entryUUID: [entryUuid(index)] });
  }
}

/** The rows that are right, a line each as LOAD DATA reads them. */
export function* rightRows(count: number): Generator<string> {
  for (let index = 0; index < count; index++) {
    const one = person(index);
    if (!one.active) continue;
    const row = rowOf(one, index);
    yield `${columns.map((column) => field(row[column])).join("\t")}\n`;
  }
}

function rowOf({ attributes, uid }: Person, index: number): Row {
  const values = (name: string): string[] => [...(attributes[name] ?? [])].sort();
  const first = (name: string): string | undefined => values(name)[0];
  return {
    external_id: entryUuid(index),
    username: uid,
    email: first("mail")?.trim().toLowerCase(),
    display_name: first("displayName"),
    given_name: first("givenName"),
    surname: first("sn"),
    title: first("title"),
    town: first("l"),
    department: first("departmentNumber"),
    employee_number: first("employeeNumber"),
    phones: values("telephoneNumber").join("; ") || undefined,
    created_by: "sync",
    state: "active",
  };
}

const field = (value: string | undefined): string =>
  value === undefined ? "\\N" : value.replace(/[\\\t\n]/g, (character) => `\\${character}`);

/** How many of so many people are active. */
export function activeAmong(count: number): number {
  let active = 0;
  for (let index = 0; index < count; index++) if (person(index).active) active += 1;
  return active;
}
