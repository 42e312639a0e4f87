import type { Counts, Report } from "./event.ts";

export interface Tally {
  readonly report: Report;
  counts(): Counts;
  /** How many rows were adopted, by the match key by which they were found. */
  adopted(): Readonly<Record<string, number>>;
  /** How many rows were to be deactivated and were refused. */
  refusedLeavers(): number;
  /** Whether all sources were read to their end. */
  isComplete(): boolean;
}

/** Changes that are no part of what was read, by the name of their count. */
const apart = { deactivate: "deactivated", missing: "missing" } as const;

/** Counts what was done. Every active entry is exactly one of inserted, updated, unchanged and rejected. */
export function tally(): Tally {
  let inserted = 0;
  let updated = 0;
  let unchanged = 0;
  let reactivated = 0;
  let rejected = 0;
  let refusedLeavers = 0;
  let isComplete = false;
  const others = { deactivated: 0, missing: 0, createdInactive: 0 };
  const adopted = new Map<string, number>();
  return {
    report: (event) => {
      if (event.type === "unchanged") unchanged += event.users;
      else if (event.type === "complete") isComplete = true;
      else if (event.type === "reject" && event.leaver) refusedLeavers += 1;
      else if (event.type === "reject") {
        rejected += 1;
        if (event.was !== undefined) unchanged -= 1;
      } else if (event.type === "change" && event.was !== undefined) {
        // Whoever was inserted or updated before counts as that, once.
        if (event.was !== "unchanged") return;
        unchanged -= 1;
        updated += 1;
      } else if (event.type === "change" && (event.kind === "deactivate" || event.kind === "missing")) {
        others[apart[event.kind]] += 1;
      } else if (event.type === "change" && event.inactive) others.createdInactive += 1;
      else if (event.type === "change") {
        if (event.kind === "insert") inserted += 1;
        else updated += 1;
        if (event.reactivated) reactivated += 1;
        if (event.adopted !== undefined) adopted.set(event.adopted, (adopted.get(event.adopted) ?? 0) + 1);
      }
    },
    counts: () => {
      const read = inserted + updated + unchanged + rejected;
      return { read, inserted, updated, unchanged, reactivated, ...others, rejected };
    },
    adopted: () => Object.fromEntries(adopted),
    refusedLeavers: () => refusedLeavers,
    isComplete: () => isComplete,
  };
}
