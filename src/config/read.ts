import { basename, extname } from "node:path";
import { Failure } from "../errors.ts";
import { exampleFile } from "./example-file.ts";
import { parseJson, TOO_DEEP } from "./json.ts";
import { parseYaml } from "./locate.ts";
import type { Path } from "./problem.ts";
import { readText } from "./text-file.ts";

/** A configuration file as read: any value, nothing of it checked. */
export interface ConfigText {
  readonly value: unknown;
  /** Where a key stands, for the beginning of a message: `FILE:LINE:COLUMN` in JSON, `FILE` in YAML. */
  place(path: Path): string;
}

/**
 * Reads a configuration file by its name: package.json (its key `sync`), .json and .jsonc (with comments), .yaml and
 * .yml; any other, `.syncrc` too, is JSON where it begins as JSON does, else YAML.
 * @throws Failure("configuration") where it cannot be read, is empty or does not parse, with line and column
 */
export async function readConfig(file: string): Promise<ConfigText> {
  const text = await readText(file);
  if (text.trim() === "") throw empty(`${file} is empty`);
  if (basename(file) === "package.json") return fromPackage(file, text);
  return isJson(file, text) ? fromJson(file, text) : await fromYaml(file, text);
}

function isJson(file: string, text: string): boolean {
  const extension = extname(file).toLowerCase();
  if (extension === ".yaml" || extension === ".yml") return false;
  return extension === ".json" || extension === ".jsonc" || /^\s*(\{|\/[/*])/.test(text);
}

function fromJson(file: string, text: string): ConfigText {
  const parsed = parseJson(file, text);
  if (parsed === undefined) throw empty(`${file} holds comments only`);
  return { value: parsed.value, place: (path) => place(file, parsed.position(path)) };
}

function fromPackage(file: string, text: string): ConfigText {
  const parsed = parseJson(file, text, true);
  const all = parsed?.value;
  if (parsed === undefined || typeof all !== "object" || all === null || !("sync" in all)) {
    throw empty(`${file} has no key "sync"`);
  }
  return { value: all.sync, place: (path) => place(file, parsed.position(["sync", ...path])) };
}

function place(file: string, { line, column }: { line: number; column: number }): string {
  return `${file}:${line}:${column}`;
}

async function fromYaml(file: string, text: string): Promise<ConfigText> {
  let value: unknown;
  try {
    value = await parseYaml(file, text);
  } catch (error) {
    const { reason, mark } = error as { reason?: string; mark?: { line: number; column: number } };
    const at = mark === undefined ? file : place(file, { line: mark.line + 1, column: mark.column + 1 });
    const words = error instanceof RangeError ? TOO_DEEP : yamlWords(reason ?? "");
    // Without the cause: its message shows the lines around the mistake, and one of them may hold a secret.
    throw new Failure("configuration", `${at}: ${words}`);
  }
  if (value === undefined || value === null) throw empty(`${file} holds comments only`);
  return { value, place: () => file };
}

/**
 * Some of the library's reasons repeat text of the file, an unquoted alias or tag above all, and that may be a password.
 * They set it off by quotes, brackets or a colon; a reason that has any of them is not shown.
 */
function yamlWords(reason: string): string {
  if (reason.startsWith("unidentified alias")) return "a text that begins with * must stand in quotes";
  if (/ tag\b|^tag /.test(reason)) return "a text that begins with ! must stand in quotes";
  if (reason.startsWith("nesting exceeded")) return TOO_DEEP;
  return /^[\w ,;()'%-]+$/.test(reason) ? reason : "this is not YAML";
}

function empty(message: string): Failure {
  return new Failure("configuration", message, {
    hint: `begin with the example: ${exampleFile()}`,
  });
}
