import { writeFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { mainIn } from "./in-process.ts";
import { base, fileConfig, fileWorkspace, ldif, sqlite, type Workspace, workspace } from "./program.ts";
import { record } from "./servers/people.ts";

/** The command `explain` on LDIF files and SQLite. */

const anna = {
  "uid=anna": {
    uid: ["anna"],
    entryUUID: ["id-anna"],
    mail: [" Anna@Example.com"],
    displayName: ["Anna Öberg"],
  },
};
const bert = {
  "uid=bert": { uid: ["bert"], entryUUID: ["id-bert"], employeeType: ["left"], userAccountControl: ["514"] },
};

const annasRow = `insert into users (username, external_id, email, display_name, created_by, state)
  values ('Anna', 'id-anna', 'anna@example.com', 'Anna Åberg', 'hand', 'inactive')`;

const people = "(objectClass=inetOrgPerson)";
const employed = "(employeeType=active)";

/** The document of `explain`, with the exit code; paths as `.`. */
async function explained(work: Workspace, key: string): Promise<Document> {
  const { code, stdout } = await mainIn(work.folder, ["explain", key, "--json"], process.env);
  return { code, ...JSON.parse(stdout.replaceAll(work.folder, ".")) };
}
interface Document {
  readonly code: number | null;
  readonly notes: readonly string[];
  readonly entries: readonly {
    dn: string;
    base: string | null;
    key: string | null;
    idHolder: string | null;
    columns: readonly { column: string; result: string | null; misfit: string | null; left: string | null }[];
    person: { parts: readonly unknown[] };
    active: { matched: boolean; parts: readonly unknown[] };
    row: { key: string; protected: boolean } | null;
    would: { action: string; because: readonly string[] };
  }[];
}

const woulds = ({ entries }: Document) => entries.map(({ dn, would }) => [dn, would.action, would.because]);

/** What people read; paths as `.`, SQLite without its version. */
async function told(work: Workspace, args: readonly string[]): Promise<string> {
  const { stdout } = await mainIn(work.folder, ["explain", ...args], process.env);
  return stdout.replaceAll(work.folder, ".").replace(/SQLite [\d.]+/g, "SQLite");
}

const column = (name: string, source: string, rest: object) => ({
  column: name,
  source,
  attributes: [],
  steps: [],
  fits: true,
  misfit: null,
  now: null,
  differs: false,
  left: null,
  written: false,
  ...rest,
});

const read = (name: string, ...values: string[]) => ({ attributes: [{ name, values }] });
const part = (filter: string, attribute: string, ...values: string[]) => ({
  filter,
  matched: true,
  values: values.map((value) => ({ attribute, value, means: null })),
});

describe("explain", () => {
  it("says that a row which somebody else has blocked keeps its state, whatever else is written", async () => {
    const work = await fileWorkspace(anna, { state: { column: "state", setBy: "note" } });
    sqlite(work.path("idm.sqlite"), annasRow);
    const because =
      'the row keeps its state "inactive", because the sync did not set it: it bears no mark in state.setBy, or is not exactly state.inactive';
    expect(await told(work, ["anna"])).toContain(
      [
        '    state         "inactive"                   state.active (left as it is: the sync did not set it)',
        "    note          NULL                         state.setBy",
        "  sync    would update the row: username, display_name",
        `          ${because}`,
      ].join("\n"),
    );
    sqlite(work.path("idm.sqlite"), "update users set username = 'anna', display_name = 'Anna Öberg', note = 'hr'");
    expect(woulds(await explained(work, "anna"))).toEqual([[`uid=anna,${base}`, "none", [because]]]);
    sqlite(work.path("idm.sqlite"), "update users set note = 'idm-ldap-sync'");
    expect(await told(work, ["anna"])).toContain("would update the row: state, note");
  });

  it("gives the whole way of one person in one document, also where the key is written in another case", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    sqlite(work.path("idm.sqlite"), annasRow);
    const dn = `uid=anna,${base}`;
    expect(await explained(work, "ANNA")).toEqual({
      code: 0,
      command: "explain",
      name: "default",
      key: "ANNA",
      kind: "match key",
      notes: [],
      nearest: null,
      similar: null,
      entries: [
        {
          source: "source",
          server: "file:./people.ldif",
          base,
          dn,
          key: "anna",
          person: { filter: people, matched: true, parts: [part(people, "objectClass", "inetOrgPerson")] },
          active: {
            rule: employed,
            filter: employed,
            matched: true,
            unknown: null,
            parts: [part(employed, "employeeType", "active")],
          },
          columns: [
            column("username", "uid", {
              ...read("uid", "anna"),
              result: "anna",
              now: "Anna",
              differs: true,
              written: true,
            }),
            column("external_id", "entryUUID", { ...read("entryUUID", "id-anna"), result: "id-anna", now: "id-anna" }),
            column("email", "mail", {
              ...read("mail", " Anna@Example.com"),
              steps: [
                { step: "trim", values: ["Anna@Example.com"] },
                { step: "lowercase", values: ["anna@example.com"] },
              ],
              result: "anna@example.com",
              now: "anna@example.com",
            }),
            column("display_name", "displayName", {
              ...read("displayName", "Anna Öberg"),
              result: "Anna Öberg",
              now: "Anna Åberg",
              differs: true,
              written: true,
            }),
            column("created_by", 'value "sync"', {
              result: "sync",
              now: "hand",
              differs: true,
              left: "written with a new row only",
            }),
            column("state", "state.active", {
              result: "active",
              now: "inactive",
              differs: true,
              written: true,
            }),
          ],
          row: {
            column: "username",
            key: "Anna",
            collation: "nocase",
            columns: {
              username: "Anna",
              external_id: "id-anna",
              email: "anna@example.com",
              display_name: "Anna Åberg",
              created_by: "hand",
              state: "inactive",
            },
            immutableId: { column: "external_id", value: "id-anna" },
            protected: false,
            owned: null,
          },
          idHolder: null,
          would: {
            action: "update",
            change: {
              kind: "update",
              key: "anna",
              dn,
              columns: {
                username: { from: "Anna", to: "anna" },
                display_name: { from: "Anna Åberg", to: "Anna Öberg" },
                state: { from: "inactive", to: "active" },
              },
            },
            because: [],
          },
        },
      ],
      row: null,
      error: null,
    });
  });

  it("changes nothing", async () => {
    const work = await fileWorkspace(anna);
    sqlite(work.path("idm.sqlite"), annasRow);
    const rows = () => sqlite(work.path("idm.sqlite"), "select * from users");
    const before = rows();
    expect((await explained(work, "anna")).entries[0]?.would.action).toBe("update");
    expect(rows()).toEqual(before);
  });

  it("tells people the same on one screen", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    sqlite(work.path("idm.sqlite"), annasRow);
    expect(await told(work, ["anna"])).toBe(
      [
        `uid=anna,${base}`,
        `  found   file:./people.ldif below ${base}`,
        `  person  yes  ${people}: the entry has "inetOrgPerson"`,
        `  active  yes  ${employed}: the entry has "active"`,
        '  row     username = "Anna" (collation nocase), external_id "id-anna"',
        '  * username      "Anna" → "anna"              uid "anna"',
        '    external_id   "id-anna"                    entryUUID "id-anna"',
        '    email         "anna@example.com"           mail " Anna@Example.com" | trim "Anna@Example.com" | lowercase "anna@example.com"',
        '  * display_name  "Anna Åberg" → "Anna Öberg"  displayName "Anna Öberg"',
        '    created_by    "hand"                       value "sync" (written with a new row only)',
        '  * state         "inactive" → "active"        state.active',
        "  sync    would update the row: username, display_name, state",
        "          as far as this entry alone shows: dry-run judges all",
        "",
      ].join("\n"),
    );
  });

  it("tells by which part of the rules somebody is not active, and what the value means", async () => {
    const enabled = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))";
    const source = { ...fileConfig().source, active: `(&(|${employed}(employeeType=guest))(uid=*)${enabled})` };
    const work = await fileWorkspace(bert, { source });
    expect(await told(work, ["bert"])).toBe(
      [
        `uid=bert,${base}`,
        `  found   file:./people.ldif below ${base}`,
        `  person  yes  ${people}: the entry has "inetOrgPerson"`,
        `  active  no   ${source.active}`,
        `            ✗ ${employed}: the entry has "left"`,
        '            ✗ (employeeType=guest): the entry has "left"',
        `            ✗ ${enabled}: the entry has "514" = NORMAL_ACCOUNT, ACCOUNTDISABLE`,
        '  row     none with the key "bert" in users in ./idm.sqlite (SQLite)',
        '    username      "bert"     uid "bert"',
        '    external_id   "id-bert"  entryUUID "id-bert"',
        "    email         NULL       mail: no value",
        "    display_name  NULL       displayName: no value",
        '    created_by    "sync"     value "sync"',
        '    state         "active"   state.active',
        "  sync    would not read the entry",
        "          source.active does not match",
        "          there is no row with its key, and none is made",
        "",
      ].join("\n"),
    );
  });

  it("says why an entry is rejected, and which column is at fault", async () => {
    const mapping = { ...fileConfig().mapping, email: { attribute: "mail", required: true } };
    const work = await fileWorkspace({ "uid=carl": { uid: ["carl"] } }, { mapping });
    const { entries } = await explained(work, "carl");
    expect(entries[0]?.would).toEqual({
      action: "reject",
      reject: {
        dn: `uid=carl,${base}`,
        key: "carl",
        column: "email",
        reason: "column email: mail has no value (required)",
      },
      because: ["column email: mail has no value (required)"],
    });
    expect(entries[0]?.columns[2]).toEqual(
      column("email", "mail", {
        ...read("mail"),
        steps: [{ step: "required", values: [{ refused: "has no value (required)" }] }],
        result: null,
        fits: false,
        misfit: "has no value",
      }),
    );
  });

  it.each([
    [
      "a row that is protected",
      { protect: [{ username: "anna" }] },
      "protected",
      /^the row meets a condition of protect/,
    ],
    [
      "a limit of no update",
      { limits: { update: { max: 0 } } },
      "refused",
      /^limits\.update\.max is 0: not even this one may be; for one run --max-update sets another limit$/,
    ],
    [
      "a share below one row",
      { limits: { update: { maxPercent: 50 } } },
      "refused",
      /^limits\.update\.maxPercent is 50, of 1 row that is none: not even this one may be; /,
    ],
  ])("says what %s does", async (_, changes, action, because) => {
    const work = await fileWorkspace(anna, changes);
    sqlite(work.path("idm.sqlite"), annasRow);
    expect(woulds(await explained(work, "anna"))).toEqual([
      [`uid=anna,${base}`, action, [expect.stringMatching(because)]],
    ]);
  });

  it("says that the row belongs to somebody else, and where a renamed person's row is", async () => {
    const work = await fileWorkspace({ "uid=anna": { uid: ["anna"], entryUUID: ["id-new"] } });
    sqlite(work.path("idm.sqlite"), annasRow);
    const foreign =
      'the row with username "anna" belongs to another entry: its external_id is id-anna, this entry\'s is id-new';
    expect(woulds(await explained(work, "anna"))).toEqual([[`uid=anna,${base}`, "reject", [foreign]]]);
    await writeFile(work.path("people.ldif"), ldif({ "uid=anna2": { uid: ["anna2"], entryUUID: ["id-anna"] } }));
    const renamed = await explained(work, "anna2");
    expect(renamed.entries.map(({ row, idHolder }) => ({ row, idHolder }))).toEqual([{ row: null, idHolder: "Anna" }]);
    const taken = 'external_id "id-anna" already belongs to the row with username "Anna"';
    expect(woulds(renamed)).toEqual([[`uid=anna2,${base}`, "reject", [taken]]]);
  });

  it("says what only the database knows", async () => {
    const work = await fileWorkspace(anna);
    const trigger = "create trigger careful before insert on users begin select 1; end";
    sqlite(work.path("idm.sqlite"), trigger);
    const doubt = expect.stringMatching(/^dry-run tells more: what the trigger careful would refuse is not foreseen/);
    expect(woulds(await explained(work, "anna"))).toEqual([[`uid=anna,${base}`, "insert", [doubt]]]);
  });

  it("judges entries of the same key together: the first has the row", async () => {
    const twice = { ...anna, "cn=Other": { uid: ["anna"], mail: ["other@example.com"] } };
    const work = await fileWorkspace(twice);
    const document = await explained(work, "anna");
    expect(document.notes).toEqual(["2 entries have this key, and only one of them can have the row"]);
    expect(woulds(document)).toEqual([
      [`uid=anna,${base}`, "insert", []],
      [`cn=Other,${base}`, "reject", [`username "anna" is also that of uid=anna,${base}, which was read first`]],
    ]);
  });

  it("finds by reading and mapping what no search can find", async () => {
    const mapping = { ...fileConfig().mapping, username: { template: "{uid}@x", transform: ["uppercase"] } };
    const work = await fileWorkspace({ ...anna, ...bert }, { mapping });
    const document = await explained(work, "anna@X");
    expect(document.notes).toEqual(["3 entries were read and mapped to find the key"]);
    expect(document.entries.map(({ dn, key }) => [dn, key])).toEqual([[`uid=anna,${base}`, "ANNA@X"]]);
  });

  it("finds a key with characters that a filter escapes", async () => {
    const work = await fileWorkspace({ "uid=a": { uid: ["a*(b)\\"] } });
    expect((await explained(work, "a*(b)\\")).entries.map(({ key }) => key)).toEqual(["a*(b)\\"]);
  });

  it("explains the first ten entries that a filter finds", async () => {
    const many = Object.fromEntries(Array.from({ length: 12 }, (_, at) => [`uid=u${at}`, { uid: [`u${at}`] }]));
    const work = await fileWorkspace(many);
    const document = await explained(work, people);
    expect([document.entries.length, document.notes]).toEqual([
      10,
      ["more than 10 entries were found: the first 10 are explained"],
    ]);
  });

  it("finds a DN outside of the configured base, which a sync would not read", async () => {
    const work = await fileWorkspace(anna);
    const dn = "uid=zoe,ou=admins,dc=example,dc=com";
    const zoe = record(dn, { objectClass: ["inetOrgPerson"], employeeType: ["active"], uid: ["zoe"] });
    await writeFile(work.path("people.ldif"), ldif(anna) + zoe);
    const document = await explained(work, "UID=Zoe, ou=admins,dc=example,dc=com");
    expect(document.entries.map((entry) => entry.base)).toEqual([null]);
    expect(woulds(document)).toEqual([
      [
        dn,
        "not read",
        ["the entry lies in no base and scope that is configured", "there is no row with its key, and none is made"],
      ],
    ]);
  });

  it("looks at every source", async () => {
    const { source } = fileConfig();
    const work = await fileWorkspace(anna, { source: [source, { ...source, url: "file:more.ldif" }] });
    await writeFile(work.path("more.ldif"), ldif({ "uid=dora": { uid: ["dora"] } }));
    expect(await told(work, ["dora"])).toContain(`  found   file:./more.ldif below ${base} (source[1])\n`);
  });

  it("tells the row's side of a key that only the table has", async () => {
    const work = await fileWorkspace(
      { "uid=renamed": { uid: ["renamed"], entryUUID: ["id-anna"] } },
      { leavers: { scope: { created_by: "sync" } }, protect: [{ note: "keep" }] },
    );
    sqlite(work.path("idm.sqlite"), `${annasRow}; update users set note = 'keep'`);
    expect(await told(work, ["anna"])).toBe(
      [
        "2 entries were read and mapped to find the key",
        "a row of users in ./idm.sqlite (SQLite), and no entry with its key",
        '  row     username = "Anna" (collation nocase), external_id "id-anna", protected, not in leavers.scope',
        '    username      "Anna"',
        '    external_id   "id-anna"',
        '    email         "anna@example.com"',
        '    display_name  "Anna Åberg"',
        '    created_by    "hand"',
        '    state         "inactive"',
        '    note          "keep"',
        `  id      the directory has uid=renamed,${base} with this immutable id: explain that DN`,
        "  sync    would write nothing",
        "          no entry has its key",
        '          leavers.action is "ignore": the row is left as it is',
        "          the row meets a condition of protect: it is never written",
        "          the row is not one of leavers.scope: it is not this sync's",
        "",
      ].join("\n"),
    );
  });

  it("ends with 1 where neither side has the key, and names one that is spelt alike", async () => {
    const work = await fileWorkspace(anna);
    expect(await explained(work, "anan")).toEqual({
      code: 1,
      command: "explain",
      name: "default",
      key: "anan",
      kind: "match key",
      notes: ["2 entries were read and mapped to find the key"],
      nearest: null,
      similar: "anna",
      entries: [],
      row: null,
      error: null,
    });
  });

  it.each([
    [
      "anan",
      '2 entries were read and mapped to find the key\nno entry and no row has username "anan"\n' +
        "  did you mean \"anna\"?\n  by another attribute: idm-ldap-sync explain --config .syncrc.json '(mail=anan)'\n",
    ],
    [
      "uid=an*",
      '2 entries were read and mapped to find the key\nno entry and no row has username "uid=an*"\n' +
        "  by another attribute: idm-ldap-sync explain --config .syncrc.json '(uid=an*)'\n",
    ],
    ["(uid=none)", "no entry matches (uid=none); the table is not searched by a filter\n"],
    [
      `uid=none,${base}`,
      `no entry has the DN "uid=none,${base}"\n  the lowest entry above it that exists is ${base}\n`,
    ],
  ])("denies only what was asked where nothing is found: %s", async (key, words) => {
    const work = await fileWorkspace(anna);
    sqlite(work.path("idm.sqlite"), "insert into users (username, note) values ('none', 'a row without an entry')");
    expect(await told(work, [key, "--config", ".syncrc.json"])).toBe(words);
  });

  it("marks the columns of a new row, and of nobody who is not read or is rejected", async () => {
    const work = await fileWorkspace({ ...anna, ...bert, "uid=new": { uid: ["new"], mail: ["anna@example.com"] } });
    const marked = async (key: string) =>
      [...(await told(work, [key])).matchAll(/^ {2}\* (\w+)/gm)].map(([, name]) => name);
    expect(await marked("anna")).toEqual(["username", "external_id", "email", "display_name", "created_by", "state"]);
    sqlite(work.path("idm.sqlite"), `${annasRow}; insert into users (username, state) values ('bert', 'inactive')`);
    expect(await marked("bert")).toEqual([]);
    expect(await told(work, ["bert"])).toContain(
      '\n    state         "inactive"  state.active ("active" is not written)\n',
    );
    sqlite(work.path("idm.sqlite"), "insert into users (username, display_name) values ('new', 'Old Name')");
    expect(await told(work, ["new"])).toContain(
      'email "anna@example.com" already belongs to the row with username "Anna"',
    );
    expect(await marked("new")).toEqual([]);
  });

  it("keeps its columns below each other where a value is longer than there is room for", async () => {
    const long = "Anna ".repeat(11);
    const work = await fileWorkspace({ "uid=anna": { ...anna["uid=anna"], displayName: [`${long}Öberg`] } });
    sqlite(work.path("idm.sqlite"), annasRow.replace("Anna Åberg", `${long}Åberg`));
    const lines = (await told(work, ["anna"])).split("\n");
    expect(lines.slice(5, 12)).toEqual([
      '  * username      "Anna" → "anna"        uid "anna"',
      '    external_id   "id-anna"              entryUUID "id-anna"',
      '    email         "anna@example.com"     mail " Anna@Example.com" | trim "Anna@Example.com" | lowercase "anna@example.com"',
      `  * display_name  "${long}Åberg" → "${long}Öberg"`,
      `                  displayName "${long}Öberg"`,
      '    created_by    "hand"                 value "sync" (written with a new row only)',
      '  * state         "inactive" → "active"  state.active',
    ]);
  });

  it("leaves out a collation by which equal keys have the same bytes", async () => {
    const target = { ...fileConfig().target, matchKey: "external_id" };
    const work = await fileWorkspace(anna, { target });
    sqlite(work.path("idm.sqlite"), annasRow);
    expect(await told(work, ["id-anna"])).toContain('\n  row     external_id = "id-anna"\n');
  });

  it("says with --quiet what a sync would do, a line for each", async () => {
    const work = await fileWorkspace({ ...anna, ...bert });
    sqlite(work.path("idm.sqlite"), `${annasRow}; insert into users (username) values ('gone')`);
    expect(await told(work, ["--quiet", people])).toBe(
      `uid=anna,${base}: would update the row: username, display_name, state\n` +
        `uid=bert,${base}: would not read the entry; source.active does not match; there is no row with its key, and none is made\n`,
    );
    expect(await told(work, ["--quiet", "gone"])).toBe(
      'row "gone": would write nothing; no entry has its key; leavers.action is "ignore": the row is left as it is\n',
    );
  });

  describe("where another row has a unique value that the entry takes", () => {
    const passed = (state: string, mail: string) => ({
      "uid=taker": { uid: ["taker"], mail: ["shared@example.com"] },
      "uid=giver": { uid: ["giver"], mail: [mail], employeeType: [state] },
    });
    const rows = `insert into users (username, email, state, created_by)
      values ('giver', 'shared@example.com', 'active', 'x'), ('taker', 'old@example.com', 'active', 'x')`;
    const clash = 'email "shared@example.com" already belongs to the row with username "giver"';
    const given = `the row with username "giver" has that email, and its entry uid=giver,${base} gives it up in the same sync`;

    it.each([
      ["gives it up", "active", "new@example.com", "update", given],
      ["keeps it", "active", "shared@example.com", "reject", clash],
      ["is not active", "left", "new@example.com", "reject", clash],
    ])("foretells what dry-run does, whose holder %s", async (_, state, mail, action, because) => {
      const work = await fileWorkspace(passed(state, mail));
      sqlite(work.path("idm.sqlite"), rows);
      expect(woulds(await explained(work, "taker"))).toEqual([[`uid=taker,${base}`, action, [because]]]);
      const { changes, rejects } = await work.here(["dry-run"]);
      const told = [...changes.map(({ dn, kind }) => [dn, kind]), ...rejects.map(({ dn }) => [dn, "reject"])];
      expect(told).toContainEqual([`uid=taker,${base}`, action]);
    });

    it("sees that two exchange theirs", async () => {
      const work = await fileWorkspace(passed("active", "old@example.com"), { batchSize: 1 });
      sqlite(work.path("idm.sqlite"), rows);
      expect(woulds(await explained(work, "taker"))).toEqual([[`uid=taker,${base}`, "update", [given]]]);
      expect((await work.here(["dry-run"])).counts).toMatchObject({ updated: 2, rejected: 0 });
    });

    it("sees that two exchange theirs, of whom the key finds both", async () => {
      const work = await fileWorkspace(passed("active", "old@example.com"));
      sqlite(work.path("idm.sqlite"), rows);
      const { entries } = await explained(work, people);
      expect(entries.map(({ dn, would }) => [dn, would.action])).toEqual([
        [`uid=taker,${base}`, "update"],
        [`uid=giver,${base}`, "update"],
      ]);
    });

    it("follows a value from hand to hand", async () => {
      const people = ["a", "b", "c"].map((uid, at) => [`uid=${uid}`, { uid: [uid], mail: [`m${at + 1}@example.com`] }]);
      const work = await fileWorkspace(Object.fromEntries(people));
      sqlite(
        work.path("idm.sqlite"),
        `insert into users (username, email, state) values ('a', 'm0@example.com', 'active'),
          ('b', 'm1@example.com', 'active'), ('c', 'm2@example.com', 'active')`,
      );
      const { entries } = await explained(work, "a");
      expect(entries.map(({ would }) => [would.action, would.because.length])).toEqual([["update", 2]]);
      expect((await work.here(["dry-run"])).counts).toMatchObject({ updated: 3, rejected: 0 });
    });
  });

  it.each([
    ["a filter that does not parse", ["explain", "(uid=anna"], /^error: KEY: filter does not parse at character 10/],
    ["an empty key", ["explain", ""], /^error: KEY is empty/],
    ["no key", ["explain"], /^error: missing required argument 'KEY'/],
  ])("ends with 2 for %s", async (_, args, message) => {
    const work = await fileWorkspace(anna);
    const { code, stderr } = await work.run(args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });

  it("ends with 2 without a configuration", async () => {
    const { code } = await (await workspace()).run(["explain", "anna"]);
    expect(code).toBe(2);
  });

  it("shows hostile values as one short line, and bytes as what they are", async () => {
    const evil = "\u001b[2Jx\nsync would delete\u202e";
    const work = await fileWorkspace({
      "uid=eve": { uid: ["eve"], mail: [`${"m".repeat(65_536)}@x`], displayName: [evil] },
    });
    const text = await told(work, ["eve"]);
    expect(text).not.toMatch(/[\p{Cf}]|m{61}/u);
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
    expect(text).toContain('displayName "\\u{1b}[2Jx\\nsync would delete\\u{202e}"');
    const bytes = `dn: uid=b,${base}\nobjectClass: inetOrgPerson\nemployeeType: active\nuid: b\ndisplayName:: //4=\n`;
    await writeFile(work.path("people.ldif"), ldif({}) + bytes);
    const { entries } = await explained(work, "b");
    expect(entries[0]?.columns[3]).toEqual(
      column("display_name", "displayName", {
        attributes: [{ name: "displayName", values: [{ base64: "//4=" }] }],
        result: null,
        fits: false,
        misfit: "is not valid UTF-8 text",
      }),
    );
  });
});

describe("explain finds by the match key that an entry has, and not by a value that it has", () => {
  const two = { "uid=a": { uid: ["a"] }, "uid=b": { uid: ["b"] } };
  const keyedBy = (username: object) => ({ mapping: { ...fileConfig().mapping, username } });

  it.each<[string, Parameters<typeof fileWorkspace>[0], object, string, string[]]>([
    [
      "where a transform gives it to another one",
      two,
      { attribute: "uid", transform: [{ replace: ["^a$", "b"] }] },
      "b",
      ["uid=a", "uid=b"],
    ],
    [
      "where another attribute comes first",
      { "cn=x": { cn: ["a"], uid: ["b"] }, "cn=y": { cn: ["b"] } },
      { attribute: ["cn", "uid"] },
      "b",
      ["cn=y"],
    ],
    [
      "where it is one of several values",
      { "uid=bob": { uid: ["bob", "aaa"] }, "cn=z": { uid: ["aaa", "zed"] } },
      { attribute: "uid" },
      "aaa",
      ["cn=z"],
    ],
  ])("%s", async (_, people, username, key, rdns) => {
    const work = await fileWorkspace(people, keyedBy(username));
    const { entries } = await explained(work, key);
    expect(entries.map(({ dn }) => dn)).toEqual(rdns.map((rdn) => `${rdn},${base}`));
  });
});
