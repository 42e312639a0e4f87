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
  "2. The directory has changed: one new mail address, one marriage, one joiner, one who is active again. The same command:",
);
showTable();
say(
  `\nTry it: cd ${folder}\nand run ${here("../../bin/idm-ldap-sync.js")} sync once more: nothing differs, nothing is written.`,
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

/** What a day does to a directory, written into the LDIF file. */
function changeDirectory() {
  const before = readFileSync(here("people.ldif"), "utf8");
  const person = (uid) => new RegExp(`^dn: uid=${uid},[\\s\\S]*?\\n\\n`, "m").exec(before)[0];
  const mail = person("u000003");
  const marriage = person("u000004");
  const back = /^dn: uid=(?:(?!\n\n)[\s\S])*?employeeType: inactive[\s\S]*?\n\n/m.exec(before)[0];
  const joiner = person("u000005")
    .replaceAll("u000005", "u001000")
    .replace(/^(mail: ).*(@example\.com)$/m, "$1joiner.1000$2")
    .replace(/^entryUUID: .{8}/m, "entryUUID: 00001000");
  const after = before
    .replace(mail, mail.replace(/^mail: .*@example\.com$/m, "mail: new.address.3@example.com"))
    .replace(marriage, marriage.replaceAll("u000004", "married4"))
    .replace(back, back.replace("employeeType: inactive", "employeeType: active"))
    .concat(joiner);
  writeFileSync(inFolder("people.ldif"), after);
}

function showTable() {
  say("\nThe users table:");
  const columns = ["username", "display_name", "email", "department", "manager", "state"];
  const some = "username in ('u000000', 'u000003', 'married4', 'u001000') or id <= 3";
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
