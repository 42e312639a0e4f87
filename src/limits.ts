import type { Limit } from "./config/schema.ts";
import { Failure } from "./errors.ts";
import type { Counts } from "./report/event.ts";
import { number, plural } from "./report/words.ts";

/** The limits of one run: those of the configuration, each raised by the option where that is given. */
export interface Limits {
  readonly insert: Limit;
  readonly update: Limit;
}

export function limitsOfRun(
  configured: Limits,
  raised: { readonly maxInsert?: number; readonly maxUpdate?: number },
): Limits {
  return { insert: raise(configured.insert, raised.maxInsert), update: raise(configured.update, raised.maxUpdate) };
}

/** What the option says counts for this run, also where the configuration sets no limit. */
const raise = (limit: Limit, max: number | undefined): Limit => (max === undefined ? limit : { max });

export const isSet = (limit: Limit): boolean => limit.max !== undefined || limit.maxPercent !== undefined;

/** Throws a `Failure` where the plan goes beyond a limit; `rows` are those that the table has now. */
export function judgeLimits(limits: Limits, counts: Counts, rows: number): void {
  judge("insert", counts.inserted, "new row", limits.insert, rows);
  judge("update", counts.updated, "changed row", limits.update, rows);
}

function judge(
  kind: "insert" | "update",
  planned: number,
  words: string,
  { max, maxPercent }: Limit,
  rows: number,
): void {
  const share = maxPercent === undefined ? Number.POSITIVE_INFINITY : Math.floor((rows * maxPercent) / 100);
  const allowed = Math.min(max ?? Number.POSITIVE_INFINITY, share);
  if (planned <= allowed) return;
  const percent = allowed === share ? ` (limits.${kind}.maxPercent ${maxPercent} of ${plural(rows, "row")})` : "";
  throw new Failure(
    "limit",
    `the run would write ${plural(planned, words)}, the limit is ${number(allowed)}${percent}: nothing was written`,
    {
      hint: `if that is meant, raise the limit for this run with --max-${kind} ${planned}`,
    },
  );
}
