import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { fileConfig, fileWorkspace, jsonLines, sqlite, type Workspace, workspace } from "./program.ts";
import { aRun } from "./run-record.ts";

/** How runs of the program are remembered in the file and in a SQLite table, and what `status` shows of them. */

const anna = { "uid=anna": { uid: ["anna"], mail: ["a@x"], displayName: ["Anna"], entryUUID: ["id-anna"] } };
const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));

const usual = (work: Workspace) => work.path("state/idm-ldap-sync/history.jsonl");
const remembered = async (file: string) => (await jsonLines(file)) as Record<string, unknown>[];

/** What every record of a run here has. */
const common = {
  runId: expect.stringMatching(/^[\da-f-]{36}$/),
  configHash: expect.stringMatching(/^[\da-f]{64}$/),
  targetHash: expect.stringMatching(/^[\da-f]{64}$/),
  filter: null,
  host: hostname(),
  user: userInfo().username,
  version,
  pid: expect.any(Number),
  processStart: expect.stringMatching(/^[\da-f-]{36}:\d+$/),
  startedAt: expect.any(String),
};
const begun = {
  finishedAt: null,
  durationMs: null,
  outcome: "running",
  exitCode: null,
  counts: null,
  error: null,
  rejects: [],
};
const ended = { finishedAt: expect.any(String), durationMs: expect.any(Number), error: null, rejects: [] };

const pause = () => new Promise((resolve) => setTimeout(resolve, 20));

const status = async (work: Workspace, args: readonly string[] = [], env = {}) => {
  const { code, stdout } = await work.run(["status", "--json", ...args], env);
  return { code, ...JSON.parse(stdout) };
};

describe("the history", () => {
  it("has each run when it begins and when it has ended, with counts, rejects and schedule", async () => {
    const schedule = { expression: "0 2 * * *" };
    const work = await fileWorkspace({ ...anna, "cn=nobody": {} }, { name: "staff", schedule });
    const document = await work.json(["sync"]);
    await work.run(["dry-run", "--filter", "(uid=anna)"]);
    const config = work.path(".syncrc.json");
    const sync = { ...common, command: "sync", name: "staff", config, schedule };
    const dryRun = { ...sync, command: "dry-run", filter: "(uid=anna)" };
    expect(await remembered(usual(work))).toEqual([
      { ...sync, ...begun },
      {
        ...sync,
        ...ended,
        runId: document.runId,
        startedAt: document.startedAt,
        finishedAt: document.finishedAt,
        durationMs: document.durationMs,
        outcome: "partial",
        exitCode: 3,
        counts: { ...noCounts, read: 2, inserted: 1, rejected: 1 },
        rejects: document.rejects,
      },
      { ...dryRun, ...begun },
      { ...dryRun, ...ended, outcome: "succeeded", exitCode: 0, counts: { ...noCounts, read: 1, unchanged: 1 } },
    ]);
    expect(document.rejects).toHaveLength(1);
  });

  it("has the first ten rejects", async () => {
    const people = Object.fromEntries(Array.from({ length: 15 }, (_, i) => [`cn=nobody${i}`, {}]));
    const work = await fileWorkspace(people);
    const { rejects } = await work.json(["sync"]);
    expect(rejects).toHaveLength(15);
    expect((await remembered(usual(work))).at(-1)?.rejects).toEqual(rejects.slice(0, 10));
  });

  it("has runs that fail before their configuration is valid, by the name that it gives", async () => {
    const work = await fileWorkspace(anna, { name: "staff", history: { file: "own/h.jsonl" }, batchSiz: 1 });
    const { code, error } = await work.json(["sync"]);
    const config = work.path(".syncrc.json");
    const failed = {
      ...common,
      ...ended,
      command: "sync",
      schedule: null,
      configHash: null,
      targetHash: null,
      outcome: "failed",
      exitCode: 2,
      counts: noCounts,
    };
    expect(code).toBe(2);
    expect(await remembered(work.path("own/h.jsonl"))).toEqual([{ ...failed, name: "staff", config, error }]);
    await writeFile(config, "{");
    const broken = await work.json(["sync"]);
    await rm(config);
    const missing = await work.json(["sync"]);
    expect(await remembered(usual(work))).toEqual([
      { ...failed, name: null, config, error: broken.error },
      { ...failed, name: null, config: null, error: missing.error },
    ]);
  });

  it("fails no run where it cannot be written: that is a warning", async () => {
    const work = await fileWorkspace(anna, { history: { file: "/dev/full" } });
    expect(await work.run(["sync", "-q"])).toEqual({
      code: 0,
      stdout: "",
      stderr:
        "warning: history: cannot write to /dev/full: ENOSPC: no space left on device, write\nwarning: history: this run is not remembered\n",
    });
    await work.configure(fileConfig({ history: { file: "people.ldif" } }));
    const { code, stderr } = await work.run(["sync", "-q"]);
    expect([code, stderr.replaceAll(work.folder, ".")]).toEqual([
      0,
      "warning: history: ./people.ldif exists and is not a file of runs (name another file)\nwarning: history: this run is not remembered\n",
    ]);
  });

  it("holds no secret, nor does anything else that a run leaves behind or prints", async () => {
    const secrets = { LDAP: "hush-ldap-4711", TOKEN: "hush-token-4711" };
    const work = await fileWorkspace(anna);
    const config = {
      ...fileConfig({
        metrics: { file: "m.prom" },
        hooks: {
          onFailure: { url: "http://127.0.0.1:9/hush-path-4711", headers: { "x-token": { env: "TOKEN" } }, retries: 0 },
        },
      }),
      source: {
        url: "ldap://127.0.0.1:9",
        bindDn: "cn=hush",
        bindPassword: { env: "LDAP" },
        baseDn: "dc=hush-ldap-4711",
      },
    };
    await work.configure(config);
    const { code, stdout, stderr } = await work.run(["sync", "--json", "--verbose"], secrets);
    const seen = await work.run(["status", "--json"], secrets);
    const files = [usual(work), work.path("m.prom")];
    const texts = await Promise.all(files.map((file) => readFile(file, "utf8")));
    expect([code, stderr]).toEqual([
      1,
      expect.stringContaining("hooks.onFailure: http://127.0.0.1:9 could not be reached"),
    ]);
    for (const text of [stdout, stderr, seen.stdout, seen.stderr, ...texts]) expect(text).not.toContain("4711");
  });
});

describe("a run that is killed in the middle", () => {
  /** A sync that waits for its source, a pipe that nobody writes to. */
  const waiting = async () => {
    const work = await fileWorkspace(anna, { name: "staff" });
    await rm(work.path("people.ldif"));
    execFileSync("mkfifo", [work.path("people.ldif")]);
    const running = work.start(["sync"]);
    while (!existsSync(usual(work))) await pause();
    return { work, running };
  };

  it("is shown as running before, and as one that did not finish afterwards", async () => {
    const { work, running } = await waiting();
    const before = await status(work, ["--exit-code"]);
    running.process.kill("SIGKILL");
    await running.outcome;
    const after = await status(work, ["--exit-code"]);
    const { stdout } = await work.run(["status"]);
    expect([before.code, before.names[0].runs[0].outcome, before.names[0].state]).toEqual([4, "running", "unknown"]);
    expect([after.code, after.names[0].runs[0].outcome, after.names[0].state]).toEqual([1, "did not finish", "failed"]);
    expect(stdout).toContain(
      `the last sync did not finish: its process (${running.process.pid} on ${hostname()}) is gone\n`,
    );
  });

  it("is remembered to its end where it is asked to stop", async () => {
    const people = Object.fromEntries(Array.from({ length: 3000 }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`] }]));
    const work = await fileWorkspace(people, { batchSize: 1 });
    const running = work.start(["sync"]);
    while (!existsSync(usual(work))) await pause();
    running.process.kill("SIGTERM");
    expect((await running.outcome).code).toBe(143);
    const { names } = await status(work);
    expect([names[0].runs[0].outcome, names[0].runs[0].exitCode, names[0].state]).toEqual([
      "interrupted",
      143,
      "failed",
    ]);
  });
});

describe("status", () => {
  it("prints one document: for each name its runs, last success, next due time and state", async () => {
    const schedule = { expression: "0 0 2 ? * 2-6", dialect: "quartz", timezone: "Europe/Stockholm" };
    const work = await fileWorkspace(anna, { name: "staff", schedule });
    const first = await work.json(["sync"]);
    const second = await work.json(["dry-run"]);
    const { filter, processStart: _, ...rest } = common;
    const run = {
      ...rest,
      filter,
      name: "staff",
      config: work.path(".syncrc.json"),
      exitCode: 0,
      outcome: "succeeded",
    };
    const ofRun = ({ runId, startedAt, finishedAt, durationMs, counts, rejects, error, command }: typeof first) => ({
      ...run,
      ...{ runId, startedAt, finishedAt, durationMs, counts, rejects, error, command },
    });
    const { code, ...document } = await status(work, ["--exit-code"]);
    expect(code).toBe(0);
    expect(document).toEqual({
      command: "status",
      name: "staff",
      names: [
        {
          name: "staff",
          state: "healthy",
          overdue: false,
          lastSuccess: first.finishedAt,
          nextDue: expect.stringMatching(/T0[01]:00:00\.000Z$/),
          runs: [ofRun(second), ofRun(first)],
        },
      ],
      error: null,
    });
    const due = new Date(document.names[0].nextDue);
    expect(due.getTime()).toBeGreaterThan(Date.now());
    expect(new Intl.DateTimeFormat("en", { weekday: "short", timeZone: "Europe/Stockholm" }).format(due)).toMatch(
      /Mon|Tue|Wed|Thu|Fri/,
    );
  });

  it("shows all names without a configuration, only its own with one, and no more runs than asked for", async () => {
    const work = await fileWorkspace(anna, { name: "staff" });
    const state = { XDG_STATE_HOME: work.path("state") };
    await work.run(["sync"]);
    await work.run(["sync"]);
    await work.configure(fileConfig({ name: "guests" }));
    await work.run(["sync"]);
    await writeFile(work.path("broken.json"), "{");
    await work.run(["sync", "-c", "broken.json"]);
    const elsewhere = await workspace();
    const all = await status(elsewhere, ["--limit", "1"], state);
    expect(all.names.map(({ name, runs }: { name: string; runs: [] }) => [name, runs.length])).toEqual([
      ["guests", 1],
      ["staff", 1],
      [null, 1],
    ]);
    const own = await status(work);
    expect(own.names.map(({ name, runs }: { name: string; runs: [] }) => [name, runs.length])).toEqual([["guests", 1]]);
    const nothing = await elsewhere.run(["status"]);
    expect(nothing).toEqual({ code: 0, stdout: `no run is remembered in ${usual(elsewhere)}\n`, stderr: "" });
  });

  it("needs no secret, and says 4 where nothing of the name is remembered or the last success is too old", async () => {
    const work = await workspace();
    const source = {
      ...fileConfig().source,
      url: "ldap://127.0.0.1:9",
      bindDn: "cn=x",
      bindPassword: { env: "UNSET" },
    };
    await work.configure({ ...fileConfig({ name: "staff", schedule: { expression: "0 2 * * *" } }), source });
    const none = await work.run(["status", "--exit-code"]);
    expect(none).toEqual({
      code: 4,
      stdout: expect.stringMatching(
        /^staff, times in .*\n {2}last success {2}none is remembered\n {2}next due .*\n {2}no sync has ended yet, as far as is remembered\n$/,
      ),
      stderr: "",
    });
    await work.configure({
      ...fileConfig({ name: "staff", history: { file: "h" }, schedule: { expression: "0 2 * * *" } }),
      source,
    });
    const long = new Date(Date.now() - 50 * 3_600_000).toISOString();
    const old = aRun({ startedAt: long, finishedAt: long, durationMs: 5, outcome: "succeeded", counts: noCounts });
    await writeFile(work.path("h"), `${JSON.stringify(old)}\nnoise\n`);
    const late = await work.run(["status", "--exit-code"]);
    expect(late).toEqual({
      code: 4,
      stdout: expect.stringContaining("\n  OVERDUE: the last success is older than two intervals of 0 2 * * *\n"),
      stderr: `warning: 1 line of ${work.path("h")} and ${usual(work)} cannot be read and is left out\n`,
    });
    expect((await work.run(["status"])).code).toBe(0);
  });

  it("says nothing with --quiet where all is well", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    expect(await work.run(["status", "-q", "--exit-code"])).toEqual({ code: 0, stdout: "", stderr: "" });
  });

  it("ends with 2 where the configuration is broken", async () => {
    const work = await workspace();
    await writeFile(work.path(".syncrc.json"), "{");
    const { code, stdout } = await work.run(["status", "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      { command: "status", name: "default", outcome: "failed", error: expect.any(Object) },
    ]);
  });
});

it("tells validate-cron how long a sync takes, so that it warns of a schedule that fires oftener", async () => {
  const schedule = { expression: "* * * * *", timezone: "UTC" };
  const work = await fileWorkspace(anna, { name: "staff", history: { file: "h" }, schedule });
  const warnings = async () => JSON.parse((await work.run(["validate-cron", "--json"])).stdout).warnings;
  const run = aRun({
    outcome: "succeeded",
    finishedAt: "2026-01-31T02:01:30.000Z",
    durationMs: 90_000,
    counts: noCounts,
  });
  expect(await warnings()).toEqual([]);
  await writeFile(work.path("h"), `${JSON.stringify(run)}\n`);
  expect(await warnings()).toEqual([
    "fires again after 1 min 0 s, and a run has taken 1 min 30 s: the second one would find the first at work",
  ]);
});

describe("a history in a SQLite table", () => {
  const table = { name: "staff", history: { table: "runs" } };

  it("has the syncs, in columns and whole; dry runs stay in the file, and status shows both", async () => {
    const work = await fileWorkspace(anna, table);
    await work.run(["dry-run"]);
    expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from sqlite_schema where name = 'runs'")).toEqual([
      { n: 0 },
    ]);
    expect((await status(work, ["--exit-code"])).code).toBe(4);
    const { runId, startedAt, finishedAt } = await work.json(["sync"]);
    const [row] = sqlite(work.path("idm.sqlite"), "select * from runs") as [Record<string, unknown>];
    expect(row).toEqual({
      run_id: runId,
      name: "staff",
      command: "sync",
      host: hostname(),
      started_at: startedAt,
      finished_at: finishedAt,
      outcome: "succeeded",
      exit_code: 0,
      record: expect.any(String),
    });
    const { names } = await status(work);
    expect(names[0].runs.map(({ command, outcome }: Record<string, string>) => [command, outcome])).toEqual([
      ["sync", "succeeded"],
      ["dry-run", "succeeded"],
    ]);
    expect(JSON.parse(String(row.record))).toMatchObject(names[0].runs[0]);
  });

  it("is kept in the file, with a warning, while the table cannot be written", async () => {
    const work = await fileWorkspace(anna, table);
    sqlite(work.path("idm.sqlite"), "create table runs (id integer)");
    const { code, stderr } = await work.run(["sync", "-q"]);
    expect([code, stderr.replaceAll(work.folder, ".")]).toEqual([
      0,
      "warning: history: ./idm.sqlite: table runs has no column named run_id\n",
    ]);
    expect((await remembered(usual(work))).map(({ outcome }) => outcome)).toEqual(["running", "succeeded"]);
  });

  it("is not asked for before its database is there", async () => {
    const work = await fileWorkspace(anna, table);
    await rm(work.path("idm.sqlite"));
    const { code } = await work.run(["sync", "-q"]);
    expect(code).toBe(2);
    expect((await readdir(join(work.folder, "state/idm-ldap-sync"))).length).toBe(1);
    expect((await remembered(usual(work))).at(-1)).toMatchObject({ name: "staff", outcome: "failed", exitCode: 2 });
  });
});
