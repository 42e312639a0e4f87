import { Failure, type Turn } from "./errors.ts";
import type { Outcome, Summary } from "./report/event.ts";

/** What the exit code says, as it stands in `--help`. */
export const exitCodes = {
  0: "done",
  1: "failed: directory, database or network; finished batches stand, the open one is rolled back",
  2: "wrong usage or configuration (an invalid cron expression too); nothing was tried",
  3: "done, but some entries were rejected",
  4: "refused by a safety limit, or stopped by too many rejects",
  5: "another run of the same sync holds the lock",
  10: "dry-run --exit-code: changes are pending",
  130: "interrupted (143: terminated); the open batch was committed or rolled back",
} as const;

/** How a run ends where a failure of this kind ended it. */
const endings = {
  usage: { outcome: "failed", code: 2 },
  configuration: { outcome: "failed", code: 2 },
  directory: { outcome: "failed", code: 1 },
  database: { outcome: "failed", code: 1 },
  files: { outcome: "failed", code: 1 },
  limit: { outcome: "refused", code: 4 },
  lock: { outcome: "locked", code: 5 },
} as const satisfies Record<Turn, { outcome: Outcome; code: keyof typeof exitCodes }>;

/** A person or the system asked the run to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
  readonly code: 130 | 143;
  constructor(signal: "SIGINT" | "SIGTERM") {
    super(`interrupted by ${signal}`);
    this.code = signal === "SIGINT" ? 130 : 143;
  }
}

/** How a command ended. */
export type Ending = Pick<Summary, "outcome" | "error"> & { readonly code: number };

/** How it ended where this was thrown. */
export function endingOf(error: unknown, signal: AbortSignal): Ending {
  const reason = signal.aborted ? signal.reason : error;
  const message = error instanceof Error ? error.message : String(error);
  if (reason instanceof Interrupted) {
    return {
      outcome: "interrupted",
      code: reason.code,
      error: { message: reason.message, hint: "run again to finish" },
    };
  }
  if (error instanceof Failure) return { ...endings[error.turn], error: { message, hint: error.hint ?? null } };
  return {
    outcome: "failed",
    code: 1,
    error: {
      message: `this is a fault of idm-ldap-sync: ${message}`,
      hint: "please report it with the output of --verbose",
    },
  };
}
