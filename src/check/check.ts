import { exposures } from "../config/exposure.ts";
import type { LoadedConfig } from "../config/load.ts";
import { compileMapping } from "../mapping/compile.ts";
import type { Talk } from "../report/talk.ts";
import { plural } from "../report/words.ts";
import type { MissingAttribute } from "./attributes.ts";
import { judgeLeavers } from "./leavers.ts";
import { type Finding, firstFailed, type Ledger, ok, warning } from "./ledger.ts";
import { checkSource, type Sample } from "./source.ts";
import { checkTarget, type Opened } from "./target.ts";
import { judgeNobody, tryValues, type Values } from "./values.ts";

/** What a check needs. */
export interface Check {
  readonly loaded: LoadedConfig;
  /** How many entries of each source are tried. */
  readonly sample: number;
  readonly ledger: Ledger;
  readonly signal: AbortSignal;
  readonly now: Date;
  readonly talk: Talk;
  readonly verbose: boolean;
  /** Whether a sync by this configuration is remembered that was done. */
  readonly isRemembered: () => Promise<boolean>;
}

/** What the sample showed; null where it could not be tried on the table. */
export interface Sampled extends Record<Exclude<keyof Values, "rejects">, number | null> {
  /** Active entries. */
  readonly read: number;
  readonly rejects: Values["rejects"];
  readonly missingAttributes: readonly MissingAttribute[];
}

/**
 * Looks at all that a sync needs, in the order in which it needs it, and writes nothing. The stages of each source and of
 * the target do not depend on each other; the values need all of them.
 *
 * @throws Failure (configuration) where the mapping does not compile
 */
export async function check(request: Check): Promise<Sampled> {
  const { loaded, sample, ledger, signal, now, talk, verbose } = request;
  const { config } = loaded;
  const mapping = compileMapping(config.mapping);
  ledger.add("configuration", "configuration", judgeConfiguration(loaded));
  const detail = (message: string): void => {
    if (verbose) talk("info", message);
  };
  const samples: (Sample | undefined)[] = [];
  for (const source of config.sources) {
    samples.push(await checkSource({ config: source, mapping, sample, ledger, signal, now, detail }));
  }
  const opened = await checkTarget(config, ledger, signal);
  const read = samples.flatMap((each) => each ?? []);
  const entries = read.flatMap((each) => each.entries);
  let values: Values | undefined;
  try {
    await checkLeavers(request, opened, read);
    const missing = opened && read.length === samples.length ? undefined : `${firstFailed(ledger)} failed`;
    const obstacle = missing ?? (entries.length === 0 ? "no entry was read" : undefined);
    const refused = opened && missing === undefined && obstacle !== undefined;
    const nobody = refused ? await judgeNobody(opened, config, signal, talk) : undefined;
    if (nobody) ledger.add("target", "values", [nobody]);
    else if (obstacle !== undefined) ledger.skip("target", ["values"], obstacle);
    else if (opened) {
      const tried = await tryValues(opened, entries, config, signal, talk);
      ledger.add("target", "values", tried.findings);
      values = tried.values;
    }
  } finally {
    const closed = opened?.target.close();
    // A database that does not answer is not waited for by somebody who has asked to stop.
    if (signal.aborted) closed?.catch(() => {});
    else await closed;
  }
  const unknown = { inserts: null, updates: null, unchanged: null, rejected: null, rejects: [] };
  return { read: entries.length, ...(values ?? unknown), missingAttributes: missingEverywhere(read) };
}

/** Where people who have left are looked for. */
async function checkLeavers(request: Check, opened: Opened | undefined, read: readonly Sample[]): Promise<void> {
  const { loaded, sample, ledger, signal, now, isRemembered } = request;
  const { config } = loaded;
  if (config.leavers.action === "ignore") return;
  if (!opened) return ledger.skip("target", ["leavers"], `${firstFailed(ledger)} failed`);
  const isWhole = read.length === config.sources.length && read.every(({ entries }) => entries.length < sample);
  const people = isWhole ? read.reduce((sum, { entries }) => sum + entries.length, 0) : undefined;
  ledger.add("target", "leavers", await judgeLeavers(config, opened, { now, people, isRemembered, signal }));
}

function judgeConfiguration({ file, config, warnings }: LoadedConfig): Finding[] {
  const { sources, mapping, target } = config;
  const counts = `${plural(sources.length, "source")}, ${plural(Object.keys(mapping).length, "mapped column")}`;
  return [
    ok(`${file}: ${counts}, match key ${target.matchKey.join(", then ")}`),
    ...warnings.map((message) => warning(message)),
    ...exposures(config).map(({ message, hint }) => warning(message, hint)),
  ];
}

/** What one source lacks another one may have. */
function missingEverywhere(samples: readonly Sample[]): MissingAttribute[] {
  const [first, ...others] = samples.filter(({ entries }) => entries.length > 0);
  const lacks = ({ missing }: Sample, { attribute, column }: MissingAttribute): boolean =>
    missing.some((each) => each.attribute === attribute && each.column === column);
  return (first?.missing ?? []).filter((each) => others.every((other) => lacks(other, each)));
}
