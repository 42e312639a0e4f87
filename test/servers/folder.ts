import { rmSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Account, program, run, runsAsRoot } from "./command.ts";

const variable = "IDM_LDAP_SYNC_TEST_FOLDER";

/** The folder of this test run, which holds everything that servers and tests leave on the disk. */
export function testFolder(): string {
  const folder = process.env[variable];
  if (folder === undefined) throw new Error("no test folder: the servers are used from tests that vitest runs");
  return folder;
}

/** Makes the folder and tells the workers of vitest by an environment variable, which they inherit. */
export async function makeTestFolder(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "idm-ldap-sync-"));
  // A server that runs as nobody has to get through here to its own folder; nobody but us can list it.
  await chmod(folder, 0o711);
  process.env[variable] = folder;
  // For a run that ends before its tear-down.
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
}

/** Removes the folder with all that is in it, where it was made. */
export async function removeTestFolder(): Promise<void> {
  const folder = process.env[variable];
  if (folder !== undefined) await rm(folder, { recursive: true, force: true, maxRetries: 5 });
}

/** A new folder for one instance of a server, given to the account under which it runs. */
export async function instanceFolder(prefix: string, account?: Account): Promise<string> {
  const folder = await mkdtemp(join(testFolder(), prefix));
  if (account !== undefined && runsAsRoot()) await run([program("chown"), `${account}:`, folder]);
  return folder;
}
