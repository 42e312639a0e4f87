import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Target } from "../src/target/target.ts";
import { plainCharacters } from "../src/target/weights.ts";
import { rowOf, synced, twoColumns } from "./synced.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

let database: MariadbDatabase;
beforeAll(async () => {
  database = await mariadbDatabase();
});
afterAll(() => database?.stop());

describe("the identities of keys that are put together from the weights of their characters", () => {
  const keysIn = async (column: string, work: (target: Target) => Promise<void>) => {
    await database.sql(`drop table if exists keyed; create table keyed (name ${column} not null primary key)`);
    const target = await database.open("keyed", "name");
    await work(target).finally(() => target.close());
  };
  const of = (collation: string) => `varchar(100) collate ${collation}`;

  it.each([
    "utf8mb4_unicode_ci",
    "utf8mb4_general_ci",
    "utf8mb4_unicode_520_ci",
    "utf8mb4_uca1400_ai_ci",
    "utf8mb4_bin",
  ])("are those of the database under %s", (collation) =>
    keysIn(of(collation), async (target) => {
      const identity = (await target.overview())?.identity;
      const key = fc.array(fc.constantFrom(...plainCharacters), { minLength: 1, maxLength: 40 });
      const random = fc.sample(key, 300).map((characters) => characters.join(""));
      const keys = [
        ...plainCharacters,
        ...random,
        "aa",
        "ch",
        "ll",
        "ss",
        "a--",
        "11e1d3f5-5e5b-103f-8a3b-d5b2a3c0f0d3",
      ];
      const found = await target.find(keys, ["name"]);
      expect(keys.map((each) => identity?.(each))).toEqual(found.map((each) => each.identity));
    }),
  );

  const uuids = fc.uuid().map((uuid) => uuid.toLowerCase());
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 16 }).map((each) => Buffer.from(each).toString("hex"));
  it.each([
    ["int unsigned", fc.nat().map(String)],
    ["bigint", fc.nat().map((number) => `${number + 1}123`)],
    ["uuid", uuids],
    ["varbinary(50)", bytes],
    ["binary(16)", bytes],
  ])("are those of the database of a key that is %s, where it is a usual one", (column, key) =>
    keysIn(column, async (target) => {
      const identity = (await target.overview())?.identity;
      const keys = [...new Set(fc.sample(key, 300))];
      const found = await target.find(keys, ["name"]);
      expect(keys.map((each) => identity?.(each))).toEqual(found.map((each) => each.identity));
      expect(["", "-1", "007", "A0", "a", "1e3", "ä"].map((each) => identity?.(each))).toEqual(
        Array(7).fill(undefined),
      );
    }),
  );

  it("are not known of a key with another character, or of one that is very long", () =>
    keysIn(of("utf8mb4_unicode_ci"), async (target) => {
      const identity = (await target.overview())?.identity;
      expect(
        ["anna", "anna ", "änna", "a".repeat(191), "a".repeat(192)].map((key) => identity?.(key) !== undefined),
      ).toEqual([true, false, false, true, false]);
    }));

  it.each([
    of("utf8mb4_danish_ci"),
    of("utf8mb4_spanish2_ci"),
    of("utf8mb4_unicode_nopad_ci"),
    "varchar(100) character set latin1",
  ])("are not known of a key that is %s", (column) =>
    keysIn(column, async (target) => expect(await target.overview()).toBeUndefined()),
  );

  it("are known where the table has a row, and that it has one", () =>
    keysIn(of("utf8mb4_unicode_ci"), async (target) => {
      expect((await target.overview())?.isVacant).toBe(true);
      await database.sql("insert into keyed values ('anna')");
      expect((await target.overview())?.isVacant).toBe(false);
    }));
});

describe("a sync into a table without a row", () => {
  beforeEach(() => database.sql(twoColumns));

  /** Two people a batch; `meanwhile` is done after the first one is written. */
  async function into(names: readonly string[], meanwhile?: string) {
    const people = names.map((name) => ({ name }));
    const { lookedUp, reasons, counts, table, error } = await synced(database, people, meanwhile ? { meanwhile } : {});
    expect(error).toBeUndefined();
    return { lookedUp, reasons, counts, table };
  }

  const row = (name: string) => rowOf({ name });

  it("looks the first batch up and no other one", async () => {
    expect(await into(["a", "b", "c", "d", "e"])).toEqual({
      lookedUp: [["a", "b"]],
      reasons: [],
      counts: { inserted: 5, updated: 0, unchanged: 0, rejected: 0 },
      table: ["a", "b", "c", "d", "e"].map(row),
    });
  });

  it("looks a batch up with a key whose identity the database alone knows", async () => {
    const { lookedUp, table } = await into(["a", "b", "δ", "d", "e"]);
    expect(lookedUp).toEqual([
      ["a", "b"],
      ["δ", "d"],
    ]);
    expect(table).toEqual(["a", "b", "d", "e", "δ"].map(row));
  });

  it("rejects who has the key of somebody of an earlier batch, in whatever letters", async () => {
    expect(await into(["anna", "b", "c", "d", "ANNA", "f"])).toEqual({
      lookedUp: [["anna", "b"]],
      reasons: ['username "ANNA" is also that of uid=anna, which was read first'],
      counts: { inserted: 5, updated: 0, unchanged: 0, rejected: 1 },
      table: ["anna", "b", "c", "d", "f"].map(row),
    });
  });

  it("updates a row that somebody else has inserted meanwhile, and looks the next ones up again", async () => {
    const people = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const { counts, table, reasons, lookedUp } = await into(people, "insert into users values ('C', 'old')");
    expect({ counts, table, reasons }).toEqual({
      counts: { inserted: 7, updated: 1, unchanged: 0, rejected: 0 },
      table: people.map(row),
      reasons: [],
    });
    expect(lookedUp).toContainEqual(["g", "h"]);
  });

  it("rejects who takes a value that somebody else has inserted meanwhile", async () => {
    const { counts, reasons } = await into(["a", "b", "c", "d"], "insert into users values ('x', 'C@example.com')");
    expect(counts).toEqual({ inserted: 3, updated: 0, unchanged: 0, rejected: 1 });
    expect(reasons).toEqual([expect.stringContaining('email "c@example.com"')]);
  });
});
