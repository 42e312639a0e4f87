import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { certificates } from "./certificates.ts";
import { asAccount, program, run, runsAsRoot } from "./command.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { instanceFolder } from "./folder.ts";
import { type LdapServer, ldapServer } from "./ldap-server.ts";
import { baseLdif, syncPassword, writeLdif } from "./people.ts";
import { host, onFreePorts } from "./port.ts";
import { template } from "./template.ts";

export interface Ds389Options {
  /** LDIF (with line breaks) or its pieces, below `dc=example,dc=com`; the base entries alone unless told. */
  readonly people?: string | Iterable<string>;
  /** Attributes of `cn=config`: `nsslapd-sizelimit`, `nsslapd-pagedsizelimit`, `passwordLockout` … */
  readonly config?: Readonly<Record<string, string>>;
  /** Attributes that nobody but the administrator can read. */
  readonly hidden?: readonly string[];
}

/** A private 389 Directory Server. */
export type Ds389 = LdapServer;

const suffix = "dc=example,dc=com";
const admin = { dn: "cn=Directory Manager", password: "admin-password" };
const sync = { dn: `cn=sync,${suffix}`, password: syncPassword };

/** The account that the Debian package makes; the server's own configuration in /etc/dirsrv is for it alone. */
const account = "dirsrv";

/** Starts a 389 Directory Server of its own on free loopback ports, with its data loaded by ldif2db. */
export async function startDs389({
  people = baseLdif(suffix),
  config = {},
  hidden = [],
}: Ds389Options = {}): Promise<Ds389> {
  if (!runsAsRoot())
    throw new Error("389 Directory Server runs as dirsrv, which only root can become: run the tests as root");
  const original = await template("ds389-template", makeInstance, account);
  const folder = await instanceFolder("ds389-", account);
  await run([program("cp"), "-a", "--reflink=auto", join(original, "root"), folder]);
  for (const file of filesWithPaths(folder)) await edit(file, (text) => text.replaceAll(placeholder, folder));
  await edit(dseFile(folder), (text) => configured(text, "cn=config", config));
  await load(folder, people);
  const accessLog = join(folder, "root/var/log/dirsrv/slapd-test/access");
  const start = async (): Promise<Daemon> => {
    // Written when it listens (write_pid_file in its daemon.c). -d 0: it stays in the foreground, and tells errors only.
    const pidFile = join(folder, "root/run/pid");
    await rm(pidFile, { force: true });
    const commandLine = [program("ns-slapd"), "-D", configFolder(folder), "-i", pidFile, "-d", "0"];
    const ready = () => existsSync(pidFile);
    return startDaemon({ commandLine, account, cwd: folder, logFile: join(folder, "log"), ready });
  };
  let ports: readonly [number, number] = [0, 0];
  const daemon = await onFreePorts(async (...free) => {
    ports = free;
    const portSettings = { "nsslapd-port": String(free[0]), "nsslapd-securePort": String(free[1]) };
    await edit(dseFile(folder), (text) => configured(text, "cn=config", portSettings));
    return start();
  });
  const [port, tlsPort] = ports;
  const server = ldapServer(
    { host, port, tlsPort, toolsByTls: false, suffix, admin, sync, folder, logFile: accessLog, start },
    daemon,
  );
  await server.modify(accessRule(["userPassword", ...hidden]));
  return server;
}

const configFolder = (folder: string): string => join(folder, "root/etc/dirsrv/slapd-test");
const dseFile = (folder: string): string => join(configFolder(folder), "dse.ldif");

/** The files that name the folder in which they lie. */
const filesWithPaths = (folder: string): string[] => [dseFile(folder), join(configFolder(folder), "pkcs11.txt")];

/** What stands in the template for the folder of the instance. */
const placeholder = "@FOLDER@";

/** The access log tells every operation, and must not wait in a buffer. */
const everyInstance = {
  "nsslapd-listenhost": host,
  "nsslapd-securelistenhost": host,
  "nsslapd-security": "on",
  "nsslapd-ldapilisten": "off",
  "nsslapd-accesslog-logbuffering": "off",
};

/**
 * Unless told, it takes a quarter of the machine's memory, and half of what is free for an import; and an import waits
 * again and again for room in a cache of entries that is too small (3,000 people: 12.8 s, with this one 1.3 s).
 */
const caches = {
  "cn=bdb,cn=config,cn=ldbm database,cn=plugins,cn=config": {
    "nsslapd-cache-autosize": "0",
    "nsslapd-dbcachesize": "16777216",
    "nsslapd-import-cache-autosize": "0",
  },
  "cn=userroot,cn=ldbm database,cn=plugins,cn=config": { "nsslapd-cachememsize": "67108864" },
} as const;

/** Everybody may read all but these attributes. */
const accessRule = (hidden: readonly string[]): string =>
  [
    `dn: ${suffix}`,
    "changetype: modify",
    "add: aci",
    `aci: (targetattr!="${hidden.join(" || ")}")(version 3.0; acl "read"; allow (read,search,compare) userdn="ldap:///anyone";)`,
    "",
  ].join("\n");

/**
 * Creates an instance. dscreate starts it for a moment as a daemon that listens on all addresses: it has a network of
 * its own for that, and ends with dscreate whatever happens.
 */
async function makeInstance(folder: string): Promise<void> {
  const answers = join(folder, "answers.inf");
  await writeFile(answers, instanceInf);
  // dscreate calls itself by way of PATH, and looks for a configuration in the home folder.
  const bin = join(folder, "bin");
  const PATH = `${bin}${delimiter}${process.env.PATH}${delimiter}/usr/sbin`;
  const env = { ...process.env, PATH, HOME: folder, USER: account, LOGNAME: account };
  const alone = [program("unshare"), "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const asServer = (commandLine: readonly string[]) =>
    run([...alone, ...asAccount(account, commandLine)], { env, cwd: folder });
  await asServer([program("dscreate"), "ds-root", join(folder, "root"), bin]);
  await asServer([join(bin, "dscreate"), "from-file", answers]);
  await useCertificate(folder, asServer);
  // Copies of dse.ldif that the server would fall back on.
  for (const old of [".bak", ".startOK"]) await rm(`${dseFile(folder)}${old}`, { force: true });
  for (const file of filesWithPaths(folder)) await edit(file, (text) => unfolded(text).replaceAll(folder, placeholder));
  const entries = Object.entries({ "cn=config": everyInstance, ...caches });
  await edit(dseFile(folder), (text) => entries.reduce((dse, [dn, settings]) => configured(dse, dn, settings), text));
}

/** Its ports are above 1024, which everybody may use. */
const instanceInf = `
[general]
config_version = 2
full_machine_name = localhost
start = False
strict_host_checking = False
[slapd]
instance_name = test
port = 3890
secure_port = 6360
root_password = ${admin.password}
self_sign_cert = False
[backend-userroot]
suffix = ${suffix}
create_suffix_entry = False
sample_entries = no
`;

/** Puts the server's certificate and the authority of this test run into its database of certificates. */
async function useCertificate(folder: string, asServer: (commandLine: readonly string[]) => Promise<string>) {
  const { ca, serverCert, serverKey } = certificates();
  const database = `sql:${configFolder(folder)}`;
  const pin = join(configFolder(folder), "pwdfile.txt");
  const bundle = join(folder, "server.p12");
  const exporting = ["openssl", "pkcs12", "-export", "-name", "Server-Cert", "-passout", "pass:x", "-out", bundle];
  await asServer([...exporting, "-inkey", serverKey, "-in", serverCert, "-certfile", ca]);
  await asServer([program("pk12util"), "-i", bundle, "-W", "x", "-d", database, "-k", pin]);
  await asServer([program("certutil"), "-A", "-n", "Test CA", "-t", "CT,,", "-a", "-i", ca, "-d", database, "-f", pin]);
}

/** `dse.ldif` with other values of attributes of one of its entries; the server must not be running. */
function configured(dse: string, dn: string, settings: Readonly<Record<string, string>>): string {
  const head = `dn: ${dn}\n`;
  const begin = dse.indexOf(head);
  const end = dse.indexOf("\n\n", begin);
  const names = new Set(Object.keys(settings).map((name) => name.toLowerCase()));
  const kept = dse
    .slice(begin, end)
    .split("\n")
    .filter((line) => !names.has(line.slice(0, line.indexOf(":")).toLowerCase()));
  const own = Object.entries(settings).map(([name, value]) => `${name}: ${value}`);
  return dse.slice(0, begin) + [...kept, ...own].join("\n") + dse.slice(end);
}

/** LDIF folds a long path (RFC 2849), and then it would not be found as a whole. */
const unfolded = (ldif: string): string => ldif.replaceAll("\n ", "");

/** The file keeps its owner. */
const edit = async (file: string, change: (text: string) => string): Promise<void> =>
  writeFile(file, change(await readFile(file, "utf8")));

async function load(folder: string, people: string | Iterable<string>): Promise<void> {
  const file = join(folder, "people.ldif");
  writeLdif(file, typeof people === "string" ? [people] : people);
  const commandLine = [program("ns-slapd"), "ldif2db", "-D", configFolder(folder), "-n", "userroot", "-i", file];
  await run(asAccount(account, commandLine), { cwd: folder });
  await rm(file);
}
