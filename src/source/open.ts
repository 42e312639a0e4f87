import { judged, type TellUnknown } from "../active/judged.ts";
import { attributesLeft } from "../active/ready.ts";
import { type LdapConfig, openLdap } from "./ldap.ts";
import { openLdif } from "./ldif.ts";
import { mustContain } from "./must-contain.ts";
import type { Notice, ReadRequest, Source } from "./source.ts";

/**
 * The source that the configuration names; several are read one after the other, as one.
 *
 * @param tell Told of entries of which it is not known whether they are active: they are not among those given.
 */
export function openSource(
  configs: readonly LdapConfig[],
  request: ReadRequest,
  notice: Notice,
  tell?: TellUnknown,
): Source {
  const sources = configs.map((config) => {
    const again = (filter: string | undefined) => openOne(...hiddenRead(config, request, filter), () => {});
    const source = judged(openOne(config, withRule(request, config), notice), config, again, tell);
    // With a filter of one run the canaries are left out on purpose.
    return request.filter === undefined ? mustContain(source, config.mustContain) : source;
  });
  const spoke = new Set<Source>();
  return {
    title: sources.map((source) => source.title).join(" and "),
    commands: sources.flatMap((source) => source.commands),
    filter: [...new Set(sources.map((source) => source.filter))].join(" or "),
    async *entries(signal) {
      for (const source of sources)
        for await (const entries of source.entries(signal)) {
          if (entries.length > 0) spoke.add(source);
          yield entries;
        }
    },
    silent: () => (sources.length > 1 ? sources.filter((source) => !spoke.has(source)).map(({ title }) => title) : []),
  };
}

/** What is judged here is requested beside what is mapped. */
export function withRule(request: ReadRequest, { active }: LdapConfig): ReadRequest {
  const asked = new Set(request.attributes.map((name) => name.toLowerCase()));
  const more = active === undefined ? [] : attributesLeft(active).filter((name) => !asked.has(name.toLowerCase()));
  return more.length === 0 ? request : { ...request, attributes: [...request.attributes, ...more] };
}

/** A look at those whom the filter of the active rule may have kept back though nothing is known of them. */
function hiddenRead(config: LdapConfig, request: ReadRequest, filter: string | undefined): [LdapConfig, ReadRequest] {
  const { active, ...rest } = config;
  return [
    { ...rest, ...(active && { active: { ...active, filter } }) },
    withRule({ attributes: request.whose ?? [], filter: request.filter }, config),
  ];
}

function openOne(config: LdapConfig, request: ReadRequest, notice: Notice): Source {
  const [url = ""] = config.url;
  if (!url.toLowerCase().startsWith("file:")) return openLdap(config, request, notice);
  const { active, baseDn, ...rest } = config;
  const path = url.slice("file:".length);
  return openLdif({ ...rest, baseDn: [...baseDn], active: active?.filter, path }, request, notice);
}
