import { randomInt } from "node:crypto";
import { cp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { certificateFor } from "./certificates.ts";
import { program, run, runsAsRoot } from "./command.ts";
import { startDaemon } from "./daemon.ts";
import { instanceFolder } from "./folder.ts";
import { type DirectoryRecord, type LdapServer, ldapServer } from "./ldap-server.ts";
import { listens, untilAccepts } from "./port.ts";
import { template } from "./template.ts";

export interface SambaOptions {
  /**
   * What the domain holds besides what every domain holds, in any order: a link (`member`, `manager`) may name an
   * entry that comes later. An entry of every domain is changed. An attribute without values is taken away where the
   * domain controller sets it by itself (`accountExpires: []`).
   */
  readonly records?: Iterable<DirectoryRecord>;
  /** Takes the password of a simple bind without TLS, which it refuses unless told (result 8, strongerAuthRequired). */
  readonly plainBinds?: boolean;
}

/** A private Active Directory: a Samba domain controller, of which only LDAP is running. */
export type Samba = LdapServer;

const suffix = "DC=ad,DC=test";

/** Samba's ports cannot be chosen, so each instance has a loopback address of its own. */
const [ldapPort, ldapsPort] = [389, 636] as const;

const admin = { dn: `CN=Administrator,CN=Users,${suffix}`, password: "Passw0rd.Admin" };
const sync = { dn: `CN=sync,CN=Users,${suffix}`, password: "sync-password" };

/** A value of `unicodePwd` ([MS-ADTS] section 3.1.1.3.1.5.1). Each costs some 15 ms: an enabled account needs none here. */
export const unicodePwd = (password: string): Buffer => Buffer.from(`"${password}"`, "utf16le");

/** Passwords may be weak or missing, and last for ever. */
const everyDomain: readonly DirectoryRecord[] = [
  { dn: suffix, attributes: { minPwdLength: ["0"], pwdProperties: ["0"], maxPwdAge: ["0"] } },
  {
    dn: sync.dn,
    attributes: {
      objectClass: ["user"],
      sAMAccountName: ["sync"],
      userPrincipalName: ["sync@ad.test"],
      userAccountControl: ["512"],
      unicodePwd: [unicodePwd(sync.password)],
    },
  },
];

/** Starts a domain controller of its own, with its data written while it does not run. */
export async function startSamba({ records = [], plainBinds = false }: SambaOptions = {}): Promise<Samba> {
  // Its ports are below 1024, and its files have owners.
  if (!runsAsRoot()) throw new Error("a Samba domain controller runs as root only: run the tests as root");
  const domain = await template("samba-template", makeDomain);
  const folder = await instanceFolder("samba-");
  const logFile = join(folder, "log");
  const configuration = join(folder, "smb.conf");
  await cp(join(domain, "domain"), join(folder, "domain"), { recursive: true });
  const host = await freeAddress();
  await certificateFor(host, join(folder, "cert.pem"), join(folder, "key.pem"));
  await writeFile(configuration, smbConf(folder, host, plainBinds));
  await load(folder, records);
  const start = async () => {
    const flags = ["-i", "--no-process-group", "-M", "single", "--debug-stdout", "--debuglevel=1"];
    const commandLine = [program("samba"), ...flags, "-s", configuration];
    const daemon = await startDaemon({ commandLine, cwd: folder, logFile, ready: /using 'single' process model/ });
    await untilAccepts(ldapsPort, host);
    return daemon;
  };
  const ports = { port: ldapPort, tlsPort: ldapsPort };
  return ldapServer({ host, ...ports, toolsByTls: true, suffix, admin, sync, folder, logFile, start }, await start());
}

/** Provisions the domain. The paths are in no other file of it than smb.conf, which every instance has of its own. */
async function makeDomain(folder: string): Promise<void> {
  const provision = [
    ...[program("samba-tool"), "domain", "provision", `--targetdir=${join(folder, "domain")}`],
    ...["--realm=AD.TEST", "--domain=ADT", "--host-name=dc1", "--host-ip=127.0.0.1", "--server-role=dc"],
    ...["--dns-backend=NONE", "--function-level=2008_R2", `--adminpass=${admin.password}`],
  ];
  await run(provision, { cwd: folder });
  await writeFile(join(folder, "smb.conf"), smbConf(folder, "127.0.0.1", false));
  await load(folder, everyDomain);
}

const smbConf = (folder: string, address: string, plainBinds: boolean): string => {
  const domain = join(folder, "domain");
  return [
    "[global]",
    "netbios name = DC1",
    "realm = AD.TEST",
    "workgroup = ADT",
    "server role = active directory domain controller",
    "server services = ldap",
    `interfaces = ${address}/8`,
    "bind interfaces only = yes",
    `ldap server require strong auth = ${plainBinds ? "no" : "yes"}`,
    `tls certfile = ${join(folder, "cert.pem")}`,
    `tls keyfile = ${join(folder, "key.pem")}`,
    "tls cafile =",
    `private dir = ${join(domain, "private")}`,
    `state directory = ${join(domain, "state")}`,
    `lock directory = ${domain}`,
    `cache directory = ${folder}`,
    `pid directory = ${folder}`,
    `binddns dir = ${folder}`,
    `ncalrpc dir = ${join(folder, "ncalrpc")}`,
    "",
  ].join("\n");
};

async function load(folder: string, records: Iterable<DirectoryRecord>): Promise<void> {
  const script = fileURLToPath(new URL("samba-load.py", import.meta.url));
  const base64 = (value: string | Buffer): string =>
    (typeof value === "string" ? Buffer.from(value) : value).toString("base64");
  const list = [...records].map(({ dn, attributes }) => ({
    dn,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, values]) => [name, values.map(base64)])),
  }));
  if (list.length === 0) return;
  // Debian's own Python has the modules of Samba.
  const commandLine = ["/usr/bin/python3", script, join(folder, "smb.conf"), join(folder, "domain", "private")];
  await run(commandLine, { input: JSON.stringify(list) });
}

/** A loopback address on which nobody listens where Samba wants to. */
async function freeAddress(): Promise<string> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const address = `127.${randomInt(64, 127)}.${randomInt(256)}.${randomInt(1, 255)}`;
    const server = createServer();
    if (!(await listens(server, ldapPort, address))) continue;
    await new Promise((resolve) => server.close(resolve));
    return address;
  }
  throw new Error(`nobody can listen on port ${ldapPort} of 127.64.0.0 to 127.126.255.254`);
}
