import { describe, expect, it } from "vitest";
import { merged, parseRecord, type RunRecord } from "../src/history/record.ts";
import { statusExitCode, statusOf, type Viewpoint } from "../src/history/status.ts";
import { sparkline, statusLines } from "../src/history/words.ts";
import { palette } from "../src/report/chalk.ts";
import { aRun } from "./run-record.ts";

const hour = 3_600_000;
const nightly = { expression: "0 2 * * *" };
const counts = {
  read: 1200,
  inserted: 1,
  updated: 2,
  unchanged: 1197,
  reactivated: 0,
  deactivated: 0,
  missing: 0,
  createdInactive: 0,
  rejected: 0,
};

/** Every night at two o'clock UTC. */
const nextNight: Viewpoint["nextDue"] = (_, from) => {
  const next = new Date(from);
  next.setUTCHours(2, 0, 0, 0);
  return next > from ? next : new Date(next.getTime() + 24 * hour);
};

const at = (now: string, alive: readonly number[] = []): Viewpoint => ({
  now: new Date(now),
  host: "here",
  isAlive: ({ pid }) => alive.includes(pid),
  nextDue: nextNight,
});

const night = (day: number, outcome: RunRecord["outcome"], changes: Partial<RunRecord> = {}): RunRecord => {
  const date = `2026-01-${String(day).padStart(2, "0")}`;
  const ended =
    outcome === "running" ? {} : { finishedAt: `${date}T02:00:12.000Z`, durationMs: 12_000, counts, exitCode: 0 };
  return aRun({
    runId: `${day}`,
    schedule: nightly,
    startedAt: `${date}T02:00:00.000Z`,
    outcome,
    ...ended,
    ...changes,
  });
};

describe("the state of a sync", () => {
  const states: [string, string, RunRecord[], object][] = [
    [
      "is healthy after a success",
      "2026-01-11T12:00:00Z",
      [night(11, "succeeded")],
      { state: "healthy", overdue: false },
    ],
    [
      "is healthy after one with rejects",
      "2026-01-11T12:00:00Z",
      [night(11, "partial")],
      { state: "healthy", overdue: false },
    ],
    [
      "is failed after a failure",
      "2026-01-11T12:00:00Z",
      [night(10, "succeeded"), night(11, "failed")],
      { state: "failed", overdue: false },
    ],
    [
      "is that of the runs until now, where a clock was once ahead",
      "2026-01-11T12:00:00Z",
      [night(10, "succeeded"), night(11, "failed"), night(20, "succeeded")],
      { state: "failed", overdue: false },
    ],
    ["is failed after a refusal", "2026-01-11T12:00:00Z", [night(11, "refused")], { state: "failed", overdue: false }],
    [
      "is failed where the last run did not finish",
      "2026-01-11T12:00:00Z",
      [night(10, "succeeded"), night(11, "running")],
      { state: "failed", overdue: false },
    ],
    [
      "is healthy while a second interval is not over",
      "2026-01-13T01:59:59Z",
      [night(11, "succeeded")],
      { state: "healthy", overdue: false },
    ],
    ["is overdue once it is", "2026-01-13T02:00:00Z", [night(11, "succeeded")], { state: "overdue", overdue: true }],
    [
      "is failed, and overdue, where failures are all there is",
      "2026-01-13T12:00:00Z",
      [night(11, "failed"), night(12, "failed")],
      { state: "failed", overdue: true },
    ],
    [
      "is not changed by a dry run",
      "2026-01-11T12:00:00Z",
      [night(10, "succeeded"), night(11, "failed", { command: "dry-run" })],
      { state: "healthy", overdue: false },
    ],
    [
      "is not changed by a sync of some people",
      "2026-01-13T12:00:00Z",
      [night(11, "succeeded"), night(13, "succeeded", { filter: "(uid=a)" })],
      { state: "overdue", overdue: true },
    ],
    [
      "is not changed by a run that found another at work",
      "2026-01-11T12:00:00Z",
      [night(10, "succeeded"), night(11, "locked")],
      { state: "healthy", overdue: false },
    ],
    [
      "is never overdue without a schedule",
      "2026-03-01T12:00:00Z",
      [night(11, "succeeded", { schedule: null })],
      { state: "healthy", overdue: false },
    ],
    [
      "is unknown where no sync has ended",
      "2026-01-11T12:00:00Z",
      [night(11, "succeeded", { command: "dry-run" })],
      { state: "unknown", overdue: false },
    ],
    ["is unknown where nothing is remembered", "2026-01-11T12:00:00Z", [], { state: "unknown", overdue: false }],
  ];
  it.each(states)("%s", (_, now, runs, expected) => {
    const { state, overdue } = statusOf("staff", runs, undefined, 10, at(now));
    expect({ state, overdue }).toEqual(expected);
  });

  it("gives an exit code: a failure before what is late; nothing known is bad where a name was asked for", () => {
    const of = (runs: RunRecord[], name: string | null = "staff") =>
      statusOf(name, runs, undefined, 10, at("2026-01-13T12:00:00Z"));
    const good = of([night(13, "succeeded")]);
    const late = of([night(1, "succeeded")]);
    const bad = of([night(13, "failed")]);
    const cases = [[good], [good, late], [late, bad, good], [of([])], [good, of([night(13, "failed")], null)], []];
    expect(cases.map((each) => [statusExitCode(each, true), statusExitCode(each, false)])).toEqual([
      [0, 0],
      [4, 4],
      [1, 1],
      [4, 0],
      [0, 0],
      [0, 0],
    ]);
  });

  it("takes the schedule of the configuration, where there is one, and else that of the last run", () => {
    const run = night(11, "succeeded");
    const due = (configured: RunRecord["schedule"] | undefined) =>
      statusOf("staff", [run], configured, 10, at("2026-01-11T12:00:00Z")).nextDue?.toISOString();
    expect([due(undefined), due(null), due(nightly)]).toEqual([
      "2026-01-12T02:00:00.000Z",
      undefined,
      "2026-01-12T02:00:00.000Z",
    ]);
  });
});

it.each([
  ["its process is there", "here", "2026-01-11T12:00:00Z", [1], "running"],
  ["its process is gone", "here", "2026-01-11T02:00:01Z", [], "did not finish"],
  ["its process is there, for however long", "here", "2026-02-11T02:00:00Z", [1], "running"],
  ["another host has it, since less than a day", "there", "2026-01-12T01:59:59Z", [], "running"],
  ["another host has it, since a day", "there", "2026-01-12T02:00:00Z", [1], "did not finish"],
])("a run that has not ended, where %s", (_, host, now, alive, outcome) => {
  const { runs } = statusOf("staff", [night(11, "running", { host })], undefined, 10, at(now, alive));
  expect(runs).toEqual([night(11, "running", { host, outcome: outcome as "running" })]);
});

it("knows of a run what was written last, in whichever order it is read", () => {
  const begun = night(11, "running");
  const ended = night(11, "succeeded");
  const before = night(10, "failed");
  expect([merged([ended, begun, before]), merged([before, begun, ended])]).toEqual(Array(2).fill([before, ended]));
});

it.each([
  "",
  "{",
  "null",
  "[]",
  '{"runId":"1"}',
  JSON.stringify({ ...aRun(), startedAt: "yesterday" }),
  JSON.stringify({ ...aRun(), name: 1 }),
  JSON.stringify({ ...aRun(), durationMs: "1" }),
])("takes no record from %s", (text) => {
  expect(parseRecord(text)).toBeUndefined();
});

it("shows the runs as a table, with what somebody should look at", async () => {
  const error = { message: "ldap://a refused\nthe connection", hint: "is it running?" };
  const nobody = { ...counts, read: 0, inserted: 0, updated: 0, unchanged: 0 };
  const runs = [
    night(9, "succeeded", { durationMs: 61_000 }),
    night(10, "partial", { counts: { ...counts, rejected: 12, deactivated: 3 } }),
    night(11, "succeeded", { command: "dry-run", filter: "(uid=\u001b[31m)", durationMs: 900 }),
    night(12, "failed", { error, counts: nobody }),
    night(13, "running"),
  ];
  const zone = "Europe/Stockholm";
  const viewpoint = at("2026-01-13T02:00:05Z", [1]);
  const status = statusOf("sta\nff", runs, undefined, 10, viewpoint);
  expect(statusLines(status, { paint: await palette(false), now: viewpoint.now, zone })).toEqual([
    "sta\\nff, times in Europe/Stockholm",
    "  start                command            duration  outcome     read  inserted  updated  deactivated  unchanged  rejected",
    "  2026-01-13 03:00:00  sync                         running",
    "  2026-01-12 03:00:00  sync                 12.0 s  failed         0         0        0            0          0         0",
    "  2026-01-11 03:00:00  dry-run --filter     900 ms  succeeded  1,200         1        2            0      1,197         0",
    "  2026-01-10 03:00:00  sync                 12.0 s  partial    1,200         1        2            3      1,197        12",
    "  2026-01-09 03:00:00  sync              1 min 1 s  succeeded  1,200         1        2            0      1,197         0",
    "  last success  2026-01-10 03:00:12 (2 days ago)",
    "  next due      2026-01-14 03:00:00 (in 23 hours)",
    "  durations     █▂▂  12.0 s to 1 min 1 s",
    "  the last sync failed: ldap://a refused (is it running?)",
    "  OVERDUE: the last success is older than two intervals of 0 2 * * *",
  ]);
});

it("draws durations from nothing to the longest", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7, 8])).toBe("▁▂▃▄▅▆▇██");
});

it.each<[string, object]>([
  ["counts that are none", { counts: {} }],
  ["an error that is a text", { error: "lost" }],
  ["a schedule without an expression", { schedule: { expression: 5 } }],
  ["no rejects", { rejects: null }],
])("is no record of ours with %s", (_, changes) => {
  const line = JSON.stringify({ ...night(11, "failed"), ...changes });
  expect(parseRecord(line)).toBeUndefined();
  expect(parseRecord(JSON.stringify(night(11, "failed")))).toEqual(night(11, "failed"));
});
