import type { Entry } from "../entry.ts";
import { attributeKey } from "../source/attributes.ts";
import { filterAttributes, parseFilter } from "../source/filter.ts";
import { formatFilter } from "../source/filter-format.ts";
import { type Inspection, openInspection } from "../source/inspection.ts";
import type { LdapConfig, ServerConfig } from "../source/ldap.ts";
import type { Source } from "../source/source.ts";
import { cannotBeRead, filtersOf, hideablesOf, judge, notAsked, type RuleNode, type Verdict } from "./rule.ts";

/** Told of each entry of which it cannot be said whether it is active, and why. */
export type TellUnknown = (entry: Entry, why: string) => void;

/**
 * The same source without those who are not active by what its filter could not judge, or of whom it is not known.
 *
 * @param again Reads the source by another filter in the place of the active rule's.
 * @param tell Where nobody wants to know, nobody is looked for whom the filter kept back.
 */
export function judged(
  source: Source,
  { active, ...config }: LdapConfig,
  again: (filter: string | undefined) => Source,
  tell?: TellUnknown,
): Source {
  if (active?.left === undefined) return source;
  const { left } = active;
  return {
    ...source,
    async *entries(signal) {
      const judging = openJudge(left, config, signal);
      const told = new Set<string>();
      try {
        let passed = false;
        for await (const entries of source.entries(signal)) {
          passed = true;
          const taken: Entry[] = [];
          const before = told.size;
          for (const entry of entries) {
            const judgedHere = judging.atOnce(entry);
            const verdict = judgedHere === "ask" ? await judging.ask(entry) : judgedHere;
            if (verdict === "active") taken.push(entry);
            else if (verdict !== "inactive") {
              told.add(entry.dn);
              tell?.(entry, verdict.unknown);
            }
          }
          // Whoever is told of is not kept until somebody is active.
          if (taken.length > 0 || told.size > before) yield taken;
        }
        const hidden = passed ? active.hidden : (active.nobody ?? active.hidden);
        // Of a file each entry is seen anyway.
        if (tell === undefined || hidden === undefined || isFile(config)) return;
        const isNew = (entry: Entry): boolean => hidden.lacks(entry) && !told.has(entry.dn);
        for await (const entries of again(hidden.filter).entries(signal)) {
          for (const entry of entries.filter(isNew)) {
            const judgedHere = passed ? judging.atOnce(entry) : "ask";
            const verdict = judgedHere === "ask" ? await judging.ask(entry) : judgedHere;
            if (typeof verdict === "object") tell(entry, verdict.unknown);
          }
          yield [];
        }
      } finally {
        judging.close();
      }
    },
  };
}

export const isFile = ({ url: [url = ""] }: ServerConfig): boolean => url.toLowerCase().startsWith("file:");

/** What the filters of the rule give for one entry is asked only where that decides. */
function openJudge(node: RuleNode, config: ServerConfig, signal: AbortSignal) {
  const asks = filtersOf(node).length > 0;
  let inspection: Inspection | undefined;
  return {
    atOnce: (entry: Entry): Verdict | "ask" => {
      const verdict = judge(node, entry, () => notAsked);
      return asks && typeof verdict === "object" ? "ask" : verdict;
    },
    ask: async (entry: Entry): Promise<Verdict> => {
      inspection ??= await openInspection(config, signal);
      return judgeAsking(inspection, node, entry);
    },
    close: (): void => inspection?.close(),
  };
}

/** Who is asked about entries. */
type Asked = Pick<Inspection, "matches" | "conceals">;

/** Judges one entry, and lets the directory say what the filters in the rule give for it. */
export async function judgeAsking(inspection: Asked, node: RuleNode, entry: Entry): Promise<Verdict> {
  const answers = new Map<string, Verdict>();
  for (const filter of filtersOf(node)) answers.set(filter, await truthOf(inspection, entry, filter));
  const hidden = new Set<string>();
  for (const attribute of hideablesOf(node)) {
    if (!entry.attributes.has(attributeKey(attribute)) && (await hides(inspection, entry, attribute))) {
      hidden.add(attribute);
    }
  }
  return judge(node, entry, (filter) => answers.get(filter) ?? notAsked, hidden);
}

/**
 * What the directory says of a filter; the entry has the attributes in it that can be read. Where neither it nor its negation is true, it is
 * undefined (RFC 4511 section 4.5.1.7).
 */
export async function truthOf(inspection: Asked, entry: Entry, filter: string): Promise<Verdict> {
  const node = parseFilter(filter);
  if (await inspection.matches(entry, node)) return "active";
  if (await inspection.matches(entry, { kind: "not", filter: node })) {
    for (const attribute of filterAttributes(node)) {
      const isAbsent = !entry.attributes.has(attributeKey(attribute));
      if (isAbsent && (await inspection.conceals(entry, attribute))) return cannotBeRead(attribute);
    }
    return "inactive";
  }
  return {
    unknown: `the directory does not say whether ${formatFilter(node)} holds: it hides or does not know an attribute in it`,
  };
}

/** Of an attribute that may be searched for, one of both is true. */
export async function hides(inspection: Asked, entry: Entry, attribute: string): Promise<boolean> {
  const either = parseFilter(`(|(${attribute}=*)(!(${attribute}=*)))`);
  return !(await inspection.matches(entry, either)) || inspection.conceals(entry, attribute);
}
