import { fileURLToPath } from "node:url";

/** Absolute path of the commented example, in the package that this code runs from: installed, linked or a checkout. */
export function exampleFile(): string {
  return fileURLToPath(new URL("../../.syncrc.example.json", import.meta.url));
}
