import { Failure } from "../errors.ts";
import { normaliseDn } from "./dn.ts";
import type { Source } from "./source.ts";

/** The same source, complete only where the read held these entries too: canaries against a wrong filter or a blind bind. */
export function mustContain(source: Source, dns: readonly string[]): Source {
  if (dns.length === 0) return source;
  return {
    ...source,
    async *entries(signal) {
      const missing = new Map(dns.map((dn) => [normaliseDn(dn), dn]));
      for await (const entries of source.entries(signal)) {
        if (missing.size > 0) for (const entry of entries) missing.delete(normaliseDn(entry.dn));
        yield entries;
      }
      if (missing.size > 0) {
        throw new Failure(
          "directory",
          `${source.title}: the read is not complete: ${[...missing.values()].join(" and ")} was not among the active entries`,
          {
            hint: "is the filter right, and may bindDn read all entries? See source.mustContain",
          },
        );
      }
    },
  };
}
