import { isFile, judgeAsking } from "../active/judged.ts";
import type { Entry } from "../entry.ts";
import { isWithin, normaliseDn } from "./dn.ts";
import { andFilters, type FilterNode, parseFilter } from "./filter.ts";
import { firstEntries, type Inspection, inspectLater } from "./inspection.ts";
import { type LdapConfig, outermost } from "./ldap.ts";
import { withRule } from "./open.ts";
import { InvalidDn, NoSuchObject } from "./result-codes.ts";

/** Those of the entries with these DNs that a whole read would give, by `normaliseDn`. */
export type ByDn = (dns: readonly string[]) => Promise<ReadonlyMap<string, Entry>>;

/** A source that single entries are looked up in, connected when the first one is. */
interface Place extends ReturnType<typeof inspectLater> {
  readonly config: LdapConfig;
  readonly attributes: readonly string[];
}

/** Looks entries up that are not in the read of a run: that had a filter of its own. */
export function openByDn(
  configs: readonly LdapConfig[],
  attributes: readonly string[],
  signal: AbortSignal,
): { readonly find: ByDn; close(): void } {
  const places = configs.map(
    (config): Place => ({
      config,
      attributes: withRule({ attributes }, config).attributes,
      ...inspectLater(config, signal),
    }),
  );
  return {
    find: async (dns) => {
      const found = new Map<string, Entry>();
      for (const place of places) {
        const missing = dns.filter((dn) => !found.has(normaliseDn(dn)) && isInReach(place.config, dn));
        if (missing.length === 0) continue;
        for await (const [dn, entry] of isFile(place.config) ? fromFile(place, missing) : fromServer(place, missing)) {
          found.set(normaliseDn(dn), entry);
        }
      }
      return found;
    },
    close: () => {
      for (const place of places) place.close();
    },
  };
}

/** The bases that a read searches. */
export const basesOf = ({ baseDn, scope }: LdapConfig): readonly string[] =>
  baseDn.length === 0 ? [""] : outermost(baseDn, scope);

/** Whether an entry with this DN is one of those. */
export const isInReach = (config: LdapConfig, dn: string): boolean =>
  basesOf(config).some((base) => isWithin(normaliseDn(dn), normaliseDn(base), config.scope));

const filterOf = ({ filter, active }: LdapConfig): FilterNode => parseFilter(andFilters([filter, active?.filter]));

/** By a search for each: what does not exist, or is no DN to the server, is not found. */
async function* fromServer(place: Place, dns: readonly string[]): AsyncGenerator<readonly [dn: string, entry: Entry]> {
  const { config, attributes } = place;
  const inspection = await place.open();
  const filter = filterOf(config);
  for (const dn of dns) {
    try {
      const [entry] = await firstEntries(inspection, { base: dn, scope: "base", filter, attributes }, 1);
      if (entry && (await isActive(inspection, config, entry))) yield [dn, entry];
    } catch (error) {
      if (!(error instanceof NoSuchObject) && !(error instanceof InvalidDn)) throw error;
    }
  }
}

/** A file is read once, however many are looked for. */
async function* fromFile(place: Place, dns: readonly string[]): AsyncGenerator<readonly [dn: string, entry: Entry]> {
  const { config, attributes } = place;
  const inspection = await place.open();
  const wanted = new Set(dns.map(normaliseDn));
  for await (const entries of inspection.search({ base: "", scope: "sub", filter: filterOf(config), attributes })) {
    for (const entry of entries) {
      if (wanted.has(normaliseDn(entry.dn)) && (await isActive(inspection, config, entry))) yield [entry.dn, entry];
    }
  }
}

const isActive = async (inspection: Inspection, { active }: LdapConfig, entry: Entry): Promise<boolean> =>
  active?.left === undefined || (await judgeAsking(inspection, active.left, entry)) === "active";
