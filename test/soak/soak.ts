import { setTimeout as sleep } from "node:timers/promises";
import { aDay } from "./changes.ts";
import { type DisturbanceName, disturbanceOf, disturbances } from "./disturbances.ts";
import { hands } from "./hands.ts";
import { type Ended, isDone, judge } from "./judge.ts";
import type { SoakOptions } from "./options.ts";
import { type Random, randomOf } from "./random.ts";
import { type Rows, rowsOf, stateIn } from "./reading.ts";
import { openSite, type Site } from "./site.ts";

/** One run, or two that began together. */
export interface Round {
  readonly disturbance: DisturbanceName;
  readonly codes: readonly (number | null)[];
  /** Entries that were changed before it. */
  readonly changes: number;
  /** Rows that it has written. */
  readonly written: number;
}

/**
 * So many runs over a directory and a table that change in between, most of them disturbed, and a last one that is not.
 * After each, what it says and what it left is compared with an independent reading.
 *
 * @throws Error that says what was wrong, after which run of which seed
 */
export async function soak(
  { runs, people, seed, leavers }: SoakOptions,
  say: (line: string) => void,
): Promise<Round[]> {
  const site = await openSite(people, leavers);
  const rounds: Round[] = [];
  /** How long a run takes that nothing disturbs. */
  let usualMs = 1000;
  try {
    for (let at = 0; at <= runs; at += 1) {
      // Each with a chance of its own, so that the changes do not depend on how the runs before went.
      const random = randomOf(seed * 1009 + at);
      const { wrong, tookMs, ...round } = await oneRound(site, random, usualMs, at === 0 || at === runs);
      if (round.disturbance === "nothing" && at > 0) usualMs = tookMs;
      rounds.push(round);
      say(lineOf(at, round));
      if (wrong.length > 0)
        throw new Error(`seed ${seed}, run ${at} (${round.disturbance}): ${wrong.slice(0, 20).join("\n")}`);
    }
    return rounds;
  } finally {
    await site.stop();
  }
}

const lineOf = (at: number, { disturbance, changes, written, codes }: Round): string =>
  `${at} ${disturbance}: ${codes.map((code) => code ?? "killed").join(" and ")}, ${changes} entries changed, ${written} rows written`;

async function oneRound(site: Site, random: Random, usualMs: number, undisturbed: boolean) {
  const records = undisturbed ? [] : aDay(site.company, random);
  await site.slapd.modify(records.join(""));
  const wished = undisturbed ? "nothing" : random.weighted(disturbances);
  const hand = undisturbed ? "leave it alone" : random.weighted(hands);
  const disturbance = isPossible(wished, site, await rowsOf(site)) ? wished : "nothing";
  if (disturbanceOf(disturbance).full === undefined) await site.mariadb.sql(hands[hand].sql(random));
  const { ends, unwritten = [] } = disturbanceOf(disturbance);
  const before = await rowsOf(site);
  const started = performance.now();
  const ended = await run(site, disturbance, random, usualMs);
  const tookMs = performance.now() - started;
  await site.recover();
  const after = await rowsOf(site);
  const written = [...after].filter(([key, row]) => String(row) !== String(before.get(key))).length;
  const allowed = written > 0 ? ends : [...ends, ...unwritten];
  const wrong = await judge(site, { ended, before, after, ends: allowed });
  return { disturbance, codes: ended.map(({ code }) => code), changes: records.length, written, wrong, tookMs };
}

function isPossible(name: DisturbanceName, { company, leavers }: Site, rows: Rows): boolean {
  const { full, deactivates } = disturbanceOf(name);
  if (deactivates && leavers !== "deactivate") return false;
  const active = [...rows.values()].filter((row) => stateIn(row) === "active").length;
  return !full || active > 0.8 * company.members.filter((member) => member.active).length;
}

/** Longer than any wait of a run, and what follows from it. */
const longestMs = 180_000;

async function run(site: Site, name: DisturbanceName, random: Random, usualMs: number): Promise<Ended[]> {
  const { source = {}, env = {}, before, during, twice } = disturbanceOf(name);
  const pageSize = random.between(20, 500);
  await site.configure({ source: { pageSize, ...source }, batchSize: random.between(1, 60) });
  await before?.(site, random);
  const start = () => site.work.start(["sync", "--json", "--limit", "5000"], { ...site.env, ...env });
  const both = Array.from({ length: twice ? 2 : 1 }, start);
  const [first] = both;
  const all = Promise.all(both.map(({ outcome }) => outcome));
  const disturbed = during && moment(site, random, usualMs, all).then(() => first && during(site, first, random));
  const hangs = new AbortController();
  const late = sleep(longestMs, undefined, { signal: hangs.signal }).then(
    () => {
      for (const { process } of both) process.kill("SIGKILL");
      throw new Error(`a run with ${name} did not end within ${longestMs / 1000} s`);
    },
    () => [],
  );
  const ended = await Promise.race([all, late]);
  hangs.abort();
  await disturbed;
  return ended.map(({ code, stdout, stderr }) => ({ code, stdout, stderr }));
}

/** Any moment of a run, or one at which it has written some rows; or its end, where it writes fewer. */
async function moment({ mariadb }: Site, random: Random, usualMs: number, end: Promise<unknown>): Promise<void> {
  if (random.chance(0.3)) return sleep(random.next() * usualMs);
  let hasEnded = false;
  const ended = () => {
    hasEnded = true;
  };
  end.then(ended, ended);
  const [start] = await mariadb.sql("select now(6) as now");
  const wanted = 2 ** random.between(0, 9);
  while (!hasEnded) {
    const [written] = await mariadb.sql("select count(*) as n from users where changed_at > ?", [String(start?.now)]);
    if (Number(written?.n) >= wanted) return;
    await sleep(5);
  }
}

/** Whether it was done. */
export const isClean = ({ codes }: Round): boolean => codes.some((code) => isDone({ code, stdout: "", stderr: "" }));
