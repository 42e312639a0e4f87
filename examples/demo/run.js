// `npm run demo`: the main job with nothing installed. A directory of 1,000 invented people is an LDIF file, the users
// table is in a SQLite file, both in a new temporary folder. The directory changes, and the same command runs again.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "libsql";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "idm-ldap-sync-demo-"));
const inFolder = (name) => join(folder, name);
const say = (text = "") => process.stdout.write(`${text}\n`);

for (const name of [".syncrc.json", "people.ldif"]) copyFileSync(here(name), inFolder(name));
const db = new Database(inFolder("idm.sqlite"));
db.exec(readFileSync(here("table.sql"), "utf8"));

say(`A directory of 1,000 invented people and an empty users table are in\n  ${folder}`);
sync("1. The first run: every active person becomes a row.");
changeDirectory();
sync(
  "2. The directory has changed: a new mail address, a marriage, somebody who has become active, a joiner. The same command:",
);
showTable();
say(
  `\nTry it: cd ${folder}\nand run ${here("../../bin/idm-ldap-sync.js")} sync once more: nothing differs, nothing is written. The folder can be deleted.`,
);

function sync(title) {
  say(`\n${title}\n$ idm-ldap-sync sync`);
  const { status } = spawnSync(process.execPath, [here("../../bin/idm-ldap-sync.js"), "sync"], {
    cwd: folder,
    stdio: "inherit",
  });
  say(
    `exit code ${status}${status === 3 ? ": done, but an entry was rejected (its display name is not valid UTF-8)" : ""}`,
  );
  // 3 is what the bad entry is there to show; anything else is a failure of the demo.
  if (status !== 3) process.exit(status || 1);
}

/** What a day does to a directory, written into the LDIF file: entries are parted by empty lines. */
function changeDirectory() {
  const entries = readFileSync(here("people.ldif"), "utf8").split("\n\n");
  const change = (test, to) => {
    const at = entries.findIndex((entry) => entry.startsWith("dn: uid=") && test(entry));
    entries[at] = to(entries[at]);
    return entries[at];
  };
  const has = (text) => (entry) => entry.includes(text);
  change(has("uid: u000002\n"), (entry) => entry.replace(/^mail: .*$/m, "mail: new.address@example.com"));
  change(has("uid: u000004\n"), (entry) => entry.replaceAll("u000004", "married4"));
  change(has("employeeType: inactive"), (entry) => entry.replace("employeeType: inactive", "employeeType: active"));
  const joiner = entries
    .find(has("uid: u000005\n"))
    .replaceAll("u000005", "u001000")
    .replace(/^mail: .*$/m, "mail: joiner@example.com")
    .replace(/^entryUUID: .{8}/m, "entryUUID: 00001000");
  writeFileSync(inFolder("people.ldif"), `${[...entries.filter(Boolean), joiner].join("\n\n")}\n`);
}

function showTable() {
  say("\nThe users table:");
  const columns = ["username", "display_name", "email", "department", "manager", "state"];
  const some = "username in ('u000002', 'married4') or id <= 2 or id > 925";
  const rows = db.prepare(`select ${columns.join(", ")} from users where ${some} order by id`).all();
  const cells = [columns, ...rows.map((row) => columns.map((column) => String(row[column] ?? "")))];
  const widths = columns.map((_, at) => Math.max(...cells.map((row) => row[at].length)));
  for (const row of cells)
    say(
      `  ${row
        .map((cell, at) => cell.padEnd(widths[at]))
        .join("  ")
        .trimEnd()}`,
    );
  const { total, active } = db.prepare("select count(*) as total, sum(state = 'active') as active from users").get();
  say(`  … ${total} rows in all, ${active} of them active`);
}
