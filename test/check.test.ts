import { copyFile, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { comparable, people, person } from "./check-files.ts";
import { checked, troubles } from "./check-report.ts";
import { base, fileConfig, fileWorkspace, ldif, sqlite } from "./program.ts";

describe("check of a file and a SQLite table", () => {
  it("tells each stage, what a sync would do, and that all is well", async () => {
    const work = await fileWorkspace(people);
    const of = "source file:FOLDER/people.ldif";
    expect(comparable(work, await checked(work))).toEqual({
      code: 0,
      command: "check",
      name: "default",
      outcome: "ok",
      stages: [
        ["configuration", "configuration", "FOLDER/.syncrc.json: 1 source, 5 mapped columns, match key username"],
        ["file", of, `${Buffer.byteLength(ldif(people))} bytes`],
        ["base", of, `${base} exists`],
        ["filter", of, "3 entries match (objectClass=inetOrgPerson), 2 active by (employeeType=active)"],
        ["attributes", of, "4 mapped attributes found in 2 entries"],
        ["database", "target", "FOLDER/idm.sqlite (SQLite N)"],
        ["table", "target", "users has 8 columns"],
        [
          "columns",
          "target",
          "6 columns to fill: username TEXT, external_id TEXT, email TEXT, display_name TEXT, created_by TEXT, state TEXT",
        ],
        [
          "unique indexes",
          "target",
          "sqlite_autoindex_users_1 (username) keeps the match key unique; a clash on sqlite_autoindex_users_3 (email) and on sqlite_autoindex_users_2 (external_id) is a reject",
        ],
        ["values", "target", "of 2 entries tried: 2 new, 0 changed, 0 unchanged, 0 rejected"],
      ].map(([stage, of, message]) => ({ stage, of, status: "ok", message, hint: null })),
      sample: {
        read: 2,
        inserts: 2,
        updates: 0,
        unchanged: 0,
        rejected: 0,
        rejects: [],
        missingAttributes: [],
      },
      error: null,
    });
    expect(sqlite(work.path("idm.sqlite"), "select * from users")).toEqual([]);
  });

  it("is a table for people, with a heading for the source and for the target, and what to do next", async () => {
    const work = await fileWorkspace({ ...person("anna"), ...person("bert", { displayName: [] }) });
    await copyFile(work.path(".syncrc.json"), work.path("my people.json"));
    const { code, stdout, stderr } = await work.run(["check", "--config", "my people.json"]);
    const lines = stdout
      .replaceAll(work.folder, "FOLDER")
      .split("\n")
      .map((line) => line.replace(/ +\d+ ms(?= {2})/, (time) => "N ms".padStart(time.length)));
    expect([code, stderr]).toEqual([0, ""]);
    expect(lines.slice(0, 6)).toEqual([
      "ok       configuration      N ms  FOLDER/my people.json: 1 source, 5 mapped columns, match key username",
      "source file:FOLDER/people.ldif",
      expect.stringMatching(/^ok {7}file {15}N ms {2}\d+ bytes$/),
      `ok       base               N ms  ${base} exists`,
      "ok       filter             N ms  2 entries match (objectClass=inetOrgPerson), 2 active by (employeeType=active)",
      "ok       attributes         N ms  4 mapped attributes found in 2 entries",
    ]);
    expect(lines[6]).toBe("target");
    expect(lines.slice(-2)).toEqual(["all is well; next: idm-ldap-sync dry-run --config 'my people.json'", ""]);
  });

  it("says nothing with --quiet where all is well, and otherwise only what is not", async () => {
    const work = await fileWorkspace(people);
    expect(await work.run(["check", "--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" });
    await work.configure(fileConfig({ target: { ...fileConfig().target, table: "user" } }));
    expect(await work.run(["check", "--quiet"])).toEqual({
      code: 2,
      stdout: expect.stringMatching(
        /^target\nfailed {3}table {8,}\d+ ms {2}target.table: the database has no table "user" \(did you mean "users"\?\)\n1 failure: mend what failed, and check again\n$/,
      ),
      stderr: "",
    });
  });

  it("tries the table that is there: new, changed, unchanged and protected rows", async () => {
    const work = await fileWorkspace(
      { ...person("anna"), ...person("bert"), ...person("admin") },
      { protect: [{ username: "admin" }] },
    );
    sqlite(
      work.path("idm.sqlite"),
      `insert into users (username, external_id, email, display_name, created_by, state) values
        ('anna', 'id-anna', 'anna@example.com', 'ANNA', 'me', 'active'), ('admin', null, 'root@example.com', null, null, null),
        ('bert', 'id-bert', 'old@example.com', 'BERT', 'me', 'active')`,
    );
    const before = sqlite(work.path("idm.sqlite"), "select * from users");
    const report = await checked(work);
    expect([report.code, report.sample]).toEqual([
      0,
      { read: 3, inserts: 0, updates: 1, unchanged: 2, rejected: 0, rejects: [], missingAttributes: [] },
    ]);
    expect(report.stages.at(-1)?.message).toBe(
      "of 3 entries tried: 0 new, 1 changed, 2 unchanged, 0 rejected; 1 protected row left as it is",
    );
    expect(sqlite(work.path("idm.sqlite"), "select * from users")).toEqual(before);
  });

  it("reads no more of each source than --sample says", async () => {
    const work = await fileWorkspace({ ...person("anna"), ...person("bert"), ...person("dora") });
    const { stages, sample } = await checked(work, ["--sample", "2"]);
    expect(sample.read).toBe(2);
    expect(stages.find(({ stage }) => stage === "filter")?.message).toBe(
      "at least 2 entries match (objectClass=inetOrgPerson), at least 2 active by (employeeType=active)",
    );
    for (const wrong of ["0", "-1", "1.5", "many"]) expect((await work.run(["check", "--sample", wrong])).code).toBe(2);
  });
});

describe("what may be right and is probably not is a warning, and the exit code stays 0:", () => {
  it("an attribute that no entry has, with a name that entries do have", async () => {
    const mapping = {
      ...fileConfig().mapping,
      email: "mial",
      note: { attribute: ["descripton", "mail"] },
      display_name: "roomNumber",
    };
    const report = await checked(await fileWorkspace(people, { mapping }));
    expect([report.code, report.outcome]).toEqual([0, "warnings"]);
    expect(troubles(report)).toEqual([
      {
        stage: "attributes",
        status: "warning",
        message: "no entry has mial, which mapping.email reads",
        hint: "did you mean mail?",
      },
      {
        stage: "attributes",
        status: "warning",
        message: "no entry has roomNumber, which mapping.display_name reads",
        hint: "is it spelt right, and may the bind read it?",
      },
      {
        stage: "attributes",
        status: "warning",
        message: "no entry has descripton, which mapping.note reads",
        hint: "is it spelt right, and may the bind read it?",
      },
    ]);
    expect(report.sample.missingAttributes).toEqual([
      { attribute: "mial", column: "email", near: ["mail"] },
      { attribute: "roomNumber", column: "display_name", near: [] },
      { attribute: "descripton", column: "note", near: [] },
    ]);
  });

  it("two entries with one key under the column's collation", async () => {
    const twins = { ...person("Anna"), "cn=other": { cn: ["other"], uid: ["anna"], mail: ["x@example.com"] } };
    const report = await checked(await fileWorkspace(twins));
    const reason = `username "anna" is also that of uid=Anna,${base}, which was read first`;
    expect(report.code).toBe(0);
    expect(troubles(report)).toEqual([
      { stage: "values", status: "warning", message: `cn=other,${base}: ${reason}`, hint: null },
    ]);
    expect(report.sample).toEqual({
      read: 2,
      inserts: 1,
      updates: 0,
      unchanged: 0,
      rejected: 1,
      rejects: [{ column: "username", reason, count: 1, examples: [{ dn: `cn=other,${base}`, key: "anna", reason }] }],
      missingAttributes: [],
    });
  });

  it("values that do not fit, together, with three of them", async () => {
    const names = ["anna", "bert", "carl", "dora"];
    const wrong = Object.assign({}, ...names.map((uid) => person(uid, { roomNumber: [`R-${uid}`] })));
    const mapping = { ...fileConfig().mapping, id: { attribute: "roomNumber", as: "integer" } };
    const report = await checked(
      await fileWorkspace({ ...wrong, ...person("emil", { roomNumber: ["7"] }) }, { mapping }),
    );
    const reason = 'column id: roomNumber "…" is not an integer (an optional sign and digits) (as integer)';
    expect(troubles(report)).toEqual([
      {
        stage: "values",
        status: "warning",
        message: `4 entries: ${reason}`,
        hint: `such as uid=anna,${base} "R-anna" and uid=bert,${base} "R-bert" and uid=carl,${base} "R-carl"`,
      },
    ]);
    expect(report.sample.rejects).toMatchObject([{ column: "id", reason, count: 4, examples: [{}, {}, {}] }]);
  });

  it("a clash on a unique index beside the match key, with a row and within the sample", async () => {
    const work = await fileWorkspace({
      ...person("anna"),
      ...person("bert", { mail: ["Anna@example.com"] }),
      ...person("carl", { mail: ["root@example.com"] }),
    });
    sqlite(work.path("idm.sqlite"), "insert into users (username, email) values ('root', 'root@example.com')");
    const withRow = {
      anna: `email "anna@example.com" already belongs to the row with username "anna" (uid=anna,${base})`,
      root: 'email "root@example.com" already belongs to the row with username "root"',
    };
    const report = await checked(work);
    expect([report.code, report.sample]).toEqual([
      0,
      {
        read: 3,
        inserts: 1,
        updates: 0,
        unchanged: 0,
        rejected: 2,
        rejects: [
          {
            column: "email",
            reason: 'email "…" already belongs to the row with username "…"',
            count: 2,
            examples: [
              { dn: `uid=bert,${base}`, key: "bert", reason: withRow.anna },
              { dn: `uid=carl,${base}`, key: "carl", reason: withRow.root },
            ],
          },
        ],
        missingAttributes: [],
      },
    ]);
  });

  it("an immutable id without a unique index", async () => {
    const work = await fileWorkspace(people);
    sqlite(
      work.path("idm.sqlite"),
      `drop table users; create table users (username text not null unique, external_id text, email text,
        display_name text, created_by text, state text)`,
    );
    const report = await checked(work);
    expect([report.code, troubles(report)]).toEqual([
      0,
      [
        {
          stage: "unique indexes",
          status: "warning",
          message:
            "external_id holds the immutable id and has no unique index: somebody who is renamed gets a second row; make it unique, or the match key",
          hint: null,
        },
      ],
    ]);
  });

  it("a column that the mapping leaves out and that must have a value, where every person has a row", async () => {
    const work = await fileWorkspace(people);
    sqlite(
      work.path("idm.sqlite"),
      `create table firms (username text not null unique, external_id text unique, email text, display_name text,
        created_by text, state text, tenant text not null);
       insert into firms (username, tenant) values ('anna', 'here'), ('bert', 'here')`,
    );
    await work.configure(fileConfig({ target: { ...fileConfig().target, table: "firms" } }));
    const report = await checked(work);
    expect([report.code, report.sample.updates, troubles(report)]).toEqual([
      0,
      2,
      [
        {
          stage: "columns",
          status: "warning",
          message:
            "tenant must have a value, has no default, and is not in the mapping: the database will refuse new rows",
          hint: "map it, or give it a default in the table",
        },
      ],
    ]);
  });

  it("a filter that lets nobody through because an attribute in it is misspelt", async () => {
    const source = { ...fileConfig().source, active: "(|(employeTyp=active)(description=*))" };
    const report = await checked(await fileWorkspace(people, { source }));
    expect([report.code, troubles(report)]).toEqual([
      0,
      [
        {
          stage: "filter",
          status: "warning",
          message:
            "3 entries match (objectClass=inetOrgPerson), and none of them is active by (|(employeTyp=active)(description=*))",
          hint: "no entry has employeTyp; did you mean employeetype?",
        },
      ],
    ]);
  });

  it("a source in which nobody is active", async () => {
    const source = { ...fileConfig().source, active: "(employeeType=actve)" };
    const report = await checked(await fileWorkspace(people, { source }));
    expect(report.code).toBe(0);
    expect(report.sample).toEqual({
      read: 0,
      inserts: null,
      updates: null,
      unchanged: null,
      rejected: null,
      rejects: [],
      missingAttributes: [],
    });
    expect(report.stages.filter(({ status }) => status !== "ok").map(({ of: _, ...rest }) => rest)).toEqual([
      {
        stage: "filter",
        status: "warning",
        message: "3 entries match (objectClass=inetOrgPerson), and none of them is active by (employeeType=actve)",
        hint: "check source.active; employeeType has: active, gone",
      },
      { stage: "attributes", status: "skipped", message: "because no entry was read", hint: null },
      { stage: "values", status: "skipped", message: "because no entry was read", hint: null },
    ]);
  });

  it("what the source of a list lacks, but it is missing in the sample only where all of them lack it", async () => {
    const work = await fileWorkspace(people);
    await writeFile(work.path("more.ldif"), ldif(person("dora", { displayName: [] })));
    const { source, mapping } = fileConfig();
    const both = [source, { ...source, url: "file:more.ldif" }];
    await work.configure(fileConfig({ source: both, mapping: { ...mapping, note: "description" } }));
    const report = await checked(work);
    expect(report.stages.filter(({ status }) => status === "warning").map(({ of, message }) => [of, message])).toEqual([
      [`source file:${work.path("people.ldif")}`, "no entry has description, which mapping.note reads"],
      [`source file:${work.path("more.ldif")}`, "no entry has displayName, which mapping.display_name reads"],
      [`source file:${work.path("more.ldif")}`, "no entry has description, which mapping.note reads"],
    ]);
    expect([report.sample.read, report.sample.missingAttributes]).toEqual([
      3,
      [{ attribute: "description", column: "note", near: [] }],
    ]);
  });
});
