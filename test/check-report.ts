import { expect } from "vitest";
import { mainIn } from "./in-process.ts";
import type { Workspace } from "./program.ts";

/** What `check --json` says, in a shape that can be compared. */

interface Stage {
  readonly stage: string;
  readonly of: string;
  readonly status: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface Checked {
  readonly code: number | null;
  readonly command: string;
  readonly name: string;
  readonly outcome: string;
  /** Without their times, which were whole numbers. */
  readonly stages: readonly Stage[];
  readonly sample: {
    readonly read: number;
    readonly inserts: number | null;
    readonly updates: number | null;
    readonly unchanged: number | null;
    readonly rejected: number | null;
    readonly rejects: readonly { column: string; reason: string; count: number; examples: readonly object[] }[];
    readonly missingAttributes: readonly { attribute: string; column: string; near: readonly string[] }[];
  };
  readonly error: { message: string; hint: string | null } | null;
}

export async function checked(
  work: Workspace,
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Checked> {
  const { code, stdout, stderr } = await mainIn(work.folder, ["check", "--json", ...args], { ...process.env, ...env });
  const document = JSON.parse(stdout || `"${stderr}"`);
  for (const { durationMs } of document.stages ?? []) expect(Number.isInteger(durationMs)).toBe(true);
  const stages = document.stages?.map(({ durationMs: _, ...stage }: Stage & { durationMs: number }) => stage);
  return { code, ...document, ...(stages && { stages }) };
}

/** `ok DNS`, `failed TLS`, in their order. */
export const statuses = ({ stages }: Checked): string[] => stages.map(({ status, stage }) => `${status} ${stage}`);

/** What was not well. */
export const troubles = ({ stages }: Checked): object[] =>
  stages.filter(({ status }) => status === "failed" || status === "warning").map(({ of: _, ...rest }) => rest);

/** The stages of one side that were not well, those that were skipped among them. */
export const unwell = ({ stages }: Checked, of: string): object[] =>
  stages
    .filter((each) => (each.of.startsWith(of) || each.stage === "values") && each.status !== "ok")
    .map(({ of: _, ...rest }) => rest);

/** In the order in which one needs the other; columns and unique indexes are looked at each by itself. */
const orders = [
  ["file", "base", "filter", "attributes"],
  ["DNS", "TCP", "TLS", "bind", "base", "filter", "attributes"],
  ["database", "table", "columns"],
];

/** What is skipped where this stage failed, and `more` on top of it. */
export function skippedAfter(stage: string, more: readonly string[] = []): object[] {
  const order = orders.find((each) => each.includes(stage)) ?? [stage];
  const ofTable = ["database", "table"].includes(stage) ? ["unique indexes"] : [];
  return [...order.slice(order.indexOf(stage) + 1), ...ofTable, ...more, "values"].map((each) => ({
    stage: each,
    status: "skipped",
    message: `because ${stage} failed`,
    hint: null,
  }));
}
