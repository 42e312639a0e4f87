import { judgeAsking } from "../active/judged.ts";
import type { ActiveRule } from "../active/ready.ts";
import type { Computed, Required, RuleNode, Verdict } from "../active/rule.ts";
import type { Entry } from "../entry.ts";
import { filterAttributes, parseFilter } from "../source/filter.ts";
import type { Inspection } from "../source/inspection.ts";
import { type Judgement, judge, type Part, valuesOf } from "./judge.ts";

export interface ActiveJudgement extends Judgement {
  /** The rule as configured; null where everybody is active. */
  readonly rule: string | null;
  /** Why it is not known; null where it is. */
  readonly unknown: string | null;
}

/** Judges by the active rule, and shows the parts that decide. */
export async function judgeActive(
  inspection: Inspection,
  entry: Entry,
  rule: ActiveRule | undefined,
): Promise<ActiveJudgement> {
  if (rule === undefined) return { rule: null, filter: null, matched: true, unknown: null, parts: [] };
  const verdict = await judgeAsking(inspection, rule.node, entry);
  return {
    rule: rule.title,
    filter: rule.filter ?? null,
    matched: verdict === "active",
    unknown: reasonOf(verdict) ?? null,
    parts: await decisive(inspection, entry, rule.node, verdict),
  };
}

const reasonOf = (verdict: Verdict): string | undefined => (typeof verdict === "object" ? verdict.unknown : undefined);
const kindOf = (verdict: Verdict): string => (typeof verdict === "object" ? "unknown" : verdict);

async function decisive(
  inspection: Inspection,
  entry: Entry,
  node: RuleNode,
  verdict: Verdict,
): Promise<readonly Part[]> {
  if (node.kind === "not") {
    return decisive(inspection, entry, node.rule, await judgeAsking(inspection, node.rule, entry));
  }
  if ("rules" in node) {
    const parts: Part[] = [];
    const deciding = node.kind === "and" ? "inactive" : "active";
    for (const rule of node.rules) {
      const each = await judgeAsking(inspection, rule, entry);
      // All parts decide an AND that holds and an OR that fails.
      const all = typeof verdict === "string" && verdict !== deciding;
      if (all || kindOf(each) === kindOf(verdict)) parts.push(...(await decisive(inspection, entry, rule, each)));
    }
    return parts;
  }
  if (node.kind === "filter") return (await judge(inspection, entry, node.filter)).parts;
  return [partOf(entry, node, verdict)];
}

function partOf(entry: Entry, node: Required | Computed, verdict: Verdict): Part {
  const unknown = reasonOf(verdict);
  const names = node.kind === "computed" ? node.attributes : filterAttributes(parseFilter(node.filter));
  return {
    filter: node.kind === "computed" ? null : node.filter,
    words: node.words,
    matched: verdict === "active",
    ...(unknown !== undefined && { unknown }),
    values: names.flatMap((name) => valuesOf(entry, name)),
  };
}
