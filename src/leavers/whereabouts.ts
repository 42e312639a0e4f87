import { judgeAsking, truthOf } from "../active/judged.ts";
import { attributesOf, type Verdict } from "../active/rule.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Plan } from "../plan.ts";
import { filterAttributes, parseFilter } from "../source/filter.ts";
import { inspectLater } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import { NoSuchObject } from "../source/result-codes.ts";
import type { Target } from "../target/target.ts";
import { type Place, type Row, type Sighting, sightings } from "./sightings.ts";

/** Where somebody is whom no active entry of a complete read is. `why` completes "it …". */
export type Whereabouts =
  /** No entry has the match key. */
  | { readonly kind: "gone" }
  | { readonly kind: "inactive"; readonly dn: string; readonly why: string }
  /** Moved or changed while the read was going on. */
  | { readonly kind: "active"; readonly dn: string }
  /** What decides cannot be read of this entry. */
  | { readonly kind: "unknown"; readonly dn: string; readonly why: string };

/** A second look at rows that nobody of a complete read has. */
export interface SecondLook {
  /** In the order of the rows. A file, or a server where no filter finds a row, is read once for all of them. */
  of(rows: readonly Row[]): Promise<readonly Whereabouts[]>;
  close(): void;
}

/**
 * A read passes over those for whom a server calls its filter undefined, because it hides an attribute of this one person:
 * so each of them is searched for by its match key, and what is asked of it is asked for its negation too.
 *
 * @param target says which keys are the same to a column
 */
export function openWhereabouts(
  sources: readonly LdapConfig[],
  config: Pick<ResolvedConfig, "mapping">,
  plan: Plan,
  target: Pick<Target, "find">,
  signal: AbortSignal,
): SecondLook {
  const places = sources.map((source): Place => {
    const judged = [
      ...filterAttributes(parseFilter(source.filter)),
      ...(source.active ? attributesOf(source.active.node) : []),
    ];
    const attributes = [...new Map([...plan.whose, ...judged].map((name) => [name.toLowerCase(), name])).values()];
    return { config: source, attributes, foldsCase: new Map(), ...inspectLater(source, signal) };
  });
  return {
    of: async (rows) => {
      const found = rows.map((): Whereabouts => ({ kind: "gone" }));
      for (const place of places) {
        for (const sighting of await sightings(place, config, plan, target, rows)) {
          const { at } = sighting;
          const judged = await whereaboutsOf(place, sighting);
          if (weights[judged.kind] > weights[found[at]?.kind ?? "gone"]) found[at] = judged;
        }
      }
      return found;
    },
    close: () => {
      for (const place of places) place.close();
    },
  };
}

/** Of several entries with one key, which one decides. */
const weights = { gone: 0, inactive: 1, unknown: 2, active: 3 } as const satisfies Record<Whereabouts["kind"], number>;

async function whereaboutsOf({ config, open }: Place, { entry, shown }: Sighting): Promise<Whereabouts> {
  const { dn } = entry;
  if (!shown) return { kind: "unknown", dn, why: "does not show its match key" };
  try {
    const inspection = await open();
    const person = await truthOf(inspection, entry, config.filter);
    if (person === "inactive") return { kind: "inactive", dn, why: `is not in source.filter ${config.filter}` };
    const { active } = config;
    const verdict = active ? await judgeAsking(inspection, active.node, entry) : "active";
    if (verdict === "inactive") return { kind: "inactive", dn, why: `is not active by ${active?.title}` };
    const why = reasonOf(person) ?? reasonOf(verdict);
    return why === undefined ? { kind: "active", dn } : { kind: "unknown", dn, why: `cannot be judged: ${why}` };
  } catch (error) {
    if (!(error instanceof NoSuchObject)) throw error;
    return { kind: "unknown", dn, why: "was moved or deleted while it was looked at" };
  }
}

const reasonOf = (verdict: Verdict): string | undefined => (typeof verdict === "object" ? verdict.unknown : undefined);
