import type { ActiveRule } from "../active/ready.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { openConnection } from "./connection.ts";
import { isWithin, normaliseDn } from "./dn.ts";
import { andFilters, parseFilter } from "./filter.ts";
import { ldapsearchCommand } from "./ldapsearch.ts";
import { encodeSearch } from "./ldapts.ts";
import { wholeEntries } from "./ranges.ts";
import { receiver } from "./receive.ts";
import { referenceCounter } from "./references.ts";
import { searchPages } from "./search.ts";
import type { Notice, ReadRequest, Source } from "./source.ts";
import { watchBind } from "./who-am-i.ts";

/** Where and as whom one source is read, secrets resolved and paths absolute. */
export type ServerConfig = Omit<ResolvedConfig["sources"][number], "active">;

/** The configuration of one source, its active rule made ready. */
export interface LdapConfig extends ServerConfig {
  readonly active?: ActiveRule | undefined;
}

/** The directory behind `ldap://` or `ldaps://` (RFC 4511), read by pages (RFC 2696). */
export function openLdap(config: LdapConfig, request: ReadRequest, notice: Notice): Source {
  const urls = config.url;
  const bases = outermost(config.baseDn, config.scope);
  const filter = andFilters([config.filter, config.active?.filter, request.filter]);
  return {
    title: `${urls.join(", ")} ${bases.join(" and ")}`,
    filter,
    commands: bases.map((base) => ldapsearchCommand(config, base, filter, request.attributes)),
    entries: (signal) => read(config, urls, bases, filter, request, notice, signal),
  };
}

async function* read(
  config: LdapConfig,
  urls: readonly string[],
  bases: readonly string[],
  filter: string,
  request: ReadRequest,
  notice: Notice,
  signal: AbortSignal,
): AsyncGenerator<readonly Entry[]> {
  const { typesOnly = false, sameBind = false } = request;
  // An attribute list that is empty would mean all attributes; "1.1" means none (RFC 4511 section 4.5.1.8).
  const attributes = request.attributes.length > 0 ? request.attributes : ["1.1"];
  const search = { scope: config.scope, filter: parseFilter(filter), attributes, pageSize: config.pageSize, typesOnly };
  const connection = await openConnection(config, urls, signal);
  const receive = receiver(connection, config.timeoutMs, signal, typesOnly);
  const references = referenceCounter(config, connection);
  try {
    const bind = sameBind ? await watchBind(receive, connection, bases) : undefined;
    for (const base of bases) {
      const encode = (id: number, cookie: Buffer | undefined) => encodeSearch({ ...search, base }, id, cookie);
      const pieces = searchPages(receive, connection, base, encode, (uris) => references.add(base, uris), {
        soon: request.pace?.soon,
      });
      const read = typesOnly ? pieces : wholeEntries(pieces, connection, config, signal);
      yield* bind ? bind.over(read) : read;
    }
    await bind?.end();
    references.tell(notice);
  } finally {
    connection.close();
  }
}

/** Without the bases that lie within another one: their entries would be read twice. */
export function outermost(bases: readonly string[], scope: LdapConfig["scope"]): string[] {
  const unique = bases.filter(
    (base, at) => bases.findIndex((other) => normaliseDn(other) === normaliseDn(base)) === at,
  );
  if (scope !== "sub") return unique;
  return unique.filter(
    (base) => !unique.some((other) => other !== base && isWithin(normaliseDn(base), normaliseDn(other), "sub")),
  );
}
