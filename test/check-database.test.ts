import { describe, expect, it } from "vitest";
import { openLedger } from "../src/check/ledger.ts";
import { checkTarget } from "../src/check/target.ts";
import { loadConfig } from "../src/config/load.ts";
import { skippedAfter, troubles, unwell } from "./check-report.ts";
import { type Changes, checkWith, configured, env, mariadb, useStaff, work } from "./check-staff.ts";
import { certificates } from "./servers/certificates.ts";

const { otherCa } = certificates();

useStaff();

describe("where the database fails, its later stages are skipped and the directory is looked at all the same:", () => {
  it.each<[string, string, Changes, number, string, RegExp]>([
    [
      "a port that nobody listens on",
      "",
      { connection: { port: 1 } },
      1,
      "database",
      /^the database at 127.0.0.1:1 refused the connection$/,
    ],
    [
      "a wrong password",
      "",
      { connection: { password: { env: "LDAP_PASSWORD" } } },
      1,
      "database",
      /says: Access denied for user 'idm'@'127.0.0.1' \(using password: YES\)$/,
    ],
    [
      "TLS that the certificate does not allow",
      "",
      { connection: { tls: { ca: otherCa } } },
      1,
      "database",
      /: TLS failed: /,
    ],
    [
      "another database",
      "",
      { connection: { database: "mysql" } },
      1,
      "database",
      /says: Access denied for user 'idm'@'%' to database 'mysql'$/,
    ],
    [
      "a table that is not there",
      "",
      { table: "user" },
      2,
      "table",
      /^target.table: the database idm has no table "user"$/,
    ],
    [
      "a table without transactions",
      "alter table users engine = MyISAM",
      {},
      2,
      "table",
      /^target.table: users uses the engine MyISAM, which has no transactions$/,
    ],
    [
      "a column that is not there",
      "alter table users rename column title to job",
      {},
      2,
      "columns",
      /^mapping.title: the table users has no column "title"$/,
    ],
    [
      "a column that the database computes",
      "alter table users drop town, add town varchar(100) as (title) virtual",
      {},
      2,
      "columns",
      /^mapping.town: the column users.town is computed by the database$/,
    ],
    [
      "a match key without a unique index",
      "alter table users drop key by_external_id",
      {},
      2,
      "unique indexes",
      /^target.matchKey: users.external_id has no unique index of its own/,
    ],
    [
      "a match key with a collation that is not known",
      "alter table users modify external_id char(36) character set utf8mb4 collate utf8mb4_thai_520_w2",
      {},
      2,
      "unique indexes",
      /^target.matchKey: users.external_id has the collation utf8mb4_thai_520_w2, which cannot be a match key's$/,
    ],
  ])("%s", async (_, sql, target, code, stage, message) => {
    if (sql !== "") await mariadb.sql(sql);
    const report = await checkWith({ target });
    expect([report.code, report.outcome]).toEqual([code, "failed"]);
    expect(unwell(report, "source")).toEqual(skippedAfter(stage).slice(-1));
    expect(unwell(report, "target")).toEqual([
      { stage, status: "failed", message: expect.stringMatching(message), hint: expect.any(String) },
      ...skippedAfter(stage),
    ]);
  });

  it.each([
    ["select", ["INSERT on users", "UPDATE on users"]],
    ["insert, update", ["SELECT on users"]],
    ["select, insert", ["UPDATE on users"]],
    [
      "select, insert, update (id, external_id, username, email, display_name, title, town, state)",
      ["UPDATE on users (given_name, surname, department, employee_number, phones)"],
    ],
  ])("a user who may only %s the table", async (granted, lacks) => {
    await mariadb.sql(
      `create or replace user reader identified by 'reader-password'; grant ${granted} on users to reader`,
    );
    const connection = { user: "reader", password: "reader-password" };
    const report = await checkWith({ target: { connection } });
    const hint = "grant the user SELECT, INSERT and UPDATE on the table";
    expect([report.code, troubles(report)]).toEqual([
      1,
      lacks.map((lack) => ({ stage: "columns", status: "failed", message: `the user has no ${lack}`, hint })),
    ]);
  });

  it("leaves no connection open where something unforeseen happens to the stages of the table", async () => {
    await work.configure(configured());
    const { config } = await loadConfig({ cwd: work.folder, file: undefined, env, version: "0.0.0" });
    const tell = ({ stage }: { readonly stage: string }) => {
      if (stage === "columns") throw new Error("the terminal is gone");
    };
    const connections = async () =>
      (await mariadb.sql("select count(*) as n from information_schema.processlist where user = 'idm'"))[0]?.n;
    const before = await connections();
    const { signal } = new AbortController();
    await expect(
      checkTarget(
        config,
        openLedger(tell, () => 0, 0),
        signal,
      ),
    ).rejects.toThrow("the terminal is gone");
    await expect.poll(connections).toBe(before);
  });

  it("a user who may not see the table", async () => {
    await mariadb.sql(
      "create table if not exists other (id int); create or replace user reader identified by 'reader-password'; grant select on other to reader",
    );
    const report = await checkWith({ target: { connection: { user: "reader", password: "reader-password" } } });
    expect([report.code, troubles(report)]).toEqual([
      2,
      [
        {
          stage: "table",
          status: "failed",
          message: 'target.table: the database idm has no table "users"',
          hint: "create it, or grant the user SELECT on it",
        },
      ],
    ]);
  });
});

it("where the server lets nobody write, the columns stage fails and the values are looked at all the same", async () => {
  await mariadb.sql("set global read_only = 1");
  const checked = await checkWith();
  await mariadb.sql("set global read_only = 0");
  expect([checked.code, troubles(checked), checked.sample.rejected]).toEqual([
    1,
    [expect.objectContaining({ stage: "columns", message: "the server is read-only (read_only is on)" })],
    0,
  ]);
});
