import { join } from "node:path";
import { Writable } from "node:stream";
import type { Io } from "../src/io.ts";
import { main } from "../src/main.ts";
import type { Outcome } from "./servers/command.ts";

/** Runs one command line in this process, in a folder: what it says and how it ends, without a start of node. */
export async function mainIn(
  folder: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = { XDG_STATE_HOME: join(folder, "state") },
): Promise<Outcome> {
  const sink = () => {
    const chunks: string[] = [];
    const stream = new Writable({
      write: (chunk, _, done) => {
        chunks.push(String(chunk));
        done();
      },
    });
    return { stream, text: () => chunks.join("") };
  };
  const [out, err] = [sink(), sink()];
  const io: Io = { stdout: out.stream, stderr: err.stream, env, cwd: () => folder, on: () => {}, off: () => {} };
  return { code: await main(args, io), stdout: out.text(), stderr: err.text() };
}

/** Runs one command line with `--json` in this process, in a folder: for tests with many runs. */
export async function inProcess(folder: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) {
  const limit = ["sync", "dry-run"].includes(args[0] ?? "") ? ["--limit", "1000"] : [];
  const { code, stdout, stderr } = await mainIn(folder, [...args, "--json", ...limit], {
    XDG_STATE_HOME: join(folder, "state"),
    ...more,
  });
  return { code, document: JSON.parse(stdout), stdout, stderr };
}
