import type { Reject } from "../change.ts";
import type { Config } from "../config/schema.ts";
import type { Counts, Outcome, Summary } from "../report/event.ts";

/** What is remembered of one run: written when it begins, and once more, whole, when it has ended. */
export interface RunRecord {
  readonly runId: string;
  readonly command: "sync" | "dry-run";
  /** `--filter`: such a run says nothing of the whole. */
  readonly filter: string | null;
  /** Null where the run ended before its configuration could be read. */
  readonly name: string | null;
  /** The configuration file; null where none was found. */
  readonly config: string | null;
  /** Of the configuration as written, without its secrets; null where it was not valid. */
  readonly configHash: string | null;
  /** Which table it was into, see `targetHash`; null or missing where that was not known. */
  readonly targetHash?: string | null;
  readonly schedule: NonNullable<Config["schedule"]> | null;
  readonly host: string;
  readonly user: string;
  readonly version: string;
  readonly pid: number;
  /** Tells the process from a later one with the same number; null where the system does not say. */
  readonly processStart: string | null;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly durationMs: number | null;
  readonly outcome: Outcome | "running";
  readonly exitCode: number | null;
  readonly counts: Counts | null;
  readonly error: Summary["error"];
  /** The first of them. */
  readonly rejects: readonly Reject[];
}

/** The record of a line or a column, undefined where it is none: cut short, or written by somebody else. */
export function parseRecord(text: string): RunRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isRecord(value: unknown): value is RunRecord {
  if (typeof value !== "object" || value === null) return false;
  const { runId, command, name, filter, startedAt, finishedAt, outcome, pid, host, durationMs } =
    value as Partial<RunRecord>;
  const texts = [runId, command, startedAt, outcome, host];
  return (
    texts.every((text) => typeof text === "string") &&
    [startedAt, finishedAt ?? startedAt].every((time) => Number.isFinite(Date.parse(time ?? ""))) &&
    [name, filter ?? null].every((text) => text === null || typeof text === "string") &&
    (durationMs === null || typeof durationMs === "number") &&
    typeof pid === "number" &&
    hasDetails(value as Partial<RunRecord>)
  );
}

const isNullOr = (value: unknown, fits: (value: object) => boolean): boolean =>
  value === null || (typeof value === "object" && fits(value as object));

/** What is told of a run beside its times and its end. */
function hasDetails({ counts, error, schedule, rejects }: Partial<RunRecord>): boolean {
  const numbers = ["read", "inserted", "updated", "unchanged", "reactivated", "deactivated", "rejected"];
  const isText = (each: unknown) => typeof each === "string";
  return (
    isNullOr(counts, (each) => numbers.every((name) => typeof (each as Record<string, unknown>)[name] === "number")) &&
    isNullOr(error, (each) => "message" in each && isText(each.message)) &&
    isNullOr(schedule, (each) => "expression" in each && isText(each.expression)) &&
    Array.isArray(rejects)
  );
}

/** One record of each run, in the order of their starts; of two of one run the one that knows its end. */
export function merged(records: readonly RunRecord[]): RunRecord[] {
  const runs = new Map<string, RunRecord>();
  for (const record of records) {
    const before = runs.get(record.runId);
    if (!before || before.outcome === "running") runs.set(record.runId, record);
  }
  return [...runs.values()].sort((a, b) => Date.parse(a.startedAt) - Date.parse(b.startedAt));
}
