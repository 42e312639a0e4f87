import { type ChildProcess, spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type LibsqlDatabase from "libsql";
import { mainIn } from "./in-process.ts";
import { type Outcome, outcomeOf } from "./servers/command.ts";
import { instanceFolder } from "./servers/folder.ts";
import { record } from "./servers/people.ts";

/** The built program as a user runs it, and folders for it to run in. */

export const bin = fileURLToPath(new URL("../bin/idm-ldap-sync.js", import.meta.url));

export type Attributes = Readonly<Record<string, readonly string[]>>;

/** A folder with a configuration, and the program in it. */
export interface Workspace {
  readonly folder: string;
  path(name: string): string;
  /** Writes the configuration, as `.syncrc.json` that only its owner can read. */
  configure(config: object): Promise<void>;
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Outcome>;
  /** Runs with `--json` and gives the document. */
  json(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Document>;
  /** As `json`, in this process: for tests whose subject is not the process, and which have many runs. */
  here(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Document>;
  /** Starts it and does not wait. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Running;
}

export interface Running {
  readonly process: ChildProcess;
  readonly outcome: Promise<Outcome & { readonly signal: NodeJS.Signals | null }>;
}

/** The JSON document of a run, with the exit code. */
interface Document {
  readonly code: number | null;
  readonly command: string;
  readonly name: string;
  readonly runId: string;
  readonly outcome: string;
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly durationMs: number;
  readonly counts: Readonly<Record<string, number>>;
  readonly rejects: readonly { dn: string; key: string; column: string; reason: string }[];
  readonly changes: readonly {
    kind: string;
    key: string;
    dn: string;
    adopted?: string;
    columns: Record<string, { from: string | null; to: string | null }>;
  }[];
  readonly adopted: readonly { key: string; dn: string; by: string }[];
  readonly blocked: readonly { dn: string; key: string; state: string }[];
  readonly unknown: readonly { dn: string; key: string; reason: string }[];
  readonly unresolved: readonly { dn: string; key: string; column: string; refersTo: string }[];
  readonly notices: readonly string[];
  readonly warnings: readonly string[];
  readonly error: { message: string; hint: string | null } | null;
}

/** A new, empty workspace. */
export async function workspace(): Promise<Workspace> {
  const folder = await instanceFolder("work-");
  const path = (name: string) => join(folder, name);
  // Runs are remembered here, and not in the home of whoever runs the tests.
  const own = { TMPDIR: folder, XDG_STATE_HOME: path("state") };
  const environment = (env: Readonly<Record<string, string>> = {}) => ({ ...process.env, ...own, ...env });
  const run: Workspace["run"] = (args, env) =>
    outcomeOf([process.execPath, bin, ...args], { cwd: folder, env: environment(env) });
  return {
    folder,
    path,
    configure: (config) => writeFile(path(".syncrc.json"), JSON.stringify(config), { mode: 0o600 }),
    run,
    json: async (args, env) => documentOf(await run([...args, "--json"], env)),
    here: async (args, env) => documentOf(await mainIn(folder, [...args, "--json"], environment(env))),
    start: (args, env) => start(folder, args, environment(env)),
  };
}

function documentOf({ code, stdout, stderr }: Outcome): Document {
  try {
    return { code, ...JSON.parse(stdout) };
  } catch (cause) {
    throw new Error(`not one JSON document: ${stdout}\n${stderr}`, { cause });
  }
}

function start(cwd: string, args: readonly string[], env: NodeJS.ProcessEnv): Running {
  const child = spawn(process.execPath, [bin, ...args], { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const outcome = new Promise<Outcome & { signal: NodeJS.Signals | null }>((resolve) => {
    child.on("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
  });
  return { process: child, outcome };
}

const Libsql = createRequire(import.meta.url)("libsql") as typeof LibsqlDatabase;

/**
 * Runs SQL on a SQLite file as somebody else than the program: rows of a query, nothing for anything else. Waits where
 * the program is writing.
 */
export function sqlite(file: string, sql: string): Record<string, unknown>[] {
  const db = new Libsql(file, { timeout: 10_000 });
  try {
    if (!/^\s*(select|pragma)/i.test(sql)) {
      db.exec(sql);
      return [];
    }
    return db.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    db.close();
  }
}

/** The lines of a file of JSON lines. */
export async function jsonLines(file: string): Promise<unknown[]> {
  const text = await readFile(file, "utf8");
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line));
}

export const usersTable = `create table users (
  id integer primary key, username text not null unique collate nocase, external_id text unique, email text unique,
  display_name text, note text, created_by text, state text
)`;

export const base = "ou=people,dc=example,dc=com";

/** The LDIF of people: those who have no objectClass or employeeType get the usual ones, so that they are active. */
export const ldif = (people: Readonly<Record<string, Attributes>>): string =>
  record(base, { objectClass: ["organizationalUnit"], ou: ["people"] }) +
  Object.entries(people)
    .map(([rdn, attributes]) =>
      record(`${rdn},${base}`, { objectClass: ["inetOrgPerson"], employeeType: ["active"], ...attributes }),
    )
    .join("");

/** A configuration from `people.ldif` into `idm.sqlite`, both in the workspace. */
export const fileConfig = (changes: Readonly<Record<string, unknown>> = {}) => ({
  source: {
    url: "file:people.ldif",
    baseDn: base,
    filter: "(objectClass=inetOrgPerson)",
    active: "(employeeType=active)",
  },
  target: { client: "sqlite", connection: { filename: "idm.sqlite" }, table: "users", matchKey: "username" },
  mapping: {
    username: "uid",
    external_id: "entryUUID",
    email: { attribute: "mail", transform: ["trim", "lowercase"] },
    display_name: "displayName",
    created_by: { value: "sync", on: "insert" },
  },
  state: { column: "state" },
  ...changes,
});

/** A workspace with people in an LDIF file, an empty users table in SQLite, and a configuration. */
export async function fileWorkspace(
  people: Readonly<Record<string, Attributes>>,
  changes: Readonly<Record<string, unknown>> = {},
): Promise<Workspace> {
  const work = await workspace();
  await writeFile(work.path("people.ldif"), ldif(people));
  sqlite(work.path("idm.sqlite"), usersTable);
  await work.configure(fileConfig(changes));
  return work;
}
