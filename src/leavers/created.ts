import type { Change, User } from "../change.ts";
import { changeOf, diff, type Verdict, type WriteVerdict } from "../diff.ts";
import type { Entry } from "../entry.ts";
import { userKey } from "../keys.ts";
import { visible } from "../mapping/printable.ts";
import { type Match, match } from "../match.ts";
import type { Plan } from "../plan.ts";
import { refusal } from "../rejects.ts";
import { plural } from "../report/words.ts";
import { retrying } from "../retry.ts";
import type { Settling } from "../settle.ts";
import type { Write } from "../target/target.ts";
import { byHalves, transact } from "../transaction.ts";
import type { Given } from "./given.ts";

/** People who are in the filter of the source, known not to be active, and the state that their rows begin with. */
export interface Inactive {
  entries(signal: AbortSignal): AsyncIterable<readonly Entry[]>;
  readonly given: readonly Given[];
}

interface Creating extends Settling {
  readonly batchSize: number;
  readonly signal: AbortSignal;
}

/** Makes rows for people who are not active and have none. Whoever cannot be mapped or written is no reject of the run: it is not an active entry. */
export async function createInactive(run: Creating, { entries, given }: Inactive): Promise<void> {
  const refused = countRefused();
  let users: User[] = [];
  const settle = async (): Promise<void> => {
    await createBatch(run, given, users, refused.add);
    users = [];
    run.report({ type: "progress" });
    run.signal.throwIfAborted();
  };
  for await (const piece of entries(run.signal))
    for (const entry of piece) {
      const mapped = run.plan.toUser(entry);
      if ("reason" in mapped) refused.add(mapped.dn, mapped.reason);
      else users.push(mapped);
      if (users.length >= run.batchSize) await settle();
    }
  await settle();
  for (const message of refused.notices()) run.report({ type: "notice", message });
}

function countRefused() {
  let count = 0;
  let first = "";
  return {
    add: (dn: string, reason: string): void => {
      count += 1;
      if (count === 1) first = visible(`${dn}: ${reason}`);
    },
    notices: (): string[] =>
      count === 0
        ? []
        : [
            `${plural(count, "person", "people")} who ${count === 1 ? "is" : "are"} not active got no row; the first is ${first}`,
          ],
  };
}

/** Somebody who is not active and has no row. */
interface Creation {
  readonly verdict: Extract<Verdict, { kind: "insert" | "protected" }>;
  readonly identities: Match["identities"];
}

interface Insertion {
  readonly verdict: Extract<Verdict, { kind: "insert" }>;
}

const isInsertion = (creation: Creation): creation is Creation & Insertion => creation.verdict.kind === "insert";

async function createBatch(
  run: Creating,
  given: readonly Given[],
  users: readonly User[],
  refuse: (dn: string, reason: string) => void,
): Promise<void> {
  const creations = await retrying(run.retry, () => creationsOf(run, given, users));
  const lookAgain = async (some: readonly Insertion[]): Promise<readonly Insertion[]> => {
    const again = await creationsOf(
      run,
      given,
      some.map(({ verdict }) => verdict.user),
    );
    return again.filter(isInsertion);
  };
  await byHalves(
    claimed(run, creations, refuse),
    async (some) => {
      const ended = await transact(run, some, {
        writeOf: ({ verdict }) => writeOf(run.plan, given, verdict),
        lookAgain: () => lookAgain(some),
        // Whoever has a row by now is not among them any more.
        isDone: () => false,
        nameOf: ({ verdict }) => userKey(run.plan, verdict.user),
      });
      for (const { verdict } of ended) {
        const change = createdChange(run.plan, given, verdict);
        run.report({ type: "change", kind: "insert", change, reactivated: false, inactive: true });
      }
    },
    async ({ verdict }, error) => {
      const { dn, reason } = await retrying(run.retry, () => refusal(run, verdict, error));
      refuse(dn, reason);
    },
  );
}

/** Of these users those who have no row, with what they get. */
async function creationsOf(
  { plan, target }: Settling,
  given: readonly Given[],
  users: readonly User[],
): Promise<readonly Creation[]> {
  const found = await match(plan, target, users);
  return users.flatMap((user, at): Creation[] => {
    const { row, by = 0, identities = [] } = found[at] ?? {};
    if (row !== undefined) return [];
    const verdict = diff(plan, inactiveUser(plan, given, user), { row, by });
    return verdict.kind === "insert" || verdict.kind === "protected" ? [{ verdict, identities }] : [];
  });
}

const inactiveUser = ({ columns }: Plan, given: readonly Given[], user: User): User => ({
  ...user,
  values: user.values.map((value, at) => {
    const instead = given.find(({ column }) => column === columns[at]?.column);
    return instead ? instead.text : value;
  }),
});

/** No digest of values is negative. */
const creation = -3;

/** Those whose keys are nobody else's in this run. */
function claimed(
  { claims }: Settling,
  creations: readonly Creation[],
  refuse: (dn: string, reason: string) => void,
): readonly Insertion[] {
  return creations.flatMap(({ verdict, identities }) => {
    const { dn } = verdict.user;
    const other = identities
      .map((identity) => claims.claim(identity, { dn, digest: creation }))
      .find((first) => first !== undefined && first.dn !== dn);
    // Somebody who is active has the row, or will have it.
    if (other !== undefined && other.digest !== creation) return [];
    if (other !== undefined) refuse(dn, `it has the match key of ${other.dn}`);
    else if (verdict.kind === "protected") refuse(dn, "it is protected: no row is made for it");
    else return [{ verdict }];
    return [];
  });
}

/** What is written: the columns of the plan, and those that the plan does not fill. */
function writeOf(plan: Plan, given: readonly Given[], { write }: WriteVerdict): Write {
  const others = notFilled(plan, given);
  return {
    ...write,
    columns: [...write.columns, ...others.map(({ column }) => column)],
    values: [...write.values, ...others.map(({ text }) => text)],
  };
}

const notFilled = ({ names }: Plan, given: readonly Given[]): readonly Given[] =>
  given.filter(({ column }) => !names.includes(column));

function createdChange(plan: Plan, given: readonly Given[], verdict: WriteVerdict): Change {
  const { columns, ...change } = changeOf(plan, verdict);
  const others = notFilled(plan, given).map(({ name, shown }) => [name, { from: null, to: shown }]);
  return { ...change, inactive: true, columns: { ...columns, ...Object.fromEntries(others) } };
}
