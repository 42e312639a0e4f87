import { open } from "node:fs/promises";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import type { Mapping } from "../mapping/compile.ts";
import { plural } from "../report/words.ts";
import { unreadable } from "../source/ldif.ts";
import { judgeAttributes, type MissingAttribute, missingAttributes, withNear } from "./attributes.ts";
import { checkConnection } from "./connect.ts";
import { type Finding, failed, hasFailed, type Ledger, ok } from "./ledger.ts";
import { attributeNames, judgeBases, readSample } from "./reading.ts";

/** What the stages of one source need. */
export interface SourceCheck {
  readonly config: ResolvedConfig["sources"][number];
  readonly mapping: Mapping;
  /** How many entries are tried. */
  readonly sample: number;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  readonly now: Date;
  /** For who wants to know more. */
  readonly detail: (message: string) => void;
}

/** What was read of one source. */
export interface Sample {
  readonly entries: readonly Entry[];
  readonly missing: readonly MissingAttribute[];
}

const stages = ["base", "filter", "attributes"] as const;

/** The stages of one source, from the name of its server to the attributes of its entries. Undefined where one failed. */
export async function checkSource(check: SourceCheck): Promise<Sample | undefined> {
  const { config, ledger } = check;
  const [url = ""] = config.url;
  const isFile = url.toLowerCase().startsWith("file:");
  const before = ledger.lines.length;
  const server = isFile ? await checkFile(url, ledger) : await checkConnection(config, ledger, check.signal, check.now);
  const of = server === undefined ? (ledger.lines.at(-1)?.of ?? "") : `source ${server}`;
  const skip = (from: number, because: string): undefined => {
    ledger.skip(of, stages.slice(from), because);
  };
  if (server === undefined) {
    const stage = ledger.lines.slice(before).find(({ status }) => status === "failed")?.stage;
    return skip(0, `${stage} failed`);
  }
  const bases = await attempt(check, async () => ({
    found: true,
    findings: await judgeBases(config, isFile, check.signal),
  }));
  ledger.add(of, "base", bases.findings);
  if (bases.found === undefined) return skip(1, "base failed");
  const read = await attempt(check, () => readSample(config, check));
  ledger.add(of, "filter", read.findings);
  if (read.found === undefined) return skip(2, "filter failed");
  const entries = read.found;
  if (entries.length === 0) {
    skip(2, "no entry was read");
    return { entries, missing: [] };
  }
  const present = await attempt(check, async () => {
    const absent = missingAttributes(check.mapping, entries);
    const missing = absent.length === 0 ? absent : withNear(absent, await attributeNames(config, check.signal));
    return { found: missing, findings: judgeAttributes(check.mapping, missing, entries.length) };
  });
  ledger.add(of, "attributes", present.findings);
  return present.found && { entries, missing: present.found };
}

interface Attempt<T> {
  /** Undefined where the stage failed. */
  readonly found: T | undefined;
  readonly findings: readonly Finding[];
}

/** A `Failure` becomes a finding; anything else is none of a check's business. */
async function attempt<T>({ signal }: SourceCheck, work: () => Promise<Attempt<T>>): Promise<Attempt<T>> {
  try {
    const { found, findings } = await work();
    return { found: hasFailed(findings) ? undefined : found, findings };
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    return { found: undefined, findings: [failed(error)] };
  }
}

async function checkFile(url: string, ledger: Ledger): Promise<string | undefined> {
  const path = url.slice("file:".length);
  try {
    ledger.add(`source ${url}`, "file", [ok(plural(await readableSize(path), "byte"))]);
    return url;
  } catch (error) {
    const failure = unreadable(path, error);
    if (!(failure instanceof Failure)) throw failure;
    ledger.add(`source ${url}`, "file", [failed(failure)]);
    return undefined;
  }
}

/** A folder can be opened too: only reading tells. */
async function readableSize(path: string): Promise<number> {
  const file = await open(path);
  try {
    await file.read({ length: 1 });
    return (await file.stat()).size;
  } finally {
    await file.close();
  }
}
