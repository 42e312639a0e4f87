import { chmod, copyFile, rm, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { checked, statuses, troubles } from "./check-report.ts";
import { base, fileConfig, fileWorkspace, ldif, sqlite, type Workspace } from "./program.ts";

const person = (uid: string, more: Readonly<Record<string, readonly string[]>> = {}) => ({
  [`uid=${uid}`]: {
    uid: [uid],
    entryUUID: [`id-${uid}`],
    mail: [`${uid}@example.com`],
    displayName: [uid.toUpperCase()],
    ...more,
  },
});

const people = { ...person("anna"), ...person("bert"), ...person("carl", { employeeType: ["gone"] }) };
const wellStages = [
  "ok configuration",
  "ok file",
  "ok base",
  "ok filter",
  "ok attributes",
  "ok database",
  "ok table",
  "ok columns",
  "ok unique indexes",
  "ok values",
];

/** With what differs from one workspace to the next taken out. */
const comparable = (work: Workspace, value: unknown) =>
  JSON.parse(
    JSON.stringify(value)
      .replaceAll(work.folder, "FOLDER")
      .replace(/SQLite [\d.]+/g, "SQLite N"),
  );

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

const sourceWith = (changes: object) => ({ source: { ...fileConfig().source, ...changes } });
const targetWith = (changes: object) => ({ target: { ...fileConfig().target, ...changes } });
const mappingWith = (changes: object) => ({ mapping: { ...fileConfig().mapping, ...changes } });

describe("a failure says what and whose turn it is, and what depends on it is skipped:", () => {
  it.each<[string, Readonly<Record<string, unknown>>, number, string, string, string | null, string[]]>([
    [
      "a file that is not there",
      sourceWith({ url: "file:nobody.ldif" }),
      1,
      "file",
      "LDIF file FOLDER/nobody.ldif does not exist",
      "correct the path in source.url; a relative one starts at the configuration file",
      ["base", "filter", "attributes", "values"],
    ],
    [
      "a file that is a folder",
      sourceWith({ url: "file:." }),
      1,
      "file",
      "LDIF file FOLDER is a folder",
      "name the LDIF file in it in source.url",
      ["base", "filter", "attributes", "values"],
    ],
    [
      "a base that is not there",
      sourceWith({ baseDn: "ou=peple,dc=example,dc=com" }),
      1,
      "base",
      "people.ldif: ou=peple,dc=example,dc=com does not exist; dc=example,dc=com does",
      "correct source.baseDn; for a file it may be left out, and every entry counts",
      ["filter", "attributes", "values"],
    ],
    [
      "a database file that is not there",
      targetWith({ connection: { filename: "nothing.sqlite" } }),
      2,
      "database",
      "target.connection.filename: FOLDER/nothing.sqlite does not exist",
      "create the database and its table first",
      ["table", "columns", "unique indexes", "values"],
    ],
    [
      "a database file that is none",
      targetWith({ connection: { filename: "people.ldif" } }),
      1,
      "database",
      "FOLDER/people.ldif: file is not a database",
      "target.connection.filename must name a SQLite database",
      ["table", "columns", "unique indexes", "values"],
    ],
    [
      "a table that is not there",
      targetWith({ table: "usr" }),
      2,
      "table",
      'target.table: the database has no table "usr"',
      "create it first",
      ["columns", "unique indexes", "values"],
    ],
    [
      "a column that is not there",
      mappingWith({ e_mail: "mail" }),
      2,
      "columns",
      'mapping.e_mail: the table users has no column "e_mail"',
      'did you mean "email"?',
      ["values"],
    ],
    [
      "a column of the state that is not there",
      { state: { column: "stat" } },
      2,
      "columns",
      'state.column: the table users has no column "stat"',
      'did you mean "state"?',
      ["values"],
    ],
    [
      "a constant that its column cannot hold",
      mappingWith({ id: { value: "seven" } }),
      2,
      "columns",
      expect.stringContaining('mapping.id.value: "seven" does not fit the column id: ') as unknown as string,
      "use a value that the column can hold",
      ["values"],
    ],
    [
      "a match key that is not there",
      { ...targetWith({ matchKey: "user_name" }), ...mappingWith({ user_name: "uid" }) },
      2,
      "columns",
      'mapping.user_name: the table users has no column "user_name"',
      'did you mean "username"?',
      ["unique indexes", "values"],
    ],
    [
      "a match key without a unique index",
      { ...targetWith({ matchKey: "note" }), ...mappingWith({ note: "uid" }) },
      2,
      "unique indexes",
      "target.matchKey: users.note has no unique index of its own, so two rows could be the same person",
      "CREATE UNIQUE INDEX users_note ON users (note)",
      ["values"],
    ],
  ])("%s", async (_, changes, code, stage, message, hint, skipped) => {
    const work = await fileWorkspace(people, changes);
    const report = comparable(work, await checked(work));
    const failures = troubles(report);
    expect([report.code, report.outcome, report.error]).toEqual([code, "failed", null]);
    expect(failures.filter((each) => "status" in each && each.status === "failed")).toEqual([
      { stage, status: "failed", message, hint },
    ]);
    expect(statuses(report).filter((each) => each.startsWith("skipped"))).toEqual(
      skipped.map((each) => `skipped ${each}`),
    );
    for (const { status, message: because } of report.stages) {
      if (status === "skipped") expect(because).toBe(`because ${stage} failed`);
    }
    // What does not depend on it is looked at all the same.
    const touched = new Set([stage, ...skipped]);
    expect(statuses(report).filter((each) => each.startsWith("ok"))).toEqual(
      wellStages.filter((each) => !touched.has(each.slice("ok ".length))),
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
