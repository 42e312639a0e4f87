import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { certificates } from "./certificates.ts";
import { program, run } from "./command.ts";
import { type Daemon, startDaemon } from "./daemon.ts";
import { instanceFolder } from "./folder.ts";
import { type LdapServer, ldapServer } from "./ldap-server.ts";
import { baseLdif, syncPassword, writeLdif } from "./people.ts";
import { host, onFreePorts, untilAccepts } from "./port.ts";

export interface SlapdOptions {
  /** LDIF (with line breaks), or the path of an LDIF file, or its pieces; the base entries alone unless told. */
  readonly people?: string | Iterable<string>;
  /** "dc=example,dc=com" unless told. */
  readonly suffix?: string;
  /** The sync user gets no more entries than this for a search, and for a page, but any number by pages. */
  readonly sizeLimit?: number;
  /** Lines of slapd.conf for the database: limits, access, idletimeout … */
  readonly limits?: readonly string[];
  /** Lines of slapd.conf before the database. */
  readonly global?: readonly string[];
  readonly overlays?: readonly Overlay[];
  /** Adds ldaps on a port of its own, StartTLS, and SASL EXTERNAL by the client certificate (as the sync user). */
  readonly tls?: boolean | ServerCertificate;
  readonly threads?: number;
}

/** Paths of PEM files, in the place of the certificate that all servers of the tests have. */
export interface ServerCertificate {
  readonly serverCert: string;
  readonly serverKey: string;
}

/** A private OpenLDAP server. */
export type Slapd = LdapServer;

type Overlay = keyof typeof overlayLines;

const overlayLines = {
  ppolicy: (suffix) => ["overlay ppolicy", `ppolicy_default "cn=default,ou=policies,${suffix}"`, "ppolicy_use_lockout"],
  memberof: () => ["overlay memberof"],
  // Any error on demand: search the base cn=busy,ou=RetCodes,SUFFIX (slapo-retcode(5)).
  retcode: (suffix) => [
    "overlay retcode",
    `retcode-parent "ou=RetCodes,${suffix}"`,
    'retcode-item "cn=timelimit" 0x03',
    'retcode-item "cn=adminlimit" 0x0b',
    'retcode-item "cn=busy" 0x33 text="I am busy"',
    'retcode-item "cn=unavailable" 0x34',
    'retcode-item "cn=slow" 0x00 sleeptime=2',
  ],
} as const satisfies Record<string, (suffix: string) => readonly string[]>;

const adminPassword = "admin-password";

/** Starts a slapd of its own on free loopback ports, with its data loaded by slapadd. */
export async function startSlapd(options: SlapdOptions = {}): Promise<Slapd> {
  const { suffix = "dc=example,dc=com", people = baseLdif(suffix), tls = false } = options;
  const folder = await instanceFolder("ldap-");
  const logFile = join(folder, "log");
  const configuration = join(folder, "slapd.conf");
  await mkdir(join(folder, "db"));
  await writeFile(configuration, slapdConf(folder, suffix, options));
  await load(people, suffix, folder);
  const start = async ([port, tlsPort]: readonly [number, number]): Promise<Daemon> => {
    const urls = [`ldap://${host}:${port}/`, ...(tls ? [`ldaps://${host}:${tlsPort}/`] : [])].join(" ");
    const commandLine = [program("slapd"), "-d", "stats", "-f", configuration, "-h", urls];
    const started = await startDaemon({ commandLine, cwd: folder, logFile, ready: /slapd starting/ });
    await untilAccepts(port);
    return started;
  };
  let ports: readonly [number, number] = [0, 0];
  const daemon = await onFreePorts((...free) => {
    ports = free;
    return start(free);
  });
  const installation = {
    host,
    port: ports[0],
    tlsPort: ports[1],
    toolsByTls: false,
    suffix,
    admin: { dn: `cn=admin,${suffix}`, password: adminPassword },
    sync: { dn: `cn=sync,${suffix}`, password: syncPassword },
    folder,
    logFile,
    start: () => start(ports),
  };
  return ldapServer(installation, daemon);
}

function slapdConf(
  folder: string,
  suffix: string,
  { sizeLimit, limits = [], global = [], overlays = [], tls, threads = 4 }: SlapdOptions,
) {
  const schemas = ["core", "cosine", "inetorgperson", "nis"].map((name) => `include /etc/ldap/schema/${name}.schema`);
  const { ca } = certificates();
  const { serverCert, serverKey } = typeof tls === "object" ? tls : certificates();
  return [
    ...schemas,
    "modulepath /usr/lib/ldap",
    ...["back_mdb", ...overlays].map((module) => `moduleload ${module}`),
    `pidfile ${join(folder, "pid")}`,
    `argsfile ${join(folder, "args")}`,
    `threads ${threads}`,
    ...(tls
      ? [`TLSCACertificateFile ${ca}`, `TLSCertificateFile ${serverCert}`, `TLSCertificateKeyFile ${serverKey}`]
      : []),
    ...(tls ? ["TLSVerifyClient try", `authz-regexp cn=sync,o=test cn=sync,${suffix}`] : []),
    ...global,
    "database mdb",
    `suffix "${suffix}"`,
    `rootdn "cn=admin,${suffix}"`,
    `rootpw ${adminPassword}`,
    `directory ${join(folder, "db")}`,
    // The most that the file may grow to; 300,000 people need about 0.5 GB.
    `maxsize ${4 * 1024 ** 3}`,
    "dbnosync",
    "index objectClass,entryUUID,uid,mail eq",
    ...(sizeLimit === undefined ? [] : [syncLimits(suffix, sizeLimit)]),
    "sizelimit unlimited",
    ...limits,
    "access to attrs=userPassword by anonymous auth by * none",
    "access to * by * read",
    ...overlays.flatMap((overlay) => overlayLines[overlay](suffix)),
    "",
  ].join("\n");
}

const syncLimits = (suffix: string, limit: number): string =>
  `limits dn.exact="cn=sync,${suffix}" size.soft=${limit} size.hard=${limit} size.pr=${limit} size.prtotal=unlimited`;

async function load(people: string | Iterable<string>, suffix: string, folder: string): Promise<void> {
  const isPath = typeof people === "string" && !people.includes("\n");
  const file = isPath ? people : join(folder, "people.ldif");
  if (!isPath) writeLdif(file, typeof people === "string" ? [people] : people);
  await run([program("slapadd"), "-q", "-f", join(folder, "slapd.conf"), "-b", suffix, "-l", file]);
  if (!isPath) await rm(file);
}
