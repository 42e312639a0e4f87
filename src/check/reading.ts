import { resolveActive } from "../active/resolve.ts";
import { attributesOf } from "../active/rule.ts";
import { countUnknowns } from "../active/unknowns.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import type { Mapping } from "../mapping/compile.ts";
import { printable } from "../mapping/printable.ts";
import { nearest } from "../nearest.ts";
import { number, plural } from "../report/words.ts";
import { attributeKey } from "../source/attributes.ts";
import { filterAttributes, parseFilter } from "../source/filter.ts";
import type { LdapConfig, ServerConfig } from "../source/ldap.ts";
import { openSource } from "../source/open.ts";
import type { Notice, ReadRequest, Source } from "../source/source.ts";
import { type Finding, ok, warning } from "./ledger.ts";
import { judgeMustContain } from "./must-contain.ts";

/** What the stages base and filter look at, through the source that a run reads. */

/** A source, whatever its active rule. */
type Directory = ServerConfig & { readonly active?: unknown };

/** The source without `active` and `mustContain`, and what is told otherwise. */
function lookAt(config: Directory, changes: Partial<ServerConfig>, request: Partial<ReadRequest> = {}): Source {
  const { active: _, ...persons } = config;
  return openSource([{ ...persons, mustContain: [], ...changes }], { attributes: [], ...request }, () => {});
}

interface First {
  readonly entries: readonly Entry[];
  /** There are more than were asked for. */
  readonly more: boolean;
}

/** The first entries of a source; the read ends there. */
async function first(source: Source, most: number, signal: AbortSignal): Promise<First> {
  const entries: Entry[] = [];
  for await (const piece of source.entries(signal)) {
    for (const entry of piece) {
      if (entries.length === most) return { entries, more: true };
      entries.push(entry);
    }
  }
  return { entries, more: false };
}

/** Each base exists; @throws Failure where one does not. */
export async function judgeBases(config: Directory, isFile: boolean, signal: AbortSignal): Promise<Finding[]> {
  const findings: Finding[] = [];
  // A file has no entry to ask for by name: what is at the base or under it says that the base exists.
  const scope = isFile ? "sub" : "base";
  for (const base of config.baseDn) {
    const { entries } = await first(lookAt(config, { baseDn: [base], scope, filter: "(objectClass=*)" }), 1, signal);
    const hidden = entries.length === 0 ? ", though the bind may not read its own entry" : "";
    findings.push(ok(`${base === "" ? "the root" : base} exists${hidden}`));
  }
  if (config.baseDn.length === 0) findings.push(ok("none is configured: every entry of the file counts"));
  if (!isFile && !(await offersPaging(config, signal))) findings.push(noPaging);
  return findings;
}

const pagedResults = "1.2.840.113556.1.4.319";

const noPaging = warning(
  `the server does not list paged results (${pagedResults}) in the supportedControl of its root DSE`,
  "a size limit of the server would end the read: ask for none for source.bindDn",
);

/** RFC 4512 section 5.1. */
async function offersPaging(config: Directory, signal: AbortSignal): Promise<boolean> {
  const place = { baseDn: [""], scope: "base", filter: "(objectClass=*)" } as const;
  const rootDse = lookAt(config, place, { attributes: ["supportedControl"] });
  try {
    const { entries } = await first(rootDse, 1, signal);
    return entries[0]?.attributes.get("supportedcontrol")?.includes(pagedResults) ?? false;
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    return false;
  }
}

/** The active entries that are tried, and how many there are of whom. */
export async function readSample(
  configured: ResolvedConfig["sources"][number],
  { mapping, sample: most, detail, signal, now }: SampleRequest,
): Promise<{ readonly found: readonly Entry[]; readonly findings: readonly Finding[] }> {
  const notices: Finding[] = [];
  const notice: Notice = (message, usual) => (usual ? detail(message) : notices.push(warning(message)));
  const config = await resolveActive(configured, now, signal, (message) => notices.push(ok(message)));
  const unknowns = countUnknowns({ keysOf: () => [] }, () => {});
  const request = { attributes: mapping.attributes };
  const source = openSource([{ ...config, mustContain: [] }], request, notice, unknowns.tell);
  source.commands.forEach(detail);
  const active = await first(source, most, signal);
  const persons = config.active === undefined ? active : await first(lookAt(config, {}), most, signal);
  const meant = active.entries.length > 0 ? [] : await misspelt(config, persons, signal);
  const nobody = config.active !== undefined && active.entries.length === 0 && meant.length === 0;
  const has = nobody ? await valuesOfActive(config, most, signal) : [];
  const findings = [judgeCounts(config, persons, active, meant, has), ...(await judgeMustContain(config, signal))];
  for (const message of unknowns.notices()) notice(message);
  return { found: active.entries, findings: [...findings, ...notices] };
}

/** What is wanted of a sample. */
interface SampleRequest {
  readonly mapping: Pick<Mapping, "attributes">;
  /** How many entries are tried. */
  readonly sample: number;
  /** For who wants to know more. */
  readonly detail: (message: string) => void;
  readonly signal: AbortSignal;
  readonly now: Date;
}

/** So many values of an attribute are named. */
const mostNamed = 5;

/** What persons really have in the attributes by which nobody is active, the most frequent values first. */
async function valuesOfActive(config: LdapConfig, most: number, signal: AbortSignal): Promise<string[]> {
  const attributes = config.active ? attributesOf(config.active.node) : [];
  const { entries } = await first(lookAt(config, {}, { attributes }), most, signal);
  return attributes.flatMap((name) => {
    const often = new Map<string, number>();
    for (const value of entries.flatMap((entry) => entry.attributes.get(attributeKey(name)) ?? [])) {
      often.set(printable(value), (often.get(printable(value)) ?? 0) + 1);
    }
    if (often.size === 0) return `no entry shows ${name}: may the bind search and read it?`;
    const values = [...often].sort(([, a], [, b]) => b - a).map(([value]) => value);
    return `${name} has: ${values.slice(0, mostNamed).join(", ")}${values.length > mostNamed ? ", …" : ""}`;
  });
}

/** Attributes that the filter names which lets nobody through, where entries have one that is spelt nearly alike. */
async function misspelt(config: LdapConfig, persons: First, signal: AbortSignal): Promise<string[]> {
  const nobody = persons.entries.length === 0;
  const names = await attributeNames(nobody ? { ...config, filter: "(objectClass=*)" } : config, signal);
  const asked =
    nobody || !config.active ? filterAttributes(parseFilter(config.filter)) : attributesOf(config.active.node);
  return asked
    .filter((name) => !names.includes(attributeKey(name)))
    .flatMap((name) => {
      const near = nearest(name, names);
      return near === undefined ? [] : `no entry has ${name}; did you mean ${near}`;
    });
}

function judgeCounts(
  config: Pick<LdapConfig, "filter" | "active">,
  persons: First,
  active: First,
  meant: readonly string[],
  has: readonly string[],
): Finding {
  const hint = (otherwise: string): string => (meant.length === 0 ? otherwise : `${meant.join("? ")}?`);
  if (persons.entries.length === 0) {
    return warning(
      `no entry matches ${config.filter}`,
      hint("check source.filter and source.baseDn, and whether the bind may see the entries"),
    );
  }
  const match = persons.entries.length === 1 && !persons.more ? "matches" : "match";
  const found = `${atLeast(persons)}${plural(persons.entries.length, "entry", "entries")} ${match} ${config.filter}`;
  if (config.active === undefined) return ok(found);
  if (active.entries.length === 0) {
    return warning(
      `${found}, and none of them is active by ${config.active.title}`,
      hint(["check source.active", ...has].join("; ")),
    );
  }
  return ok(`${found}, ${atLeast(active)}${number(active.entries.length)} active by ${config.active.title}`);
}

const atLeast = ({ more }: First): string => (more ? "at least " : "");

/** How many entries are asked for the names of their attributes. */
const mostAsked = 50;

/** The names of the attributes that entries have, operational ones too; no photo need travel for that. */
export async function attributeNames(config: Directory, signal: AbortSignal): Promise<string[]> {
  const { entries } = await first(
    lookAt(config, { pageSize: mostAsked }, { attributes: ["*", "+"], typesOnly: true }),
    mostAsked,
    signal,
  );
  return [...new Set(entries.flatMap(({ attributes }) => [...attributes.keys()]))];
}
