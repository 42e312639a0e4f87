import { readFile } from "node:fs/promises";
import { expect } from "vitest";
import { errorWords } from "../../src/report/words.ts";
import type { Expected } from "./cell.ts";
import { batchSize, deactivates, type Ground } from "./ground.ts";
import type { Ended } from "./running.ts";
import { type Standing, sownLeavers } from "./store.ts";

/** What a run has done to the table. */
export interface Written {
  readonly inserted: number;
  readonly updated: number;
}

/** Whole batches, as much as expected, and nobody deactivated who should not be. */
export function judgeTable(expected: Expected, before: Standing, after: Standing, active: number): Written {
  const written = { inserted: after.rows - before.rows, updated: before.old - after.old };
  const people = written.inserted + written.updated;
  const extent =
    people === active ? "all" : expected.written === "not all" ? "not all" : people === 0 ? "nothing" : "a part";
  expect({ extent, torn: extent === "all" ? 0 : people % batchSize }).toEqual({ extent: expected.written, torn: 0 });
  const leavers = deactivates && expected.code === 0 ? 0 : sownLeavers;
  expect(after).toEqual({ ...after, leavers, wronged: 0, admin: 1 });
  return written;
}

/** What becomes of a batch whose end is not known: how many people are written and not counted, and whether the run says so. */
const doubts: Record<NonNullable<Expected["inDoubt"]> | "none", { unsaid: number[]; admits: boolean[] }> = {
  none: { unsaid: [0], admits: [false] },
  written: { unsaid: [batchSize], admits: [true] },
  "not written": { unsaid: [0], admits: [true] },
  "written perhaps": { unsaid: [0, batchSize], admits: [false, true] },
};

/** Before what to do, where leavers would have been deactivated. */
const nobody = /^nobody was deactivated: [^;]+; /;

/** Exit code, message, hint, what was tried again, counts, the record in the history, and no secret; gives what was said. */
export async function judgeWords(ground: Ground, expected: Expected, ended: Ended, written: Written): Promise<string> {
  const history = await readFile(ground.work.path("state/idm-ldap-sync/history.jsonl"), "utf8");
  for (const secret of [...Object.values(ground.passwords), "marked-"]) {
    expect([ended.stdout, ended.stderr, history].filter((text) => text.includes(secret))).toEqual([]);
  }
  const again = ended.stderr.split("\n").filter((line) => /; attempt \d+ of \d+ to go on in /.test(line));
  for (const line of again) expect(line).toMatch(expected.retried ?? /^no attempt$/);
  expect(again.length > 0, "tried again").toBe(expected.retried !== undefined);
  expect(ended.code, ended.stderr.slice(-2000)).toBe(expected.code);
  const saidAgain = again[0]?.replace(/^warning: /, "") ?? "";
  if (expected.code === "SIGKILL") return "nothing";
  const doubt = doubts[expected.inDoubt ?? "none"];
  const { outcome, counts, error, runId } = JSON.parse(ended.stdout);
  const remembered = history
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line))
    .findLast((each) => each.runId === runId);
  expect(remembered).toMatchObject({ outcome, exitCode: expected.code, counts, error });
  const unsaid = written.inserted + written.updated - counts.inserted - counts.updated;
  expect(doubt.unsaid).toContain(unsaid);
  if (unsaid === 0) expect(counts).toMatchObject(written);
  if (expected.message === undefined) {
    expect([outcome, error]).toEqual(["succeeded", null]);
    return saidAgain || outcome;
  }
  const hint = error.hint.replace(nobody, "");
  expect(hint !== error.hint, "says why nobody was deactivated").toBe(deactivates && expected.code === 1);
  expect({ outcome, message: error.message, hint }).toEqual({
    outcome: "failed",
    message: expect.stringMatching(expected.message),
    hint: expect.stringMatching(expected.hint ?? /^no hint$/),
  });
  const admits = /whether the last batch .* is not known and not counted/.test(error.hint);
  expect(doubt.admits).toContain(admits);
  if (!admits) expect(unsaid).toBe(0);
  expect(ended.stderr.split("\n")).toContain(`error: ${errorWords(error.message, error.hint)}`);
  return error.message;
}
