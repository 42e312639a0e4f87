import { type ActiveRule, makeRule } from "../src/active/ready.ts";
import type { AttributeValue, Entry } from "../src/entry.ts";
import { Failure } from "../src/errors.ts";
import type { LdapConfig } from "../src/source/ldap.ts";
import { openSource } from "../src/source/open.ts";
import type { ReadRequest } from "../src/source/source.ts";

/** Reading of a source as the program does it, without the program around it. */

/** The configuration of a source with its defaults, as the program hands it to the reader. */
export function ldapConfig(
  settings: Partial<Omit<LdapConfig, "tls">> & { tls?: Partial<LdapConfig["tls"]> },
): LdapConfig {
  return {
    startTls: false,
    sasl: "none",
    url: [],
    baseDn: ["dc=example"],
    scope: "sub",
    filter: "(objectClass=*)",
    pageSize: 500,
    timeoutMs: 30_000,
    referrals: "ignore",
    mustContain: [],
    ...settings,
    tls: { rejectUnauthorized: true, ...settings.tls },
  };
}

/** The active rule that is one filter. */
export const byFilter = (filter: string): ActiveRule => makeRule(filter, { kind: "filter", filter });

/** An entry as an object that can be compared and printed. */
export interface PlainEntry {
  readonly dn: string;
  readonly attributes: Readonly<Record<string, readonly AttributeValue[]>>;
}

export const plain = ({ dn, attributes }: Entry): PlainEntry => ({ dn, attributes: Object.fromEntries(attributes) });

/** Reads sources to their end. */
export async function readAll(
  configs: readonly LdapConfig[],
  request: ReadRequest = { attributes: ["uid"] },
): Promise<{ entries: PlainEntry[]; notices: string[] }> {
  const entries: PlainEntry[] = [];
  const notices: string[] = [];
  const source = openSource(configs, request, (notice) => notices.push(notice));
  for await (const piece of source.entries(new AbortController().signal)) {
    for (const entry of piece) entries.push(plain(entry));
  }
  return { entries, notices };
}

export const dnsOf = (entries: readonly { readonly dn: string }[]): string[] => entries.map(({ dn }) => dn);

/** What a Failure tells; anything else that is thrown, or nothing, is an error here. */
export async function failureOf(work: Promise<unknown>): Promise<Pick<Failure, "turn" | "message" | "hint">> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { turn: error.turn, message: error.message, hint: error.hint };
  }
  throw new Error("there was no failure");
}
