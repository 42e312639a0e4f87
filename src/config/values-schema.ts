import { z } from "zod";

/** What several parts of the configuration are made of. */

export const text = z.string().min(1);
export const scalar = z.union([z.string(), z.number(), z.boolean()], "a text, a number, true or false");
export const scalarOrNull = z.union(
  [z.string(), z.number(), z.boolean(), z.null()],
  "a text, a number, true, false or null",
);
export const columnValues = z.record(text, scalarOrNull);
