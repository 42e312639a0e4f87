import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { foresee } from "../src/foresight.ts";
import { rehearse } from "../src/target/rehearsal.ts";
import type { Target } from "../src/target/target.ts";
import { withLookUps } from "./look-ups.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

let database: MariadbDatabase;
beforeAll(async () => {
  database = await mariadbDatabase();
});
afterAll(() => database?.stop());

const columns = ["email", "username"];
const usersTable = (more = "id int unsigned auto_increment primary key, email varchar(100)") =>
  `drop table if exists users; create table users (${more}, username varchar(64) unique) collate utf8mb4_unicode_ci`;

const nameOf = (index: number): string => `user${index}`;
const namesOf = (indexes: readonly number[]): string[] => indexes.map(nameOf);
const range = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, at) => from + at);

async function withRows(names: readonly string[], work: (target: Target) => Promise<void>, table = usersTable()) {
  await database.sql(table);
  if (names.length > 0) {
    const rows = names.map((name, at) => `('${name}', 'mail${at}')`).join(", ");
    await database.sql(`insert into users (username, email) values ${rows}`);
  }
  const target = await database.open("users", "username");
  await work(target).finally(() => target.close());
}

/** What is asked of a target: the keys of each look-up, and how many rows are read at once. */
function watched(target: Target) {
  const { lookedUp, watching: looking } = withLookUps(target);
  const read: number[] = [];
  const watching: Target = {
    ...looking,
    rowsAfter: (number, names, size) => {
      read.push(size);
      return target.rowsAfter(number, names, size);
    },
  };
  return { lookedUp, read, watching };
}

function batchesOf<T>(all: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
}

/** Looks up batch after batch, and compares with a plain look-up of each. */
async function foreseen(target: Target, batches: readonly (readonly string[])[], size: number) {
  const { lookedUp, read, watching } = watched(target);
  const { ahead } = foresee(watching, size);
  for (const keys of batches) expect(await ahead(keys, columns, [])).toEqual(await target.find(keys, columns));
  return { lookedUp, read };
}

describe("rows that are read as they lie in the table", () => {
  it("are found without a look-up but that of the first batch", () =>
    withRows(namesOf(range(0, 100)), async (target) => {
      const batches = batchesOf(namesOf(range(0, 100)), 10);
      const { lookedUp, read } = await foreseen(target, batches, 10);
      expect(lookedUp).toEqual(batches.slice(0, 1));
      expect(read.length).toBeLessThanOrEqual(10);
      expect(read.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(140);
    }));

  it("are found where other rows lie between them", () =>
    withRows(namesOf(range(0, 300)), async (target) => {
      const every = range(0, 300).filter((index) => index % 3 === 0);
      const batches = batchesOf(namesOf(every), 20);
      const { lookedUp } = await foreseen(target, batches, 20);
      expect(lookedUp.slice(1).flat().length).toBeLessThan(40);
    }));

  it("are looked up where they are new, or written otherwise, or have an identity that the database alone knows", () =>
    withRows([...namesOf(range(0, 10)), "Änna", "USER11", "user12"], async (target) => {
      const batches = [namesOf(range(0, 10)), ["änna", "user11", "user12", "new"]];
      const { lookedUp } = await foreseen(target, batches, 10);
      expect(lookedUp).toEqual([batches[0], ["änna", "user11", "new"]]);
    }));

  it("are given once: who asks again asks the database", () =>
    withRows(namesOf(range(0, 30)), async (target) => {
      const batches = [range(0, 10), [...range(10, 19), 12], [12, ...range(19, 28)]].map(namesOf);
      const { lookedUp } = await foreseen(target, batches, 10);
      expect(lookedUp.slice(1)).toEqual([["user12"], ["user12"]]);
    }));

  it("are not read any more where people come in another order", () =>
    withRows(namesOf(range(0, 2000)), async (target) => {
      const order = fc.sample(fc.shuffledSubarray(range(0, 2000), { minLength: 1000, maxLength: 1000 }), 1)[0] ?? [];
      const batches = batchesOf(namesOf(order), 20);
      const { read } = await foreseen(target, batches, 20);
      expect(read.length).toBeLessThanOrEqual(5);
    }));

  it("are found again further on, where the people of a part are in an order of their own", () =>
    withRows(namesOf(range(0, 200)), async (target) => {
      const batches = batchesOf(namesOf([...range(100, 200), ...range(0, 100)]), 10);
      const { lookedUp } = await foreseen(target, batches, 10);
      expect(lookedUp).toEqual([batches[0], batches[10]]);
    }));

  it("are what they were when they were read, until a write fails", () =>
    withRows(namesOf(range(0, 50)), async (target) => {
      const { lookedUp, watching } = watched(target);
      const { ahead, target: writing } = foresee(watching, 10);
      const [first, second, third, fourth] = batchesOf(namesOf(range(0, 40)), 10);
      await ahead(first ?? [], columns, []);
      await ahead(second ?? [], columns, []);
      const clash = { kind: "insert" as const, columns: ["username"], values: ["user0"] };
      await expect(writing.write([clash])).rejects.toThrow("user0");
      await database.sql("update users set email = 'new' where username = 'user25'");
      expect((await ahead(third ?? [], columns, []))[5]?.row).toEqual(["new", "user25"]);
      await ahead(fourth ?? [], columns, []);
      expect(lookedUp).toEqual([first, third]);
    }));

  it("are looked up where they cannot be read", () =>
    withRows(namesOf(range(0, 50)), async (target) => {
      const refusing = { ...target, rowsAfter: () => Promise.reject(new Error("no")) };
      const batches = batchesOf(namesOf(range(0, 50)), 10);
      const { ahead } = foresee(refusing, 10);
      for (const keys of batches) expect(await ahead(keys, columns, [])).toEqual(await target.find(keys, columns));
    }));

  it("are those of the table in a dry run too", () =>
    withRows(namesOf(range(0, 50)), async (target) => {
      const { lookedUp, watching } = watched(target);
      const batches = batchesOf(namesOf(range(0, 50)), 10);
      await rehearse(watching, async (rehearsal) => {
        const { ahead } = foresee(rehearsal, 10);
        for (const keys of batches) expect(await ahead(keys, columns, [])).toEqual(await target.find(keys, columns));
      });
      expect(lookedUp).toEqual(batches.slice(0, 1));
    }));

  it.each([
    ["has no primary key", "email varchar(100)"],
    ["has another primary key", "email varchar(100) primary key"],
    ["is not numbered", "id int not null default (rand() * 1e9) primary key, email varchar(100)"],
    ["may have very long values", "id int auto_increment primary key, email text"],
  ])("are looked up where the table %s", (_, more) =>
    withRows(
      namesOf(range(0, 30)),
      async (target) => {
        const batches = batchesOf(namesOf(range(0, 30)), 10);
        const { lookedUp, read } = await foreseen(target, batches, 10);
        expect({ lookedUp, read }).toEqual({ lookedUp: batches, read: [] });
      },
      usersTable(more),
    ),
  );

  it("are found or looked up, in whatever order people come, and whatever they are expected to be", async () => {
    const text = fc.oneof(
      fc.constant(null),
      fc.constantFrom("", "a", "a\x1fb", "\x1f", "\x1e", "é", "a,b", "0", "\\", "'"),
      fc.string({ unit: "grapheme", maxLength: 5 }),
    );
    const people = fc.record({
      rows: fc.shuffledSubarray(range(0, 60), { minLength: 30 }),
      asked: fc.oneof(
        fc.shuffledSubarray(range(0, 60), { minLength: 20 }),
        fc.subarray(range(0, 60), { minLength: 20 }),
        fc.array(fc.nat(59), { minLength: 20, maxLength: 60 }),
      ),
      size: fc.integer({ min: 3, max: 9 }),
      stored: fc.array(fc.tuple(text, text), { minLength: 60, maxLength: 60 }),
      expected: fc.array(fc.tuple(text, text), { minLength: 60, maxLength: 60 }),
      areRight: fc.array(fc.constantFrom(true, false, undefined), { minLength: 60, maxLength: 60 }),
    });
    const names = ["email", "title", "username"];
    const table = usersTable(
      "id int auto_increment primary key, email varchar(100), title varchar(50) collate utf8mb4_bin",
    );
    await fc.assert(
      fc.asyncProperty(people, async ({ rows, asked, size, stored, expected, areRight }) => {
        await database.sql(table);
        for (const index of rows)
          await database.sql("insert into users (username, email, title) values (?, ?, ?)", [
            nameOf(index),
            ...(stored[index] ?? []),
          ]);
        const target = await database.open("users", "username");
        try {
          const batches = batchesOf(asked, size);
          const { ahead } = foresee(target, size);
          const values = (index: number) => {
            const chosen = (areRight[index] ? stored : expected)[index] ?? [];
            return areRight[index] === undefined ? undefined : [...chosen, nameOf(index)];
          };
          // Asked for before the ones before are here, as a run does.
          const found = await Promise.all(batches.map((some) => ahead(namesOf(some), names, some.map(values))));
          for (const [at, some] of batches.entries())
            expect(found[at]).toEqual(await target.find(namesOf(some), names));
        } finally {
          await target.close();
        }
      }),
      { numRuns: 40 },
    );
  });

  it.each([
    ["int", true],
    // Its zeros are no part of the value, and then the row is taken apart.
    ["int zerofill", false],
  ])("have the texts of a look-up, whatever the types of their columns, with %s", async (number, isSame) => {
    const types =
      `id int auto_increment primary key, username varchar(64) character set latin1 unique, a ${number}, b bigint unsigned, ` +
      "c decimal(8,3), d date, e datetime(3), f timestamp(6) null, g enum('x', 'y'), h char(5), i text, j year";
    const values =
      "'user?', 7, 18446744073709551615, -1.5, '2024-02-29', '2024-02-29 01:02:03.4', '2024-02-29 01:02:03.4', 'y', 'a ', 'ü', 2024";
    await database.sql(`drop table if exists users; create table users (${types}) collate utf8mb4_unicode_ci`);
    for (const index of range(0, 20))
      await database.sql(
        `insert into users values (null, ${values.replace("?", String(index)).replace("'ü'", "'ü€'")})`,
      );
    await database.sql("insert into users (username) values ('user20')");
    const target = await database.open("users", "username");
    const names = ["username", ..."abcdefghij"];
    const all = await target.find(namesOf(range(0, 21)), names);
    const rows = await target.rowsAfter("0", names, 30);
    expect(rows.map((row) => row.values)).toEqual(all.map(({ row }) => row));
    expect(rows.map((row, at) => row.has(all[at]?.row ?? []))).toEqual([...range(0, 20).map(() => isSame), true]);
    await target.close();
  });
});
