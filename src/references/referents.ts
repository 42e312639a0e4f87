import type { Bystander, User } from "../change.ts";
import { diff } from "../diff.ts";
import { match } from "../match.ts";
import type { Plan } from "../plan.ts";
import { type Retry, retrying } from "../retry.ts";
import type { ByDn } from "../source/by-dn.ts";
import type { Spool } from "../spool.ts";
import type { RowValues, Target } from "../target/target.ts";
import type { ReferencePlan } from "./plan.ts";

/** What the rows of the entries with these DNs (by `normaliseDn`) have in the columns that are referred to. */
export type Referents = (dns: Iterable<string>) => Promise<ReadonlyMap<string, RowValues | undefined>>;

interface Looking {
  readonly plan: Plan;
  readonly target: Target;
  readonly retry: Retry;
  /** Where the read of the run was of some entries alone: looks others up. */
  readonly byDn?: ByDn | undefined;
}

/** Managers that many people have are looked up once. So many are kept; each look into the spool reads a block of it. */
const mostKept = 20_000;

/** @param keys the match keys of each entry that has a row, by its DN: see `keysText` */
export function openReferents(run: Looking, plan: ReferencePlan, keys: Pick<Spool, "get">): Referents {
  const kept = new Map<string, RowValues | undefined>();
  return async (dns) => {
    const wanted = new Set(dns);
    const missing = [...wanted].filter((dn) => !kept.has(dn));
    const found = await rowsOf(run, plan, keys, missing);
    const rows = new Map([...wanted].map((dn) => [dn, found.get(dn) ?? kept.get(dn)]));
    for (const dn of missing) kept.set(dn, found.get(dn));
    for (const [dn] of kept) {
      if (kept.size <= mostKept) break;
      kept.delete(dn);
    }
    return rows;
  };
}

/** Whom a DN names, by keys alone where this run has dealt with the entry: then the row is its own. */
interface Sought {
  readonly dn: string;
  readonly entry: User | Bystander;
}

async function rowsOf(
  run: Looking,
  plan: ReferencePlan,
  keys: Pick<Spool, "get">,
  dns: readonly string[],
): Promise<ReadonlyMap<string, RowValues>> {
  const known = dns.flatMap((dn): Sought[] => {
    const text = keys.get(dn);
    return text === undefined ? [] : [{ dn, entry: { dn, keys: keysOf(text) } }];
  });
  const here = new Set(known.map(({ dn }) => dn));
  const others = run.byDn === undefined ? [] : dns.filter((dn) => !here.has(dn));
  const sought = others.length === 0 ? known : [...known, ...(await lookedUp(run, plan, others))];
  const rows = new Map<string, RowValues>();
  if (sought.length === 0) return rows;
  const whole = { ...plan, read: [...plan.read, ...plan.targets] };
  const entries = sought.map(({ entry }) => entry);
  const found = await retrying(run.retry, () => match(whole, run.target, entries));
  for (const [at, { dn, entry }] of sought.entries()) {
    const { row, by = 0 } = found[at] ?? {};
    if (row === undefined) continue;
    const isOwn = entry.values === undefined || diff(plan, entry, { row, by }).kind !== "foreign";
    if (isOwn) rows.set(dn, row.slice(plan.read.length));
  }
  return rows;
}

/** The match keys of a user, as a text. */
export const keysText = ({ keys }: Pick<Plan, "keys">, { values }: User): string =>
  JSON.stringify(keys.map((at) => values[at] ?? null));

const keysOf = (text: string): readonly (string | undefined)[] =>
  (JSON.parse(text) as readonly (string | null)[]).map((key) => key ?? undefined);

async function lookedUp(
  { byDn, plan: whole }: Looking,
  plan: ReferencePlan,
  dns: readonly string[],
): Promise<Sought[]> {
  const entries = (await byDn?.(dns)) ?? [];
  return [...entries].flatMap(([dn, entry]): Sought[] => {
    const user = whole.toUser(entry);
    if ("reason" in user) return [];
    return [{ dn, entry: { ...user, values: plan.own.map((at) => user.values[at]) } }];
  });
}
