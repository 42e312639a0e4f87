// `npm run pictures`: the pictures of the README, of what the demo's directory really gives. It needs `script`
// (util-linux) and Debian's Chromium.
import { spawnSync } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { changeDirectory, makeFolder, program } from "../demo/folder.js";
import { onTerminal, svgOf } from "./terminal.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const columns = 104;
const { folder } = makeFolder();
try {
  run("sync");
  changeDirectory(folder);
  const command = "dry-run --limit 3";
  const shown = onTerminal(`${process.execPath} ${program} ${command}`, folder, columns).replaceAll(`${folder}/`, "");
  writeFileSync(here("dry-run.svg"), svgOf(`$ idm-ldap-sync ${command}\n${shown}`, columns));
  busyDay();
  run("dry-run", "--report", "preview.html");
  await photograph(join(folder, "preview.html"), here("report.png"));
} finally {
  rmSync(folder, { recursive: true });
}

function run(...args) {
  spawnSync(process.execPath, [program, ...args], { cwd: folder });
}

/** So that the page has something to show: departments move, people become active, somebody gets another name. */
function busyDay() {
  const file = join(folder, "people.ldif");
  const entries = readFileSync(file, "utf8").split("\n\n");
  const changed = entries.map((entry, at) => {
    const active = at % 3 === 0 ? entry.replace("employeeType: inactive", "employeeType: active") : entry;
    if (at % 11 === 0) return active.replace(/^departmentNumber: .*$/m, "departmentNumber: 90");
    return at % 37 === 0 ? active.replace(/^mail: .*$/m, `mail: moved.${at}@example.org`) : active;
  });
  writeFileSync(file, changed.join("\n\n"));
}

async function photograph(page, picture) {
  const browser = await chromium.launch({
    executablePath: "/usr/bin/chromium",
    args: ["--no-sandbox", "--disable-gpu"],
  });
  const tab = await browser.newPage({ viewport: { width: 1200, height: 1290 }, colorScheme: "light" });
  await tab.goto(pathToFileURL(page).href);
  await tab.locator("button[aria-expanded]").nth(0).click();
  // Chromium writes the folder into no file; the page names it in its facts.
  await tab.evaluate((path) => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) walker.currentNode.data = walker.currentNode.data.replaceAll(`${path}/`, "");
  }, folder);
  await tab.evaluate(() => scrollTo(0, 0));
  await tab.screenshot({ path: picture });
  await browser.close();
}
