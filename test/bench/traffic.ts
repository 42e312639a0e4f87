import type { Mariadb } from "../servers/mariadb.ts";
import type { Slapd } from "../servers/slapd.ts";

/** What a run asked of the two servers, as they count it themselves. */
export interface Traffic {
  /** Search requests: one for each page. */
  readonly searches: number;
  /** Entries that slapd sent. */
  readonly entries: number;
  /** Statements that MariaDB was sent, transactions and settings too. */
  readonly statements: number;
  /** The same by what they do, as the server's `Com_` variables name it. */
  readonly kinds: Readonly<Record<string, number>>;
}

/** Runs something and counts what it asks of the servers. Nobody else may use them meanwhile. */
export async function trafficOf<T>(
  { slapd, mariadb }: { readonly slapd: Slapd; readonly mariadb: Mariadb },
  work: () => Promise<T>,
): Promise<{ readonly result: T; readonly traffic: Traffic }> {
  const logBefore = (await slapd.log()).length;
  const before = await statusOf(mariadb);
  const result = await work();
  const after = await statusOf(mariadb);
  const log = (await slapd.log()).slice(logBefore);
  const counts = [...after].map(([name, value]) => [name, value - (before.get(name) ?? 0)] as const);
  const kinds = counts.filter(([name, count]) => name !== ownKind && count > 0);
  return {
    result,
    traffic: {
      searches: log.match(/ SRCH base=/g)?.length ?? 0,
      entries: [...log.matchAll(/ SEARCH RESULT .* nentries=(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0),
      // A prepared statement counts as what it does when it is executed; `Questions` would count a goodbye too.
      statements: kinds.reduce((sum, [name, count]) => (name.startsWith("stmt_") ? sum : sum + count), 0),
      kinds: Object.fromEntries(kinds),
    },
  };
}

/** That of looking at the counters. */
const ownKind = "show_status";

async function statusOf(mariadb: Mariadb): Promise<ReadonlyMap<string, number>> {
  const rows = await mariadb.sql("show global status like 'Com\\_%'");
  return new Map(rows.map((row) => [String(row.Variable_name).slice("Com_".length), Number(row.Value)]));
}
