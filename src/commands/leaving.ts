import type { RunOptions } from "../cli.ts";
import type { LoadedConfig } from "../config/load.ts";
import type { Inactive } from "../leavers/created.ts";
import { inactiveEntries } from "../leavers/inactive.ts";
import type { Leavers } from "../leavers/pass.ts";
import { planLeavers, stateGiven } from "../leavers/plan.ts";
import { openStrangers, type StrangerBook } from "../leavers/strangers.ts";
import { openWhereabouts } from "../leavers/whereabouts.ts";
import type { Limits } from "../limits.ts";
import type { Plan } from "../plan.ts";
import type { LdapConfig } from "../source/ldap.ts";
import type { Target } from "../target/target.ts";

/** What a run does about people who are not active, put together from what it has in hand. */

interface Given {
  readonly options: RunOptions;
  readonly loaded: LoadedConfig;
  readonly plan: Plan;
  readonly target: Target;
  readonly sources: readonly LdapConfig[];
  readonly limits: Limits;
  readonly startedAt: Date;
  readonly signal: AbortSignal;
  /** See `Leavers`. */
  readonly isShown: boolean;
  /** Whether the history knows a sync of this name that was done. */
  readonly isRemembered: () => Promise<boolean>;
}

export interface Leaving {
  /** Undefined where leavers are not judged: the configuration leaves them alone, or the run is of some people only. */
  readonly leavers: Leavers | undefined;
  readonly strangers: StrangerBook | undefined;
  /** Undefined where people who are not active get no row. */
  readonly inactive: Inactive | undefined;
  close(): void;
}

export async function openLeaving(given: Given): Promise<Leaving> {
  const leavers = await leaversOf(given);
  return {
    leavers,
    strangers: leavers && openStrangers(given.plan),
    inactive: inactiveOf(given),
    close: () => leavers?.secondLook.close(),
  };
}

async function leaversOf(given: Given): Promise<Leavers | undefined> {
  const { options, loaded, plan, target, sources, limits, startedAt, signal, isShown, isRemembered } = given;
  const { config } = loaded;
  const leaverPlan = await planLeavers(config, plan, target, startedAt);
  if (leaverPlan === undefined || options.filter !== undefined) return undefined;
  return {
    plan: leaverPlan,
    limit: limits.deactivate,
    name: config.name,
    isShown,
    succeededBefore: async () => (await isRemembered()) || (await target.succeededBefore(config.name)),
    secondLook: openWhereabouts(sources, config, plan, target, signal),
  };
}

function inactiveOf({ options, loaded: { config }, plan, target, sources }: Given): Inactive | undefined {
  if (config.leavers.inactive === "ignore") return undefined;
  const request = { attributes: plan.attributes, filter: options.filter };
  return {
    given: stateGiven(config, target),
    entries: (signal) => inactiveEntries(sources, request, signal),
  };
}
