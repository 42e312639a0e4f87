import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { expect, it } from "vitest";
import { metricsText } from "../src/report/metrics.ts";
import { readMetrics } from "./metrics-format.ts";
import { fileWorkspace, type Workspace } from "./program.ts";

const anna = { "uid=anna": { uid: ["anna"], mail: ["a@x"], displayName: ["Anna"], entryUUID: ["id-anna"] } };
const prefix = "idm_ldap_sync_last";

/** The metrics in a file, without those that are 0. */
async function metricsIn(work: Workspace, file = "staff.prom") {
  const all = readMetrics(await readFile(work.path(file), "utf8"));
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== 0));
}

it("tells all of a sync, whatever its name, in the format of Prometheus", () => {
  const counts = {
    read: 9,
    inserted: 1,
    updated: 2,
    unchanged: 4,
    reactivated: 1,
    deactivated: 3,
    missing: 5,
    createdInactive: 6,
    rejected: 2,
  };
  const name = 'a "b" \\ c\nd';
  const finishedAt = new Date("2026-01-31T02:00:12.345Z");
  const text = metricsText({
    name,
    outcome: "partial",
    counts,
    durationMs: 12_345,
    finishedAt,
    lastSuccess: undefined,
  });
  const label = 'name="a \\"b\\" \\\\ c\\nd"';
  const others = ["succeeded", "failed", "refused", "locked", "interrupted"];
  expect(readMetrics(text)).toEqual({
    [`${prefix}_run_timestamp_seconds{${label}}`]: 1769824812.345,
    [`${prefix}_success_timestamp_seconds{${label}}`]: 0,
    [`${prefix}_run_duration_seconds{${label}}`]: 12.345,
    [`${prefix}_run_outcome{${label},outcome="partial"}`]: 1,
    ...Object.fromEntries(others.map((each) => [`${prefix}_run_outcome{${label},outcome="${each}"}`, 0])),
    ...Object.fromEntries(
      Object.entries(counts).map(([kind, count]) => [`${prefix}_run_entries{${label},kind="${kind}"}`, count]),
    ),
  });
});

it("is written at the end of each sync of all people, for others to read, and leaves nothing beside it", async () => {
  const work = await fileWorkspace(anna, { name: "staff", metrics: { file: "metrics/staff.prom" } });
  await mkdir(work.path("metrics"));
  await work.run(["dry-run"]);
  await work.run(["sync", "--filter", "(uid=nobody)"]);
  expect(await readdir(work.path("metrics"))).toEqual([]);
  const { finishedAt, durationMs } = await work.json(["sync"]);
  const ended = Date.parse(finishedAt) / 1000;
  expect(await metricsIn(work, "metrics/staff.prom")).toEqual({
    [`${prefix}_run_timestamp_seconds{name="staff"}`]: ended,
    [`${prefix}_success_timestamp_seconds{name="staff"}`]: ended,
    [`${prefix}_run_duration_seconds{name="staff"}`]: durationMs / 1000,
    [`${prefix}_run_outcome{name="staff",outcome="succeeded"}`]: 1,
    [`${prefix}_run_entries{name="staff",kind="read"}`]: 1,
    [`${prefix}_run_entries{name="staff",kind="inserted"}`]: 1,
  });
  expect(await readdir(work.path("metrics"))).toEqual(["staff.prom"]);
  expect((await stat(work.path("metrics/staff.prom"))).mode & 0o777).toBe(0o644);
});

it("keeps the time of the last success where a sync fails, from the file or from the history", async () => {
  const work = await fileWorkspace(anna, { name: "staff", metrics: { file: "staff.prom" } });
  const good = await work.json(["sync"]);
  await writeFile(work.path("people.ldif"), "broken");
  const bad = await work.json(["sync"]);
  const expected = {
    [`${prefix}_run_timestamp_seconds{name="staff"}`]: Date.parse(bad.finishedAt) / 1000,
    [`${prefix}_success_timestamp_seconds{name="staff"}`]: Date.parse(good.finishedAt) / 1000,
    [`${prefix}_run_duration_seconds{name="staff"}`]: bad.durationMs / 1000,
    [`${prefix}_run_outcome{name="staff",outcome="failed"}`]: 1,
  };
  expect(await metricsIn(work)).toEqual(expected);
  await writeFile(work.path("staff.prom"), "");
  await work.json(["sync"]);
  expect(await metricsIn(work)).toMatchObject({
    [`${prefix}_success_timestamp_seconds{name="staff"}`]: Date.parse(good.finishedAt) / 1000,
  });
});

it("leaves a file alone that another sync or somebody else wrote, and says so", async () => {
  const work = await fileWorkspace(anna, { name: "staff", metrics: { file: "staff.prom" } });
  await work.run(["sync"]);
  const staff = await readFile(work.path("staff.prom"), "utf8");
  const config = JSON.parse(await readFile(work.path(".syncrc.json"), "utf8"));
  await work.configure({ ...config, name: "guests" });
  const clash = `warning: metrics: ${work.path("staff.prom")} holds the metrics of another sync, "staff" (give each sync a file of its own)\n`;
  expect(await work.run(["sync", "-q"])).toEqual({ code: 0, stdout: "", stderr: clash });
  expect(await readFile(work.path("staff.prom"), "utf8")).toBe(staff);
  await work.configure({ ...config, metrics: { file: "people.ldif.prom" } });
  await writeFile(work.path("people.ldif.prom"), "dn: uid=anna\n");
  const foreign = `warning: metrics: ${work.path("people.ldif.prom")} exists and is not a file of metrics (name another file)\n`;
  expect(await work.run(["sync", "-q"])).toEqual({ code: 0, stdout: "", stderr: foreign });
});

it("warns where it cannot be written, and fails no sync", async () => {
  const work = await fileWorkspace(anna, { metrics: { file: "missing/staff.prom" } });
  const { code, stderr } = await work.run(["sync", "-q"]);
  expect([code, stderr.replaceAll(work.folder, ".").replace(/\.\d+\.tmp/, ".PID.tmp")]).toEqual([
    0,
    "warning: metrics: ./missing/staff.prom cannot be written: ENOENT: no such file or directory, open './missing/.staff.prom.PID.tmp'\n",
  ]);
});

it("leaves a device and a folder alone, and says so", async () => {
  for (const file of ["full.prom", "folder.prom"]) {
    const work = await fileWorkspace(anna, { metrics: { file } });
    await mkdir(work.path("folder.prom"));
    await symlink("/dev/full", work.path("full.prom"));
    const { code, stderr } = await work.run(["sync", "-q"]);
    const warning = `warning: metrics: ${work.path(file)} cannot be read: it is no regular file\n`;
    expect([code, stderr]).toEqual([0, warning]);
  }
});
