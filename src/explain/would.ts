import type { Change, Reject } from "../change.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { unforeseen } from "../guards.ts";
import { keyNames } from "../keys.ts";
import { stateGiven } from "../leavers/plan.ts";
import { judgeLimits } from "../limits.ts";
import { printable } from "../mapping/printable.ts";
import type { Plan } from "../plan.ts";
import type { Report, SyncEvent } from "../report/event.ts";
import { tally } from "../report/tally.ts";
import { plural } from "../report/words.ts";
import type { ByDn } from "../source/by-dn.ts";
import type { Target } from "../target/target.ts";
import { tryOut } from "../trial.ts";
import { type Giver, giversOf } from "./givers.ts";

/** What a sync would do with one entry. */
export interface Would {
  readonly action:
    | "insert"
    | "update"
    | "none"
    | "reject"
    | "protected"
    | "refused"
    | "not read"
    | "deactivate"
    | "missing";
  readonly change?: Change;
  readonly reject?: Reject;
  readonly because: readonly string[];
}

/** Whether a column is one of those that the change is about. */
export const isWritten = ({ change }: Would, column: string): boolean => Object.hasOwn(change?.columns ?? {}, column);

/** What foretelling looks at. */
interface Outlook {
  readonly config: ResolvedConfig;
  readonly plan: Plan;
  readonly target: Target;
  /** The target that is asked again after what can pass. */
  readonly patient: Target;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** The entries with a match key that a sync would read. */
  readonly entriesOf: (key: string) => Promise<readonly Entry[]>;
  /** Looks up whom those entries name. */
  readonly byDn: ByDn;
}

/**
 * Lets the real sync run over these entries, in their order, as a rehearsal, and notes what it says of each. Where one is
 * rejected for a value that another row has, the entry of that row takes part.
 */
export async function foretell(outlook: Outlook, entries: readonly Entry[]): Promise<Would[]> {
  const { config, plan, target, patient } = outlook;
  const ends: Would[] = [];
  for (const [at, end] of (await rehearsed(outlook, entries)).entries()) {
    const entry = entries[at];
    ends.push((end.action === "reject" && entry && (await afterGivers(outlook, entry))) || end);
  }
  const rows = await patient.count();
  const unknown = unforeseen(plan, target.table);
  return ends.map((end) => limited(config, doubted(end, unknown), rows));
}

async function rehearsed({ report: warn, ...outlook }: Outlook, entries: readonly Entry[]): Promise<Would[]> {
  const ends: (Would | undefined)[] = entries.map(() => undefined);
  let current = 0;
  const report: Report = (event) => {
    if (event.type === "retry") warn(event);
    if (event.type === "progress") current += 1;
    const told = wouldOf(event);
    if (told && isSecond(event)) {
      const place = placeOf(entries, told.dn, current);
      ends[place] = together(ends[place], told.would);
    } else if (told) ends[placeOf(entries, told.dn, current)] = told.would;
    else if (event.type === "unchanged" && current < entries.length) ends[current] ??= unchanged;
  };
  async function* all() {
    yield entries;
  }
  // One entry a batch, so that what is told until the batch is finished is told of that entry, where no DN is told.
  await tryOut({ ...outlook, entries: all, batchSize: 1, report });
  return ends.map((end) => end ?? { action: "none", because: [] });
}

/**
 * The row that `leavers.inactive` makes for an entry that is not active, in a rehearsal.
 *
 * @param why it is not active
 */
export async function foretellCreation(
  { report: warn, ...outlook }: Omit<Outlook, "entriesOf" | "byDn">,
  entry: Entry,
  why: readonly string[],
): Promise<Would> {
  const { config, target, patient } = outlook;
  let change: Change | undefined;
  const others: string[] = [];
  const report: Report = (event) => {
    if (event.type === "retry") warn(event);
    else if (event.type === "change") change = event.change;
    else if (event.type === "notice") others.push(event.message);
  };
  async function* nobody() {}
  async function* alone() {
    yield [entry];
  }
  const inactive = { given: stateGiven(config, target), entries: alone };
  await tryOut({ ...outlook, entries: nobody, inactive, batchSize: 1, report });
  if (change === undefined) return { action: "not read", because: [...why, ...others] };
  const because = [...why, 'leavers.inactive "create": it gets a row that is not active'];
  return limited(config, { action: "insert", change, because }, await patient.count());
}

/** What becomes of an entry together with those whose rows have what it takes; undefined where it is rejected all the same. */
async function afterGivers({ report: warn, ...outlook }: Outlook, entry: Entry): Promise<Would | undefined> {
  const { plan, patient, entriesOf } = outlook;
  const givers = await giversOf(plan, patient, entry, entriesOf);
  if (givers.length === 0) return undefined;
  let end: Would = unchanged;
  const report: Report = (event) => {
    if (event.type === "retry") warn(event);
    const told = wouldOf(event);
    if (told?.dn === entry.dn) end = isSecond(event) ? together(end, told.would) : told.would;
  };
  async function* inOneBatch() {
    yield [...givers.map((giver) => giver.entry), entry];
  }
  await tryOut({ ...outlook, entries: inOneBatch, batchSize: givers.length + 1, report });
  if (end.action === "reject") return undefined;
  const key = keyNames(plan).join(" or ");
  return { ...end, because: [...end.because, ...givers.map((giver) => giverWords(key, giver))] };
}

const giverWords = (key: string, { columns, key: value, entry: { dn } }: Giver): string =>
  `the row with ${key} "${printable(value)}" has that ${columns}, and its entry ${dn} gives it up in the same sync`;

const unchanged: Would = { action: "none", because: ["the row holds all of this already"] };

/** Of an event that names an entry: what it says of it. */
function wouldOf(event: SyncEvent): { readonly dn: string; readonly would: Would } | undefined {
  if (event.type === "change") {
    const { change } = event;
    if (change.kind === "deactivate" || change.kind === "missing") return undefined;
    const because =
      change.adopted === undefined
        ? []
        : [`the row is adopted: it is found by ${change.adopted}, and has no match key before that one yet`];
    return { dn: change.dn, would: { action: change.kind, change, because } };
  }
  if (event.type === "reject") {
    const { reject } = event;
    return { dn: reject.dn, would: { action: "reject", reject, because: [reject.reason] } };
  }
  if (event.type === "blocked") {
    const { dn, state } = event.blocked;
    return { dn, would: { action: "none", because: [blockedWords(state)] } };
  }
  if (event.type !== "protected") return undefined;
  const differs = event.differs.length === 0 ? "nothing differs" : `another ${event.differs.join(", ")} is ignored`;
  return {
    dn: event.dn,
    would: { action: "protected", because: [`the row meets a condition of protect: ${differs}`] },
  };
}

const blockedWords = (state: string): string =>
  `the row keeps its state "${printable(state)}", because the sync did not set it: it bears no mark in state.setBy, or is not exactly state.inactive`;

/** What is told of somebody beside what was told before, some of it when all rows are there. */
const isSecond = (event: SyncEvent): boolean =>
  event.type === "blocked" || ((event.type === "change" || event.type === "reject") && event.was !== undefined);

/** The change of the row, and that of what it refers to. */
function together(first: Would | undefined, second: Would): Would {
  if (!first?.change || second.action === "reject") return second;
  const columns = { ...first.change.columns, ...second.change?.columns };
  return { ...first, change: { ...first.change, columns }, because: [...first.because, ...second.because] };
}

/** A change that a rule which only the database knows may still refuse. */
const doubted = (would: Would, unknown: string | undefined): Would =>
  would.change === undefined || unknown === undefined
    ? would
    : { ...would, because: [...would.because, `dry-run tells more: ${unknown}`] };

function placeOf(entries: readonly Entry[], dn: string, current: number): number {
  if (entries[current]?.dn === dn) return current;
  return entries.findIndex((entry) => entry.dn === dn);
}

/** Where the limits of the configuration leave no room for even one such change, the whole sync is refused. */
function limited({ limits }: ResolvedConfig, would: Would, rows: number): Would {
  if (would.change === undefined) return would;
  const { kind } = would.change;
  if (kind === "deactivate" || kind === "missing") return would;
  const counted = tally();
  counted.report({ type: "change", kind, change: would.change, reactivated: false });
  try {
    judgeLimits(limits, counted.counts(), rows);
    return would;
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { max, maxPercent } = limits[kind];
    const limit = max === 0 ? "max is 0" : `maxPercent is ${maxPercent}, of ${plural(rows, "row")} that is none`;
    const way = `for one run --max-${kind} sets another limit`;
    return { ...would, action: "refused", because: [`limits.${kind}.${limit}: not even this one may be; ${way}`] };
  }
}
