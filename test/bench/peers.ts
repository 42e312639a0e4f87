import { fileURLToPath } from "node:url";
import { bin, type Workspace, workspace } from "../program.ts";
import { certificates } from "../servers/certificates.ts";
import { program } from "../servers/command.ts";
import { passwords, staffConfig } from "../staff.ts";
import type { Command } from "./measure.ts";
import { loadData, type Site } from "./site.ts";
import type { WorkName } from "./works.ts";

/** Who does the work. */
export interface Peer {
  readonly title: string;
  readonly works: readonly WorkName[];
  /** It does a part of the work and no more: whoever does all of it can hardly be faster. */
  readonly floor?: "reads" | "writes" | "starts";
  /** It is the program that is measured. */
  readonly ours?: true;
  readonly command: (place: Place) => Command;
}

/** A site, with a folder of the program for each of its configurations. */
export interface Place {
  readonly site: Site;
  readonly plain: Workspace;
  readonly tls: Workspace;
}

export async function placeAt(site: Site): Promise<Place> {
  const { slapd, mariadb } = site;
  const config = staffConfig(slapd, mariadb);
  const [plain, tls] = await Promise.all([workspace(), workspace()]);
  await plain.configure(config);
  const { ca } = certificates();
  await tls.configure({ ...config, source: { ...config.source, url: slapd.tlsUrl, tls: { ca } } });
  return { site, plain, tls };
}

export const peers = {
  ours: {
    title: "idm-ldap-sync",
    ours: true,
    works: ["first-load", "nothing-changed", "one-percent"],
    command: (place) => sync(place, place.plain),
  },
  ldaps: {
    title: "idm-ldap-sync over ldaps",
    ours: true,
    works: ["nothing-changed"],
    command: (place) => sync(place, place.tls),
  },
  ldapsearch: {
    title: "ldapsearch: reads alone",
    works: ["first-load", "nothing-changed", "one-percent"],
    floor: "reads",
    command: ({ site }) => ({ commandLine: ldapsearch(site), env: { LDAPNOINIT: "1" } }),
  },
  "load-data": {
    title: "LOAD DATA: writes alone",
    works: ["first-load"],
    floor: "writes",
    command: ({ site }) => ({ commandLine: loadData(site.mariadb, site.rowsFile, "users") }),
  },
  python: {
    title: "script: python-ldap, pymysql",
    works: ["first-load", "nothing-changed", "one-percent"],
    command: ({ site }) => script(site, "/usr/bin/python3", new URL("./peers/script.py", import.meta.url)),
  },
  knex: {
    title: "script: ldapts, knex",
    works: ["first-load", "nothing-changed", "one-percent"],
    command: ({ site }) => script(site, process.execPath, new URL("./peers/script.js", import.meta.url)),
  },
  node: {
    title: "node -e 0",
    works: ["start"],
    floor: "starts",
    command: () => ({ commandLine: [process.execPath, "-e", "0"] }),
  },
  version: { title: "idm-ldap-sync --version", works: ["start"], command: () => ours("--version") },
  help: { title: "idm-ldap-sync --help", works: ["start"], command: () => ours("--help") },
  cron: { title: "idm-ldap-sync validate-cron", works: ["start"], command: () => ours("validate-cron", "0 2 * * *") },
} as const satisfies Record<string, Peer>;

export type PeerName = keyof typeof peers;

const ours = (...args: readonly string[]): Command => ({ commandLine: [process.execPath, bin, ...args] });

/** What the program remembers of its runs stays in its folder. */
const sync = ({ site }: Place, { folder }: Workspace): Command => ({
  ...ours("sync"),
  cwd: folder,
  env: { ...passwords(site.slapd, site.mariadb), XDG_STATE_HOME: folder },
});

const wanted = "(&(objectClass=inetOrgPerson)(employeeType=active))";
const attributes =
  "entryUUID uid mail displayName givenName sn title l departmentNumber employeeNumber telephoneNumber".split(" ");

const ldapsearch = ({ slapd }: Site): string[] => [
  program("ldapsearch"),
  ...["-LLL", "-x", "-H", slapd.url, "-D", slapd.syncDn, "-w", slapd.syncPassword],
  ...["-E", "pr=1000/noprompt", "-b", `ou=people,${slapd.suffix}`, wanted, ...attributes],
];

/** Both scripts take the same arguments. */
const script = ({ slapd, mariadb }: Site, interpreter: string, path: URL): Command => ({
  commandLine: [
    interpreter,
    fileURLToPath(path),
    ...[slapd.url, slapd.syncDn, `ou=people,${slapd.suffix}`],
    ...[mariadb.host, String(mariadb.port), mariadb.user, mariadb.database],
  ],
  env: passwords(slapd, mariadb),
});
