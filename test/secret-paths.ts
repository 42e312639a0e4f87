import type { Workspace } from "./program.ts";

/** The ways out of every command that a secret could take, for test/security-secrets.test.ts. */

export interface Secrets {
  readonly ldap: string;
  readonly database: string;
  readonly header: string;
}

/** How the directory behaves. Whoever echoes repeats the password in all forms. */
export type Behaviour = "well" | "echoes at the bind" | "echoes at the search" | "hangs";

export interface WayOut {
  readonly directory?: Behaviour;
  /** Of the configuration; undefined removes a key. */
  readonly changes?: (config: Config, secrets: Secrets) => object;
  /** Instead of the passwords that are right. */
  readonly wrong?: keyof Secrets;
  /** Done before each run. */
  readonly before?: "the lock is taken";
  /** Done while the directory hangs. */
  readonly meanwhile?: "SIGINT" | "the database is killed";
  readonly commands: Readonly<Record<string, number>>;
}

export interface Config {
  readonly source: Readonly<Record<string, unknown>>;
  readonly target: { readonly connection: Readonly<Record<string, unknown>> } & Readonly<Record<string, unknown>>;
  readonly hooks: object;
}

const all = (code: number) => ({ sync: code, "dry-run": code, check: code, "explain anna": code });
const refused = { ...all(2), status: 2 };
const source = (changes: object) => (config: Config) => ({ ...config, source: { ...config.source, ...changes } });
const connection = (changes: (secrets: Secrets) => object) => (config: Config, secrets: Secrets) => ({
  ...config,
  target: { ...config.target, connection: { ...config.target.connection, ...changes(secrets) } },
});

const pages = "--report page.html --changes changes.jsonl --rejects rejects.jsonl";

/** One way out each, with the exit code of each command that goes there. */
export const waysOut = {
  "a run with a reject in the database's own words": {
    commands: {
      "sync --changes changes.jsonl --rejects rejects.jsonl": 3,
      [`dry-run ${pages}`]: 0,
      [`dry-run --verify ${pages}`]: 3,
      check: 0,
      "explain anna": 0,
      status: 0,
      "validate-cron": 0,
      "validate-cron --emit crontab": 0,
      "validate-cron --emit systemd": 0,
      "validate-cron --emit kubernetes": 0,
      "--help": 0,
      "sync --help": 0,
      "--version": 0,
      "sync --no-such-option": 2,
    },
  },
  "a wrong password of the directory, which repeats it": { directory: "echoes at the bind", commands: all(1) },
  "a failed search, with the password in the words of the directory": {
    directory: "echoes at the search",
    commands: all(1),
  },
  "a wrong password of the database": { wrong: "database", commands: { ...all(1), status: 1 } },
  "a directory that is not there": { changes: source({ url: "ldap://127.0.0.1:1" }), commands: all(1) },
  "a database that is not there": { changes: connection(() => ({ port: 1 })), commands: { ...all(1), status: 1 } },
  "a limit": {
    changes: (config: Config) => ({ ...config, limits: { insert: { max: 0 } } }),
    commands: { sync: 4, "dry-run --report page.html": 4 },
  },
  "a lock that somebody else holds": { before: "the lock is taken", commands: { sync: 5 } },
  "an interruption": { directory: "hangs", meanwhile: "SIGINT", commands: all(130) },
  "a database that is killed": { directory: "hangs", meanwhile: "the database is killed", commands: { sync: 1 } },
  "an unknown key beside the secrets": { changes: source({ bindPasswort: 1 }), commands: refused },
  "a secret as the name of a key": {
    changes: (config: Config, { ldap }: Secrets) => ({
      ...config,
      source: { ...config.source, [ldap]: true, bindPassword: ldap },
    }),
    commands: refused,
  },
  "a secret as another value": {
    changes: (config: Config, { ldap }: Secrets) => ({
      ...config,
      source: { ...config.source, sasl: ldap, bindPassword: ldap },
    }),
    commands: refused,
  },
  "a secret in the URL": {
    changes: (config: Config, { ldap }: Secrets) => ({
      ...config,
      source: { ...config.source, url: `ldap://cn=x:${encodeURIComponent(ldap)}@127.0.0.1` },
    }),
    commands: refused,
  },
  "a secret in a connection string": {
    changes: (config: Config, { database }: Secrets) => ({
      ...config,
      target: { ...config.target, connection: `mysql://idm:${database}@db/idm` },
    }),
    commands: refused,
  },
  "a secret beside the host": {
    changes: connection(({ database }) => ({ host: `idm:${database}@db` })),
    commands: refused,
  },
  "a secret in the place of a variable": {
    changes: connection(({ database }) => ({ password: { env: database } })),
    commands: { ...all(2), "validate-cron --emit systemd": 0, "validate-cron --emit kubernetes": 0 },
  },
  "a secret in the place of a file": {
    changes: connection(({ database }) => ({ password: { file: database } })),
    commands: { ...all(2), "validate-cron --emit systemd": 0 },
  },
  "a header that is not an object": {
    changes: (config: Config, { header }: Secrets) => ({
      ...config,
      hooks: {
        onChange: { url: "http://127.0.0.1:1", headers: [header] },
        onFailure: `https://user:${header}@127.0.0.1`,
      },
    }),
    commands: refused,
  },
} satisfies Readonly<Record<string, WayOut>>;

/** Files that hold the secrets, in the workspace. */
export const inputs = (work: Workspace): readonly string[] => [work.path(".syncrc.json"), work.path("secrets")];

const encodings = ["base64", "base64url", "hex"] as const;

/** The forms in which a server may repeat a secret. */
export const repeated = (secret: string): string[] => [
  secret,
  JSON.stringify(secret).slice(1, -1),
  encodeURIComponent(secret),
  ...encodings.map((encoding) => Buffer.from(secret).toString(encoding)),
];

/** Every form that is looked for; of several lines, each alone too. */
export const formsOf = (secret: string): string[] => [
  ...repeated(secret),
  ...secret.split("\n"),
  JSON.stringify(JSON.stringify(secret)).slice(3, -3),
  secret.replaceAll("\n", "\\n").replaceAll("\t", "\\t"),
  secret.replaceAll("&", "&amp;").replaceAll("<", "&lt;"),
  secret.replaceAll("'", "'\\''"),
];
