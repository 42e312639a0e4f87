import type { User } from "./change.ts";
import { isWrite, type WriteVerdict } from "./diff.ts";
import { exchanges } from "./exchanges.ts";
import { lookAgain } from "./look.ts";
import type { Plan } from "./plan.ts";
import { retrying } from "./retry.ts";
import { carryOut, type Settling } from "./settle.ts";
import { clashedIndex } from "./target/table.ts";
import type { Target, WriteError } from "./target/target.ts";

/** Users who take a unique value that a row has, until the end of the read: somebody who comes later may give it up. */
export interface Postponed {
  /** Whether this user can wait. Where not, the refusal stands. */
  add(verdict: WriteVerdict, error: WriteError): boolean;
  /** Those who wait, in the order in which they were refused. From now on nobody can. */
  close(): readonly User[];
}

/** More do not wait: memory would grow with the directory. */
const most = { users: 2000, characters: 8 * 2 ** 20 };

export function postponed({ plan, target }: { readonly plan: Plan; readonly target: Target }): Postponed {
  const users: User[] = [];
  let characters = 0;
  let closed = false;
  return {
    add: ({ user }, error) => {
      const index = clashedIndex(target.table, error);
      if (closed || !plan.unique.some((each) => each.index === index)) return false;
      for (const value of user.values) characters += value?.length ?? 0;
      if (users.length >= most.users || characters > most.characters) return false;
      users.push(user);
      return true;
    },
    close: () => {
      closed = true;
      return users;
    },
  };
}

/**
 * At the end of the read: those who were postponed are looked up and compared again, and those who exchange values are
 * written together. Who is refused now is a reject.
 */
export async function settlePostponed(run: Settling): Promise<void> {
  const { target, retry } = run;
  const users = run.postponed.close();
  if (users.length === 0) return;
  const verdicts = await retrying(retry, () => lookAgain(run, users));
  await carryOut(
    run,
    verdicts.filter((verdict) => !isWrite(verdict)),
  );
  for (const group of await retrying(retry, () => exchanges(target, verdicts.filter(isWrite)))) {
    retry.signal.throwIfAborted();
    await carryOut(run, group);
  }
}
