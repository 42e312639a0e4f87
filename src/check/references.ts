import type { Entry } from "../entry.ts";
import { printable } from "../mapping/printable.ts";
import type { Plan } from "../plan.ts";
import { referencePlan } from "../references/plan.ts";
import { plural } from "../report/words.ts";
import { parseDn } from "../source/dn.ts";
import { type Finding, warning } from "./ledger.ts";

/** A finding for each reference whose attribute holds what is no DN. */
export function judgeReferences(plan: Plan, entries: readonly Entry[]): Finding[] {
  const users = entries.map((entry) => plan.toUser(entry));
  return (referencePlan(plan)?.referring ?? []).flatMap(({ whole }, which): Finding[] => {
    const values = users.flatMap((user) => ("reason" in user ? [] : (user.references?.[which] ?? [])));
    const strange = values.filter((value) => parseDn(value) === undefined);
    const { name, source } = plan.columns[whole] ?? {};
    if (strange.length === 0) return [];
    const such = `such as "${printable(strange[0] ?? "")}"`;
    return [
      warning(
        `${plural(strange.length, "entry has", "entries have")} in ${source} what is no DN, ${such}: ${name} would be NULL`,
        `mapping.${name}.reference is for an attribute that holds DNs`,
      ),
    ];
  });
}
