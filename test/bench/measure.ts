import { fileURLToPath } from "node:url";
import { run } from "../servers/command.ts";

/** A command as it is started. */
export interface Command {
  readonly commandLine: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** What one run of a command took. */
export interface Usage {
  /** Wall time. */
  readonly seconds: number;
  /** Seconds of user and system time, on all cores. */
  readonly cpu: number;
  /** Largest resident memory, KiB. */
  readonly peak: number;
}

const script = fileURLToPath(new URL("measure.py", import.meta.url));

/** Runs a command to its end; an exit code other than 0 is an error with what it wrote on stderr. */
export async function measure({ commandLine, env = {}, cwd }: Command): Promise<Usage> {
  const command = ["/usr/bin/python3", script, ...commandLine];
  return JSON.parse(await run(command, { env: { ...process.env, ...env }, ...(cwd !== undefined && { cwd }) }));
}
