import { z } from "zod";

/** What several parts of the configuration are made of. */

export const text = z.string().min(1);
export const scalar = z.union([z.string(), z.number(), z.boolean()], "a text, a number, true or false");
export const scalarOrNull = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  "a text, a number, true, false or null",
);
export const columnValues = z.record(text, scalarOrNull);
// Timers count in 31 bits: a longer one fires at once.
export const milliseconds = z.int().min(1).max(2_147_483_647);
export const oneOrMore = <T extends z.ZodType>(item: T, words = "a text or a list of texts") =>
  z.union([item, z.array(item).min(1)], words);

export const secret = z
  .union(
    [
      z.string(),
      z.strictObject({ env: text.describe("Name of the environment variable that holds it.") }),
      z.strictObject({ file: text.describe("File that holds it; one line break at its end is not part of it.") }),
    ],
    '{ "env": "NAME" }, { "file": "PATH" } or the secret itself in quotes',
  )
  .meta({
    id: "secret",
    description:
      'A secret: { "env": "NAME" }, { "file": "PATH" }, or (with a warning where others can read the file) the text itself.',
  });
