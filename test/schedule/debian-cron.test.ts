import { chmod, chown, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { fileWorkspace, sqlite } from "../program.ts";
import { program, runsAsRoot } from "../servers/command.ts";
import { startDaemon } from "../servers/daemon.ts";

/**
 * In a mount namespace of its own, so that this cron sees one crontab, and none of the machine's jobs. Without root there
 * is no cron that could be tried, and the test says so by failing.
 */
const alone = (folder: string): string[] => {
  const binds = ["spool:/var/spool/cron/crontabs", "none:/etc/cron.d", "crontab:/etc/crontab", "run:/run"].map(
    (pair) => {
      const [from = "", to = ""] = pair.split(":");
      return `mount --bind ${join(folder, from)} ${to}`;
    },
  );
  return [program("unshare"), "--mount", "/bin/sh", "-c", [...binds, `exec ${program("cron")} -f -L 15`].join(" && ")];
};

it("a line that is emitted is run by Debian's cron within its minute, and the run shows in status", async () => {
  expect(runsAsRoot()).toBe(true);
  const work = await fileWorkspace(
    { "uid=anna": { uid: ["anna"] } },
    { name: "nightly", schedule: { expression: "* * * * *" }, history: { file: "runs.jsonl" } },
  );
  const { code, stdout: line } = await work.run(["validate-cron", "--emit", "crontab"]);
  expect(code).toBe(0);
  for (const folder of ["spool", "none", "run"]) await mkdir(work.path(folder));
  await writeFile(work.path("crontab"), "");
  const table = work.path("spool/root");
  await writeFile(table, line);
  await chown(table, 0, 0);
  await chmod(table, 0o600);
  const log = work.path("cron.log");
  const cron = await startDaemon({ commandLine: alone(work.folder), cwd: work.folder, logFile: log, ready: /^/ });
  try {
    const rows = () => sqlite(work.path("idm.sqlite"), "select username from users");
    for (let seconds = 0; rows().length === 0 && seconds < 130; seconds += 1) await pause(1000);
    expect([rows(), line, await readFile(log, "utf8")]).toEqual([[{ username: "anna" }], line, expect.any(String)]);
    const finished = async () => JSON.parse((await work.run(["status", "--json"])).stdout).names[0].runs;
    for (let tries = 0; (await finished())[0]?.outcome === "running" && tries < 30; tries += 1) await pause(1000);
    expect(await finished()).toEqual([expect.objectContaining({ command: "sync", outcome: "succeeded" })]);
  } finally {
    await cron.end("SIGKILL");
  }
}, 200_000);
