import Libsql from "libsql";
import { expect, it } from "vitest";
import { sqliteDialect } from "../src/target/sqlite.ts";
import { sqliteDatabase } from "./target-databases.ts";

it("a transaction in SQLite keeps others from writing from its beginning, whatever the journal", async () => {
  for (const journal of ["delete", "wal"]) {
    const database = await sqliteDatabase();
    const other = new Libsql(database.filename);
    other.exec(`pragma journal_mode = ${journal}; create table t (id int primary key)`);
    const db = await sqliteDialect(database.config("t", "id")).open(false);
    await db.transaction(async (transaction) => {
      await transaction.raw("select * from t");
      expect(() => other.exec("insert into t values (1)")).toThrow(/locked/);
      await transaction.raw("insert into t values (2)");
    });
    other.exec("insert into t values (3)");
    expect(await database.sql("select id from t order by id")).toEqual([{ id: 2 }, { id: 3 }]);
    other.close();
    await db.destroy();
    await database.stop();
  }
});
