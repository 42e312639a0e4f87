import type { Entry } from "../entry.ts";
import { type Conceals, concealment } from "./concealment.ts";
import { openConnection } from "./connection.ts";
import type { FilterNode } from "./filter.ts";
import { formatFilter } from "./filter-format.ts";
import { compileFilter } from "./filter-match.ts";
import type { ServerConfig } from "./ldap.ts";
import { encodeSearch } from "./ldapts.ts";
import { openLdif } from "./ldif.ts";
import { wholeEntries } from "./ranges.ts";
import { receiver } from "./receive.ts";
import { searchPages } from "./search.ts";

export interface Query {
  readonly base: string;
  readonly scope: "base" | "one" | "sub";
  readonly filter: FilterNode;
  /** Descriptions of the attributes to request; an LDIF file gives all. */
  readonly attributes: readonly string[];
  /** See `SearchParameters`. */
  readonly dacl?: boolean;
}

/** A look at single entries of one source, whatever a run reads of it. */
export interface Inspection {
  /** For people: the URL of the server, or the file. */
  readonly server: string;
  /**
   * The entries that one search finds, in pieces. Who stops early can ask again at once, if it says how many it wants.
   *
   * @throws NoSuchObject where the base does not exist
   */
  search(query: Query, most?: number): AsyncIterable<readonly Entry[]>;
  /** Whether this entry meets a filter: by the server's schema and matching rules, or those of an LDIF source. */
  matches(entry: Entry, filter: FilterNode): Promise<boolean>;
  /** Whether an attribute that the entry does not show may be one that it has, and filters take for absent. */
  readonly conceals: Conceals;
  close(): void;
}

export async function openInspection(config: ServerConfig, signal: AbortSignal): Promise<Inspection> {
  const [url = ""] = config.url;
  return url.toLowerCase().startsWith("file:") ? inspectFile(url, signal) : inspectServer(config, signal);
}

/** The same, opened when it is first needed. */
export function inspectLater(config: ServerConfig, signal: AbortSignal) {
  let inspection: Promise<Inspection> | undefined;
  return {
    open: (): Promise<Inspection> => {
      inspection ??= openInspection(config, signal);
      return inspection;
    },
    close: (): void => {
      inspection?.then((each) => each.close()).catch(() => {});
    },
  };
}

function inspectFile(url: string, signal: AbortSignal): Inspection {
  const path = url.slice("file:".length);
  return {
    server: `file:${path}`,
    search: ({ base, scope, filter }) => {
      const config = {
        path,
        baseDn: base === "" ? [] : [base],
        scope,
        filter: formatFilter(filter),
      };
      return openLdif(config, { attributes: ["*"] }, () => {}).entries(signal);
    },
    matches: async (entry, filter) => compileFilter(filter)(entry),
    conceals: async () => false,
    close: () => {},
  };
}

async function inspectServer(config: ServerConfig, signal: AbortSignal): Promise<Inspection> {
  const connection = await openConnection(config, config.url, signal);
  const receive = receiver(connection, config.timeoutMs, signal);
  const search: Inspection["search"] = (query, most) => {
    const pageSize = Math.min(config.pageSize, most ?? config.pageSize);
    // No list would mean all attributes; "1.1" means none (RFC 4511 section 4.5.1.8).
    const attributes = query.attributes.length > 0 ? query.attributes : ["1.1"];
    const encode = (id: number, cookie: Buffer | undefined) =>
      encodeSearch({ ...query, attributes, pageSize }, id, cookie);
    const pieces = searchPages(receive, connection, query.base, encode, () => {}, { most });
    return wholeEntries(pieces, connection, config, signal);
  };
  return {
    server: connection.server,
    search,
    matches: async ({ dn }, filter) => (await count(search({ base: dn, scope: "base", filter, attributes: [] }))) > 0,
    conceals: concealment(async (query) => (await firstOf(search, query, 1))[0]),
    close: () => connection.close(),
  };
}

async function count(pieces: AsyncIterable<readonly Entry[]>): Promise<number> {
  let entries = 0;
  for await (const piece of pieces) entries += piece.length;
  return entries;
}

/** The first entries that a search finds. */
export const firstEntries = ({ search }: Inspection, query: Query, most: number): Promise<readonly Entry[]> =>
  firstOf(search, query, most);

async function firstOf(search: Inspection["search"], query: Query, most: number): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  for await (const piece of search(query, most)) {
    entries.push(...piece);
    if (entries.length >= most) break;
  }
  return entries.slice(0, most);
}
