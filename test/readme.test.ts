import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

const root = new URL("../", import.meta.url);
let readme: string;
let slapd: Slapd;
let mariadb: Mariadb;

beforeAll(async () => {
  readme = await readFile(new URL("README.md", root), "utf8");
  slapd = await startSlapd({ people: peopleLdif({ count: 200 }) });
  mariadb = await startMariadb();
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, text = ""]) => text);

/** What differs between the README's servers and these. */
const here = (text: string): string =>
  text
    .replace("ldap://ldap.example.com", slapd.url)
    .replace('"startTls": true', '"startTls": false')
    .replace('"host": "db.example.com"', `"host": "${mariadb.host}", "port": ${mariadb.port}`)
    .replace('"user": "idm"', '"user": "readme"');

it("the table, the rights and the configuration of the README do what it says, with the commands that it gives", async () => {
  const [table = "", grant = ""] = blocks("sql");
  await mariadb.sql(table);
  await mariadb.sql("create user readme@'%' identified by 'readme-secret'");
  await mariadb.sql(grant.replaceAll("'idm'@", "'readme'@"));
  const work = await workspace();
  await writeFile(join(work.folder, ".syncrc.json"), here(blocks("jsonc")[0] ?? ""), { mode: 0o600 });
  const env = { LDAP_PASSWORD: slapd.syncPassword, DB_PASSWORD: "readme-secret" };
  const somebody = Array.from({ length: 200 }, (_, i) => person(i)).find((each) => each.active)?.uid;
  const one = await work.json(["sync", "--filter", `(uid=${somebody})`], env);
  expect([one.code, one.counts.inserted, one.warnings]).toEqual([0, 1, []]);
  const active = Array.from({ length: 200 }, (_, i) => person(i)).filter((each) => each.active).length;
  const all = await work.json(["sync"], env);
  expect([all.code, all.counts.inserted, all.counts.unchanged]).toEqual([0, active - 1, 1]);
});

it.each([
  ["sync", ["of `sync` and `dry-run`", "of `sync` alone"]],
  ["dry-run", ["of `sync` and `dry-run`", "of `dry-run` alone"]],
])("every option of %s stands in the README, and no other", async (command, tables) => {
  const { stdout } = await (await workspace()).run([command, "--help"]);
  const options = (text: string): string[] => [...new Set(text.match(/--[a-z][a-z-]+/g))].sort();
  const section = tables.map((title) => {
    const [, table = ""] = readme.split(`| option ${title} | meaning |`);
    return table.slice(0, table.indexOf("\n\n"));
  });
  expect(options(section.join())).toEqual(options(stdout).filter((option) => option !== "--help"));
});
