import { chmod, rm } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { comparable, mappingWith, people, sourceWith, targetWith } from "./check-files.ts";
import { checked, skippedAfter, statuses, troubles, unwell } from "./check-report.ts";
import { base, fileWorkspace, sqlite } from "./program.ts";

describe("a failure says what and whose turn it is, and what depends on it is skipped:", () => {
  it.each<[string, Readonly<Record<string, unknown>>, number, string, string, string | null, string[]?]>([
    [
      "a file that is not there",
      sourceWith({ url: "file:nobody.ldif" }),
      1,
      "file",
      "LDIF file FOLDER/nobody.ldif does not exist",
      "correct the path in source.url; a relative one starts at the configuration file",
    ],
    [
      "a file that is a folder",
      sourceWith({ url: "file:." }),
      1,
      "file",
      "LDIF file FOLDER is a folder",
      "name the LDIF file in it in source.url",
    ],
    [
      "a base that is not there",
      sourceWith({ baseDn: "ou=peple,dc=example,dc=com" }),
      1,
      "base",
      "people.ldif: ou=peple,dc=example,dc=com does not exist; dc=example,dc=com does",
      "correct source.baseDn; for a file it may be left out, and every entry counts",
    ],
    [
      "a database file that is not there",
      targetWith({ connection: { filename: "nothing.sqlite" } }),
      2,
      "database",
      "target.connection.filename: FOLDER/nothing.sqlite does not exist",
      "create the database and its table first",
    ],
    [
      "a database file that is none",
      targetWith({ connection: { filename: "people.ldif" } }),
      1,
      "database",
      "FOLDER/people.ldif: file is not a database",
      "target.connection.filename must name a SQLite database",
    ],
    [
      "a table that is not there",
      targetWith({ table: "usr" }),
      2,
      "table",
      'target.table: the database has no table "usr"',
      "create it first",
    ],
    [
      "a column that is not there",
      mappingWith({ e_mail: "mail" }),
      2,
      "columns",
      'mapping.e_mail: the table users has no column "e_mail"',
      'did you mean "email"?',
    ],
    [
      "a column of the state that is not there",
      { state: { column: "stat" } },
      2,
      "columns",
      'state.column: the table users has no column "stat"',
      'did you mean "state"?',
    ],
    [
      "a constant that its column cannot hold",
      mappingWith({ id: { value: "seven" } }),
      2,
      "columns",
      expect.stringContaining('mapping.id.value: "seven" does not fit the column id: ') as unknown as string,
      "use a value that the column can hold",
    ],
    [
      "a match key that is not there",
      { ...targetWith({ matchKey: "user_name" }), ...mappingWith({ user_name: "uid" }) },
      2,
      "columns",
      'mapping.user_name: the table users has no column "user_name"',
      'did you mean "username"?',
      ["unique indexes"],
    ],
    [
      "a match key without a unique index",
      { ...targetWith({ matchKey: "note" }), ...mappingWith({ note: "uid" }) },
      2,
      "unique indexes",
      "target.matchKey: users.note has no unique index of its own, so two rows could be the same person",
      "CREATE UNIQUE INDEX users_note ON users (note)",
    ],
  ])("%s", async (_, changes, code, stage, message, hint, more) => {
    const work = await fileWorkspace(people, changes);
    const report = comparable(work, await checked(work));
    expect([report.code, report.outcome, report.error]).toEqual([code, "failed", null]);
    const skipped = skippedAfter(stage, more);
    expect(unwell(report, "")).toEqual([{ stage, status: "failed", message, hint }, ...skipped]);
    // What does not depend on it is looked at all the same.
    const all = await checked(await fileWorkspace(people));
    expect(statuses(report).filter((each) => each.startsWith("ok"))).toHaveLength(
      all.stages.length - skipped.length - 1,
    );
  });

  it("columns are all looked at, and the match key's index too where its column is there", async () => {
    const changes = {
      ...targetWith({ matchKey: "note" }),
      ...mappingWith({ note: "uid", e_mail: "mail", displayname: "cn" }),
    };
    const report = await checked(await fileWorkspace(people, changes));
    expect(report.code).toBe(2);
    expect(
      report.stages.filter(({ status }) => status === "failed").map(({ stage, message }) => [stage, message]),
    ).toEqual([
      ["columns", 'mapping.e_mail: the table users has no column "e_mail"'],
      ["columns", 'mapping.displayname: the table users has no column "displayname"'],
      [
        "unique indexes",
        "target.matchKey: users.note has no unique index of its own, so two rows could be the same person",
      ],
    ]);
  });

  it("a source in which nobody is active where the table has active rows, as a sync would refuse it", async () => {
    const work = await fileWorkspace(people, sourceWith({ active: "(employeeType=actve)" }));
    sqlite(work.path("idm.sqlite"), "insert into users (username, state) values ('a', 'active'), ('b', 'gone')");
    const report = await checked(work);
    expect([report.code, report.stages.at(-1)]).toEqual([
      2,
      {
        stage: "values",
        of: "target",
        status: "failed",
        message: "no entry was read, and the table has 1 active row: a sync would be refused",
        hint: "mend what the stage filter says of the source",
      },
    ]);
    expect((await work.run(["sync"])).code).toBe(4);
  });

  it.each([
    ["does not exist, or the bind may not see it", `uid=canary,${base}`],
    ["is not among the active entries", `uid=carl,${base}`],
    ["lies outside of source.baseDn and source.scope", "uid=anna,ou=other,dc=example,dc=com"],
  ])("an entry that the read must contain and that %s, however small the sample is", async (why, dn) => {
    const work = await fileWorkspace(people, sourceWith({ mustContain: [`uid=bert,${base}`, dn] }));
    const report = await checked(work, ["--sample", "1"]);
    expect([report.code, troubles(report)]).toEqual([
      1,
      [
        {
          stage: "filter",
          status: "failed",
          message: `${dn}, which source.mustContain names, ${why}: a sync would not take the read for complete`,
          hint: "is the filter right, and may bindDn read all entries? See source.mustContain",
        },
      ],
    ]);
    expect(statuses(report).filter((each) => each.startsWith("skipped"))).toEqual([
      "skipped attributes",
      "skipped values",
    ]);
    expect((await work.run(["dry-run"])).code).toBe(1);
  });

  it("a sample of which every entry is rejected", async () => {
    const report = await checked(
      await fileWorkspace(people, mappingWith({ note: { attribute: "description", required: true } })),
    );
    expect([report.code, report.sample.inserts, report.sample.rejected]).toEqual([2, 0, 2]);
    expect(report.stages.find(({ stage }) => stage === "values")).toEqual({
      stage: "values",
      of: "target",
      status: "failed",
      message: "of 2 entries tried: 0 new, 0 changed, 0 unchanged, 2 rejected",
      hint: "mend what the next lines say: a sync would write nobody",
    });
  });

  it("a column that the mapping leaves out and that must have a value, where everybody is new", async () => {
    const work = await fileWorkspace(people);
    sqlite(work.path("idm.sqlite"), "alter table users add tenant text not null default 'x'");
    expect((await checked(work)).outcome).toBe("ok");
    sqlite(
      work.path("idm.sqlite"),
      `drop table users; create table users (username text not null unique, external_id text unique, email text,
        display_name text, created_by text, state text, tenant text not null)`,
    );
    const report = await checked(work);
    expect([report.code, troubles(report).slice(1)]).toEqual([
      2,
      [
        {
          stage: "values",
          status: "failed",
          message: "of 2 entries tried: 0 new, 0 changed, 0 unchanged, 2 rejected",
          hint: "mend what the next lines say: a sync would write nobody",
        },
        {
          stage: "values",
          status: "warning",
          message: "2 entries: tenant: no value, but the column must have one and has no default",
          hint: `such as uid=anna,${base} and uid=bert,${base}`,
        },
      ],
    ]);
  });

  it("a configuration that does not load ends as everywhere", async () => {
    const work = await fileWorkspace(people);
    await rm(work.path(".syncrc.json"));
    const { code, stdout, stderr } = await work.run(["check", "--json"]);
    expect([code, JSON.parse(stdout)]).toEqual([
      2,
      {
        command: "check",
        name: "default",
        outcome: "failed",
        error: expect.objectContaining({ message: expect.any(String) }),
      },
    ]);
    expect(stderr).toContain("error: ");
  });
});

describe("a configuration with a literal secret that others can read", () => {
  it.each(["null", "table", "status"])(
    "gives a JSON document that says the same, whatever the secret is: %s",
    async (secret) => {
      const work = await fileWorkspace(people, {
        source: { url: "ldap://127.0.0.1:1", bindDn: "cn=sync", bindPassword: secret, baseDn: base },
      });
      for (const [args, keys] of [
        [["check"], ["command", "name", "outcome", "stages", "sample", "error"]],
        [
          ["explain", "anna"],
          ["command", "name", "outcome", "error"],
        ],
      ] as const) {
        const { stdout } = await work.run([...args, "--json"]);
        expect(Object.keys(JSON.parse(stdout))).toEqual(keys);
        expect(JSON.parse(stdout).error).toEqual(
          args[0] === "check" ? null : expect.objectContaining({ hint: expect.any(String) }),
        );
      }
      const { stages } = await checked(work);
      expect(new Set(stages.flatMap((stage) => Object.keys(stage)))).toEqual(
        new Set(["of", "stage", "status", "message", "hint"]),
      );
    },
  );

  it("is warned of in its stage, and the secret is not shown", async () => {
    const work = await fileWorkspace(people, {
      source: {
        url: "ldap://127.0.0.1:1",
        bindDn: "cn=sync",
        bindPassword: "hunter2-secret",
        baseDn: base,
      },
    });
    await chmod(work.path(".syncrc.json"), 0o644);
    const { code, stdout, stderr } = await work.run(["check"]);
    expect(code).toBe(1);
    expect(stdout.split("\n")[0]).toMatch(
      /^warning {2}configuration +\d+ ms {2}source.bindPassword holds a secret, and other users may have access to /,
    );
    expect(stdout + stderr).not.toContain("hunter2-secret");
  });
});
