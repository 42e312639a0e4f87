import { readFile, rm } from "node:fs/promises";
import { basename } from "node:path";
import { certificates } from "./certificates.ts";
import { outcomeOf, program } from "./command.ts";
import type { Daemon } from "./daemon.ts";

interface Credentials {
  readonly dn: string;
  readonly password: string;
}

/** An entry as a test states it. */
export interface DirectoryRecord {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly (string | Buffer)[]>>;
}

/** A private LDAP server, whoever made it. */
export interface LdapServer {
  readonly host: string;
  readonly port: number;
  readonly url: string;
  /** ldaps://HOST:PORT, where TLS was asked for; Samba and 389 Directory Server always have it. */
  readonly tlsUrl: string;
  readonly suffix: string;
  readonly adminDn: string;
  readonly adminPassword: string;
  /** An ordinary user who reads everything. */
  readonly syncDn: string;
  readonly syncPassword: string;
  readonly pid: number;
  /** What the server has to say: of slapd, every operation that it was asked for (`-d stats`). */
  log(): Promise<string>;
  /** LDIF change records (`changetype:` add, modify, delete, modrdn), by ldapmodify as the administrator. */
  modify(ldif: string): Promise<void>;
  /** What `ldapsearch -LLL` prints, unfolded, below the suffix unless `-b` says where; a result other than success is an error that names it. */
  search(args: readonly string[], as?: Credentials): Promise<string>;
  /** SIGKILL, as a crash would end it. */
  kill(): Promise<void>;
  /** Ends it in good order if it runs, and starts it again on the same port. */
  restart(): Promise<void>;
  /** Kills it and removes its data. */
  stop(): Promise<void>;
}

interface Installation {
  readonly host: string;
  readonly port: number;
  readonly tlsPort: number;
  /** Whether ldapsearch and ldapmodify speak TLS with it. */
  readonly toolsByTls: boolean;
  readonly suffix: string;
  readonly admin: Credentials;
  readonly sync: Credentials;
  readonly folder: string;
  readonly logFile: string;
  /** Starts it, on the same ports each time. */
  start(): Promise<Daemon>;
}

/** What a test has of a server that has been set up and `started`. */
export function ldapServer(installation: Installation, started: Daemon): LdapServer {
  const { host, port, tlsPort, toolsByTls, suffix, admin, sync, folder, logFile, start } = installation;
  const url = `ldap://${host}:${port}`;
  const tlsUrl = `ldaps://${host}:${tlsPort}`;
  const toolsUrl = toolsByTls ? tlsUrl : url;
  let daemon = started;
  return {
    host,
    port,
    url,
    tlsUrl,
    suffix,
    adminDn: admin.dn,
    adminPassword: admin.password,
    syncDn: sync.dn,
    syncPassword: sync.password,
    get pid() {
      return daemon.pid;
    },
    log: () => readFile(logFile, "utf8"),
    modify: async (ldif) => void (await success(toolCommand("ldapmodify", toolsUrl, admin), ldif)),
    search: (args, as = admin) => {
      const base = args.includes("-b") ? [] : ["-b", suffix];
      const printing = ["-LLL", "-o", "ldif-wrap=no"];
      return success([...toolCommand("ldapsearch", toolsUrl, as), ...printing, ...base, ...args]);
    },
    kill: () => daemon.end("SIGKILL"),
    restart: async () => {
      await daemon.end("SIGTERM");
      daemon = await start();
    },
    stop: async () => {
      await daemon.end("SIGKILL");
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The command line of one of OpenLDAP's tools, which trusts the authority of this test run; arguments may follow. */
export const toolCommand = (
  name: "ldapsearch" | "ldapmodify",
  url: string,
  { dn, password }: Credentials,
): string[] => {
  const trust = ["-o", `TLS_CACERT=${certificates().ca}`];
  return [program(name), ...trust, "-H", url, "-x", "-D", dn, "-w", password];
};

/** LDAPNOINIT: the machine's ldap.conf and the user's .ldaprc have no say. */
export const toolEnv = (): NodeJS.ProcessEnv => ({ ...process.env, LDAPNOINIT: "1" });

async function success(commandLine: readonly string[], input = ""): Promise<string> {
  const { code, stdout, stderr } = await outcomeOf(commandLine, { input, env: toolEnv() });
  if (code === 0) return stdout;
  throw new Error(`${basename(commandLine[0] ?? "")} ended with ${code}: ${stderr.trim()}`);
}
