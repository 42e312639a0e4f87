import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { fileConfig, fileWorkspace, type Workspace } from "./program.ts";

/** A configuration is data: whatever lies in the folder or stands in the file, nothing of it is executed. */

const person = { "uid=anna": { uid: ["anna"], displayName: ["Anna"] } };

/** Leaves a file where it is executed, as a module of either kind. */
const commonJs = `require("node:fs").writeFileSync("executed", ""); module.exports = ${JSON.stringify(fileConfig())};`;
const module = `import { writeFileSync } from "node:fs"; writeFileSync("executed", ""); export default ${JSON.stringify(fileConfig())};`;
const scripts = {
  ".syncrc.js": commonJs,
  ".syncrc.cjs": commonJs,
  ".syncrc.mjs": module,
  ".syncrc.ts": module,
  "sync.config.js": commonJs,
  "sync.config.mjs": module,
  ".config/syncrc.js": commonJs,
  "evil.js": commonJs,
  "evil.cjs": commonJs,
  "index.js": commonJs,
  "node_modules/evil/index.js": commonJs,
  "node_modules/evil/package.json": '{ "name": "evil", "main": "index.js" }',
};
const hostile = { name: "x", main: "./evil.js", scripts: { preinstall: "touch executed", sync: "touch executed" } };
const imports = { $import: "./evil.js" };
const searches = { searchPlaces: ["evil.js", ".syncrc.json"], mergeSearchPlaces: false };
/** Settings of the library that finds the configuration. */
const settings = (cosmiconfig: object) => ({ "package.json": JSON.stringify({ ...hostile, cosmiconfig }) });
const good = JSON.stringify(fileConfig());
/** The configuration with something before its first key. */
const beginning = (text: string) => `{ ${text}, ${good.slice(1)}`;

async function folderWith(files: Readonly<Record<string, string>>): Promise<Workspace> {
  const work = await fileWorkspace(person);
  for (const [name, text] of Object.entries({ ...scripts, ...files })) {
    await mkdir(dirname(work.path(name)), { recursive: true });
    await writeFile(work.path(name), text);
  }
  return work;
}

describe("a configuration", () => {
  it.each<[string, Record<string, string>, number, RegExp]>([
    ["beside scripts of its name", {}, 0, /Anna/],
    ["beside a package.json whose settings of the search import a script", settings(imports), 0, /Anna/],
    ["beside a package.json whose settings of the search name a script", settings(searches), 0, /Anna/],
    ["beside settings of the search that are a script", { ".config/config.js": commonJs }, 0, /Anna/],
    [
      "beside settings of the search that import a script",
      { ".config/config.yaml": "cosmiconfig: { $import: ../evil.js }\n$import: ../evil.js\n" },
      0,
      /Anna/,
    ],
    ["with a reference to a script", { ".syncrc.json": beginning('"$ref": "./evil.js"') }, 2, /\$ref is not known/],
    ["that imports a script", { ".syncrc.json": beginning('"$import": "./evil.js"') }, 2, /\$import is not known/],
    ["that extends a package", { ".syncrc.json": beginning('"extends": "evil"') }, 2, /extends is not known/],
    [
      "with a template that looks like code",
      { ".syncrc.json": good.replace('"displayName"', codeTemplate()) },
      0,
      /Anna/,
    ],
  ])("%s executes nothing", async (_, files, code, words) => {
    const work = await folderWith(files);
    const outcome = await work.run(["dry-run", "--verbose"]);
    expect([outcome.code, outcome.stdout + outcome.stderr]).toEqual([code, expect.stringMatching(words)]);
    expect(existsSync(work.path("executed"))).toBe(false);
  });

  it.each([
    ["a function", "!!js/function \"function () { require('node:fs').writeFileSync('executed', '') }\""],
    ["a regular expression", "!!js/regexp /x/"],
    ["an object of Python", '!!python/object/apply:os.system ["touch executed"]'],
    ["a tag of its own", "!include evil.js"],
  ])("in YAML with the tag of %s executes nothing", async (_, tagged) => {
    const work = await folderWith({ "sync.yaml": `name: ${tagged}\n` });
    const { code, stderr } = await work.run(["dry-run", "--config", "sync.yaml"]);
    expect([code, stderr]).toEqual([2, expect.stringContaining("must stand in quotes")]);
    expect(existsSync(work.path("executed"))).toBe(false);
  });
});

function codeTemplate(): string {
  const code = "process.mainModule.require('node:fs').writeFileSync('executed', '')";
  return JSON.stringify({ attribute: "displayName", default: `{${code}} \${${code}} <%= ${code} %>` });
}
