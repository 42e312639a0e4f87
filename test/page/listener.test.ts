import { spawnSync } from "node:child_process";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { describe, expect, test } from "vitest";
import type { SyncEvent } from "../../src/report/event.ts";
import { built } from "../built.ts";
import { noCounts } from "../counts.ts";
import { dataOf, status, texts, usePages } from "./browser.ts";
import { changeEvent, finished, header, htmlReport, personEvent, range, tell } from "./events.ts";

const { shown, open, path, browser } = usePages();

test("Holds 50,000 changes and says how many there were", async () => {
  const { page } = await shown(
    "bound.html",
    range(50_003, (index) =>
      changeEvent({
        kind: "insert",
        key: `u${index}`,
        dn: `uid=u${index}`,
        columns: { username: { from: null, to: `u${index}` } },
      }),
    ),
  );
  expect(await page.locator("#changes .bound").textContent()).toBe(
    "The first 50,000 of 50,003 changes are in this page; --changes FILE holds all.",
  );
  expect(await status(page)).toBe("50,000 changes");
  expect(await texts(page, ".legend li .figure")).toEqual(["50,003", "0", "0", "0"]);
});

test("Holds some 64 MiB where values are long", () => {
  const long = "x".repeat(1024 * 1024);
  tell(
    htmlReport(path("long.html")),
    range(70, (index) =>
      changeEvent({ kind: "insert", key: `u${index}`, dn: "", columns: { email: { from: null, to: long } } }),
    ),
  );
  expect(dataOf(path("long.html"), "records").flat()).toHaveLength(64);
  expect(dataOf(path("long.html"), "end")).toEqual([
    expect.objectContaining({ told: { changes: 70, rejects: 0, messages: 0 } }),
  ]);
});

test("Tells every warning, without what must not be told", async () => {
  const report = htmlReport(path("messages.html"), (text) => text.replaceAll("hunter2", "***"));
  tell(report, [
    { type: "warning", message: "the password hunter2 is in the file" },
    { type: "notice", message: "3 referrals were not followed" },
    { type: "detail", message: "ldapsearch" },
    { type: "retry", attempt: 2, attempts: 5, waitMs: 300, reason: "deadlock" },
    { type: "protected", dn: "uid=root", key: "root", differs: ["email"] },
    { type: "protected", dn: "uid=same", key: "same", differs: [] },
    ...range(20, (index): SyncEvent => ({ type: "warning", message: `warning ${index}` })),
  ]);
  const { page } = await open(path("messages.html"));
  const visible = () => texts(page, "#messages li:not([hidden])");
  expect((await visible()).slice(0, 5)).toEqual([
    "the password *** is in the file",
    "3 referrals were not followed",
    "deadlock; attempt 2 of 5 to go on in 300 ms",
    "root (uid=root) is protected: left as it is, where the directory has another email",
    "warning 0",
  ]);
  expect(await visible()).toHaveLength(20);
  await page.getByRole("button", { name: "Show all 24" }).click();
  expect(await visible()).toHaveLength(24);
});

test.each([
  [
    "nothing changed",
    { read: 3, unchanged: 3 },
    "succeeded",
    "There is nothing to do: the rows of all entries that were read stay as they are.",
  ],
  ["nobody was read", {}, "succeeded", "No active entry was read: make sure that filter and active are right."],
  [
    "some were rejected",
    { read: 3, unchanged: 2, rejected: 1 },
    "partial",
    "Look at the rejects: those people are left as they are. For the others there is nothing to do.",
  ],
  [
    "all were rejected",
    { read: 3, rejected: 3 },
    "partial",
    "Look at the rejects: those people are left as they are. No other entry was read.",
  ],
] as const)("Says what is true where %s and nothing would change", async (name, counts, outcome, advice) => {
  const file = path(`${name}.html`);
  tell(htmlReport(file), [], { outcome }, counts);
  const { page } = await open(file);
  expect(await texts(page, ".next")).toEqual([advice]);
});

test.each([
  ["ignore", 0, ["New", "Changed", "Unchanged", "Rejected"]],
  ["deactivate", 2, ["New", "Changed", "Leaving", "Unchanged", "Rejected"]],
  ["deactivate", 0, ["New", "Changed", "Leaving", "Unchanged", "Rejected"]],
])("Counts leavers only where they are judged: %s, %i", async (leavers, deactivated, labels) => {
  const file = path(`${leavers}-${deactivated}.html`);
  const report = htmlReport(file);
  report({ type: "started", header: { ...header, leavers } });
  report(finished({}, { ...noCounts, read: 5, unchanged: 5, deactivated }));
  const { page } = await open(file);
  expect(await texts(page, ".legend li .label")).toEqual(labels);
});

const error = { message: "the database db.example.com:3306 refused the connection", hint: "is it started?" };

test("Is whole where the run failed before it started", async () => {
  htmlReport(path("early.html"))(finished({ outcome: "failed", error }, noCounts));
  const { page, trouble } = await open(path("early.html"));
  expect(await texts(page, "#outcome-line, .error, .hint, #changes .note, #rejects .note")).toEqual([
    "The dry run failed. What is shown here is not complete.",
    error.message,
    error.hint,
    "The run ended before there was any.",
    "The run ended before there was any.",
  ]);
  expect([await page.locator("#mapping").isVisible(), trouble]).toEqual([false, []]);
});

test("Keeps what was told where the run failed later", async () => {
  const file = path("late.html");
  tell(htmlReport(file), range(3, personEvent), { outcome: "interrupted", error });
  const { page } = await open(file);
  expect([await page.locator("#outcome-line").textContent(), await status(page)]).toEqual([
    "The dry run was interrupted. What is shown here is not complete.",
    "3 changes",
  ]);
});

test("Says in a page that was never finished that it is not complete", async () => {
  htmlReport(path("killed.html"))({ type: "started", header });
  const page = await browser().newPage();
  await page.goto(pathToFileURL(path("killed.html")).href);
  expect(await page.locator("#unfinished").textContent()).toMatch(/^This page is not complete/);
  expect([await page.locator("#unfinished").count(), await page.locator("#page").isVisible()]).toEqual([1, false]);
});

describe("the file", () => {
  test("is readable by its owner alone, and is replaced by the next page", () => {
    const file = path("mine.html");
    tell(htmlReport(file), range(3, personEvent));
    tell(htmlReport(file), range(1, personEvent));
    expect([statSync(file).mode & 0o777, dataOf(file, "records").flat().length]).toEqual([0o600, 1]);
  });

  test("keeps the last page until the run starts", () => {
    const file = path("kept.html");
    tell(htmlReport(file), range(3, personEvent));
    const before = readFileSync(file, "utf8");
    htmlReport(file);
    expect(readFileSync(file, "utf8")).toBe(before);
  });

  test.each([
    ["other.html", "<!doctype html>\n<title>Minutes</title>\n"],
    ["changes.jsonl", '{"kind":"insert","key":"a"}\n'],
  ])("is not replaced where it is not a page of ours: %s", (name, text) => {
    writeFileSync(path(name), text);
    expect(() => htmlReport(path(name))).toThrow(
      expect.objectContaining({
        name: "Failure",
        turn: "usage",
        message: `--report: ${path(name)} exists and is not a file that this option wrote`,
      }),
    );
    expect(readFileSync(path(name), "utf8")).toBe(text);
  });

  test("is told at once where it cannot be written", () => {
    const name = path("none/page.html");
    expect(() => htmlReport(name)).toThrow(
      expect.objectContaining({
        turn: "usage",
        message: expect.stringContaining(`--report: cannot write to ${name}: ENOENT`),
      }),
    );
  });

  test("is told once where the disk is full, and the run ends all the same", () => {
    const report = htmlReport("/dev/full");
    const full = { turn: "files", message: expect.stringContaining("--report: cannot write to /dev/full: ENOSPC") };
    expect(() => report({ type: "started", header })).toThrow(expect.objectContaining(full));
    expect(() => report(finished({ outcome: "failed", error }, noCounts))).not.toThrow();
  });
});

test("Needs no more memory for 200,000 changes than for a few", async () => {
  const script = `
    const { htmlReport } = await import(${JSON.stringify(await built("report/page/page.ts"))});
    const report = htmlReport(${JSON.stringify(path("memory.html"))}, (text) => text);
    report({ type: "started", header: { ...${JSON.stringify(header)}, startedAt: new Date() } });
    for (let index = 0; index < 200_000; index++) {
      const columns = { email: { from: null, to: "x".repeat(500) + index } };
      report({ type: "change", kind: "insert", reactivated: false, change: { kind: "insert", key: "u" + index, dn: "uid=u" + index, columns } });
      if (index % 500 === 0) report({ type: "progress" });
    }
    const counts = { read: 200_000, inserted: 200_000, updated: 0, unchanged: 0, reactivated: 0, deactivated: 0, missing: 0, createdInactive: 0, rejected: 0 };
    report({ type: "finished", summary: { outcome: "succeeded", counts, adopted: {}, refusedLeavers: 0, finishedAt: new Date(), durationMs: 1, error: null } });
  `;
  // The text of the changes that the page holds is some 30 MB.
  const node = ["--max-old-space-size=12", "--input-type=module", "--eval", script];
  const { status, stderr } = spawnSync(process.execPath, node, { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  expect(dataOf(path("memory.html"), "records").flat()).toHaveLength(50_000);
  expect(dataOf(path("memory.html"), "end")).toEqual([
    expect.objectContaining({ told: { changes: 200_000, rejects: 0, messages: 0 } }),
  ]);
});
