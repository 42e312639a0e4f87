import { existsSync } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Account } from "./command.ts";
import { instanceFolder, testFolder } from "./folder.ts";

const beingMade = new Map<string, Promise<string>>();

/**
 * A folder of which every instance of a server gets a copy, because it takes seconds to make: made when a test first
 * needs it, once in a run. It takes its name only when it is complete, so that no one sees half of it; where two
 * workers of vitest make it at a time, the second one to finish takes what the first one has made.
 */
export function template(name: string, make: (folder: string) => Promise<void>, account?: Account): Promise<string> {
  const made = beingMade.get(name) ?? find(join(testFolder(), name), make, account);
  beingMade.set(name, made);
  return made;
}

async function find(folder: string, make: (folder: string) => Promise<void>, account?: Account): Promise<string> {
  if (existsSync(folder)) return folder;
  const draft = await instanceFolder("draft-", account);
  await make(draft);
  try {
    await rename(draft, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    await rm(draft, { recursive: true, force: true });
  }
  return folder;
}
