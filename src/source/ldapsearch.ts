import type { ServerConfig } from "./ldap.ts";

/**
 * The `ldapsearch` command (OpenLDAP) that shows what this source reads below a base, for people who want to look
 * themselves. It asks for the password.
 */
export function ldapsearchCommand(
  config: ServerConfig,
  base: string,
  filter: string,
  attributes: readonly string[],
): string {
  const [url = ""] = config.url;
  const bind = config.bindDn === undefined ? ["-x"] : ["-x", "-D", config.bindDn, "-W"];
  const words = [
    "ldapsearch",
    "-LLL",
    "-H",
    url,
    ...(config.startTls ? ["-ZZ"] : []),
    ...(config.sasl === "external" ? ["-Y", "EXTERNAL"] : bind),
    "-E",
    `pr=${config.pageSize}/noprompt`,
    "-b",
    base,
    "-s",
    config.scope,
    filter,
    ...attributes,
  ];
  return [...tlsVariables(config), ...words.map(shellWord)].join(" ");
}

/** ldapsearch takes these from its environment or ldap.conf(5) alone. */
function tlsVariables({ url: [url = ""], startTls, tls }: ServerConfig): string[] {
  if (!startTls && !/^ldaps:/i.test(url)) return [];
  const settings = {
    LDAPTLS_CACERT: tls.ca,
    LDAPTLS_CERT: tls.cert,
    LDAPTLS_KEY: tls.key,
    LDAPTLS_REQCERT: tls.rejectUnauthorized ? undefined : "never",
  };
  return Object.entries(settings).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${shellWord(value)}`],
  );
}

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
