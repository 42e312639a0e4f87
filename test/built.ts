import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "rolldown";
import { instanceFolder } from "./servers/folder.ts";

const sources = new URL("../src/", import.meta.url);

/** One module of the sources for a process without vitest: gives the URL of a file that holds it and all it imports. */
export async function built(module: string): Promise<string> {
  const file = join(await instanceFolder("built-"), "module.js");
  await build({
    input: fileURLToPath(new URL(module, sources)),
    platform: "node",
    // The files of the package are found as from the sources.
    transform: { define: { "import.meta.url": JSON.stringify(new URL("main.ts", sources).href) } },
    output: { file },
  });
  return pathToFileURL(file).href;
}
