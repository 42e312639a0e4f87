import type { User } from "./change.ts";
import { diff, type Verdict } from "./diff.ts";
import { type Match, match } from "./match.ts";
import type { Batch, Settling } from "./settle.ts";
import { clashedIndex } from "./target/table.ts";
import type { WriteError } from "./target/target.ts";

/** The look-ups of a batch: one ahead of its turn, and those again that a write asks for which did not succeed. */

const look = ({ plan, target }: Settling, entries: Batch["entries"]) => match(plan, target, entries);

/** Looks the rows of a batch up at once, for when it will be asked what was found; where that went wrong meanwhile, again. */
export function lookAhead(run: Settling, entries: Batch["entries"]): Batch["find"] {
  let asked: ReturnType<Batch["find"]> | undefined = match(run.plan, run.target, entries, run.ahead);
  asked.catch(() => {
    asked = undefined;
  });
  return () => {
    const found = asked ?? look(run, entries);
    asked = undefined;
    return found;
  };
}

/** What is to be done about users of this run as the table is now. */
export async function lookAgain(run: Settling, users: readonly User[]): Promise<readonly Verdict[]> {
  const found = await look(run, users);
  return users.map((user, at) => {
    const { row, by, identities } = found[at] ?? { by: 0, identities: [] };
    const isOwn = row !== undefined && isClaimed(run, user, identities);
    return diff(run.plan, user, { row: isOwn ? row : undefined, by });
  });
}

/** By another key than before it may come upon the row of somebody else of this run. */
const isClaimed = ({ claims }: Settling, { dn }: User, identities: Match["identities"]): boolean =>
  identities.length === 1 ||
  identities.every((identity) => {
    const first = claims.claim(identity, { dn, digest: lookedAgain });
    return first === undefined || first.dn === dn;
  });

/** No digest of values is negative. */
const lookedAgain = -2;

/** Whether a clash is one on this match key alone. */
export function clashesOn({ target }: Settling, error: WriteError, key: string | undefined): boolean {
  const columns = clashedIndex(target.table, error)?.columns;
  return columns?.length === 1 && columns[0] === key;
}

/**
 * Of a new row that was refused for a match key which was free at the look-up: what is to be done now, where the row that has
 * it can be adopted. By the first key such a row is found by looking the whole batch up again.
 */
export async function adoptInstead(
  run: Settling,
  { kind, user }: Verdict,
  error: WriteError,
): Promise<Verdict | undefined> {
  const isTaken = run.target.keys.slice(1).some((key) => clashesOn(run, error, key));
  if (kind !== "insert" || !isTaken) return undefined;
  const [again] = await lookAgain(run, [user]);
  return again?.kind === "insert" ? undefined : again;
}
