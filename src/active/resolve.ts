import { type ActiveConfig, type ActivePreset, isPreset } from "../config/active-schema.ts";
import type { ResolvedConfig } from "../config/load.ts";
import type { Entry } from "../entry.ts";
import { Failure } from "../errors.ts";
import { everything } from "../source/filter.ts";
import { firstEntries, type Inspection, openInspection } from "../source/inspection.ts";
import type { LdapConfig } from "../source/ldap.ts";
import type { Notice } from "../source/source.ts";
import { isFile } from "./judged.ts";
import { noPolicies, readPolicies } from "./policies.ts";
import { type Facts, presetRule } from "./presets.ts";
import { makeRule } from "./ready.ts";
import type { RuleNode } from "./rule.ts";
import { titleOf } from "./title.ts";
import { type Recognised, recognise } from "./vendors.ts";

type Source = ResolvedConfig["sources"][number];

/** Makes the active rule of a source ready. Where it depends on the directory, the directory is looked at. */
export async function resolveActive(source: Source, now: Date, signal: AbortSignal, say: Notice): Promise<LdapConfig> {
  const { active, ...config } = source;
  if (active === undefined) return config;
  const names = presetsOf(active);
  const needsLook = names.includes("auto") || names.includes("openldap");
  const seen = needsLook ? await look(config, names.includes("auto"), signal) : unseen;
  const { recognised } = seen;
  if (recognised)
    say(`${seen.server} is ${recognised.name} (${recognised.by}): who is active is judged by "${recognised.preset}"`);
  const facts: Facts = { now, policies: seen.policies };
  const title = titleOf(active, recognised?.preset);
  return { ...config, active: makeRule(title, nodeOf(active, { ...seen, facts, say }), isFile(config)) };
}

export async function resolveAllActive(
  sources: readonly Source[],
  now: Date,
  signal: AbortSignal,
  say: Notice,
): Promise<readonly LdapConfig[]> {
  const resolved: LdapConfig[] = [];
  for (const source of sources) resolved.push(await resolveActive(source, now, signal, say));
  return resolved;
}

/** What the directory says of itself. */
interface Seen {
  readonly server: string;
  readonly recognised: Recognised | undefined;
  readonly policies: Facts["policies"];
  /** False where the schema can be read and has no pwdAccountLockedTime, so that every filter with it is undefined. */
  readonly knowsLocks: boolean;
}

const unseen: Seen = { server: "", recognised: undefined, policies: noPolicies, knowsLocks: true };

async function look(config: LdapConfig, isAuto: boolean, signal: AbortSignal): Promise<Seen> {
  const inspection = await openInspection(config, signal);
  const { server } = inspection;
  try {
    if (server.startsWith("file:")) {
      return { ...unseen, server, policies: await readPolicies(inspection, [""]) };
    }
    const rootDse = await rootDseOf(inspection);
    const recognised = isAuto ? recognise(server, rootDse) : undefined;
    if (recognised && recognised.preset !== "openldap") return { ...unseen, server, recognised };
    const contexts = rootDse?.attributes.get("namingcontexts")?.map(String) ?? config.baseDn;
    const knowsLocks = await knows(inspection, rootDse, "pwdAccountLockedTime");
    const policies = knowsLocks ? await readPolicies(inspection, contexts) : noPolicies;
    return { server, recognised, policies, knowsLocks };
  } finally {
    inspection.close();
  }
}

async function rootDseOf(inspection: Inspection): Promise<Entry | undefined> {
  const query = { base: "", scope: "base", filter: everything, attributes: ["*", "+"] } as const;
  const [rootDse] = await firstEntries(inspection, query, 1);
  return rootDse;
}

/** Whether the schema has the attribute (RFC 4512 section 4.2); a schema that cannot be read is taken to have it. */
async function knows(inspection: Inspection, rootDse: Entry | undefined, attribute: string): Promise<boolean> {
  const base = rootDse?.attributes.get("subschemasubentry")?.[0]?.toString("utf8");
  if (base === undefined) return true;
  const query = { base, scope: "base", filter: everything, attributes: ["attributeTypes"] } as const;
  const [subschema] = await firstEntries(inspection, query, 1);
  const types = subschema?.attributes.get("attributetypes");
  return types === undefined || types.some((type) => type.toString("utf8").includes(`'${attribute}'`));
}

interface Making extends Seen {
  readonly facts: Facts;
  readonly say: Notice;
}

function nodeOf(active: ActiveConfig, making: Making): RuleNode {
  if (typeof active === "string") {
    if (active === "auto") return autoNode(making);
    return isPreset(active) ? presetNode({ preset: active }, making) : { kind: "filter", filter: active };
  }
  if ("and" in active) return { kind: "and", rules: active.and.map((each) => nodeOf(each, making)) };
  if ("or" in active) return { kind: "or", rules: active.or.map((each) => nodeOf(each, making)) };
  return "not" in active ? negated(nodeOf(active.not, making)) : presetNode(active, making);
}

const negated = (rule: RuleNode): RuleNode =>
  rule.kind === "filter" ? { kind: "filter", filter: `(!${rule.filter})` } : { kind: "not", rule };

function presetNode(options: ActivePreset, { knowsLocks, server, facts }: Making): RuleNode {
  if (options.preset === "openldap" && !knowsLocks) {
    throw new Failure("configuration", `source.active "openldap": ${server} does not know pwdAccountLockedTime`, {
      hint: "the password policy overlay (slapo-ppolicy) is not loaded there: take a filter, or leave active out",
    });
  }
  return presetRule(options, facts);
}

/** Where there are no password policies, nobody can be locked. */
function autoNode(making: Making): RuleNode {
  const { recognised, knowsLocks, server, say } = making;
  if (recognised === undefined) throw new Error("auto without a look at the directory");
  if (recognised.preset !== "openldap" || knowsLocks) return presetNode({ preset: recognised.preset }, making);
  say(`${server} has no password policies (slapo-ppolicy): nobody is locked, everybody is active`);
  return { kind: "and", rules: [] };
}

/** The presets that a rule names, `auto` among them. */
function presetsOf(active: ActiveConfig): readonly string[] {
  if (typeof active === "string") return isPreset(active) || active === "auto" ? [active] : [];
  if ("and" in active) return active.and.flatMap(presetsOf);
  if ("or" in active) return active.or.flatMap(presetsOf);
  return "not" in active ? presetsOf(active.not) : [active.preset];
}
