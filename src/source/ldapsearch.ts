import type { LdapConfig } from "./ldap.ts";

/**
 * The `ldapsearch` command (OpenLDAP) that shows what this source reads below a base, for people who want to look
 * themselves. It asks for the password.
 */
export function ldapsearchCommand(
  config: LdapConfig,
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
  return words.map(shellWord).join(" ");
}

/** A word as a POSIX shell takes it. */
export const shellWord = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
