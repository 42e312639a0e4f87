import { z } from "zod";
import { columnValues, scalar, scalarOrNull, text } from "./values-schema.ts";

/** What the row of somebody says of being active, and what happens to the rows of those who are not any more. */

export const stateSchema = z
  .strictObject({
    column: text,
    active: scalar.default("active"),
    inactive: scalar.default("inactive"),
    setBy: text
      .optional()
      .describe(
        "A text column that is marked where the sync deactivates a row. With it, only rows that bear the mark are reactivated: whoever an administrator has blocked stays blocked.",
      ),
  })
  .optional()
  .describe("The column that tells whether a user is active, and its values. Every synchronised user ends as active.");

const follower = z.strictObject({
  table: text.describe("Another table of the same database."),
  key: text.describe("Its column that refers to the user."),
  column: text
    .optional()
    .describe("The column of the users table that it holds; the primary key, where that is one column, unless told."),
  where: z
    .record(
      text,
      z.union([scalarOrNull, z.array(scalarOrNull).min(1)], "a text, a number, true, false, null or a list of these"),
    )
    .optional()
    .describe("Which of the user's rows there, as column: value, or column: list of values. All, unless told."),
  set: columnValues
    .optional()
    .describe('What they are given, as column: value; "now" in a date or time column is the start of the run.'),
  delete: z.literal(true, "true").optional().describe("They are deleted."),
});

const grace = z.strictObject({
  runs: z
    .int()
    .min(1)
    .optional()
    .describe("How many runs in a row must miss somebody; the last of them deactivates. Kept in runsColumn."),
  days: z.number().gt(0).optional().describe("How many days somebody must be missing. Kept in sinceColumn."),
  runsColumn: text.optional().describe("An integer column of the users table: how many runs have missed the row."),
  sinceColumn: text
    .optional()
    .describe("A date and time column of the users table that can be NULL: since when the row is missing, in UTC."),
});

export const leaversSchema = z
  .strictObject({
    action: z
      .enum(["ignore", "deactivate"])
      .default("ignore")
      .describe("ignore: such rows are left as they are. deactivate: they get state.inactive."),
    scope: columnValues
      .optional()
      .describe("Which rows this sync owns, as column: value. Others are never deactivated."),
    set: columnValues
      .optional()
      .describe(
        'What a row gets beside the state when it is deactivated, as column: value; "now" in a date or time column is the start of the run.',
      ),
    related: z
      .array(follower)
      .default([])
      .describe("What happens in other tables when a row is deactivated, in the same transaction."),
    grace: grace
      .optional()
      .describe("How long somebody must be missing before the row is deactivated. Whoever returns begins anew."),
    inactive: z
      .enum(["ignore", "create"])
      .default("ignore")
      .describe("create: people who are in source.filter, not active and without a row get one with state.inactive."),
  })
  .prefault({})
  .describe("What happens to rows whose entry is gone or no longer active.");

export type Follower = z.output<typeof follower>;
export type Grace = z.output<typeof grace>;
