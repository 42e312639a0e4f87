import { readFile, stat, writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { noCounts } from "./counts.ts";
import { base, bin, fileConfig, fileWorkspace, jsonLines, ldif, sqlite, workspace } from "./program.ts";
import { outcomeOf } from "./servers/command.ts";

const anna = {
  "uid=anna": { uid: ["anna"], mail: ["Anna@Example.com "], displayName: ["Anna Åberg"], entryUUID: ["id-anna"] },
};
const bert = {
  "uid=bert": { uid: ["bert"], mail: ["bert@example.com"], displayName: ["Bert 🙂"], entryUUID: ["id-bert"] },
};
const gone = { "uid=gone": { uid: ["gone"], mail: ["gone@example.com"], employeeType: ["inactive"] } };
const rows = "select username, email, display_name, created_by, state from users order by username";

describe("a sync from a file into SQLite", () => {
  it("inserts the active people, and writes nothing the second time", async () => {
    const work = await fileWorkspace({ ...anna, ...bert, ...gone });
    const first = await work.json(["sync"]);
    expect([first.code, first.outcome, first.counts]).toEqual([0, "succeeded", { ...noCounts, read: 2, inserted: 2 }]);
    expect(sqlite(work.path("idm.sqlite"), rows)).toEqual([
      { username: "anna", email: "anna@example.com", display_name: "Anna Åberg", created_by: "sync", state: "active" },
      { username: "bert", email: "bert@example.com", display_name: "Bert 🙂", created_by: "sync", state: "active" },
    ]);
    const second = await work.json(["sync"]);
    expect([second.code, second.counts, second.changes]).toEqual([0, { ...noCounts, read: 2, unchanged: 2 }, []]);
  });

  it("writes the columns that differ and no others, and leaves what is written once", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    await work.run(["sync"]);
    sqlite(
      work.path("idm.sqlite"),
      "update users set state = 'inactive', created_by = 'hand', note = 'kept' where username = 'anna'",
    );
    await writeFile(
      work.path("people.ldif"),
      ldif({ "uid=anna": { ...anna["uid=anna"], displayName: ["Anna Öberg"] }, ...bert }),
    );
    const { counts, changes } = await work.json(["sync"]);
    expect(counts).toEqual({ ...noCounts, read: 2, updated: 1, reactivated: 1, unchanged: 1 });
    const columns = {
      display_name: { from: "Anna Åberg", to: "Anna Öberg" },
      state: { from: "inactive", to: "active" },
    };
    expect(changes).toEqual([{ kind: "update", key: "anna", dn: `uid=anna,${base}`, columns }]);
    expect(sqlite(work.path("idm.sqlite"), "select created_by, note from users where username = 'anna'")).toEqual([
      { created_by: "hand", note: "kept" },
    ]);
  });

  it("prints one JSON document on stdout, talk on stderr", async () => {
    const work = await fileWorkspace(anna, { name: "staff" });
    const { code, stdout, stderr } = await work.run(["sync", "--json"]);
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document).toEqual({
      command: "sync",
      name: "staff",
      runId: expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/),
      outcome: "succeeded",
      startedAt: expect.any(String),
      finishedAt: expect.any(String),
      durationMs: Date.parse(document.finishedAt) - Date.parse(document.startedAt),
      counts: { ...noCounts, read: 1, inserted: 1 },
      rejects: [],
      adopted: [],
      blocked: [],
      unknown: [],
      unresolved: [],
      notices: [],
      warnings: [],
      changes: [
        {
          kind: "insert",
          key: "anna",
          dn: `uid=anna,${base}`,
          columns: {
            username: { from: null, to: "anna" },
            external_id: { from: null, to: "id-anna" },
            email: { from: null, to: "anna@example.com" },
            display_name: { from: null, to: "Anna Åberg" },
            created_by: { from: null, to: "sync" },
            state: { from: null, to: "active" },
          },
        },
      ],
      error: null,
    });
    expect(stderr).toMatch(/^sync staff: from file:.*people\.ldif .* into users in .*idm\.sqlite \(SQLite [\d.]+\)\n$/);
  });

  it("tells the summary to people: source, filter, table, end state, counts", async () => {
    const work = await fileWorkspace({ ...anna, ...gone });
    const { stdout } = await work.run(["sync"]);
    expect(
      stdout
        .replaceAll(work.folder, ".")
        .replace(/in \d+ ms|in [\d.]+ s/, "in TIME")
        .replace(/SQLite [\d.]+/, "SQLite"),
    ).toBe(
      [
        "sync default: done in TIME",
        `  from       file:./people.ldif ${base}`,
        "  filter     (&(objectClass=inetOrgPerson)(employeeType=active))",
        "  active     (employeeType=active)",
        "  into       users in ./idm.sqlite (SQLite)",
        '  end state  state = "active"',
        "  1 active entry read",
        "  1 inserted",
        "  0 updated",
        "  0 unchanged",
        "  0 rejected",
        "",
      ].join("\n"),
    );
  });

  it("writes all changes and all rejects to files that only the owner can read, anew for each run", async () => {
    const people = Object.fromEntries(
      Array.from({ length: 130 }, (_, i) => [
        `uid=p${i}`,
        { uid: [`p${i}`], mail: [`p${i}@example.com`], ...(i % 10 === 0 && { mail: [] }) },
      ]),
    );
    const mapping = { ...fileConfig().mapping, email: { attribute: "mail", required: true } };
    const work = await fileWorkspace(people, { mapping, batchSize: 7 });
    await writeFile(work.path("changes"), '{"kind":"insert","key":"of an earlier run"}\n');
    const document = await work.json(["sync", "--changes", "changes", "--rejects", "rejects", "--limit", "5"]);
    expect([document.code, document.outcome, document.counts]).toEqual([
      3,
      "partial",
      { ...noCounts, read: 130, inserted: 117, rejected: 13 },
    ]);
    const changes = await jsonLines(work.path("changes"));
    const rejects = await jsonLines(work.path("rejects"));
    expect([changes.length, rejects.length, document.changes.length, document.rejects.length]).toEqual([117, 13, 5, 5]);
    expect([changes.slice(0, 5), rejects.slice(0, 5)]).toEqual([document.changes, document.rejects]);
    expect((await stat(work.path("rejects"))).mode & 0o777).toBe(0o600);
    await work.json(["sync", "--changes", "changes"]);
    expect(await jsonLines(work.path("changes"))).toEqual([]);
  });

  it("says nothing with --quiet where all is well, and the summary where it is not", async () => {
    const work = await fileWorkspace(anna);
    expect(await work.run(["sync", "--quiet"])).toEqual({ code: 0, stdout: "", stderr: "" });
    await writeFile(work.path("people.ldif"), ldif({ ...anna, "cn=nobody": { mail: ["x@example.com"] } }));
    const { code, stdout, stderr } = await work.run(["sync", "--quiet"]);
    expect([code, stderr]).toEqual([3, ""]);
    expect(stdout).toContain("done, but some entries were rejected");
    expect(stdout).toContain(`cn=nobody,${base}: username: no value, but it is the match key (from uid)`);
  });

  it("writes stderr as JSON lines where asked to", async () => {
    const work = await fileWorkspace(anna, { metrics: { file: "x" } });
    const { stderr } = await work.run(["sync", "--log-format", "json"]);
    expect(
      stderr
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line)),
    ).toEqual([
      {
        time: expect.any(String),
        level: "warning",
        message: expect.stringContaining("metrics.file does not end in .prom"),
      },
      { time: expect.any(String), level: "info", message: expect.stringContaining("sync default: from file:") },
    ]);
  });

  it("reads one person with --filter, and judges no empty source then", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    expect((await work.json(["sync", "--filter", "(uid=bert)"])).counts).toEqual({ ...noCounts, read: 1, inserted: 1 });
    expect((await work.json(["sync", "--filter", "(uid=nobody)"])).code).toBe(0);
    const broken = await work.run(["sync", "--filter", "(uid=bert"]);
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringContaining('"(uid=bert"')]);
  });
});

describe("a reader that goes away", () => {
  it("does not end the run", async () => {
    const people = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`] }]));
    const work = await fileWorkspace(people, { batchSize: 1, protect: [{ username: "none" }] });
    const running = work.start(["sync", "--json", "--log-format", "json"]);
    running.process.stdout?.destroy();
    running.process.stderr?.destroy();
    expect((await running.outcome).code).toBe(0);
    expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from users")).toEqual([{ n: 40 }]);
  });
});

describe("stdout that cannot be written", () => {
  it("ends a run that went well with exit code 1", async () => {
    const work = await fileWorkspace(anna);
    const { code, stderr } = await outcomeOf(
      ["sh", "-c", `exec "$0" "$1" sync --json > /dev/full`, process.execPath, bin],
      {
        cwd: work.folder,
      },
    );
    expect([code, stderr]).toEqual([1, expect.stringContaining("error: the result could not be written to stdout: ")]);
  });
});

describe("who stands where two entries have one key", () => {
  const twins = {
    "uid=anna": { uid: ["anna"], entryUUID: ["id-1"] },
    "cn=other": { uid: ["filler"] },
    "cn=second": { uid: ["ANNA"], entryUUID: ["id-2"] },
  };

  it.each([1, 2, 500])(
    "the first one read, in batches of %i: the later one is a reject that names both",
    async (batchSize) => {
      const work = await fileWorkspace(twins);
      const { code, counts, rejects } = await work.json(["sync", "--batch-size", String(batchSize)]);
      expect([code, counts]).toEqual([3, { ...noCounts, read: 3, inserted: 2, rejected: 1 }]);
      const reason = `username "ANNA" is also that of uid=anna,${base}, which was read first`;
      expect(rejects).toEqual([{ dn: `cn=second,${base}`, key: "ANNA", column: "username", reason }]);
    },
  );

  it.each([1, 2, 500])("the one whose immutable id the row carries, in batches of %i", async (batchSize) => {
    const work = await fileWorkspace(twins);
    sqlite(
      work.path("idm.sqlite"),
      "insert into users (username, external_id, state) values ('anna', 'id-2', 'active')",
    );
    const { counts, rejects, changes } = await work.json(["sync", "--batch-size", String(batchSize)]);
    expect(counts).toEqual({ ...noCounts, read: 3, inserted: 1, updated: 1, rejected: 1 });
    const reason = `the row with username "anna" belongs to cn=second,${base}: its external_id is id-2, this entry's is id-1`;
    expect(rejects).toEqual([{ dn: `uid=anna,${base}`, key: "anna", column: "external_id", reason }]);
    expect(changes.filter(({ kind }) => kind === "update")).toEqual([
      {
        kind: "update",
        key: "ANNA",
        dn: `cn=second,${base}`,
        columns: { username: { from: "anna", to: "ANNA" } },
      },
    ]);
  });

  it("nobody, where the row carries the immutable id of an entry that is not there: a reused name is not the old person", async () => {
    const work = await fileWorkspace(anna);
    sqlite(
      work.path("idm.sqlite"),
      "insert into users (username, external_id, email, state) values ('anna', 'id-old', 'old@example.com', 'active')",
    );
    const { code, rejects } = await work.json(["sync"]);
    expect(code).toBe(3);
    const reason =
      'the row with username "anna" belongs to another entry: its external_id is id-old, this entry\'s is id-anna';
    expect(rejects).toEqual([{ dn: `uid=anna,${base}`, key: "anna", column: "external_id", reason }]);
    expect(sqlite(work.path("idm.sqlite"), "select external_id, email from users")).toEqual([
      { external_id: "id-old", email: "old@example.com" },
    ]);
  });

  it("the row that has no immutable id yet is taken over", async () => {
    const work = await fileWorkspace(anna);
    sqlite(work.path("idm.sqlite"), "insert into users (username) values ('anna')");
    expect((await work.json(["sync"])).counts).toEqual({ ...noCounts, read: 1, updated: 1 });
  });
});

describe("an entry that cannot be mapped", () => {
  const mapping = { ...fileConfig().mapping, display_name: { attribute: "displayName", required: true } };
  const people = {
    "uid=anna": { uid: ["anna"] },
    "cn=second": { uid: ["ANNA"], displayName: ["Somebody else"] },
  };

  it.each([1, 500])("keeps others from its row, in batches of %i", async (batchSize) => {
    const work = await fileWorkspace(people, { mapping, batchSize });
    sqlite(
      work.path("idm.sqlite"),
      "insert into users (username, display_name, state) values ('anna', 'Anna', 'active')",
    );
    const { code, counts, rejects } = await work.json(["sync"]);
    expect([code, counts]).toEqual([3, { ...noCounts, read: 2, rejected: 2 }]);
    expect(rejects.map(({ dn, reason }) => [dn, reason])).toEqual([
      [`uid=anna,${base}`, "column display_name: displayName has no value (required)"],
      [`cn=second,${base}`, `username "ANNA" is also that of uid=anna,${base}, which was read first`],
    ]);
    expect(sqlite(work.path("idm.sqlite"), "select display_name from users")).toEqual([{ display_name: "Anna" }]);
  });
});

describe("an entry that shows no immutable id", () => {
  it.each(["null", "keep"])("is not given a row that carries one, with onEmpty %s", async (onEmpty) => {
    const mapping = { ...fileConfig().mapping, external_id: { attribute: "entryUUID", onEmpty } };
    const work = await fileWorkspace({ "uid=anna": { uid: ["anna"], mail: ["new@example.com"] } }, { mapping });
    sqlite(work.path("idm.sqlite"), "insert into users (username, external_id) values ('anna', 'id-1')");
    const { rejects } = await work.json(["sync"]);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'the row with username "anna" belongs to another entry: its external_id is id-1, this entry\'s is not shown',
    ]);
  });
});

describe("one DN that is delivered twice", () => {
  const twice = async (second: Record<string, string[]>) => {
    const work = await fileWorkspace(anna);
    const text = await readFile(work.path("people.ldif"), "utf8");
    const again = ldif({ "uid=anna": { ...anna["uid=anna"], ...second } }).split("\n\n")[1];
    await writeFile(work.path("people.ldif"), `${text}${again}\n\n`);
    return work.json(["sync"]);
  };

  it("with the same values is one entry", async () => {
    expect((await twice({})).counts).toEqual({ ...noCounts, read: 1, inserted: 1 });
  });

  it("with other values is a reject", async () => {
    const { counts, rejects } = await twice({ displayName: ["Another Anna"] });
    expect(counts).toEqual({ ...noCounts, read: 2, inserted: 1, rejected: 1 });
    expect(rejects.map(({ reason }) => reason)).toEqual([
      `username "anna" is also that of uid=anna,${base}, which was read first`,
    ]);
  });
});

describe("warnings", () => {
  it("name a column whose attribute no entry has, but not where one person was asked for", async () => {
    const work = await fileWorkspace(anna, { mapping: { ...fileConfig().mapping, email: "maill" } });
    const words =
      "warning: no entry has what mapping.email reads (maill): is it spelt right, and may the bind read it?\n";
    expect((await work.run(["sync"])).stderr).toContain(words);
    expect((await work.run(["sync", "--filter", "(uid=anna)"])).stderr).not.toContain("maill");
  });

  it("name an immutable id without a unique index", async () => {
    const work = await fileWorkspace(anna, { mapping: { username: "uid", note: "entryUUID" } });
    expect((await work.run(["sync"])).stderr).toContain("warning: note holds the immutable id and has no unique index");
  });

  it("say that nobody matches --filter", async () => {
    const work = await fileWorkspace(anna);
    expect(await work.run(["sync", "--quiet", "--filter", "(uid=nobody)"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "warning: no active entry matches (uid=nobody)\n",
    });
  });
});

describe("what the source has to say of the read", () => {
  it("stands on stderr, in the summary and in the JSON document", async () => {
    const work = await fileWorkspace(anna);
    await writeFile(work.path("people.ldif"), (await readFile(work.path("people.ldif"), "utf8")).trimEnd());
    const words = "people.ldif does not end with a line break: was it cut off? its last line was taken as it is";
    const { stdout, stderr } = await work.run(["sync"]);
    expect(stderr).toContain(`warning: ${words}\n`);
    expect(stdout).toContain(`  notice     ${words}\n`);
    expect((await work.json(["sync"])).notices).toEqual([words]);
  });
});

describe("--verbose", () => {
  it("tells every change", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    sqlite(
      work.path("idm.sqlite"),
      "update users set email = null, display_name = 'x\u001b[2J' where username = 'anna'",
    );
    const { stderr } = await work.run(["sync", "--verbose"]);
    const line = `update anna (uid=anna,${base}): email NULL → "anna@example.com", display_name "x\\u{1b}[2J" → "Anna Åberg"\n`;
    expect(stderr).toContain(line);
  });
});

describe("a clash on another unique index", () => {
  const two = {
    "uid=anna": { uid: ["anna"], mail: ["same@example.com"] },
    "uid=bert": { uid: ["bert"], mail: ["same@example.com"] },
  };

  it.each([1, 500])(
    "is one reject that names both people, in batches of %i, and overwrites nobody",
    async (batchSize) => {
      const work = await fileWorkspace(two);
      const { code, counts, rejects } = await work.json(["sync", "--batch-size", String(batchSize)]);
      expect([code, counts]).toEqual([3, { ...noCounts, read: 2, inserted: 1, rejected: 1 }]);
      const reason = `email "same@example.com" already belongs to the row with username "anna" (uid=anna,${base})`;
      expect(rejects).toEqual([{ dn: `uid=bert,${base}`, key: "bert", column: "email", reason }]);
      expect(sqlite(work.path("idm.sqlite"), "select username, email from users")).toEqual([
        { username: "anna", email: "same@example.com" },
      ]);
    },
  );

  it("with a row that no entry has names the row", async () => {
    const work = await fileWorkspace({ "uid=bert": { uid: ["bert"], mail: ["same@example.com"] } });
    sqlite(work.path("idm.sqlite"), "insert into users (username, email) values ('local', 'same@example.com')");
    const { rejects } = await work.json(["sync"]);
    expect(rejects.map(({ reason }) => reason)).toEqual([
      'email "same@example.com" already belongs to the row with username "local"',
    ]);
  });

  it("leaves the others of its batch written", async () => {
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [
        `uid=p${i}`,
        { uid: [`p${i}`], mail: [i % 20 === 19 ? "same@example.com" : `p${i}@example.com`] },
      ]),
    );
    const work = await fileWorkspace(many);
    expect((await work.json(["sync"])).counts).toEqual({ ...noCounts, read: 60, inserted: 58, rejected: 2 });
  });
});

describe("protected rows", () => {
  it("are never written, and a hit is told", async () => {
    const work = await fileWorkspace({ ...anna, ...bert }, { protect: [{ username: "ANNA" }] });
    sqlite(work.path("idm.sqlite"), "insert into users (username, email) values ('anna', 'admin@example.com')");
    const { code, stderr } = await work.run(["sync"]);
    expect(code).toBe(0);
    expect(stderr).toContain(
      `warning: anna (uid=anna,${base}) is protected: left as it is, where the directory has another external_id, email, display_name, state`,
    );
    expect(sqlite(work.path("idm.sqlite"), "select username, email from users order by username")).toEqual([
      { username: "anna", email: "admin@example.com" },
      { username: "bert", email: "bert@example.com" },
    ]);
  });

  it.each(["ANNA", "ánna", "anna "])("are recognised by %j, whatever the collation makes of it", async (username) => {
    const work = await fileWorkspace(
      { "uid=x": { uid: [username], mail: ["x@example.com"] } },
      { protect: [{ username: "anna" }] },
    );
    expect((await work.json(["sync"])).counts).toEqual({ ...noCounts, read: 1, rejected: 1 });
  });

  it("can be named by a column that the database computes", async () => {
    const work = await fileWorkspace(anna, { protect: [{ kind: "admin" }] });
    sqlite(
      work.path("idm.sqlite"),
      "alter table users add column kind text as (case when note = 'root' then 'admin' end)",
    );
    sqlite(work.path("idm.sqlite"), "insert into users (username, note) values ('anna', 'root')");
    expect((await work.json(["sync"])).counts).toEqual({ ...noCounts, read: 1, unchanged: 1 });
  });

  it("are not made either", async () => {
    const work = await fileWorkspace({ ...anna, ...bert }, { protect: [{ username: "anna" }] });
    const { counts, rejects } = await work.json(["sync"]);
    expect(counts).toEqual({ ...noCounts, read: 2, inserted: 1, rejected: 1 });
    expect(rejects.map(({ reason }) => reason)).toEqual(['username "anna" is protected: no row is made for it']);
  });
});

describe("safety limits", () => {
  const people = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`uid=p${i}`, { uid: [`p${i}`] }]));

  it("refuse an empty directory while the table has active rows", async () => {
    const work = await fileWorkspace(anna);
    await work.run(["sync"]);
    await writeFile(work.path("people.ldif"), ldif(gone));
    const refused = await work.json(["sync"]);
    expect([refused.code, refused.outcome, refused.error]).toEqual([
      4,
      "refused",
      {
        message: "the directory has no active entry, but the table has 1 active row: nothing was written",
        hint: "check source.filter, source.active and the rights of bindDn; --allow-empty goes on all the same",
      },
    ]);
    expect((await work.json(["sync", "--allow-empty"])).code).toBe(0);
  });

  it("count the whole plan before the first write", async () => {
    const work = await fileWorkspace(people, { limits: { insert: { max: 10 } }, batchSize: 3 });
    const refused = await work.json(["sync"]);
    expect([refused.code, refused.error?.message, refused.error?.hint]).toEqual([
      4,
      "the run would write 12 new rows, the limit is 10: nothing was written",
      "if that is meant, raise the limit for this run with --max-insert 12",
    ]);
    expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from users")).toEqual([{ n: 0 }]);
    expect((await work.json(["sync", "--max-insert", "12"])).counts).toEqual({ ...noCounts, read: 12, inserted: 12 });
  });

  it("tell the rejects where there are too many of them to count the plan", async () => {
    const mixed = { ...people, "cn=a": { cn: ["a"] }, "cn=b": { cn: ["b"] } };
    const work = await fileWorkspace(mixed, { limits: { insert: { max: 100 }, reject: { max: 1 } } });
    const { code, counts, rejects, error } = await work.json(["sync"]);
    expect([code, counts.rejected, rejects.length]).toEqual([4, 2, 2]);
    expect(error?.hint).toBe("mend what the rejects say, or raise limits.reject.max");
  });

  it("can be set for one run alone", async () => {
    const work = await fileWorkspace(people);
    expect((await work.json(["sync", "--max-insert", "11"])).code).toBe(4);
    expect((await work.json(["sync", "--max-insert", "12"])).code).toBe(0);
  });

  it("count percents of the rows that are there", async () => {
    const work = await fileWorkspace(people, { limits: { update: { maxPercent: 50 } } });
    await work.run(["sync"]);
    sqlite(work.path("idm.sqlite"), "update users set display_name = 'x' where id <= 7");
    expect((await work.json(["sync"])).error?.message).toBe(
      "the run would write 7 changed rows, the limit is 6 (limits.update.maxPercent 50 of 12 rows): nothing was written",
    );
    expect((await work.json(["sync", "--max-update", "7"])).code).toBe(0);
  });

  it("stop where there are too many rejects; what was written stands and is counted", async () => {
    const mixed = Object.fromEntries(
      Array.from({ length: 12 }, (_, i) => [`uid=p${i}`, i < 4 ? { uid: [`p${i}`] } : { cn: ["x"] }]),
    );
    const work = await fileWorkspace(mixed, { limits: { reject: { max: 2 } }, batchSize: 2 });
    const { code, outcome, counts, error } = await work.json(["sync"]);
    expect([code, outcome, counts]).toEqual([4, "refused", { ...noCounts, read: 7, inserted: 4, rejected: 3 }]);
    expect(error?.message).toBe("3 entries were rejected, limits.reject.max is 2: the run stops here");
    expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from users")).toEqual([{ n: 4 }]);
  });
});

describe("bad input", () => {
  it.each([
    ["an unknown option", ["sync", "--colour"], "unknown option '--colour'"],
    ["an unknown command", ["snyc"], "unknown command 'snyc'\n(Did you mean sync?)"],
    ["no command", [], "Usage: idm-ldap-sync"],
    ["a number that is none", ["sync", "--batch-size", "0"], "It must be a whole number from 1 to 10000."],
    ["a log format that is none", ["sync", "--log-format", "xml"], "It must be pretty or json."],
    ["a configuration that is not there", ["sync", "--config", "nowhere.json"], "nowhere.json"],
    ["a file of changes that cannot be written", ["sync", "--changes", "no/folder/file"], "--changes: cannot write to"],
    [
      "a file of changes that is the directory",
      ["sync", "--changes", "people.ldif"],
      "people.ldif exists and is not a file that this option wrote",
    ],
    [
      "a file of rejects that is the configuration",
      ["sync", "--rejects", ".syncrc.json"],
      ".syncrc.json exists and is not a file",
    ],
    [
      "one file for changes and rejects",
      ["sync", "--changes", "x", "--rejects", "x"],
      "--changes and --rejects: both name x",
    ],
    ["a filter that does not parse", ["sync", "--filter", "(uid=anna"], "--filter: "],
  ])("%s ends with exit code 2 and says so", async (_, args, words) => {
    const work = await fileWorkspace(anna);
    const { code, stdout, stderr } = await work.run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(words);
    expect(sqlite(work.path("idm.sqlite"), "select count(*) as n from users")).toEqual([{ n: 0 }]);
  });

  it.each([
    [
      "an unknown column",
      { mapping: { username: "uid", e_mail: "mail" } },
      'mapping.e_mail: the table users has no column "e_mail" (did you mean "email"?)',
    ],
    [
      "an unknown state column",
      { state: { column: "status" } },
      'state.column: the table users has no column "status" (did you mean "state"?)',
    ],
    [
      "a match key without a unique index",
      { mapping: { note: "uid" }, target: { ...fileConfig().target, matchKey: "note" } },
      "target.matchKey: users.note has no unique index of its own",
    ],
    [
      "an unknown table",
      { target: { ...fileConfig().target, table: "user" } },
      'target.table: the database has no table "user" (did you mean "users"?)',
    ],
    [
      "a database that is not there",
      { target: { ...fileConfig().target, connection: { filename: "no.sqlite" } } },
      "no.sqlite does not exist",
    ],
    [
      "a protected column that is not there",
      { protect: [{ login: "x" }] },
      'protect[0].login: the table users has no column "login"',
    ],
  ])("%s is a configuration error before anything is read", async (_, changes, words) => {
    const work = await fileWorkspace({}, { ...changes });
    // Were the source opened, this would be the failure instead.
    await writeFile(work.path("people.ldif"), "not LDIF");
    const { code, stderr } = await work.run(["sync"]);
    expect([code, stderr.split("\n").length]).toEqual([2, 2]);
    expect(stderr).toContain(words);
  });

  it("a broken LDIF file ends with exit code 1; the batches before stand", async () => {
    const work = await fileWorkspace(anna, { batchSize: 1 });
    const text = `${await readFile(work.path("people.ldif"), "utf8")}${ldif(bert).split("\n\n")[1]}\nbroken\n`;
    await writeFile(work.path("people.ldif"), text);
    const { code, outcome, error, counts } = await work.json(["sync"]);
    expect([code, outcome, counts.read]).toEqual([1, "failed", counts.inserted]);
    expect(error?.message).toMatch(/people\.ldif line \d+/);
  });

  it("a disk that is full ends the run with exit code 1, and does not lose a change in silence", async () => {
    const work = await fileWorkspace(anna);
    const { code, error } = await work.json(["sync", "--changes", "/dev/full"]);
    expect([code, error?.message]).toEqual([
      1,
      expect.stringContaining("--changes: cannot write to /dev/full: ENOSPC"),
    ]);
  });

  it("names with line breaks and escape codes neither forge lines nor move the cursor", async () => {
    const work = await fileWorkspace({ "cn=\u001b[2Jx\nerror: all is lost": { cn: ["x"] } });
    const { stdout } = await work.run(["sync"]);
    expect(stdout).toContain("    cn=\\u{1b}[2Jx\\nerror: all is lost,");
  });

  it("a failure prints the JSON document too", async () => {
    const work = await workspace();
    const document = await work.json(["sync"]);
    expect([document.code, document.outcome, document.counts]).toEqual([2, "failed", noCounts]);
    expect(document.error?.message).toContain(".syncrc.json");
  });
});

describe("help", () => {
  it("says what the exit codes mean", async () => {
    const { code, stdout } = await (await workspace()).run(["--help"]);
    expect(code).toBe(0);
    for (const exitCode of ["0", "1", "2", "3", "4", "130"])
      expect(stdout).toMatch(new RegExp(`^  ${exitCode} +\\S`, "m"));
  });

  it("prints the version of the package", async () => {
    const { version } = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect((await (await workspace()).run(["--version"])).stdout).toBe(`${version}\n`);
  });
});

describe("a signal when all is done", () => {
  it("does not keep the run from telling how it ended, and from remembering it", async () => {
    const work = await fileWorkspace({ ...anna }, { hooks: { onChange: { command: ["sleep", "1"] } } });
    const running = work.start(["sync"]);
    await new Promise((resolve) => running.process.stdout?.once("data", resolve));
    running.process.kill("SIGINT");
    const { code, stdout } = await running.outcome;
    expect([code, stdout]).toEqual([0, expect.stringContaining("1 inserted")]);
  });
});
