import { join } from "node:path";
import { Writable } from "node:stream";
import type { Io } from "../src/io.ts";
import { main } from "../src/main.ts";

/** Runs one command line with `--json` in this process, in a folder: for tests with many runs. */
export async function inProcess(folder: string, args: readonly string[]) {
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
  const limit = ["sync", "dry-run"].includes(args[0] ?? "") ? ["--limit", "1000"] : [];
  const [out, err] = [sink(), sink()];
  const env = { XDG_STATE_HOME: join(folder, "state") };
  const io: Io = { stdout: out.stream, stderr: err.stream, env, cwd: () => folder, on: () => {}, off: () => {} };
  const code = await main([...args, "--json", ...limit], io);
  return { code, document: JSON.parse(out.text()), stderr: err.text() };
}
