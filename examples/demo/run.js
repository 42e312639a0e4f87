// `npm run demo`: the main job with nothing installed. A directory of 1,000 invented people is an LDIF file, the users
// table is in a SQLite file, both in a new temporary folder. The directory changes, is previewed, and synchronised again.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { changeDirectory, makeFolder, program } from "./folder.js";

const say = (text = "") => process.stdout.write(`${text}\n`);
const { folder, db } = makeFolder();

say(`A directory of 1,000 invented people and an empty users table are in\n  ${folder}`);
run("1. The first run: every active person becomes a row.", "sync");
changeDirectory(folder);
run(
  "2. The directory has changed: a new mail address, a marriage, somebody who has become active, a joiner. What would a sync do?",
  "dry-run",
  "--report",
  "preview.html",
);
run("3. That is what was meant, so it is done:", "sync");
showTable();
say(
  `\nThe same preview, as a page for people: ${join(folder, "preview.html")}\nTry it: cd ${folder}\nand run ${program} sync once more: nothing differs, nothing is written. The folder can be deleted.`,
);

function run(title, ...args) {
  say(`\n${title}\n$ idm-ldap-sync ${args.join(" ")}`);
  const { status } = spawnSync(process.execPath, [program, ...args], { cwd: folder, stdio: "inherit" });
  say(
    `exit code ${status}${status === 3 ? ": done, but an entry was rejected (its display name is not valid UTF-8)" : ""}`,
  );
  // 3 is what the bad entry is there to show; anything else is a failure of the demo.
  if (status !== 3) process.exit(status || 1);
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
