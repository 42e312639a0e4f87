import { existsSync, readdirSync } from "node:fs";
import { findProgram, isExecutable, outcomeOf, runsAsRoot } from "./command.ts";

export const galeraProvider = "/usr/lib/galera/libgalera_smm.so";

interface Requirement {
  readonly what: string;
  /** The Debian package that brings it. */
  readonly from: string;
  present(): boolean | Promise<boolean>;
}

const aProgram = (what: string, from: string): Requirement => ({
  what,
  from,
  present: () => findProgram(what) !== undefined,
});

// Debian's own Python, not one that comes first in PATH: only that one has the modules of the Debian packages.
const aPythonModule = (name: string, from: string): Requirement => ({
  what: `/usr/bin/python3 with the module ${name}`,
  from,
  present: async () =>
    isExecutable("/usr/bin/python3") && (await outcomeOf(["/usr/bin/python3", "-c", `import ${name}`])).code === 0,
});

const sambaSchema = "/usr/share/samba/setup/ad-schema";

/** Debian has them in a folder that the architecture names: /usr/lib/x86_64-linux-gnu/samba. */
const hasSambaModule = (name: string): boolean =>
  readdirSync("/usr/lib").some((folder) => existsSync(`/usr/lib/${folder}/samba/${name}`));

const requirements: readonly Requirement[] = [
  aProgram("slapd", "slapd"),
  aProgram("slapadd", "slapd"),
  {
    what: "the schemas in /etc/ldap/schema",
    from: "slapd",
    present: () => existsSync("/etc/ldap/schema/inetorgperson.schema"),
  },
  aProgram("ldapsearch", "ldap-utils"),
  aProgram("ldapmodify", "ldap-utils"),
  aProgram("mariadbd", "mariadb-server"),
  aProgram("mariadb-install-db", "mariadb-server"),
  aPythonModule("ldap", "python3-ldap"),
  aPythonModule("pymysql", "python3-pymysql"),
  { what: "/usr/bin/time", from: "time", present: () => isExecutable("/usr/bin/time") },
  aProgram("openssl", "openssl"),
  aProgram("setpriv", "util-linux"),
  aProgram("cron", "cron"),
  aProgram("unshare", "util-linux"),
  aProgram("chromium", "chromium"),
  aProgram("systemd-analyze", "systemd"),
  aProgram("faketime", "faketime"),
  { what: galeraProvider, from: "galera-4", present: () => existsSync(galeraProvider) },
  aProgram("rsync", "rsync"),
  aProgram("samba", "samba"),
  aProgram("samba-tool", "samba"),
  aPythonModule("samba", "python3-samba"),
  { what: sambaSchema, from: "samba-ad-provision", present: () => existsSync(sambaSchema) },
  {
    what: "Samba's modules of sam.ldb",
    from: "samba-dsdb-modules",
    present: () => hasSambaModule("ldb/samba_dsdb.so"),
  },
  { what: "Samba's module acl_xattr", from: "samba-vfs-modules", present: () => hasSambaModule("vfs/acl_xattr.so") },
  aProgram("ns-slapd", "389-ds-base"),
  aProgram("dscreate", "389-ds-base"),
  aProgram("certutil", "libnss3-tools"),
  aProgram("pk12util", "libnss3-tools"),
  aProgram("ss", "iproute2"),
];

/** What the tests need and this machine lacks. */
async function missingRequirements(): Promise<readonly Requirement[]> {
  const present = await Promise.all(requirements.map((requirement) => requirement.present()));
  return requirements.filter((_, index) => !present[index]);
}

/** Installs what is missing (Debian, as root), or says what to install: a test is never left out for want of a server. */
export async function installMissing(): Promise<void> {
  const missing = await missingRequirements();
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((requirement) => requirement.from))];
  if (!existsSync("/etc/debian_version") || !runsAsRoot()) throw new Error(adviceFor(missing, packages));
  process.stderr.write(
    `The tests need Debian packages that are missing and are installed now: ${packages.join(" ")}\n`,
  );
  const env = { ...process.env, DEBIAN_FRONTEND: "noninteractive" };
  const { code, stderr } = await outcomeOf(["/bin/sh", "-c", installScript, "sh", ...packages], { env });
  if (code !== 0) throw new Error(`${adviceFor(missing, packages)}\napt-get did not succeed:\n${stderr}`);
  const still = await missingRequirements();
  if (still.length > 0) throw new Error(adviceFor(still, packages));
}

function adviceFor(missing: readonly Requirement[], packages: readonly string[]): string {
  return [
    `The tests need programs that are missing here: ${missing.map((requirement) => requirement.what).join(", ")}.`,
    `On Debian: apt-get install --no-install-recommends ${packages.join(" ")}`,
    "(run as root on Debian, the tests do that themselves; elsewhere install the packages that hold these programs).",
  ].join("\n");
}

/**
 * policy-rc.d (invoke-rc.d(8)) keeps the packages from starting their services. A shell puts it in place, takes it
 * away and writes to a file, so that all goes to its end even if this process is ended meanwhile.
 * An update that fails in part (a third repository that is away) may still let the installation succeed.
 */
const installScript = `
set -eu
policy=/usr/sbin/policy-rc.d
ours=
log=$(mktemp)
trap 'code=$?; rm -f $ours; [ "$code" = 0 ] || tail -n 30 "$log" >&2; rm -f "$log"; exit "$code"' EXIT
trap 'exit 1' HUP INT TERM PIPE
if [ ! -e "$policy" ] && [ ! -L "$policy" ]; then
  ours=$policy
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
fi
options="-o DPkg::Lock::Timeout=600 -o Acquire::Retries=3"
{
  apt-get $options update || true
  apt-get $options install -y --no-install-recommends "$@"
} > "$log" 2>&1
`;
