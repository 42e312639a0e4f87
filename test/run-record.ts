import type { RunRecord } from "../src/history/record.ts";

/** A record of a run under way, and what differs. */
export const aRun = (changes: Partial<RunRecord> = {}): RunRecord => ({
  runId: "00000000-0000-4000-8000-000000000000",
  command: "sync",
  filter: null,
  name: "staff",
  config: "/etc/idm/.syncrc.json",
  configHash: null,
  schedule: null,
  host: "here",
  user: "idm",
  version: "0",
  pid: 1,
  processStart: null,
  startedAt: "2026-01-31T02:00:00.000Z",
  finishedAt: null,
  durationMs: null,
  outcome: "running",
  exitCode: null,
  counts: null,
  error: null,
  rejects: [],
  ...changes,
});
