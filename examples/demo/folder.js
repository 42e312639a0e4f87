// The demo's directory and table in a new temporary folder: 1,000 invented people in an LDIF file, an empty SQLite table.
import { copyFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import Database from "libsql";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

export const program = here("../../bin/idm-ldap-sync.js");

export function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), "idm-ldap-sync-demo-"));
  for (const name of [".syncrc.json", "people.ldif"]) copyFileSync(here(name), join(folder, name));
  const db = new Database(join(folder, "idm.sqlite"));
  db.exec(readFileSync(here("table.sql"), "utf8"));
  return { folder, db };
}

/** What a day does to a directory, written into the LDIF file: entries are parted by empty lines. */
export function changeDirectory(folder) {
  const file = join(folder, "people.ldif");
  const entries = readFileSync(file, "utf8").split("\n\n");
  const change = (test, to) => {
    const at = entries.findIndex((entry) => entry.startsWith("dn: uid=") && test(entry));
    entries[at] = to(entries[at]);
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
  writeFileSync(file, `${[...entries.filter(Boolean), joiner].join("\n\n")}\n`);
}
