import { execFileSync } from "node:child_process";
import { mkdir, readdir, readFile, stat, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { defaultFile, fileStore } from "../src/history/file.ts";
import type { RunRecord } from "../src/history/record.ts";
import { built } from "./built.ts";
import { aRun } from "./run-record.ts";
import { outcomeOf, runsAsRoot } from "./servers/command.ts";
import { instanceFolder } from "./servers/folder.ts";

const now = () => new Date("2026-01-31T02:00:00Z");

const numbered = (n: number) => aRun({ runId: String(n).padStart(8, "0") });

it.each([
  [{ XDG_STATE_HOME: "/s", HOME: "/h" }, "/s/idm-ldap-sync/history.jsonl"],
  [{ XDG_STATE_HOME: "", HOME: "/h" }, "/h/.local/state/idm-ldap-sync/history.jsonl"],
  [{ XDG_STATE_HOME: "relative", HOME: "/h" }, "/h/.local/state/idm-ldap-sync/history.jsonl"],
])("lies in the state folder: %o", (env, file) => {
  expect(defaultFile(env)).toBe(file);
});

it("is made with its folder, for its owner alone, and gives back what was written, of one name or of all", async () => {
  const file = join(await instanceFolder("history-"), "new", "history.jsonl");
  const store = fileStore(file, now);
  expect(await store.read(undefined, 1)).toEqual({ records: [], unreadable: 0 });
  const other = aRun({ name: "guests", runId: "2" });
  const unnamed = aRun({ name: null, runId: "3" });
  const elsewhere = aRun({ name: null, runId: "4", config: "/other" });
  for (const run of [aRun(), other, unnamed, elsewhere]) await store.write(run);
  expect(await store.read(undefined, 1)).toEqual({ records: [aRun(), other, unnamed, elsewhere], unreadable: 0 });
  const wanted = { name: "staff", config: "/etc/idm/.syncrc.json" };
  expect(await store.read(wanted, 1)).toEqual({ records: [aRun(), unnamed], unreadable: 0 });
  const modes = await Promise.all(
    [file, join(file, "..")].map(async (path) => ((await stat(path)).mode & 0o777).toString(8)),
  );
  expect(modes).toEqual(["600", "700"]);
});

it("begins a new line after one that was cut short, which is left out and counted", async () => {
  const file = join(await instanceFolder("history-"), "h");
  await writeFile(file, `${JSON.stringify(numbered(1))}\n${JSON.stringify(numbered(2)).slice(0, 100)}`);
  const store = fileStore(file, now);
  await store.write(numbered(3));
  expect(await store.read(undefined, 1)).toEqual({ records: [numbered(1), numbered(3)], unreadable: 1 });
});

it("leaves a file alone that is not one of runs", async () => {
  const file = join(await instanceFolder("history-"), "people.ldif");
  await writeFile(file, "dn: uid=anna\n");
  await expect(fileStore(file, now).write(aRun())).rejects.toMatchObject({
    message: `${file} exists and is not a file of runs`,
    hint: "name another file",
  });
  expect(await readFile(file, "utf8")).toBe("dn: uid=anna\n");
});

it("says so where it cannot be written", async () => {
  const folder = await instanceFolder("history-");
  await expect(fileStore("/dev/full", now).write(aRun())).rejects.toThrow(
    "cannot write to /dev/full: ENOSPC: no space left on device, write",
  );
  await expect(fileStore(folder, now).write(aRun())).rejects.toThrow(`cannot write to ${folder}: EISDIR`);
  await symlink("loop", join(folder, "loop"));
  await expect(fileStore(join(folder, "loop"), now).write(aRun())).rejects.toThrow("ELOOP");
});

it.runIf(runsAsRoot())("goes on with whole lines on a disk that was full", async () => {
  const folder = await instanceFolder("history-");
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder]);
  try {
    const filler = join(folder, "filler");
    const store = fileStore(join(folder, "h"), now);
    await store.write(numbered(1));
    await writeFile(filler, Buffer.alloc(11_000));
    const written: RunRecord[] = [numbered(1)];
    let refused = 0;
    for (let n = 2; n < 40; n += 1) {
      await store.write(numbered(n)).then(
        () => written.push(numbered(n)),
        () => {
          refused += 1;
        },
      );
    }
    expect(refused).toBeGreaterThan(0);
    await writeFile(filler, "");
    await store.write(numbered(99));
    expect((await store.read(undefined, 1)).records).toEqual([...written, numbered(99)]);
  } finally {
    execFileSync("umount", [folder]);
  }
});

/** Writes so many records in a process of its own. */
const writer = async (file: string, from: number, count: number, sizes?: object) => {
  const script = `
    import { fileStore } from ${JSON.stringify(await built("history/file.ts"))};
    const store = fileStore(${JSON.stringify(file)}, () => new Date() ${sizes ? `, ${JSON.stringify(sizes)}` : ""});
    const run = ${JSON.stringify(aRun({ error: { message: "x".repeat(3000), hint: null } }))};
    for (let n = ${from}; n < ${from + count}; n += 1) await store.write({ ...run, runId: String(n).padStart(8, "0") });`;
  return await outcomeOf([process.execPath, "--input-type=module", "-e", script]);
};

const ids = (records: readonly RunRecord[]) => records.map(({ runId }) => Number(runId)).sort((a, b) => a - b);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

it("has every record of two processes that write 200 each at the same time, none torn", async () => {
  const file = join(await instanceFolder("history-"), "h");
  const ended = await Promise.all([writer(file, 0, 200), writer(file, 200, 200)]);
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: "" }));
  const { records, unreadable } = await fileStore(file, now).read(undefined, 1);
  expect([ids(records), unreadable]).toEqual([upTo(400), 0]);
});

it("loses nothing where two processes write and put the file aside at the same time", async () => {
  const folder = await instanceFolder("history-");
  const file = join(folder, "h");
  const sizes = { rotateAt: 20_000, keep: 10_000_000 };
  const ended = await Promise.all([writer(file, 0, 200, sizes), writer(file, 200, 200, sizes)]);
  expect(ended.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(2).fill({ code: 0, stderr: "" }));
  const { records, unreadable } = await fileStore(file, now).read(undefined, 1);
  expect([ids(records), unreadable]).toEqual([upTo(400), 0]);
  expect((await readdir(folder)).length).toBeGreaterThan(40);
});

it("keeps the newest of what was put aside, and touches no file of another name", async () => {
  const folder = await instanceFolder("history-");
  const file = join(folder, "h");
  await mkdir(join(folder, "h.d"));
  await writeFile(join(folder, "h.jsonl"), "mine");
  let seconds = 0;
  const clock = () => {
    seconds += 1;
    return new Date(Date.parse("2026-01-31T02:00:00Z") + 1000 * seconds);
  };
  const line = JSON.stringify(numbered(0)).length + 1;
  const store = fileStore(file, clock, { rotateAt: 3 * line, keep: 6 * line });
  for (const n of upTo(20)) await store.write(numbered(n));
  expect(ids((await store.read(undefined, 1)).records)).toEqual(upTo(20).slice(12));
  expect((await readdir(folder)).sort()).toEqual([
    "h",
    "h.20260131T020016000Z-00000015",
    "h.20260131T020019000Z-00000018",
    "h.d",
    "h.jsonl",
  ]);
});
