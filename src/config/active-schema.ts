import { z } from "zod";
import { alternatives } from "./problem.ts";

/** Who counts as active, as it is written. */

/** The names in the order in which they are told; "auto" takes the one of the directory's vendor. */
export const activePresets = ["active-directory", "openldap", "389ds", "freeipa", "shadow"] as const;

const text = z.string().min(1);

const lockout = z
  .boolean()
  .optional()
  .describe("true: somebody whom too many wrong passwords have locked out is not active either. false unless told.");
const lockoutDuration = z
  .int()
  .min(0)
  .optional()
  .describe("For how many seconds such a lock holds where the directory does not say; 0 is for ever.");

const activePreset = z.discriminatedUnion(
  "preset",
  [
    z.strictObject({ preset: z.literal("active-directory"), lockout, lockoutDuration }),
    z.strictObject({ preset: z.literal("openldap"), lockoutDuration }),
    z.strictObject({ preset: z.literal("389ds"), lockout }),
    z.strictObject({ preset: z.literal("freeipa") }),
    z.strictObject({
      preset: z.literal("shadow"),
      zero: z
        .enum(["never", "expired"])
        .optional()
        .describe("What a shadowExpire of 0 means, which is read in both ways. Unknown unless told."),
    }),
  ],
  alternatives(activePresets),
);

export type ActivePreset = z.output<typeof activePreset>;

/** Whether a text in the place of a filter is the name of a preset. */
export const isPreset = (text: string): text is ActivePreset["preset"] =>
  (activePresets as readonly string[]).includes(text);

export type ActiveConfig =
  | string
  | ActivePreset
  | { readonly and: readonly ActiveConfig[] }
  | { readonly or: readonly ActiveConfig[] }
  | { readonly not: ActiveConfig };

export const activeRule: z.ZodType<ActiveConfig, ActiveConfig> = z.lazy(() => activeForms);

// One object, not one for each look at it: the JSON Schema is made by walking through it.
const activeForms = z
  .union(
    [
      z.enum(["auto", ...activePresets]),
      text,
      activePreset,
      z.strictObject({ and: z.array(activeRule).min(1).describe("Active by all of these.") }),
      z.strictObject({ or: z.array(activeRule).min(1).describe("Active by one of these at least.") }),
      z.strictObject({ not: activeRule.describe("Not active by this.") }),
    ],
    'a filter, the name of a preset, { "preset": "NAME" }, { "and": […] }, { "or": […] } or { "not": … }',
  )
  .meta({ id: "active", description: "A preset, an RFC 4515 filter, or several of them with and, or, not." });
