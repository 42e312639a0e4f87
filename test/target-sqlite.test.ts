import Libsql from "libsql";
import { expect, it } from "vitest";
import { begin, send } from "../src/target/send.ts";
import { sqliteDialect } from "../src/target/sqlite.ts";
import { sqliteDatabase } from "./target-databases.ts";

it("a transaction in SQLite keeps others from writing from its beginning, whatever the journal", async () => {
  for (const journal of ["delete", "wal"]) {
    const database = await sqliteDatabase();
    const other = new Libsql(database.filename);
    other.exec(`pragma journal_mode = ${journal}; create table t (id int primary key)`);
    const db = await sqliteDialect(database.config("t", "id")).open(false);
    const transaction = await begin(db);
    await send(transaction, { sql: "select * from t", bindings: [] });
    expect(() => other.exec("insert into t values (1)")).toThrow(/locked/);
    await send(transaction, { sql: "insert into t values (2)", bindings: [] });
    await transaction.commit();
    other.exec("insert into t values (3)");
    expect(await database.sql("select id from t order by id")).toEqual([{ id: 2 }, { id: 3 }]);
    other.close();
    await db.close();
    await database.stop();
  }
});

it("rows of a table are found, whatever statements of the program call theirs", async () => {
  const database = await sqliteDatabase();
  for (const table of ["k", "u", "K", "main"]) {
    await database.sql(`create table "${table}" (i text primary key, v0 text)`);
    await database.sql(`insert into "${table}" values ('a', 'b')`);
    const target = await database.open(table, "i");
    expect((await target.find(["a", "z"], ["v0"])).map(({ row }) => row)).toEqual([["b"], undefined]);
    await target.close();
    await database.sql(`drop table "${table}"`);
  }
  await database.stop();
});
