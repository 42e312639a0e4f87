import { spawn } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The user and group id of `nobody` and `nogroup`. */
export const nobody = 65_534;

export const runsAsRoot = (): boolean => process.getuid?.() === 0;

/** Where a program lies, or undefined. Looks into the sbin folders too, which are not in an ordinary user's PATH. */
export function findProgram(name: string): string | undefined {
  const folders = [...(process.env.PATH ?? "").split(delimiter), "/usr/local/sbin", "/usr/sbin", "/sbin"];
  return folders.map((folder) => join(folder, name)).find(isExecutable);
}

/** As `findProgram`, for programs that the set-up of the tests has made sure of. */
export function program(name: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is not installed`);
  return path;
}

export function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The accounts under which servers run, and their groups. */
const groups = { nobody, dirsrv: "dirsrv" } as const;

export type Account = keyof typeof groups;

/** The command line that runs a command under an account: MariaDB and 389 Directory Server refuse to run as root. */
export const asAccount = (account: Account, commandLine: readonly string[]): string[] =>
  runsAsRoot()
    ? [program("setpriv"), `--reuid=${account}`, `--regid=${groups[account]}`, "--clear-groups", ...commandLine]
    : [...commandLine];

export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command to its end, whatever its exit code. */
export function outcomeOf(
  commandLine: readonly string[],
  options: { input?: string; env?: NodeJS.ProcessEnv; cwd?: string } = {},
): Promise<Outcome> {
  const [command = "", ...args] = commandLine;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: options.env ?? process.env, cwd: options.cwd });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => stderr.push(chunk));
    child.on("error", reject);
    child.on("close", (code) =>
      resolve({ code, stdout: String(Buffer.concat(stdout)), stderr: String(Buffer.concat(stderr)) }),
    );
    // A command that ends without reading its input breaks the pipe; its exit code tells the story.
    child.stdin.on("error", () => {});
    child.stdin.end(options.input ?? "");
  });
}

/** Runs a command to its end and returns its standard output; an exit code other than 0 is an error with what it wrote. */
export async function run(
  commandLine: readonly string[],
  options: Parameters<typeof outcomeOf>[1] = {},
): Promise<string> {
  const { code, stdout, stderr } = await outcomeOf(commandLine, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split("\n").slice(-30).join("\n");
  throw new Error(`${commandLine.join(" ")} ended with ${code}: ${said}`);
}
