import { copyFile, mkdir, readFile, symlink, writeFile } from "node:fs/promises";
import { delimiter } from "node:path";
import { bin, type Workspace, workspace } from "../program.ts";
import { certificates } from "../servers/certificates.ts";
import { outcomeOf } from "../servers/command.ts";
import type { Mariadb } from "../servers/mariadb.ts";

/** An example of the repository in a folder of its own, with the servers of a test in the place of those that it names. */
export interface Example {
  readonly work: Workspace;
  readonly env: Readonly<Record<string, string>>;
  /** Changes keys of `source`; what is not named stays as the example has it. */
  configure(source: Readonly<Record<string, unknown>>): Promise<void>;
  /** Empties the table. */
  empty(): Promise<void>;
  /** Runs a line of a README, and gives what it prints in the names that the README has. */
  shell(command: string): Promise<{ readonly code: number | null; readonly prints: string }>;
}

interface ExampleServers {
  readonly name: string;
  /** The password of the account that the example binds as. */
  readonly password: string;
  readonly mariadb: Mariadb;
  /** What the example calls its directory's servers and names, and what they are here. */
  readonly here: Readonly<Record<string, string>>;
}

const fileOf = (name: string, file: string): URL => new URL(`../../examples/${name}/${file}`, import.meta.url);

export const readmeOf = (name: string): Promise<string> => readFile(fileOf(name, "README.md"), "utf8");

/** The blocks of a README in one language; "" for those that have none. */
export const blocksIn = (readme: string, language: string): string[] =>
  [...readme.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm)]
    .filter(([, found]) => found === language)
    .map(([, , text = ""]) => text);

export async function openExample({ name, password, mariadb, here }: ExampleServers): Promise<Example> {
  const work = await workspace();
  const database = { '"host": "db.example.com"': `"host": "${mariadb.host}", "port": ${mariadb.port}` };
  const text = replaced(await readFile(fileOf(name, ".syncrc.json"), "utf8"), { ...here, ...database });
  await writeFile(work.path(".syncrc.json"), text, { mode: 0o600 });
  await copyFile(certificates().ca, work.path("ca.pem"));
  await mkdir(work.path("bin"));
  await symlink(bin, work.path("bin/idm-ldap-sync"));
  await mariadb.sql("drop table if exists users");
  await mariadb.sql(await readFile(fileOf(name, "table.sql"), "utf8"));
  const env = { LDAP_PASSWORD: password, DB_PASSWORD: mariadb.password };
  const there = {
    ...Object.fromEntries(Object.entries(here).map(([theirs, ours]) => [ours, theirs])),
    [`${mariadb.host}:${mariadb.port}`]: "db.example.com:3306",
  };
  return {
    work,
    env,
    configure: (source) => {
      const config = JSON.parse(text);
      return work.configure({ ...config, source: { ...config.source, ...source } });
    },
    empty: async () => void (await mariadb.sql("delete from users")),
    shell: async (command) => {
      const PATH = `${work.path("bin")}${delimiter}${process.env.PATH}`;
      const state = { TMPDIR: work.folder, XDG_STATE_HOME: work.path("state") };
      const options = { cwd: work.folder, env: { ...process.env, ...state, ...env, PATH } };
      const { code, stdout } = await outcomeOf(["/bin/sh", "-c", replaced(command, here)], options);
      return { code, prints: timeless(replaced(stdout, there)) };
    },
  };

  function replaced(said: string, names: Readonly<Record<string, string>>): string {
    return Object.entries(names).reduce((rest, [from, to]) => rest.replaceAll(from, to), said);
  }
}

/** Without what no two servers have in common: times, ids, versions, and the width of columns that names have. */
const timeless = (said: string): string =>
  said
    .replace(/\d+(\.\d+)? m?s\b/g, "0 ms")
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b[0-9a-f]{8}(-[0-9a-f]{8}){3}\b/g, "(id)")
    .replace(/accountExpires>=\d+/g, "accountExpires>=(now)")
    .replace(/0x[0-9a-f]{32} \(16 bytes\)/g, "(bytes)")
    .replace(/(MariaDB) [\d.]+/g, "$1 (version)")
    .replace(/ {2,}/g, "  ");

/** The commands of a README's transcripts, and what it says that they print. */
const transcriptsIn = (readme: string): { readonly command: string; readonly prints: string }[] =>
  blocksIn(readme, "").flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((part) => {
        const end = part.indexOf("\n");
        return { command: part.slice(0, end), prints: timeless(part.slice(end + 1)) };
      }),
  );

/**
 * Does what a README says: its commands for a shell must end well, those of its transcripts print what stands there.
 * What it says, and what came of it.
 */
export async function follow(name: string, { shell }: Example) {
  const readme = await readmeOf(name);
  const commands = blocksIn(readme, "sh").flatMap((block) => block.match(/^idm-ldap-sync .*$/gm) ?? []);
  const transcripts = transcriptsIn(readme);
  const found: unknown[] = [];
  for (const command of commands) found.push([command, (await shell(command)).code]);
  for (const { command } of transcripts) found.push([command, (await shell(command)).prints]);
  return {
    says: [...commands.map((command) => [command, 0]), ...transcripts.map(({ command, prints }) => [command, prints])],
    found,
  };
}

/** What a README quotes of its configuration and is not there. */
export async function misquotedIn(name: string): Promise<string[]> {
  const config = await readFile(fileOf(name, ".syncrc.json"), "utf8");
  const quotations = [...(await readmeOf(name)).matchAll(/^- `(".*?)`/gm)].map(([, quotation = ""]) => quotation);
  return quotations.filter((quotation) => !config.includes(quotation));
}
