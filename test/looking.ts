import { openWhereabouts, type Whereabouts } from "../src/leavers/whereabouts.ts";
import { opened } from "./opened.ts";
import type { Workspace } from "./program.ts";

/** Where these keys of rows are, by a second look as the configuration of a workspace has it. */
export async function lookFor(
  work: Workspace,
  keys: readonly string[],
  by = 0,
): Promise<Readonly<Record<string, Whereabouts>>> {
  const { config, target, sources, plan, signal } = await opened(work);
  const look = openWhereabouts(sources, config, plan, target, signal);
  try {
    const column = plan.columns[plan.keys[by] ?? -1];
    const rows = keys.map((key) => ({ by, key: String(column?.fit(key)) }));
    const found = await look.of(rows);
    return Object.fromEntries(keys.map((key, at) => [key, found[at] ?? { kind: "gone" }]));
  } finally {
    look.close();
    await target.close();
  }
}

/** The same in short: `inactive`, or where it cannot be judged `unknown`. */
export const kindsOf = (found: Readonly<Record<string, Whereabouts>>): Record<string, string> =>
  Object.fromEntries(Object.entries(found).map(([key, { kind }]) => [key, kind]));
