import { BlockList, isIP } from "node:net";
import type { ResolvedConfig } from "./resolve.ts";

/** What a configuration leaves open to whoever stands between this machine and a server. */
export interface Exposure {
  readonly message: string;
  /** What to do. */
  readonly hint: string;
}

type Source = ResolvedConfig["sources"][number];

/** Of the connections to the directories and to the database. */
export const exposures = ({ sources, target }: Pick<ResolvedConfig, "sources" | "target">): Exposure[] => [
  ...sources.flatMap((source, at) => sourceExposures(source, sources.length > 1 ? `source[${at}]` : "source")),
  ...targetExposures(target),
];

function sourceExposures({ url, startTls, tls, bindDn, bindPassword, sasl }: Source, place: string): Exposure[] {
  const servers = url.filter((each) => !/^file:/i.test(each)).map((each) => new URL(each));
  const found: Exposure[] = [];
  if (servers.length > 0 && !tls.rejectUnauthorized) found.push(anyCertificate(`${place}.tls`, "the directory"));
  // A simple bind sends the password as it is (RFC 4513 section 6.3.1).
  const simple = sasl === "none" && bindDn !== undefined && bindPassword !== undefined;
  const open = servers.filter(({ protocol, hostname }) => protocol === "ldap:" && !startTls && !isLocal(hostname));
  if (simple && open.length > 0) {
    found.push({
      message: `the password of ${place}.bindDn goes to ${open.map(({ host }) => host).join(" and ")} in the clear`,
      hint: `use ldaps://, or set "startTls": true; "requireTls": true makes this an error`,
    });
  }
  return found;
}

/**
 * A login without TLS is none of them: the password is the answer to a challenge there, and a server that asks for it in the
 * clear is refused. Many databases stand in a network of their own; `check` says which connection has no TLS.
 */
export function targetExposures(target: ResolvedConfig["target"]): Exposure[] {
  const isOpen = target.client === "mysql2" && target.connection.tls?.rejectUnauthorized === false;
  return isOpen ? [anyCertificate("target.connection.tls", "the database")] : [];
}

const anyCertificate = (place: string, whose: string): Exposure => ({
  message: `any certificate of ${whose} is accepted (${place}.rejectUnauthorized is false)`,
  hint: `set ${place}.ca to the authority that signed it, and take rejectUnauthorized out`,
});

const loopback = new BlockList();
loopback.addSubnet("127.0.0.0", 8);
loopback.addAddress("::1", "ipv6");

/** Whether this host, by its name or address, is the machine itself (RFC 6761 section 6.3, RFC 1122, RFC 4291). */
export function isLocal(host: string): boolean {
  const name = host.toLowerCase().replace(/^\[|\]$|\.$|%.*$/g, "");
  const version = isIP(name);
  if (version > 0) return loopback.check(name, version === 4 ? "ipv4" : "ipv6");
  return name === "localhost" || name.endsWith(".localhost");
}
