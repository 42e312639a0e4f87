import { printable, visible } from "../mapping/printable.ts";
import type { Report, UnresolvedReference } from "../report/event.ts";
import { plural } from "../report/words.ts";
import type { ReferencePlan } from "./plan.ts";

/** Counts those who name somebody who is not synchronised. */
export interface Unresolved {
  add(reference: UnresolvedReference): void;
  /** A line for each column. */
  notices(): string[];
}

/** So many of those who are not synchronised are named. */
const mostNamed = 3;

export function countUnresolved({ report }: { readonly report: Report }, { columns }: ReferencePlan): Unresolved {
  const byColumn = new Map<string, { users: number; more: boolean; readonly dns: string[] }>();
  return {
    add: (reference) => {
      report({ type: "unresolved", unresolved: reference });
      const { column, refersTo } = reference;
      const told = byColumn.get(column) ?? { users: 0, more: false, dns: [] };
      told.users += 1;
      if (!told.dns.includes(refersTo)) {
        if (told.dns.length < mostNamed) told.dns.push(refersTo);
        else told.more = true;
      }
      byColumn.set(column, told);
    },
    notices: () =>
      [...byColumn].map(([column, { users, more, dns }]) => {
        const source = columns.find(({ name }) => name === column)?.source ?? "";
        const named = [...dns.map(shortened), ...(more ? ["others"] : [])].join(" and ");
        const who = users === 1 ? "names" : "name";
        return `${column} is NULL of ${plural(users, "user")} who ${who} in ${visible(source)} an entry that is not synchronised: ${named}`;
      }),
  };
}

/** Not every text that stands where a DN should is as short as one. */
const shortened = (dn: string): string => printable(dn, 200);
