import { type LdapConfig, openLdap } from "./ldap.ts";
import { openLdif } from "./ldif.ts";
import { mustContain } from "./must-contain.ts";
import type { Notice, ReadRequest, Source } from "./source.ts";

/** The source that the configuration names; several are read one after the other, as one. */
export function openSource(configs: readonly LdapConfig[], request: ReadRequest, notice: Notice): Source {
  const sources = configs.map((config) => {
    const source = openOne(config, request, notice);
    // With a filter of one run the canaries are left out on purpose.
    return request.filter === undefined ? mustContain(source, config.mustContain) : source;
  });
  return {
    title: sources.map((source) => source.title).join(" and "),
    commands: sources.flatMap((source) => source.commands),
    filter: [...new Set(sources.map((source) => source.filter))].join(" or "),
    async *entries(signal) {
      for (const source of sources) yield* source.entries(signal);
    },
  };
}

function openOne(config: LdapConfig, request: ReadRequest, notice: Notice): Source {
  const [url = ""] = config.url;
  if (!url.toLowerCase().startsWith("file:")) return openLdap(config, request, notice);
  return openLdif({ ...config, baseDn: [...config.baseDn], path: url.slice("file:".length) }, request, notice);
}
