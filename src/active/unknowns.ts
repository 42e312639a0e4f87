import type { Entry } from "../entry.ts";
import { visible } from "../mapping/printable.ts";
import type { Plan } from "../plan.ts";
import type { Report } from "../report/event.ts";
import { number, plural } from "../report/words.ts";
import type { TellUnknown } from "./judged.ts";

/** Counts those of whom it is not known whether they are active: they are left alone, and named. */
export interface Unknowns {
  readonly tell: TellUnknown;
  /** A line for each reason. */
  notices(): string[];
}

/** So many are named, and so many reasons told apart. */
const mostNamed = 3;
const mostReasons = 10;
const otherReasons = "of other reasons";

export function countUnknowns({ keysOf }: Pick<Plan, "keysOf">, report: Report): Unknowns {
  const reasons = new Map<string, { count: number; readonly dns: string[] }>();
  return {
    tell: (entry: Entry, why: string) => {
      report({
        type: "unknown",
        unknown: { dn: entry.dn, key: keysOf(entry).find((key) => key !== undefined) ?? "", reason: why },
      });
      const reason = reasons.has(why) || reasons.size < mostReasons ? why : otherReasons;
      const told = reasons.get(reason) ?? { count: 0, dns: [] };
      told.count += 1;
      if (told.dns.length < mostNamed) told.dns.push(entry.dn);
      reasons.set(reason, told);
    },
    notices: () => [...reasons].map(([reason, { count, dns }]) => unknownWords(count, reason, dns)),
  };
}

/** `2 entries: whether they are active is not known (userAccountControl cannot be read): left alone: uid=a,… and uid=b,…` */
function unknownWords(count: number, reason: string, dns: readonly string[]): string {
  const who = count === 1 ? "it is" : "they are";
  const more = count > dns.length ? [`${number(count - dns.length)} more`] : [];
  const named = [...dns.map(visible), ...more].join(" and ");
  return `${plural(count, "entry is", "entries are")} left alone, because it is not known whether ${who} active: ${reason} (${named})`;
}
