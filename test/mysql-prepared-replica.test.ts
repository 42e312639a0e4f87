import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fitter } from "../src/target/fit.ts";
import { known } from "../src/target/open-table.ts";
import type { Write } from "../src/target/target.ts";
import { columnKinds } from "./prepared-kinds.ts";
import { bytesOf, fewest } from "./prepared-ways.ts";
import { type MariadbDatabase, mariadbDatabase } from "./target-databases.ts";

/** A server that copies statements to another one puts the values of a prepared one into a text of its own. */

let [primary, replica]: MariadbDatabase[] = [];
beforeAll(async () => {
  [primary, replica] = await Promise.all([
    mariadbDatabase({ args: ["--server-id=1", "--log-bin=binlog", "--binlog-format=statement"] }),
    mariadbDatabase({ args: ["--server-id=2"] }),
  ]);
  const { host, port } = primary.server;
  await primary.sql("create user copier identified by 'copier'; grant replication slave on *.* to copier");
  await replica.sql(`change master to master_host = '${host}', master_port = ${port}, master_user = 'copier',
    master_password = 'copier', master_log_file = 'binlog.000001', master_log_pos = 4; start slave`);
});
afterAll(() => Promise.all([primary?.stop(), replica?.stop()]));

/** Once it has all that the primary has. */
async function caughtUp(from: MariadbDatabase, to: MariadbDatabase): Promise<void> {
  const [master] = await from.sql("show master status");
  const [row] = await to.sql(`select master_pos_wait('${master?.File}', ${master?.Position}, 20) as waited`);
  const [state] = await to.sql("show slave status");
  expect({ ...row, error: state?.Last_SQL_Error }).toMatchObject({ waited: expect.any(Number), error: "" });
}

it("holds the same values, of every kind of column", async () => {
  if (!primary || !replica) throw new Error("no servers");
  const names = columnKinds.map((_, at) => `c${at}`);
  const columns = columnKinds.map(({ declared }, at) => `${names[at]} ${declared}`).join(", ");
  await primary.sql(`create table users (id int primary key, ${columns}) collate utf8mb4_general_ci`);
  const target = await primary.open("users", "id");
  const typed = names.map((name) => known(target, name));
  const some = fc.sample(
    fc.tuple(...columnKinds.map(({ values }) => fc.option(values, { freq: 6, nil: null }))),
    fewest * 6,
  );
  const writes = some.map((texts, id): Write => {
    const fitted = typed.map((column, at) => {
      const text = texts[at] ?? null;
      const value = text === null ? null : fitter(columnKinds[at]?.as ?? "text", column, column.type)(text);
      return typeof value === "object" ? null : value;
    });
    return { kind: "insert", columns: ["id", ...names], values: [String(id), ...fitted] };
  });
  for (let at = 0; at < writes.length; at += fewest) await target.write(writes.slice(at, at + fewest));
  await target.close();
  const [executed] = await primary.sql("show global status like 'Com_stmt_execute'");
  expect(Number(executed?.Value)).toBe(writes.length / fewest - 1);
  await caughtUp(primary, replica);
  const rows = (of: MariadbDatabase) => of.sql(`select id, ${typed.map(bytesOf).join(", ")} from users order by id`);
  const own = await rows(primary);
  expect(own).toHaveLength(writes.length);
  expect(await rows(replica)).toEqual(own);
});
