import type { ResolvedConfig } from "../src/config/load.ts";
import type { Entry } from "../src/entry.ts";
import { makePlan } from "../src/plan.ts";
import type { SyncEvent } from "../src/report/event.ts";
import { tally } from "../src/report/tally.ts";
import { sync } from "../src/sync.ts";
import type { Target } from "../src/target/target.ts";
import { withLookUps } from "./look-ups.ts";
import type { TestDatabase } from "./target-databases.ts";

/** A sync of a few people, each with a user name and a mail address, into a table of a real database, watched. */

export const twoColumns =
  "drop table if exists users; create table users (username varchar(64) not null primary key, email varchar(100) unique) collate utf8mb4_unicode_ci";

export interface Person {
  readonly name: string;
  readonly mail?: string;
}

export interface Watching {
  readonly batchSize?: number;
  /** SQL that is run after the first transaction, or something else that is done. */
  readonly meanwhile?: string | (() => Promise<unknown>);
  /** After how many transactions instead. */
  readonly after?: number;
  /** Thrown by the source when all people were given out. */
  readonly failure?: Error;
  /** Called when all people were given out. */
  readonly atEnd?: () => void;
  readonly signal?: AbortSignal;
}

const mapping = { username: "uid", email: "mail" };
const config = { mapping, protect: [], target: {} } as unknown as ResolvedConfig;

export async function synced(database: TestDatabase, people: readonly Person[], watching: Watching = {}) {
  const { batchSize = 2, meanwhile, after = 1, failure, atEnd, signal = new AbortController().signal } = watching;
  const target = await database.open("users", "username");
  const { lookedUp, watching: looking } = withLookUps(target);
  /** How many rows each transaction wrote. */
  const written: number[] = [];
  const watched: Target = {
    ...looking,
    write: async (planned) => {
      await target.write(planned);
      written.push(planned.length);
      if (written.length !== after || meanwhile === undefined) return;
      await (typeof meanwhile === "string" ? database.sql(meanwhile) : meanwhile());
    },
  };
  const counted = tally();
  const reasons: string[] = [];
  const report = (event: SyncEvent) => {
    counted.report(event);
    if (event.type === "reject") reasons.push(event.reject.reason);
  };
  const source = {
    title: "",
    filter: "",
    commands: [],
    entries: async function* () {
      for (const person of people) yield [entryOf(person)];
      atEnd?.();
      if (failure) throw failure;
    },
  };
  const error = await sync({
    source,
    plan: makePlan({ ...config, target: database.config("users", "username") }, target.table),
    target: watched,
    report,
    retry: { attempts: 3, report, signal, wait: async () => {}, random: () => 1 },
    batchSize,
    mostRejects: 9,
    signal,
    absence: { see: () => {}, warnings: () => [] },
  })
    .then(
      () => undefined,
      (thrown: unknown) => thrown,
    )
    .finally(() => target.close());
  const rows = await database.sql("select * from users order by username");
  const table = rows.map((row) => Object.values(row).join(" "));
  const { inserted, updated, unchanged, rejected } = counted.counts();
  return { lookedUp, written, reasons, error, counts: { inserted, updated, unchanged, rejected }, table };
}

const mailOf = ({ name, mail = `${name.toLowerCase()}@example.com` }: Person): string => mail;

const entryOf = (person: Person): Entry => ({
  dn: `uid=${person.name}`,
  attributes: new Map([
    ["uid", [person.name]],
    ["mail", [mailOf(person)]],
  ]),
});

/** The row that somebody has to have. */
export const rowOf = (person: Person): string => `${person.name} ${mailOf(person)}`;
