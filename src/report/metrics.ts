import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Failure } from "../errors.ts";
import type { Outcome, Summary } from "./event.ts";

/** What the metrics tell of a sync. */
export interface Measured extends Pick<Summary, "outcome" | "counts" | "durationMs" | "finishedAt"> {
  readonly name: string;
  /** When the last success ended, this sync's or an earlier one's. */
  readonly lastSuccess: Date | undefined;
}

const outcomes = {
  succeeded: true,
  partial: true,
  failed: true,
  refused: true,
  locked: true,
  interrupted: true,
} satisfies Record<Outcome, true>;

const lastSuccessName = "idm_ldap_sync_last_success_timestamp_seconds";
const start = "# HELP idm_ldap_sync_last_run_timestamp_seconds ";

/**
 * The text format of Prometheus, version 0.0.4
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format).
 */
export function metricsText({ name, outcome, counts, durationMs, finishedAt, lastSuccess }: Measured): string {
  const seconds = (date: Date | undefined) => (date ? date.getTime() / 1000 : 0);
  const family = (metric: string, help: string, samples: readonly (readonly [labels: string, value: number])[]) =>
    `# HELP ${metric} ${help}\n# TYPE ${metric} gauge\n${samples
      .map(([labels, value]) => `${metric}{name="${escaped(name)}"${labels}} ${value}\n`)
      .join("")}`;
  return [
    family("idm_ldap_sync_last_run_timestamp_seconds", "When the last sync ended, in seconds since 1970.", [
      ["", seconds(finishedAt)],
    ]),
    family(lastSuccessName, "When the last sync ended that succeeded, with rejects or without; 0 where none has.", [
      ["", seconds(lastSuccess)],
    ]),
    family("idm_ldap_sync_last_run_duration_seconds", "How long the last sync took.", [["", durationMs / 1000]]),
    family(
      "idm_ldap_sync_last_run_outcome",
      "How the last sync ended: 1 for the outcome it had, 0 for the others.",
      Object.keys(outcomes).map((each) => [`,outcome="${each}"`, each === outcome ? 1 : 0] as const),
    ),
    family(
      "idm_ldap_sync_last_run_entries",
      "Entries and rows of the last sync by what became of them; reactivated is a part of updated; deactivated, missing and createdInactive are no part of read.",
      Object.entries(counts).map(([kind, count]) => [`,kind="${kind}"`, count] as const),
    ),
  ].join("");
}

const escaped = (text: string): string => text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");

/** When the last success ended by the file as it is, undefined where it does not tell. Fails where it is not this sync's. */
export function successInFile(file: string, name: string): Date | undefined {
  const text = readIfAny(file);
  if (text === undefined || text === "") return undefined;
  if (!text.startsWith(start)) {
    throw new Failure("files", `${file} exists and is not a file of metrics`, { hint: "name another file" });
  }
  const [, owner, value] =
    new RegExp(`^${lastSuccessName}\\{name="((?:[^"\\\\]|\\\\.)*)"\\} (\\S+)$`, "m").exec(text) ?? [];
  if (owner !== undefined && owner !== escaped(name)) {
    throw new Failure("files", `${file} holds the metrics of another sync, "${owner}"`, {
      hint: "give each sync a file of its own",
    });
  }
  const seconds = Number(value);
  return seconds > 0 ? new Date(Math.round(seconds * 1000)) : undefined;
}

function readIfAny(file: string): string | undefined {
  try {
    // A device or a pipe must not be read without end, nor be replaced.
    if (!statSync(file).isFile()) throw new Error("it is no regular file");
    return readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw failed(file, "read", error);
  }
}

/** Replaces the file as a whole: a reader finds the old one or the new one. It holds no secret, and others read it. */
export function writeMetrics(file: string, text: string): void {
  // node_exporter reads every *.prom: this must not be one.
  const temporary = join(dirname(file), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text, { mode: 0o644, flag: "wx", flush: true });
    renameSync(temporary, file);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw failed(file, "written", error);
  }
}

const failed = (file: string, what: string, error: unknown): Failure =>
  new Failure("files", `${file} cannot be ${what}: ${error instanceof Error ? error.message : error}`, {
    cause: error,
  });
