/**
 * What stands in a dry run for a value that only the database will give, such as the number of a row that would be new:
 * `(id of the new row anna)`.
 */
export const ofNewRow = (column: string, key: string): string => `(${column}${mark}${key})`;

const mark = " of the new row ";

export const isOfNewRow = (value: string): boolean =>
  value.startsWith("(") && value.endsWith(")") && value.includes(mark);
