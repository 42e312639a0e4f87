import { expect, it } from "vitest";
import type { SyncEvent } from "../src/report/event.ts";
import { eventWords } from "../src/report/words.ts";
import { mainIn } from "./in-process.ts";
import { fileConfig, fileWorkspace, sqlite } from "./program.ts";
import { unseen } from "./unseen.ts";

const forged = "x\u001b[2J\nerror: all is lost\u202e";
const shown = "x\\u{1b}[2J\\nerror: all is lost\\u{202e}";

it.each<[SyncEvent["type"], SyncEvent]>([
  ["notice", { type: "notice", message: forged }],
  ["warning", { type: "warning", message: forged }],
  ["info", { type: "info", message: forged }],
  ["detail", { type: "detail", message: forged }],
  ["retry", { type: "retry", reason: forged, attempt: 1, attempts: 5, waitMs: 10 }],
  ["protected", { type: "protected", key: "anna", dn: "uid=anna", differs: [forged] }],
])("the words of a %s are one line, whatever a server or a database put into them", (_, event) => {
  const { words } = eventWords(event) ?? { words: "" };
  expect(words).toContain(shown);
  expect(words).not.toMatch(unseen);
  expect(words).not.toContain("\n");
});

it("names in the configuration and the table neither forge lines nor move the cursor", async () => {
  const { mapping, target } = fileConfig();
  const work = await fileWorkspace(
    { "uid=anna": { uid: ["anna"], displayName: ["Anna"] } },
    {
      name: forged,
      target: { ...target, table: forged },
      mapping: { ...mapping, [forged]: "displayName" },
      state: { column: "state", active: forged },
    },
  );
  sqlite(work.path("idm.sqlite"), `alter table users rename to "${forged}"`);
  sqlite(work.path("idm.sqlite"), `alter table "${forged}" add column "${forged}" text`);
  for (const args of [["check"], ["dry-run", "--verbose"], ["sync", "--verbose"], ["explain", "anna"], ["status"]]) {
    const { code, stdout, stderr } = await mainIn(work.folder, args);
    expect([args, code]).toEqual([args, 0]);
    expect(stdout).toContain("x\\u{1b}[2J");
    for (const text of [stdout, stderr]) {
      expect(text).not.toMatch(unseen);
      expect(text).not.toMatch(/^error: all is lost/m);
    }
  }
});
