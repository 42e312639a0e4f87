import { readFileSync } from "node:fs";
import { parseArguments } from "./cli.ts";
import type { Io } from "./io.ts";

/** Runs one command line (without node and script) and gives the exit code; the one way in. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const version = programVersion();
  const parsed = parseArguments(
    argv,
    version,
    (text) => io.stdout.write(text),
    (text) => io.stderr.write(text),
  );
  if ("exit" in parsed) return parsed.exit;
  // Loaded when asked for: --help and --version need neither drivers nor schema.
  const { runSync } = await import("./run-sync.ts");
  return runSync(parsed.options, version, io);
}

const programVersion = (): string =>
  (JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as { version: string }).version;
