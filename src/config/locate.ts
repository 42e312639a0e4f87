import { existsSync, lstatSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, extname, join, resolve } from "node:path";
import type { Loader } from "cosmiconfig";
import { Failure } from "../errors.ts";
import { exampleFile } from "./example-file.ts";
import { parseJson } from "./json.ts";
import { readText } from "./text-file.ts";

/** In this order; the last one counts only where it has the key `sync`. */
const PLACES = [".syncrc", ".syncrc.json", ".syncrc.yaml", ".syncrc.yml", "sync.config.json", "package.json"];

const EXECUTABLE = [".js", ".ts", ".cjs", ".mjs", ".cts", ".mts"];
const EXECUTABLE_PLACES = [".syncrc", "sync.config", ".config/syncrc"].flatMap((name) =>
  EXECUTABLE.map((extension) => name + extension),
);

export interface Located {
  /** Absolute. */
  readonly file: string;
  readonly warnings: readonly string[];
}

/**
 * Finds the file that holds the configuration: the one named, else the first of the known places in the working
 * directory.
 * @throws Failure("configuration") where there is none, or only one that would be executed or cannot be read
 */
export async function locate(cwd: string, named?: string): Promise<Located> {
  if (named !== undefined) {
    const file = resolve(cwd, named);
    if (isExecutable(file)) throw refused(file);
    return { file, warnings: [] };
  }
  const found = await search(cwd);
  await refuseUnusable(cwd, found);
  if (found === undefined) throw nothingFound(cwd);
  const others = PLACES.slice(0, -1)
    .map((place) => join(cwd, place))
    .filter((file) => file !== found && existsSync(file));
  return { file: found, warnings: others.map((file) => `${file} is not read, because ${found} is there too`) };
}

/** Whether the working directory has a configuration, good or bad. */
export async function hasConfig(cwd: string): Promise<boolean> {
  const isThere = (place: string): boolean => lstatSync(join(cwd, place), { throwIfNoEntry: false }) !== undefined;
  if ([...PLACES.slice(0, -1), ...EXECUTABLE_PLACES].some(isThere)) return true;
  return (await search(cwd)) !== undefined;
}

/**
 * YAML as data.
 * @returns undefined or null where there is nothing but comments
 * @throws Error with `reason` and `mark` (js-yaml's YAMLException); its message repeats lines of the file
 */
export async function parseYaml(file: string, text: string): Promise<unknown> {
  // Loaded where it is needed: most configurations are JSON.
  const { defaultLoaders } = await import("cosmiconfig");
  return defaultLoaders[".yaml"](file, text);
}

/**
 * `cosmiconfig()` itself first looks for settings of its own in the process's working directory, and executes what it finds:
 * `.config/config.js`, and whatever script the key `$import` of `.config/config.json` or of `cosmiconfig` in package.json
 * names (measured with 9.0.2). Nothing there may be executed, so the search is done by the class behind it.
 */
interface ExplorerClass {
  new (options: {
    moduleName: string;
    searchPlaces: readonly string[];
    searchStrategy: "none";
    ignoreEmptySearchPlaces: boolean;
    loaders: Readonly<Record<string, Loader>>;
    transform: <T>(found: T) => T;
  }): { search(from: string): Promise<{ filepath: string } | null> };
}

async function search(cwd: string): Promise<string | undefined> {
  const { Explorer }: { Explorer: ExplorerClass } = createRequire(import.meta.url)("cosmiconfig/dist/Explorer.js");
  try {
    const explorer = new Explorer({
      moduleName: "sync",
      searchPlaces: PLACES,
      searchStrategy: "none",
      ignoreEmptySearchPlaces: false,
      loaders: { ".json": json, ".yaml": data, ".yml": data, noExt: data },
      transform: (found) => found,
    });
    return (await explorer.search(cwd))?.filepath;
  } catch (error) {
    if (error instanceof Failure) throw error;
    const { filepath, message } = error as Error & { filepath?: string };
    const what = filepath === undefined ? message.split("\n")[0] : `${filepath} cannot be parsed`;
    // Without the cause: what a parser says repeats the text around the mistake, which may hold a secret.
    throw new Failure("configuration", `the search for a configuration stopped: ${what}`, {
      hint: "mend it, or name the configuration with --config FILE",
    });
  }
}

/**
 * The library only finds the file. Its own reading is not used, because it follows `$import`, also into scripts, and
 * tells neither line nor column of what is wrong.
 */
const data: Loader = () => ({});
const json: Loader = (file, text) => (basename(file) === "package.json" ? inPackage(file, text) : {});

function inPackage(file: string, text: string): object {
  const value = parseJson(file, text, true)?.value;
  return typeof value === "object" && value !== null && "sync" in value ? { sync: {} } : {};
}

/** The library passes over in silence what it cannot read: a link to nowhere, a folder, a file without permission. */
async function refuseUnusable(cwd: string, found: string | undefined): Promise<void> {
  const places = PLACES.slice(0, -1).map((place) => join(cwd, place));
  const before = places.includes(found ?? "") ? places.slice(0, places.indexOf(found ?? "")) : places;
  const passedOver = before.find((file) => lstatSync(file, { throwIfNoEntry: false }) !== undefined);
  if (passedOver === undefined) return;
  if (!existsSync(passedOver)) {
    throw new Failure("configuration", `${passedOver} is a symbolic link to something that does not exist`);
  }
  await readText(passedOver);
}

function nothingFound(cwd: string): Failure {
  const script = EXECUTABLE_PLACES.map((place) => join(cwd, place)).find((file) => existsSync(file));
  if (script !== undefined) return refused(script);
  const hint = `begin with the example: cp "${exampleFile()}" .syncrc.json; or name a file with --config FILE`;
  const places = `${PLACES.slice(0, -1).join(", ")} and the key "sync" of package.json`;
  return new Failure("configuration", `no configuration in ${cwd}: looked for ${places}`, { hint });
}

function isExecutable(file: string): boolean {
  return EXECUTABLE.includes(extname(file).toLowerCase());
}

function refused(file: string): Failure {
  return new Failure("configuration", `${file} would be executed; a configuration is data only`, {
    hint: "write it as JSON or YAML, and name it .syncrc.json or .syncrc.yaml",
  });
}
