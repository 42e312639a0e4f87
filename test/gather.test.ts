import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../src/errors.ts";
import { type Person, rowOf, synced, twoColumns } from "./synced.ts";
import { type SqliteDatabase, sqliteDatabase } from "./target-databases.ts";

let database: SqliteDatabase;
beforeAll(async () => {
  database = await sqliteDatabase();
});
afterAll(() => database?.stop());

const people = (count: number): Person[] =>
  Array.from({ length: count }, (_, at) => ({ name: `user${String(at).padStart(3, "0")}` }));

/** All people have their rows, and these have changed since. */
async function outdated(all: readonly Person[], isChanged: (at: number) => boolean) {
  for (const [at, { name }] of all.entries()) {
    const mail = isChanged(at) ? `before${at}` : `${name}@example.com`;
    await database.sql("insert into users (username, email) values (?, ?)", [name, mail]);
  }
}

describe("changes of few people among many", () => {
  beforeEach(() => database.sql(twoColumns.replace(" collate utf8mb4_unicode_ci", "").replaceAll("varchar", "text ")));

  it("are written together when there are as many as a batch has, and the rest in the end", async () => {
    const all = people(40);
    await outdated(all, (at) => at % 4 === 0);
    const { written, counts, table } = await synced(database, all, { batchSize: 4 });
    expect(written).toEqual([4, 4, 2]);
    expect(counts).toEqual({ inserted: 0, updated: 10, unchanged: 30, rejected: 0 });
    expect(table).toEqual(all.map(rowOf));
  });

  it("never make a transaction of more rows than a batch has", async () => {
    const all = people(30);
    await outdated(all, (at) => at % 5 > 1);
    const { written, table } = await synced(database, all, { batchSize: 5 });
    expect(written).toEqual([3, 3, 3, 3, 3, 3]);
    expect(table).toEqual(all.map(rowOf));
  });

  it("wait no longer than while twenty batches are read", async () => {
    const all = people(100);
    await outdated(all, (at) => at === 0 || at === 50);
    const { written } = await synced(database, all, { batchSize: 2 });
    expect(written).toEqual([1, 1]);
  });

  it("are written where the source fails", async () => {
    const all = people(10);
    await outdated(all, (at) => at === 0);
    const failure = new Failure("directory", "it is gone");
    const { written, error, counts } = await synced(database, all, { batchSize: 4, failure });
    expect({ written, error, counts }).toEqual({
      written: [1],
      error: failure,
      counts: { inserted: 0, updated: 1, unchanged: 7, rejected: 0 },
    });
  });

  it("are neither written nor counted where the run is interrupted", async () => {
    const all = people(10);
    await outdated(all, (at) => at === 0);
    const stop = new AbortController();
    const { written, error, counts } = await synced(database, all, {
      batchSize: 4,
      signal: stop.signal,
      atEnd: () => stop.abort(),
    });
    expect(written).toEqual([]);
    expect(error).toBe(stop.signal.reason);
    expect(counts.updated).toBe(0);
  });

  it("go to whoever takes a value that somebody of another batch gives up", async () => {
    const all: Person[] = [{ name: "a", mail: "1" }, ...people(6), { name: "b", mail: "2" }];
    await outdated(people(6), () => false);
    await database.sql("insert into users values ('a', '2')");
    await database.sql("insert into users values ('b', '1')");
    const { written, reasons, table } = await synced(database, all, { batchSize: 3 });
    expect({ written, reasons }).toEqual({ written: [2], reasons: [] });
    expect(table).toEqual([...all].sort((x, y) => (x.name < y.name ? -1 : 1)).map(rowOf));
  });
});
