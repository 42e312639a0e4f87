import type { Path, Problem } from "./problem.ts";
import type { Config } from "./schema.ts";

/** What the schema cannot say of the state of a user and of leavers. */
export function checkLeavers(config: Config): Problem[] {
  return [
    ...checkState(config),
    ...checkAction(config),
    ...checkSet(config),
    ...checkRelated(config),
    ...checkGrace(config),
  ];
}

const isSame = (one: string, other: string | undefined): boolean => one.toLowerCase() === other?.toLowerCase();

const isMapped = ({ mapping }: Config, column: string): boolean =>
  Object.keys(mapping).some((name) => isSame(name, column));

function checkState(config: Config): Problem[] {
  const { state } = config;
  if (state === undefined) return [];
  const own = (["column", "setBy"] as const).flatMap((key): Problem[] => {
    const column = state[key];
    return column !== undefined && isMapped(config, column)
      ? [{ path: ["state", key], says: `is "${column}", which mapping fills too; take one of the two` }]
      : [];
  });
  if (state.setBy !== undefined && isSame(state.setBy, state.column)) {
    own.push({ path: ["state", "setBy"], says: "is the same as state.column; the mark needs a column of its own" });
  }
  // Many collations compare texts without regard to case.
  if (isSame(String(state.active), String(state.inactive))) {
    own.push({ path: ["state", "inactive"], says: "is the same as state.active" });
  }
  return own;
}

function checkAction({ leavers, state }: Config): Problem[] {
  const problems: Problem[] = [];
  const without = "needs state, which names the column and its values";
  if (state === undefined && leavers.action === "deactivate") {
    problems.push({ path: ["leavers", "action"], says: `is "deactivate" and ${without}` });
  }
  if (state === undefined && leavers.inactive === "create") {
    problems.push({ path: ["leavers", "inactive"], says: `is "create" and ${without}` });
  }
  if (leavers.scope !== undefined && Object.keys(leavers.scope).length === 0) {
    problems.push({
      path: ["leavers", "scope"],
      says: "is empty; it must name a column and its value, or be left out",
    });
  }
  return problems;
}

function checkSet({ leavers, state, target }: Config): Problem[] {
  const used: readonly (readonly [string | undefined, string])[] = [
    ...target.matchKey.map((column) => [column, "a match key"] as const),
    [state?.column, "state.column"],
    [state?.setBy, "state.setBy"],
    [leavers.grace?.runsColumn, "leavers.grace.runsColumn"],
    [leavers.grace?.sinceColumn, "leavers.grace.sinceColumn"],
  ];
  return Object.keys(leavers.set ?? {}).flatMap((name) => {
    const [, what] = used.find(([column]) => isSame(name, column)) ?? [];
    return what === undefined ? [] : [{ path: ["leavers", "set", name], says: `is ${what}; it cannot be set here` }];
  });
}

function checkRelated({ leavers, target }: Config): Problem[] {
  return leavers.related.flatMap((follower, at) => {
    const path: Path = ["leavers", "related", at];
    const problems: Problem[] = [];
    if (isSame(follower.table, target.table)) {
      problems.push({
        path: [...path, "table"],
        says: `is ${target.table}, the table of the users; what they get stands in leavers.set`,
      });
    }
    if ((follower.set === undefined) === (follower.delete === undefined)) {
      const says = follower.set
        ? 'has "set" and "delete"; it must have one of them'
        : 'must have "set" or "delete": true';
      problems.push({ path, says });
    }
    return problems;
  });
}

/** Each measure of time has a column in which it is kept. */
const measures = [
  ["runs", "runsColumn"],
  ["days", "sinceColumn"],
] as const;

function checkGrace(config: Config): Problem[] {
  const { leavers, state } = config;
  const { grace } = leavers;
  if (grace === undefined) return [];
  const path: Path = ["leavers", "grace"];
  const problems = measures.flatMap(([measure, column]): Problem[] => {
    const kept = grace[column];
    if (grace[measure] !== undefined && kept === undefined) {
      return [{ path: [...path, column], says: `is missing; it names the column in which grace.${measure} is kept` }];
    }
    if (kept === undefined) return [];
    if (grace[measure] === undefined)
      return [{ path: [...path, measure], says: `is missing; ${column} is there for it` }];
    if (![state?.column, state?.setBy].some((own) => isSame(kept, own)) && !isMapped(config, kept)) return [];
    return [
      {
        path: [...path, column],
        says: `is "${kept}", which the sync fills with something else; it needs a column of its own`,
      },
    ];
  });
  if (Object.keys(grace).length === 0) {
    problems.push({ path, says: 'is empty; it must have "runs" with "runsColumn", or "days" with "sinceColumn"' });
  }
  return problems;
}
