import { createConnection } from "mysql2";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RawMysqlConnection } from "../src/target/knex.ts";
import { prepareSession } from "../src/target/mysql-session.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";

let mariadb: Mariadb;
beforeAll(async () => {
  mariadb = await startMariadb();
});
afterAll(() => mariadb?.stop());

it.each([
  { timeoutMs: 120_000, readOnly: false, until: 10_000 },
  { timeoutMs: 120_000, readOnly: true, until: 10_000 },
  { timeoutMs: 3_000, readOnly: false, until: 3_000 },
])("bears a silence of $until ms until it is ready, of $timeoutMs ms from then on", async (wanted) => {
  const { timeoutMs, readOnly, until } = wanted;
  const { host, port, user, password } = mariadb;
  const connection = createConnection({ host, port, user, password });
  const raw = connection as unknown as RawMysqlConnection;
  const ready = new Promise((resolve) => prepareSession(raw, timeoutMs, readOnly, resolve));
  const before = raw.stream.timeout;
  expect(await ready).toBeNull();
  expect([before, raw.stream.timeout]).toEqual([until, timeoutMs]);
  connection.destroy();
});
