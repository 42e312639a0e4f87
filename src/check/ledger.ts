import type { Failure, Turn } from "../errors.ts";

export type Status = "ok" | "warning" | "failed" | "skipped";

/** One thing that a stage found. */
export interface Finding {
  readonly status: Status;
  readonly message: string;
  readonly hint: string | null;
  /** Whose turn it is, where it failed. */
  readonly turn?: Turn;
}

/** A finding in its place; a stage that found several things has a line for each, the worst first, and its time there. */
export interface Line extends Finding {
  readonly stage: string;
  /** What was looked at: `configuration`, `source ldaps://ldap.example.com`, `target`. */
  readonly of: string;
  readonly durationMs: number;
}

const weight = { failed: 2, warning: 1, ok: 0, skipped: 0 } as const satisfies Record<Status, number>;

export const ok = (message: string, hint: string | null = null): Finding => ({ status: "ok", message, hint });
export const warning = (message: string, hint: string | null = null): Finding => ({ status: "warning", message, hint });
export const failed = ({ message, hint, turn }: Failure): Finding => ({
  status: "failed",
  message,
  hint: hint ?? null,
  turn,
});

/** What has been found, in the order found. */
export interface Ledger {
  readonly lines: readonly Line[];
  /** Tells what a stage found; the stage began where the last one ended. */
  add(of: string, stage: string, findings: readonly Finding[]): void;
  skip(of: string, stages: readonly string[], because: string): void;
}

/** `tell` gets each line as soon as it is known; `clock` counts milliseconds, and said `start` when the first stage began. */
export function openLedger(tell: (line: Line) => void, clock: () => number, start: number): Ledger {
  const lines: Line[] = [];
  let began = start;
  const put = (line: Line): void => {
    lines.push(line);
    tell(line);
  };
  return {
    lines,
    add: (of, stage, findings) => {
      let durationMs = Math.round(clock() - began);
      for (const finding of [...findings].sort((a, b) => weight[b.status] - weight[a.status])) {
        put({ of, stage, durationMs, ...finding });
        durationMs = 0;
      }
      began = clock();
    },
    skip: (of, stages, because) => {
      for (const stage of stages) {
        put({ of, stage, durationMs: 0, status: "skipped", message: `because ${because}`, hint: null });
      }
    },
  };
}

export const hasFailed = (findings: readonly Finding[]): boolean => findings.some(({ status }) => status === "failed");

/** The first stage that failed. */
export const firstFailed = ({ lines }: Ledger): string | undefined =>
  lines.find(({ status }) => status === "failed")?.stage;

/** 2 where somebody has to edit the configuration, whatever else failed: trying again would not help. */
export function exitCodeOf(findings: readonly Finding[]): 0 | 1 | 2 {
  const turns = findings.filter(({ status }) => status === "failed").map(({ turn }) => turn);
  if (turns.length === 0) return 0;
  return turns.includes("configuration") || turns.includes("usage") ? 2 : 1;
}
