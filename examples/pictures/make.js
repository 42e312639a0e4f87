// `npm run pictures`: the pictures of the README, of what the demo's directory really gives.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { changeDirectory, makeFolder, program } from "../demo/folder.js";
import { onTerminal, svgOf } from "./terminal.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const columns = 104;
const { folder } = makeFolder();
spawnSync(process.execPath, [program, "sync"], { cwd: folder });
changeDirectory(folder);
const command = "dry-run --limit 3";
const shown = onTerminal(`${process.execPath} ${program} ${command}`, folder, columns).replaceAll(`${folder}/`, "");
writeFileSync(here("dry-run.svg"), svgOf(`$ idm-ldap-sync ${command}\n${shown}`, columns));
rmSync(folder, { recursive: true });
