import { judgeAsking } from "../active/judged.ts";
import { attributesOf } from "../active/rule.ts";
import { Failure } from "../errors.ts";
import { isWithin, normaliseDn } from "../source/dn.ts";
import { parseFilter } from "../source/filter.ts";
import { firstEntries, type Inspection, openInspection } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { NoSuchObject } from "../source/result-codes.ts";
import { type Finding, failed } from "./ledger.ts";

/** Each entry of source.mustContain by itself: a sample may well end before it. Nothing is found where all are there. */
export async function judgeMustContain(config: LdapConfig, signal: AbortSignal): Promise<Finding[]> {
  if (config.mustContain.length === 0) return [];
  const inspection = await openInspection(config, signal);
  try {
    const findings: Finding[] = [];
    for (const dn of config.mustContain) {
      const why = await whyMissing(config, inspection, dn);
      if (why === undefined) continue;
      const hint = "is the filter right, and may bindDn read all entries? See source.mustContain";
      const message = `${dn}, which source.mustContain names, ${why}: a sync would not take the read for complete`;
      findings.push(failed(new Failure("directory", message, { hint })));
    }
    return findings;
  } finally {
    inspection.close();
  }
}

async function whyMissing(
  { baseDn, scope, filter, active }: LdapConfig,
  inspection: Inspection,
  dn: string,
): Promise<string | undefined> {
  const isRead = (base: string): boolean => isWithin(normaliseDn(dn), normaliseDn(base), scope);
  if (baseDn.length > 0 && !baseDn.some(isRead)) return "lies outside of source.baseDn and source.scope";
  const attributes = active ? attributesOf(active.node) : [];
  const query = { base: dn, scope: "base", filter: parseFilter(filter), attributes } as const;
  try {
    const [entry] = await firstEntries(inspection, query, 1);
    const isActive = entry && (!active || (await judgeAsking(inspection, active.node, entry)) === "active");
    return isActive ? undefined : "is not among the active entries";
  } catch (error) {
    if (error instanceof NoSuchObject) return "does not exist, or the bind may not see it";
    throw error;
  }
}
