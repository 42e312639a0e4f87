import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { fileWorkspace } from "./program.ts";
import { instanceFolder } from "./servers/folder.ts";

const settings = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
const chosen = Object.keys({ ...settings.dependencies, ...settings.devDependencies });

/** What was loaded for a command: packages, of those that the program has chosen itself, and files of its own. */
async function loadedFor(args: readonly string[]): Promise<{ packages: string[]; files: string[] }> {
  const folder = await instanceFolder("coverage-");
  const anna = { uid: ["anna"], employeeType: ["active"] };
  const work = await fileWorkspace({ "uid=anna": anna }, { schedule: { expression: "0 2 * * *" } });
  expect(await work.run(args, { NODE_V8_COVERAGE: folder })).toMatchObject({ code: 0 });
  const texts = await Promise.all((await readdir(folder)).map((file) => readFile(join(folder, file), "utf8")));
  const urls = texts.flatMap((text) =>
    (JSON.parse(text) as { result: { url: string }[] }).result.map(({ url }) => url),
  );
  // A package that is built into the program is named by the map of the file that holds it; the bundler's own has none.
  const built = urls.filter((url) => /\/dist\/(?!rolldown-runtime\.)/.test(url) && !url.includes("/node_modules/"));
  const maps = await Promise.all(built.map((url) => readFile(new URL(`${url}.map`), "utf8")));
  const sources = maps.flatMap((map) => (JSON.parse(map) as { sources: string[] }).sources);
  const packages = [...urls, ...sources].flatMap(
    (path) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [],
  );
  const files = urls.flatMap((url) => /\/dist\/([\w-]+)\.js$/.exec(url.replace(/.*\/node_modules\/.*/, ""))?.[1] ?? []);
  return { packages: chosen.filter((name) => packages.includes(name)).sort(), files: files.sort() };
}

const run = ["commander", "jsonc-parser", "knex", "ldapts", "leven", "libsql", "zod"];
const start = ["base", "main", "rolldown-runtime"];
const runFiles = [...start, "better-sqlite3", "configuration", "knex", "reading", "sync", "target", "words"];

it.each([
  [["--version"], ["commander"], start],
  [
    ["validate-cron", "0 2 * * *"],
    ["commander", "leven"],
    [...start, "validate", "validate-cron", "words"],
  ],
  [["sync", "--config", ".syncrc.json"], run, runFiles],
  [["sync"], [...run, "cosmiconfig"], runFiles],
  [
    ["dry-run", "--config", ".syncrc.json"],
    [...run, "string-width"],
    [...runFiles, "preview", "width"],
  ],
])("%j loads no more than it needs", async (args, packages, files) => {
  expect(await loadedFor(args)).toEqual({ packages: packages.toSorted(), files: files.toSorted() });
});

it("has nothing of knex built in that puts statements together", async () => {
  const files = (await readdir(new URL("../dist/", import.meta.url))).filter((file) => file.endsWith(".js.map"));
  const texts = await Promise.all(files.map((file) => readFile(new URL(`../dist/${file}`, import.meta.url), "utf8")));
  const modules = texts.flatMap((text) => {
    const { sources, sourcesContent } = JSON.parse(text) as { sources: string[]; sourcesContent: string[] };
    return sources.map((path, at) => ({ path, text: sourcesContent[at] ?? "" }));
  });
  const parts = modules.flatMap(({ path, text }) =>
    text.length > 100 ? (/\/knex\/lib\/(.*)\.js$/.exec(path)?.[1] ?? []) : [],
  );
  expect(parts.filter((part) => !part.startsWith("util/")).sort()).toEqual([
    "client",
    "constants",
    "dialects/better-sqlite3/index",
    "dialects/mysql/index",
    "dialects/mysql2/index",
    "dialects/sqlite3/index",
    "logger",
    "pool",
  ]);
});

it.each([
  [["validate-cron"], ["commander", "cosmiconfig", "jsonc-parser", "leven"]],
  [["status"], ["commander", "cosmiconfig", "jsonc-parser", "leven", "string-width", "zod"]],
])("%j loads no package that it does not need", async (args, packages) => {
  expect((await loadedFor(args)).packages).toEqual(packages);
});
