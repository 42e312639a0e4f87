import { describe, expect, it } from "vitest";
import type { Change, Reject, User } from "../src/change.ts";
import { openClaims } from "../src/claims.ts";
import { diff, isWrite } from "../src/diff.ts";
import { Interrupted } from "../src/exit.ts";
import { lookAhead } from "../src/look.ts";
import { identityOf } from "../src/match.ts";
import type { Plan } from "../src/plan.ts";
import { postponed, settlePostponed } from "../src/postponed.ts";
import { rejects } from "../src/rejects.ts";
import type { SyncEvent } from "../src/report/event.ts";
import { tally } from "../src/report/tally.ts";
import { carryOut, judge } from "../src/settle.ts";
import type { Table } from "../src/target/column.ts";
import { type Found, type RowValues, type Target, type Write, WriteError } from "../src/target/target.ts";

/** A step of what the database does to the writes, one after the other; after the last all goes well. */
type Step = "well" | "conflict" | "lost before the commit" | "lost in the commit" | "key taken by somebody";

const columns = ["username", "mail"] as const;
const table: Table = {
  name: "users",
  columns: new Map(),
  uniqueIndexes: [
    { name: "by_name", columns: ["username"] },
    { name: "by_mail", columns: ["mail"] },
  ],
  rules: [],
  unseen: [],
  primaryKey: [],
};

const plan: Plan = {
  columns: columns.map((name) => ({
    name,
    column: name,
    source: name,
    attributes: [],
    steps: [],
    insertOnly: false,
    fit: (value) => value,
  })),
  names: columns,
  attributes: [],
  keys: [0],
  immutableId: undefined,
  returning: undefined,
  state: undefined,
  protect: [],
  guard: [],
  read: columns,
  unique: table.uniqueIndexes.slice(1).map((index) => ({ index, at: [1], defaults: [null] })),
  opaque: [],
  mapped: [],
  toUser: () => {
    throw new Error("not used here");
  },
  show: (_column, value) => value,
  keysOf: () => [],
  idOf: () => undefined,
  whose: [],
};

/** A table in memory: unique name and mail, all or nothing, and the steps that it is told. */
function memoryTarget(rows: Map<string, RowValues>, steps: Step[] = []) {
  const transactions: number[] = [];
  const lookUps: number[] = [];
  /** As in a database that looks at unique values when all is written. */
  const apply = (writes: readonly Write[]): Map<string, RowValues> => {
    const next = new Map(rows);
    for (const write of writes) {
      const before = write.kind === "update" ? next.get(write.key) : undefined;
      const row = columns.map((name, at) => {
        const given = write.columns.indexOf(name);
        return given < 0 ? (before?.[at] ?? null) : (write.values[given] ?? null);
      });
      const [name, mail] = row;
      if (write.kind === "insert" && next.has(name ?? "")) throw clash("by_name");
      if (mail === "refused") throw new WriteError("refused", "CONSTRAINT `not_this_one` failed", { cause: "driver" });
      if (before) next.delete(before[0] ?? "");
      next.set(name ?? "", row);
    }
    const mails = [...next.values()].flatMap(([, mail]) => mail ?? []);
    if (new Set(mails).size < mails.length) throw clash("by_mail");
    return next;
  };
  const target: Target = {
    title: "memory",
    table,
    obstacle: undefined,
    overview: async () => undefined,
    order: undefined,
    rowsAfter: async () => [],
    keys: ["username"],
    find: async (keys) => {
      lookUps.push(keys.length);
      return keys.map((key): Found => ({ identity: key.toLowerCase(), row: rows.get(key) }));
    },
    write: async (writes) => {
      transactions.push(writes.length);
      const step = steps.shift() ?? "well";
      if (step === "conflict") throw new WriteError("conflict", "Deadlock found");
      if (step === "lost before the commit") throw new WriteError("outage", "the connection was cut");
      if (step === "key taken by somebody")
        rows.set(String(writes[0]?.values[0]), [String(writes[0]?.values[0]), "theirs"]);
      const next = apply(writes);
      rows.clear();
      for (const [key, row] of next) rows.set(key, row);
      if (step === "lost in the commit") throw new WriteError("outage", "the connection was cut", { undecided: true });
    },
    attempt: async () => {},
    inspect: () => {},
    holders: async (_, values) =>
      values.map(([mail]) => ({
        identity: String(mail),
        key: [...rows.values()].find((row) => row[1] === mail)?.[0] ?? undefined,
      })),
    count: async () => rows.size,
    page: unused,
    describe: unused,
    related: unused,
    succeededBefore: unused,
    lock: unused,
    close: async () => {},
  };
  return { target, transactions, lookUps };
}

const unused = async (): Promise<never> => {
  throw new Error("not used here");
};

const clash = (index: string): WriteError =>
  new WriteError("refused", `Duplicate entry for key '${index}'`, { index, cause: "driver" });
const user = (key: string, mail: string): User => ({ dn: `uid=${key}`, key, values: [key, mail] });

async function settled(
  users: readonly User[],
  rows: Map<string, RowValues>,
  steps: Step[] = [],
  attempts = 5,
  meanwhile: () => void = () => {},
  { batchSize = users.length, signal = new AbortController().signal } = {},
) {
  const { target, transactions, lookUps } = memoryTarget(rows, steps);
  const counted = tally();
  const events: SyncEvent[] = [];
  const report = (event: SyncEvent) => {
    counted.report(event);
    events.push(event);
  };
  const claims = openClaims();
  const waits: number[] = [];
  const wait = async (ms: number) => {
    waits.push(ms);
    meanwhile();
  };
  const retry = { attempts, report, signal, wait, random: () => 1 };
  const rejected = rejects({ plan, target, claims, report, retry, max: 1000 });
  let failure: unknown;
  try {
    const run = { plan, target, claims, rejects: rejected, postponed: postponed({ plan, target }), report, retry };
    for (let at = 0; at < users.length; at += batchSize) {
      const entries = users.slice(at, at + batchSize);
      await carryOut(run, await judge(run, { rejects: [], entries, find: lookAhead(run, entries) }));
    }
    await settlePostponed(run);
  } catch (error) {
    failure = error;
  }
  claims.close();
  const { inserted, updated, unchanged, rejected: refused } = counted.counts();
  const changes = events.flatMap((event): Change[] => (event.type === "change" ? [event.change] : []));
  const told = events.flatMap((event): Reject[] => (event.type === "reject" ? [event.reject] : []));
  return {
    counts: [inserted, updated, unchanged, refused],
    rows: [...rows.values()].sort(),
    transactions,
    lookUps,
    waits,
    changes,
    told,
    events,
    failure,
  };
}

const start = (): Map<string, RowValues> =>
  new Map([
    ["bert", ["bert", "old"]],
    ["carl", ["carl", "c"]],
  ]);
const three = [user("anna", "a"), user("bert", "b"), user("carl", "c")];
const after = [
  ["anna", "a"],
  ["bert", "b"],
  ["carl", "c"],
];

describe("settling a batch", () => {
  it("is one look-up and one transaction", async () => {
    const { counts, rows, transactions, lookUps } = await settled(three, start());
    expect({ counts, rows, transactions, lookUps }).toEqual({
      counts: [1, 1, 1, 0],
      rows: after,
      transactions: [2],
      lookUps: [3],
    });
  });

  it("without a difference is a look-up and nothing else", async () => {
    const { counts, transactions, lookUps } = await settled([user("carl", "c")], start());
    expect({ counts, transactions, lookUps }).toEqual({ counts: [0, 0, 1, 0], transactions: [], lookUps: [1] });
  });

  it.each<[Step, string]>([
    ["conflict", "Deadlock found"],
    ["lost before the commit", "the connection was cut"],
    ["lost in the commit", "the connection was cut"],
  ])("after a transaction that was %s is the same, told once, and counted once", async (step, reason) => {
    const { counts, rows, changes, events } = await settled(three, start(), [step]);
    expect({ counts, rows }).toEqual({ counts: [1, 1, 1, 0], rows: after });
    expect(changes.map(({ kind, key }) => [kind, key])).toEqual([
      ["insert", "anna"],
      ["update", "bert"],
    ]);
    expect(events.filter(({ type }) => type === "retry")).toEqual([
      expect.objectContaining({ attempt: 1, attempts: 5, reason }),
    ]);
  });

  it("is not written twice where the commit was lost and had happened", async () => {
    const { transactions } = await settled(three, start(), ["lost in the commit"]);
    expect(transactions).toEqual([2]);
  });

  it("is known to be written where the commit was lost and somebody has changed one of its rows since", async () => {
    const rows = start();
    const change = () => rows.set("bert", ["bert", "by hand"]);
    const { counts, changes } = await settled(three, rows, ["lost in the commit"], 5, change);
    expect([counts, changes.map(({ key }) => key)]).toEqual([
      [1, 1, 1, 0],
      ["anna", "bert"],
    ]);
  });

  it("is told to be in doubt where the run is interrupted before the database is back", async () => {
    const interrupt = () => {
      throw new Interrupted("SIGINT");
    };
    const { counts, events, failure } = await settled(three, start(), ["lost in the commit"], 5, interrupt);
    expect([counts, failure]).toEqual([[0, 0, 0, 0], new Interrupted("SIGINT")]);
    const message = "whether the last batch (2 rows, anna to bert) was written is not known and not counted";
    expect(events.filter(({ type }) => type === "notice")).toEqual([{ type: "notice", message }]);
  });

  it("waits longer each time, longer after an outage, and gives up in words", async () => {
    const { counts, rows, waits, failure } = await settled(three, start(), Array(9).fill("lost before the commit"), 3);
    expect({ counts, rows, waits }).toEqual({
      counts: [0, 0, 0, 0],
      rows: [
        ["bert", "old"],
        ["carl", "c"],
      ],
      waits: [500, 1250, 3125],
    });
    expect(failure).toMatchObject({
      turn: "database",
      message: "the connection was cut; given up after 3 attempts to go on",
    });
    expect((await settled(three, start(), Array(9).fill("conflict"), 3)).waits).toEqual([50, 125, 313]);
  });

  it("looks again where a key was taken between look-up and write, and takes the row as it is now", async () => {
    const { counts, changes } = await settled([user("anna", "a")], new Map(), ["key taken by somebody"]);
    expect(counts).toEqual([0, 1, 0, 0]);
    expect(changes).toEqual([
      { kind: "update", key: "anna", dn: "uid=anna", columns: { mail: { from: "theirs", to: "a" } } },
    ]);
  });

  it("finds a bad row among 500 by halves, rejects it alone, and needs some twenty transactions for it", async () => {
    const users = Array.from({ length: 500 }, (_, i) => user(`u${i}`, i === 321 ? "refused" : `m${i}`));
    const { counts, transactions, told } = await settled(users, new Map());
    expect(counts).toEqual([499, 0, 0, 1]);
    expect(transactions.length).toBeLessThanOrEqual(19);
    expect(told).toEqual([
      {
        dn: "uid=u321",
        key: "u321",
        column: "",
        reason: "the database refused the row: CONSTRAINT `not_this_one` failed",
      },
    ]);
  });

  it("rejects every bad row where all are bad", async () => {
    const users = Array.from({ length: 8 }, (_, i) => user(`u${i}`, "refused"));
    expect((await settled(users, new Map())).counts).toEqual([0, 0, 0, 8]);
  });

  it("lets the first of two with one mail stand, and names both", async () => {
    const { counts, told } = await settled([user("anna", "x"), user("bert", "x")], new Map());
    expect(counts).toEqual([1, 0, 0, 1]);
    expect(told).toEqual([
      {
        dn: "uid=bert",
        key: "bert",
        column: "mail",
        reason: 'mail "x" already belongs to the row with username "anna" (uid=anna)',
      },
    ]);
  });

  it("knows the keys of somebody of whom it is not known whether he is active, and takes them from nobody", async () => {
    const { target } = memoryTarget(start());
    const claims = openClaims();
    const counted = tally();
    const { report } = counted;
    const retry = { attempts: 0, report, signal: new AbortController().signal, wait: async () => {}, random: () => 1 };
    const rejected = rejects({ plan, target, claims, report, retry, max: 1000 });
    const run = { plan, target, claims, rejects: rejected, postponed: postponed({ plan, target }), report, retry };
    const unknown = (key: string) => ({ dn: `cn=${key}`, keys: [key], unknown: true }) as const;
    const entries = [unknown("bert"), unknown("carl"), user("bert", "b"), unknown("bert")];
    await carryOut(run, await judge(run, { rejects: [], entries, find: lookAhead(run, entries) }));
    expect([counted.counts().updated, counted.counts().rejected]).toEqual([1, 0]);
    expect(["bert", "carl", "dora"].map((key) => claims.knows(identityOf(0, key)))).toEqual([true, true, false]);
    claims.close();
  });

  it("gives an entry that was read twice one place in the counts", async () => {
    expect((await settled([user("anna", "a"), user("anna", "a")], new Map())).counts).toEqual([1, 0, 0, 0]);
  });
});

describe("people who take what others give up later in the read", () => {
  const five = (): Map<string, RowValues> => new Map(["a", "b", "c", "d", "e"].map((name) => [name, [name, name]]));
  const inBatches = (batchSize: number, ...mails: readonly [string, string][]) =>
    settled(
      mails.map(([name, mail]) => user(name, mail)),
      five(),
      [],
      5,
      () => {},
      { batchSize },
    );
  const told = ({ changes, told: rejects }: Awaited<ReturnType<typeof settled>>) => [
    ...changes.map(({ kind, key }) => `${kind} ${key}`),
    ...rejects.map(({ key, reason }) => `${key}: ${reason}`),
  ];
  const mailsOf = ({ rows }: Awaited<ReturnType<typeof settled>>) => rows.map((row) => row.join("=")).join(" ");

  it.each<[string, number, [string, string][], string, string[]]>([
    [
      "two who exchange",
      1,
      [
        ["a", "b"],
        ["b", "a"],
      ],
      "a=b b=a c=c d=d e=e",
      ["update a", "update b"],
    ],
    [
      "a chain of five in the worst order",
      1,
      [
        ["a", "b"],
        ["b", "c"],
        ["c", "d"],
        ["d", "e"],
        ["e", "x"],
      ],
      "a=b b=c c=d d=e e=x",
      ["update e", "update d", "update c", "update b", "update a"],
    ],
    [
      "a new person behind a circle of three",
      2,
      [
        ["new", "x"],
        ["a", "b"],
        ["b", "c"],
        ["other", "a"],
        ["c", "y"],
        ["d", "d"],
      ],
      "a=b b=c c=y d=d e=e new=x other=a",
      ["insert new", "update c", "update b", "update a", "insert other"],
    ],
    [
      "two circles at once, each in an order of its own",
      1,
      [
        ["a", "b"],
        ["c", "d"],
        ["b", "a"],
        ["d", "c"],
      ],
      "a=b b=a c=d d=c e=e",
      ["update a", "update b", "update c", "update d"],
    ],
    [
      "two who exchange, and a third one who wants the same",
      1,
      [
        ["x", "a"],
        ["a", "b"],
        ["b", "a"],
      ],
      "a=b b=a c=c d=d e=e",
      ["update a", "update b", 'x: mail "a" already belongs to the row with username "b" (uid=b)'],
    ],
    [
      "those behind somebody whose value nobody gives up",
      1,
      [
        ["a", "e"],
        ["b", "a"],
        ["c", "x"],
      ],
      "a=a b=b c=x d=d e=e",
      [
        "update c",
        'a: mail "e" already belongs to the row with username "e"',
        'b: mail "a" already belongs to the row with username "a" (uid=a)',
      ],
    ],
    [
      "those behind somebody who is refused for another reason",
      1,
      [
        ["a", "b"],
        ["b", "refused"],
      ],
      "a=a b=b c=c d=d e=e",
      [
        "b: the database refused the row: CONSTRAINT `not_this_one` failed",
        'a: mail "b" already belongs to the row with username "b" (uid=b)',
      ],
    ],
  ])("are settled at its end: %s", async (_, batchSize, mails, rows, events) => {
    const done = await inBatches(batchSize, ...mails);
    expect([mailsOf(done), told(done), done.failure]).toEqual([rows, events, undefined]);
    expect(done.counts.reduce((sum, count) => sum + count)).toBe(mails.length);
  });

  it("need one look-up more for all, and a transaction for those who belong together", async () => {
    const { lookUps, transactions } = await inBatches(1, ["a", "b"], ["b", "a"], ["c", "d"], ["d", "c"]);
    expect({ lookUps, transactions }).toEqual({ lookUps: [1, 1, 1, 1, 4], transactions: [1, 1, 1, 1, 2, 2] });
  });

  it("are changed, unchanged or rejected by what the table has at the end", async () => {
    const rows = five();
    const users = [user("a", "b"), user("c", "x")];
    const byHand = () => {
      rows.set("a", ["a", "b"]);
      rows.set("b", ["b", "z"]);
    };
    const done = await settled(users, rows, ["well", "conflict"], 5, byHand, { batchSize: 1 });
    expect([done.counts, told(done)]).toEqual([[0, 1, 1, 0], ["update c"]]);
  });

  it("are not counted where the run is interrupted before, and the next run settles them", async () => {
    const rows = five();
    const stop = new AbortController();
    stop.abort(new Interrupted("SIGINT"));
    const users = [user("a", "b"), user("c", "x"), user("b", "a")];
    const options = { batchSize: 1, signal: stop.signal };
    const first = await settled(users, rows, [], 5, () => {}, options);
    expect([first.counts, first.failure]).toEqual([[0, 1, 0, 0], new Interrupted("SIGINT")]);
    const second = await settled(users, rows, [], 5, () => {}, { batchSize: 1 });
    expect([second.counts, mailsOf(second)]).toEqual([[0, 2, 1, 0], "a=b b=a c=x d=d e=e"]);
  });

  it.each([
    ["2,000 people", "m", 2000],
    ["8 Mi characters", "m".repeat(2 ** 20 - 1), 8],
  ])("wait by no more than %s", (_, mail, most) => {
    const { target } = memoryTarget(new Map());
    const waiting = postponed({ plan, target });
    const wait = () => {
      const verdict = diff(plan, user("a", mail), { row: undefined, by: 0 });
      return isWrite(verdict) && waiting.add(verdict, clash("by_mail"));
    };
    const waited = Array.from({ length: most + 1 }, wait);
    expect([waited.indexOf(false), waiting.close().length]).toEqual([most, most]);
  });

  it("do not wait where a clash is on an index that cannot be foreseen, or at the end", () => {
    const { target } = memoryTarget(new Map());
    const waiting = postponed({ plan, target });
    const verdict = diff(plan, user("a", "a"), { row: undefined, by: 0 });
    if (!isWrite(verdict)) throw new Error("nothing to write");
    expect(waiting.add(verdict, clash("by_name"))).toBe(false);
    expect(waiting.add(verdict, clash("by_mail"))).toBe(true);
    expect(waiting.close()).toEqual([verdict.user]);
    expect(waiting.add(verdict, clash("by_mail"))).toBe(false);
  });
});
