import type { Reject, User } from "../change.ts";
import type { Verdict } from "../diff.ts";
import type { Entry } from "../entry.ts";
import { batches, openJournal } from "../journal.ts";
import { userKey } from "../keys.ts";
import type { Was } from "../report/event.ts";
import type { Settling } from "../settle.ts";
import type { ByDn } from "../source/by-dn.ts";
import { normaliseDn } from "../source/dn.ts";
import { openSpool } from "../spool.ts";
import { isOfNewRow } from "../target/new-row.ts";
import { type ReferencePlan, referencePlan } from "./plan.ts";
import { keysText, openReferents, type Referents } from "./referents.ts";
import { countUnresolved, type Unresolved } from "./unresolved.ts";
import { type Candidate, refuse, writeReferences } from "./write.ts";

/** The columns of a run that refer to other rows: noted while those are written, filled when all of them are there. */
export interface References {
  /** How it ended with somebody; a reject is not told here. */
  note(verdict: Verdict): void;
  /** One more pass, over those who name somebody, or did. */
  fill(): Promise<void>;
  close(): void;
}

/** What the pass needs. */
interface Filling extends Settling {
  readonly batchSize: number;
  readonly signal: AbortSignal;
  /** Undefined where the read of the run is of all entries: then whoever is not in it is not synchronised. */
  readonly byDn?: ByDn | undefined;
}

/** A DN that somebody names. */
interface Naming {
  /** Which of the columns that refer. */
  readonly which: number;
  /** As the attribute has it, null where it has none. */
  readonly dn: string | null;
  /** What the column holds. */
  readonly now: string | null;
}

/** Somebody whose references wait for the rest of the run. */
interface Waiting {
  readonly dn: string;
  readonly key: string;
  /** What says whether the row is theirs. */
  readonly own: readonly (string | null)[];
  readonly names: readonly Naming[];
  readonly was: Was;
}

/** Undefined where the mapping has no reference: then there is nothing to note. */
export function openReferences(run: Filling): References | undefined {
  const plan = referencePlan(run.plan);
  if (plan === undefined) return undefined;
  const keys = openSpool();
  const journal = openJournal<Waiting>();
  return {
    note: (verdict) => {
      if (verdict.kind === "foreign" || (verdict.kind === "protected" && verdict.row === undefined)) return;
      keys.set(normaliseDn(verdict.user.dn), keysText(run.plan, verdict.user));
      const waiting = waitingOf(plan, verdict);
      if (waiting.names.length > 0) journal.add(waiting);
    },
    fill: async () => {
      const unresolved = countUnresolved(run, plan);
      const pass = { run, plan, referents: openReferents(run, plan, keys), unresolved };
      for (const batch of batches(journal.items(), run.batchSize)) {
        run.signal.throwIfAborted();
        await fillBatch(pass, batch);
        run.report({ type: "progress" });
      }
      for (const message of unresolved.notices()) run.report({ type: "notice", message });
    },
    close: () => {
      keys.close();
      journal.close();
    },
  };
}

function waitingOf(plan: ReferencePlan, { kind, user, row }: Exclude<Verdict, { kind: "foreign" }>): Waiting {
  const was = kind === "insert" || kind === "update" ? kind : "unchanged";
  const names = plan.referring.flatMap(({ whole, reference }, which): Naming[] => {
    const dn = user.references?.[which];
    const now = row?.[whole] ?? null;
    const isLeft = dn === undefined || (dn === null && now === null) || (reference.insertOnly && was !== "insert");
    return isLeft ? [] : [{ which, dn, now }];
  });
  return { dn: user.dn, key: user.key, own: plan.own.map((at) => user.values[at] ?? null), names, was };
}

/** A pass under way. */
interface Pass {
  readonly run: Filling;
  readonly plan: ReferencePlan;
  readonly referents: Referents;
  readonly unresolved: Unresolved;
}

async function fillBatch(pass: Pass, batch: readonly Waiting[]): Promise<void> {
  const named = batch.flatMap(({ names }) => names.flatMap(({ dn }) => dn ?? []));
  const rows = await pass.referents(named.map(normaliseDn));
  const candidates: Candidate[] = [];
  for (const waiting of batch) {
    const candidate = candidateOf(pass, waiting, rows);
    if ("reason" in candidate) refuse(pass.run, candidate, waiting.was);
    else if (candidate.differs) candidates.push(candidate);
  }
  pass.run.rejects.check();
  await writeReferences(pass.run, pass.plan, candidates);
}

/** With the values that the columns should have; or why one of them cannot hold what it should. */
function candidateOf(
  { plan, unresolved }: Pass,
  { dn, key, own, names, was }: Waiting,
  rows: Awaited<ReturnType<Referents>>,
): (Candidate & { readonly differs: boolean }) | Reject {
  const values: User["values"][number][] = [...own, ...plan.referring.map(() => undefined)];
  let differs = false;
  for (const { which, dn: named, now } of names) {
    const { at = -1, reference } = plan.referring[which] ?? {};
    const { name: column = "", source = "" } = plan.columns[at] ?? {};
    const row = named === null ? undefined : rows.get(normaliseDn(named));
    if (named !== null && row === undefined)
      unresolved.add({ dn, key: userKey(plan, { dn, key, values }), column, refersTo: named });
    const value = row?.[plan.targets.indexOf(reference?.target ?? "")] ?? null;
    const fitted = value === null || isOfNewRow(value) ? value : (reference?.fit(value) ?? null);
    if (fitted !== null && typeof fitted === "object") {
      const reason = `${column}: ${fitted.misfit} (${reference?.target} of the row of ${named}, from ${source})`;
      return { dn, key: userKey(plan, { dn, key, values }), column, reason };
    }
    values[at] = fitted;
    differs ||= fitted !== now;
  }
  return { user: { dn, key, values, entry: entryOf(plan, dn, names) }, was, differs };
}

/** For reports that show what a change was made of. */
function entryOf(plan: ReferencePlan, dn: string, names: readonly Naming[]): Entry {
  const attributes = names.flatMap(({ which, dn: named }) => {
    const [attribute, ...others] = plan.columns[plan.referring[which]?.at ?? -1]?.attributes ?? [];
    const isKnown = attribute !== undefined && others.length === 0 && named !== null;
    return isKnown ? [[attribute, [named]] as const] : [];
  });
  return { dn, attributes: new Map(attributes) };
}
