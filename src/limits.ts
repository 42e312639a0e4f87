import type { Limit } from "./config/schema.ts";
import { Failure } from "./errors.ts";
import { printable } from "./mapping/printable.ts";
import type { Counts } from "./report/event.ts";
import { number, plural } from "./report/words.ts";

/** The limits of one run: those of the configuration, each raised by the option where that is given. */
export interface Limits {
  readonly insert: Limit;
  readonly update: Limit;
  readonly deactivate: DeactivateLimit;
}

export interface DeactivateLimit extends Limit {
  /** Whether it is that of `--max-deactivate`: somebody has looked at how many there are. */
  readonly isMeant: boolean;
}

export function limitsOfRun(
  configured: Omit<Limits, "deactivate"> & { readonly deactivate: Limit },
  raised: { readonly maxInsert?: number; readonly maxUpdate?: number; readonly maxDeactivate?: number },
): Limits {
  const { maxInsert, maxUpdate, maxDeactivate } = raised;
  return {
    insert: raise(configured.insert, maxInsert),
    update: raise(configured.update, maxUpdate),
    deactivate: { ...raise(configured.deactivate, maxDeactivate), isMeant: maxDeactivate !== undefined },
  };
}

/** What the option says counts for this run, also where the configuration sets no limit. */
const raise = (limit: Limit, max: number | undefined): Limit => (max === undefined ? limit : { max });

export const isSet = (limit: Limit): boolean => limit.max !== undefined || limit.maxPercent !== undefined;

/** Throws a `Failure` where the plan goes beyond a limit; `rows` are those that the table has now. */
export function judgeLimits(limits: Omit<Limits, "deactivate">, counts: Counts, rows: number): void {
  judge("insert", counts.inserted + counts.createdInactive, "new row", limits.insert, rows);
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

/** The numbers that the limit of leavers is held against. */
export interface LeaversCounted {
  /** Rows that would be deactivated. */
  readonly due: number;
  /** Rows of which it would be written for the first time that they are missing. */
  readonly newlyMissing: number;
  /** Active rows that this sync owns, when the run began. */
  readonly owned: number;
  /** Match keys of the first of them. */
  readonly examples: { readonly due: readonly string[]; readonly newlyMissing: readonly string[] };
}

/** So many leavers pass whatever their percentage. */
const fewLeavers = 10;

const shareOf = (maxPercent: number | undefined, owned: number): number =>
  maxPercent === undefined ? Number.POSITIVE_INFINITY : Math.max(fewLeavers, Math.floor((owned * maxPercent) / 100));

/** How many of the rows that a sync owns one run may deactivate. */
export const allowedLeavers = ({ max, maxPercent }: Limit, owned: number): number =>
  Math.min(max ?? Number.POSITIVE_INFINITY, shareOf(maxPercent, owned));

/**
 * Why nobody may be deactivated; undefined where all may. Where no sync has succeeded yet, nobody may but by
 * `--max-deactivate`: a table that was filled by others, or a name or a scope that was mistyped, would lose everybody.
 */
export async function refusalOfLeavers(
  run: { readonly limit: DeactivateLimit; readonly name: string; succeededBefore(): Promise<boolean> },
  counted: LeaversCounted,
  table: string,
): Promise<Failure | undefined> {
  const { due, newlyMissing, owned } = counted;
  const { maxPercent, isMeant } = run.limit;
  const share = shareOf(maxPercent, owned);
  const allowed = allowedLeavers(run.limit, owned);
  const most = Math.max(due, newlyMissing);
  if (most > allowed) {
    const key = isMeant
      ? "--max-deactivate"
      : allowed === share
        ? `limits.deactivate.maxPercent ${maxPercent}`
        : "limits.deactivate.max";
    return tooMany(counted, `the limit is ${number(allowed)} (${key})`);
  }
  if (isMeant || most === 0 || (await run.succeededBefore())) return undefined;
  return tooMany(counted, `no sync ${JSON.stringify(run.name)} into ${table} has succeeded yet, as far as is known`);
}

function tooMany({ due, newlyMissing, owned, examples }: LeaversCounted, why: string): Failure {
  const isDue = due >= newlyMissing;
  const [count, first] = isDue ? [due, examples.due] : [newlyMissing, examples.newlyMissing];
  const percent = owned > 0 ? ` (${Number(((count * 100) / owned).toFixed(1))} %)` : "";
  const left = count - first.length;
  const named = [...first.map((key) => printable(key)), ...(left > 0 ? [`${number(left)} more`] : [])].join(", ");
  const done = isDue ? "deactivated" : "counted as missing";
  return new Failure(
    "limit",
    `${number(count)} of ${plural(owned, "active row")} would be ${done}${percent}, and ${why}: nobody was deactivated; they are ${named}`,
    {
      hint: `look at them with dry-run; if that is meant, raise the limit for this run with --max-deactivate ${count}`,
    },
  );
}
