import { join } from "node:path";
import { makeCertificates } from "./servers/certificates.ts";
import { makeTestFolder, removeTestFolder, testFolder } from "./servers/folder.ts";
import { installMissing } from "./servers/install.ts";
import { makeTemplate } from "./servers/mariadb.ts";

/** Before all test files: the servers are installed, and what every instance of them starts from is made once. */
export async function setup(): Promise<void> {
  await installMissing();
  await makeTestFolder();
  // Programs that a test starts by itself remember their runs there, and not in the home of whoever runs the tests.
  process.env.XDG_STATE_HOME = join(testFolder(), "state");
  try {
    await Promise.all([makeTemplate(), makeCertificates()]);
  } catch (error) {
    await removeTestFolder();
    throw error;
  }
}

/** After all test files. */
export const teardown = removeTestFolder;
