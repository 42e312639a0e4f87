/**
 * What a mapping makes of an entry for one column: a text in the canonical form of its kind, or NULL. How the text fits
 * a column (type, length) is not known here.
 */
export type Value = string | null;

/**
 * What a text stands for. It follows from the rule alone, so it is known before the first entry is read.
 *
 * | kind | canonical text |
 * |---|---|
 * | text | any |
 * | integer | decimal digits with an optional minus, of any size; no plus, no leading zeros, no `-0` |
 * | boolean | `true` or `false` |
 * | datetime | `YYYY-MM-DDTHH:MM:SS.ffffffZ`, UTC, years 0000 to 9999 |
 * | uuid | lower-case hexadecimal digits, 8-4-4-4-12 |
 * | binary | `0x` and lower-case hexadecimal digits, two a byte |
 * | base64 | RFC 4648 section 4, padded, on one line |
 * | json | a JSON text |
 */
export type Kind = "text" | "integer" | "boolean" | "datetime" | "uuid" | "binary" | "base64" | "json";
