import { expect } from "vitest";
import { inProcess } from "../in-process.ts";
import { independentReading } from "../staff.ts";
import type { Arranged, Cell } from "./cell.ts";
import { configOf, deactivates, type Ground } from "./ground.ts";
import { judgeTable, judgeWords } from "./judge.ts";
import { type Ended, startHere, startProcess } from "./running.ts";
import { type Crowd, ownRows, peopleIn, type Store, sownLeavers, standing } from "./store.ts";

/** Who fails: the directory, or a database. */
export type Place = "directory" | "MariaDB" | "SQLite";

/** What a cell came to. */
export interface Result {
  readonly exit: string;
  readonly table: string;
  readonly next: string;
  readonly said: string;
}

/** Lets one run meet the fault of a cell, and the next one make all well. */
export async function tryCell(ground: Ground, place: Place, cell: Cell): Promise<Result> {
  const { people: crowd = "many", expect: expected } = cell;
  const into = place === "SQLite" ? "SQLite" : "MariaDB";
  const store = ground.stores[into];
  const config = configOf(ground, into, crowd);
  await store.reset(crowd);
  const before = await standing(store);
  const arranged = await cell.arrange(ground);
  let mended = false;
  const mend = async (): Promise<void> => {
    if (mended) return;
    mended = true;
    await ground.heal();
    await arranged.mend?.();
  };
  try {
    const ended = await faulty(ground, config, cell, arranged);
    await mend();
    const active = ground.directories[crowd].active.length;
    const written = judgeTable(expected, before, await standing(store), active);
    const said = await judgeWords(ground, expected, ended, written);
    await judgeLock(store, expected.lockStands === true);
    await judgeNext(ground, store, config, crowd);
    const people = written.inserted + written.updated;
    return { exit: String(ended.code), table: `${people} of ${active} written`, next: "made it right", said };
  } finally {
    await mend();
    await arranged.tidy?.();
  }
}

/** Nothing but a complete read keeps a run from deactivating. */
const options = ["--max-deactivate", String(sownLeavers)];

async function faulty(
  { work, passwords }: Ground,
  config: object,
  { process }: Cell,
  arranged: Arranged,
): Promise<Ended> {
  await work.configure(merged(config, arranged.config ?? {}));
  const start = process ? startProcess : startHere;
  const args = ["sync", "--json", "--verbose", "--limit", "0", ...options];
  const running = start(work, args, { ...passwords, ...arranged.env });
  const [ended] = await Promise.all([running.ended, arranged.during?.(running)]);
  return ended;
}

/** The lock is given back, but where nobody could; then it is freed here, as the end of its lease would (lock-lease.test.ts). */
async function judgeLock({ sql }: Store, stands: boolean): Promise<void> {
  const locks = await sql("select expires_at from idm_ldap_sync_lock").catch(() => []);
  expect(locks.filter((each) => each.expires_at !== null).length, "locks that stand").toBe(stands ? 1 : 0);
  if (stands) await sql("drop table idm_ldap_sync_lock");
}

/** The next run makes the right table, and deactivates who has left, and nobody else. */
async function judgeNext(ground: Ground, store: Store, config: object, crowd: Crowd): Promise<void> {
  const { slapd, active } = ground.directories[crowd];
  await ground.work.configure(config);
  const { code, document } = await inProcess(ground.work.folder, ["sync", ...options], ground.passwords);
  expect([code, document.counts.read, document.error]).toEqual([0, active.length, null]);
  const leavers = deactivates ? 0 : sownLeavers;
  expect(await standing(store)).toMatchObject({ old: 0, leavers, wronged: 0, admin: 1 });
  const people = await peopleIn(store);
  const right = ground.rightTables.get(`${crowd} ${store.target.client}`);
  if (right) expect(people).toEqual(right);
  else {
    // The directory stays as it is, so that what is right is read once.
    const reading = await independentReading(slapd, store.address, ownRows);
    expect(reading).toBe(`${active.length} people, ${active.length} rows\n`);
    ground.rightTables.set(`${crowd} ${store.target.client}`, people);
  }
}

/** The first with what the second has otherwise, into the depth. */
function merged(config: object, changes: object): object {
  const result: Record<string, unknown> = { ...config };
  for (const [key, value] of Object.entries(changes)) {
    const before = result[key];
    const both = isObject(before) && isObject(value);
    result[key] = both ? merged(before, value) : value;
  }
  return result;
}

const isObject = (value: unknown): value is object =>
  typeof value === "object" && value !== null && !Array.isArray(value);
