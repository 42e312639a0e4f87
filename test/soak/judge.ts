import { endings } from "./endings.ts";
import { type Rows, stateIn, wrongWith } from "./reading.ts";
import type { Site } from "./site.ts";

/** How a run ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run, or two that began together, and the table before and after. */
export interface Case {
  readonly ended: readonly Ended[];
  readonly before: Rows;
  readonly after: Rows;
  /** The codes with which a run may end. */
  readonly ends: readonly (number | null)[];
}

interface Document {
  readonly outcome: string;
  readonly counts: Readonly<Record<"inserted" | "updated" | "deactivated" | "reactivated" | "rejected", number>>;
  readonly rejects: readonly { readonly key: string }[];
  readonly error: { readonly message: string; readonly hint: string | null } | null;
}

export const isDone = ({ code }: Ended): boolean => code === 0 || code === 3;

/** What is wrong with how a run ended, what it says and what it left: one line for each. */
export async function judge(site: Site, given: Case): Promise<string[]> {
  const { ended, before, ends } = given;
  const said = ended.flatMap((each) => wrongWords(site, each, ends));
  if (said.length > 0) return said;
  const documents = ended.flatMap(documentOf);
  const done = ended.some(isDone);
  const rejected = done ? rejectedBy(ended) : [];
  const differences = await wrongWith(site, before, { done, rejected });
  return [
    ...(ended.length > 1 && !done ? ["none of the two was done"] : []),
    ...(documents.length === ended.length ? wrongCounts(given, documents) : []),
    ...(differences === "" ? [] : [differences]),
  ];
}

const documentOf = ({ code, stdout }: Ended): Document[] => (code === null ? [] : [JSON.parse(stdout)]);

/** Of two that were done, the second one saw what the first one left. */
const rejectedBy = (ended: readonly Ended[]): string[] =>
  ended
    .filter(isDone)
    .flatMap(documentOf)[0]
    ?.rejects.map(({ key }) => key) ?? [];

function wrongWords(site: Site, run: Ended, ends: Case["ends"]): string[] {
  const { code, stdout, stderr } = run;
  const all = `${stdout}\n${stderr}`;
  if (!ends.includes(code)) return [`ended with ${code}: ${stderr}`];
  const [document] = documentOf(run);
  const outcome = code === null ? undefined : endings[code as keyof typeof endings];
  return [
    ...(document?.outcome === outcome ? [] : [`ended with ${code}, and says ${document?.outcome}`]),
    ...(document && (document.error === null) !== isDone(run) ? [`ended with ${code} and ${document.error}`] : []),
    ...(document && document.counts.rejected > 0 !== (code === 3) && isDone(run) ? ["3 is for rejects"] : []),
    ...(all.includes("a fault of idm-ldap-sync") ? [all] : []),
    ...Object.values(site.env).flatMap((secret) => (all.includes(secret) ? [`says ${secret}`] : [])),
  ];
}

/** What the table tells of inserts, updates and deactivations, and what the runs tell. */
function wrongCounts({ before, after }: Case, documents: readonly Document[]): string[] {
  const found = { inserted: 0, updated: 0, deactivated: 0, reactivated: 0 };
  for (const [key, row] of after) {
    const old = before.get(key);
    if (!old) found.inserted += 1;
    else if (stateIn(old) === "active" && stateIn(row) === "inactive") found.deactivated += 1;
    else if (JSON.stringify(old) !== JSON.stringify(row)) found.updated += 1;
    if (stateIn(old) === "inactive" && stateIn(row) === "active") found.reactivated += 1;
  }
  const told = (name: keyof typeof found): number => documents.reduce((sum, { counts }) => sum + counts[name], 0);
  const unknown = documents.reduce((sum, { error }) => sum + unknownIn(error?.hint ?? ""), 0);
  const isRefused = documents.every(({ outcome }) => outcome === "refused");
  const names = Object.keys(found) as (keyof typeof found)[];
  return names
    .filter((name) => found[name] < told(name) || found[name] > told(name) + unknown)
    .map((name) => `${told(name)} are told as ${name}, and ${found[name]} are (${unknown} unknown)`)
    .concat(
      isRefused && found.deactivated > 0 ? [`${found.deactivated} are deactivated by a run that was refused`] : [],
    );
}

/** The rows of a batch of which the program says that it does not know whether it was written. */
const unknownIn = (hint: string): number => Number(/whether the last batch \((\d+) rows?,/.exec(hint)?.[1] ?? 0);
