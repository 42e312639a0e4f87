import { expect, it } from "vitest";
import { begin, type Recipient } from "../src/target/send.ts";

/** A pool of one connection, whose statements fail where these words say so. */
function pool(failing: readonly string[]) {
  const connection: { __knex__disposed?: unknown } = {};
  const done: string[] = [];
  const client: Recipient["client"] = {
    acquireConnection: async () => connection,
    releaseConnection: async () => void done.push("released"),
    _query: async (_, { sql }) => {
      done.push(sql);
      if (failing.some((word) => sql.startsWith(word))) throw new Error(`${word(sql)} failed`);
      return { response: [] };
    },
  };
  return { client, done, isLentAgain: () => connection.__knex__disposed === undefined };
}

const word = (sql: string): string => sql.replace(";", "");

it.each([
  { how: "commit", failing: [], isLentAgain: true, thrown: undefined },
  { how: "rollback", failing: [], isLentAgain: true, thrown: undefined },
  { how: "commit", failing: ["COMMIT"], isLentAgain: true, thrown: "COMMIT failed" },
  // Whether it is still open is not known, and the next BEGIN would commit it.
  { how: "rollback", failing: ["ROLLBACK"], isLentAgain: false, thrown: undefined },
] as const)("lends a connection again after $how with $failing.length failures: $isLentAgain", async (expected) => {
  const { how, failing } = expected;
  const { client, done, isLentAgain } = pool(failing);
  const transaction = await begin({ client });
  const error = await transaction[how]().catch((thrown: Error) => thrown.message);
  expect({ error, isLentAgain: isLentAgain(), done: done.map(word) }).toEqual({
    error: expected.thrown,
    isLentAgain: expected.isLentAgain,
    done: ["BEGIN", how.toUpperCase(), "released"],
  });
});

it("gives a connection back on which no transaction could begin", async () => {
  const { client, done } = pool(["BEGIN"]);
  await expect(begin({ client })).rejects.toThrow("BEGIN failed");
  expect(done).toEqual(["BEGIN;", "released"]);
});
