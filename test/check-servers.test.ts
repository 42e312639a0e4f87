import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openLedger } from "../src/check/ledger.ts";
import { checkTarget } from "../src/check/target.ts";
import { loadConfig } from "../src/config/load.ts";
import { type Checked, checked, type Stage, statuses, troubles } from "./check-report.ts";
import { type Workspace, workspace } from "./program.ts";
import { certificates } from "./servers/certificates.ts";
import type { LdapRequest } from "./servers/ldap-request.ts";
import { type Handler, scriptedLdap } from "./servers/ldap-script.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif, person, record } from "./servers/people.ts";

import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "./staff.ts";

const count = 300;
const active = Array.from({ length: count }, (_, index) => person(index)).filter((each) => each.active).length;
const people = "ou=people,dc=example,dc=com";
const { ca, otherCa, clientCert, serverKey } = certificates();

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;
let env: Record<string, string>;

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count }), sizeLimit: 100, tls: true });
  mariadb = await startMariadb({ generalLog: true });
  work = await workspace();
  env = passwords(slapd, mariadb);
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});
beforeEach(async () => {
  await mariadb.sql("drop table if exists users");
  await mariadb.sql(staffTable);
});

type Changes = Readonly<Record<string, unknown>>;

/** The configuration of the staff with keys of its parts replaced; a part's key that is undefined goes. */
const configured = ({ source = {}, target = {}, mapping = {}, ...rest }: Record<string, Changes> = {}) => {
  const config = staffConfig(slapd, mariadb);
  const connection = { ...config.target.connection, ...(target.connection as Changes | undefined) };
  return {
    ...config,
    ...rest,
    source: { ...config.source, pageSize: 100, ...source },
    target: { ...config.target, ...target, connection },
    mapping: { ...config.mapping, ...mapping },
  };
};

async function checkWith(changes: Record<string, Changes> = {}, args: readonly string[] = []): Promise<Checked> {
  await work.configure(configured(changes));
  return checked(work, args, env);
}

const sourceStages = ["DNS", "TCP", "TLS", "bind", "base", "filter", "attributes"];
const targetStages = ["database", "table", "columns", "unique indexes"];
const stagesOf = (report: Checked, of: string): Stage[] =>
  report.stages.filter((each) => each.of.startsWith(of) && each.status !== "ok");

describe("check of a directory and a database", () => {
  it("tells each stage and, apart from the test's young certificate, that all is well; nothing is written", async () => {
    const said = (await mariadb.generalLog()).length;
    const report = await checkWith({ source: { url: slapd.tlsUrl, tls: { ca } } });
    const source = `source ${slapd.tlsUrl}`;
    const well = (stage: string, of: string, message: string) => ({ stage, of, status: "ok", message, hint: null });
    expect(report).toEqual({
      code: 0,
      command: "check",
      name: "staff",
      outcome: "warnings",
      stages: [
        well(
          "configuration",
          "configuration",
          `${work.path(".syncrc.json")}: 1 source, 12 mapped columns, match key external_id`,
        ),
        well("DNS", source, "127.0.0.1 is an address"),
        well("TCP", source, `connected to 127.0.0.1 port ${new URL(slapd.tlsUrl).port}`),
        {
          stage: "TLS",
          of: source,
          status: "warning",
          message: expect.stringMatching(
            /^TLSv1.3, certificate of localhost, signed by Test CA, valid until 20\d\d-\d\d-\d\d: \d days are left$/,
          ),
          hint: "renew the server's certificate",
        },
        well("bind", source, `as ${slapd.syncDn}`),
        well("base", source, `${people} exists`),
        well(
          "filter",
          source,
          `300 entries match (objectClass=inetOrgPerson), ${active} active by (employeeType=active)`,
        ),
        well("attributes", source, `11 mapped attributes found in ${active} entries`),
        well(
          "database",
          "target",
          expect.stringMatching(
            `^idm at ${mariadb.host}:${mariadb.port} \\(MariaDB [\\d.]+\\), as idm, on this machine$`,
          ) as unknown as string,
        ),
        well("table", "target", "users has 15 columns"),
        well(
          "columns",
          "target",
          "13 columns to fill: external_id char(36), username varchar(64), email varchar(191), display_name varchar(200), given_name varchar(100), surname varchar(100), title varchar(100), town varchar(100), 5 more",
        ),
        well(
          "unique indexes",
          "target",
          "by_external_id (external_id) keeps the match key unique; a clash on by_username (username) is a reject",
        ),
        well("values", "target", `of ${active} entries tried: ${active} new, 0 changed, 0 unchanged, 0 rejected`),
      ],
      sample: {
        read: active,
        inserts: active,
        updates: 0,
        unchanged: 0,
        rejected: 0,
        rejects: [],
        missingAttributes: [],
      },
      error: null,
    });
    const asked = (await mariadb.generalLog()).slice(said);
    expect(asked).toMatch(/\tselect k\.i as c0/i);
    expect(asked).not.toMatch(/\t(insert|update|delete|replace|create|alter|drop|truncate|load|grant) /i);
    expect(await mariadb.sql("select count(*) as n from users")).toEqual([{ n: 0 }]);
  });

  it("shows the command that reads the same entries with --verbose", async () => {
    await work.configure(configured());
    const { code, stderr } = await work.run(["check", "--verbose"], env);
    expect([code, stderr]).toEqual([
      0,
      expect.stringMatching(
        /^ldapsearch -LLL -H ldap:.*'\(&\(objectClass=inetOrgPerson\)\(employeeType=active\)\)' .*\n$/,
      ),
    ]);
    expect(stderr).not.toContain(slapd.syncPassword);
  });

  it("tells StartTLS as it tells ldaps, and a plain connection to this machine without a warning", async () => {
    const encrypted = await checkWith({ source: { startTls: true, tls: { ca } } });
    expect(encrypted.stages.find(({ stage }) => stage === "TLS")?.message).toMatch(
      /^TLSv1.3, certificate of localhost/,
    );
    const plain = await checkWith();
    expect([plain.code, plain.outcome]).toEqual([0, "ok"]);
    expect(plain.stages.find(({ stage }) => stage === "TLS")?.message).toBe("none, and the server is on this machine");
  });

  it("warns where any certificate is accepted, and says whether this one would be", async () => {
    const report = await checkWith({ source: { url: slapd.tlsUrl, tls: { rejectUnauthorized: false } } });
    expect(report.code).toBe(0);
    expect(report.stages.filter(({ stage }) => stage === "TLS").map(({ message }) => message)).toContainEqual(
      expect.stringMatching(
        /^any certificate is accepted \(source.tls.rejectUnauthorized is false\); this one would be refused: /,
      ),
    );
  });

  it("passes over servers that do not answer, with a warning for each, and goes on with the one that does", async () => {
    const refused = "ldap://127.0.0.1:1";
    const report = await checkWith({ source: { url: ["ldap://nowhere.invalid", refused, slapd.url] } });
    expect([report.code, report.outcome]).toEqual([0, "warnings"]);
    expect(
      report.stages.filter(({ of }) => of.startsWith("source ")).map(({ of, status, stage }) => [of, status, stage]),
    ).toEqual([
      ["source ldap://nowhere.invalid", "warning", "DNS"],
      ...["TCP", "TLS", "bind"].map((stage) => ["source ldap://nowhere.invalid", "skipped", stage]),
      [`source ${refused}`, "ok", "DNS"],
      [`source ${refused}`, "warning", "TCP"],
      ...["TLS", "bind"].map((stage) => [`source ${refused}`, "skipped", stage]),
      ...sourceStages.map((stage) => [`source ${slapd.url}`, "ok", stage]),
    ]);
    expect(troubles(report)).toEqual([
      {
        stage: "DNS",
        status: "warning",
        message: expect.stringMatching(/^ldap:\/\/nowhere.invalid cannot be found: .*; the next server is tried$/),
        hint: expect.any(String),
      },
      {
        stage: "TCP",
        status: "warning",
        message: `${refused} refused the connection; the next server is tried`,
        hint: "is the directory running, and is the port right?",
      },
    ]);
  });
});

describe("where the directory fails, the later stages of it are skipped and the database is looked at all the same:", () => {
  const plain = () => slapd.url;
  it.each<[string, () => Changes, number, string, RegExp]>([
    [
      "a name that does not resolve",
      () => ({ url: "ldap://nowhere.invalid" }),
      1,
      "DNS",
      /^ldap:\/\/nowhere.invalid cannot be found: /,
    ],
    ["a port that nobody listens on", () => ({ url: "ldap://127.0.0.1:1" }), 1, "TCP", /refused the connection$/],
    [
      "a certificate of another authority",
      () => ({ url: slapd.tlsUrl, tls: { ca: otherCa } }),
      1,
      "TLS",
      /has a certificate that is not accepted: /,
    ],
    [
      "a certificate of another authority after StartTLS",
      () => ({ startTls: true, tls: { ca: otherCa } }),
      1,
      "TLS",
      /has a certificate that is not accepted: /,
    ],
    [
      "a plain port that is spoken to with TLS",
      () => ({ url: plain().replace("ldap:", "ldaps:"), tls: { ca } }),
      1,
      "TLS",
      /cut the connection$|does not speak TLS here/,
    ],
    [
      "a wrong password",
      () => ({ bindPassword: { env: "DB_PASSWORD" } }),
      1,
      "bind",
      /refused the bind as cn=sync,dc=example,dc=com: invalidCredentials \(49\)$/,
    ],
    [
      "a base that does not exist",
      () => ({ baseDn: [people, "ou=peple,dc=example,dc=com"] }),
      1,
      "base",
      /ou=peple,dc=example,dc=com does not exist; dc=example,dc=com does$/,
    ],
    ["a base that is no DN", () => ({ baseDn: "people" }), 2, "base", /invalidDNSyntax \(34\)/],
  ])("%s", async (_, source, code, stage, message) => {
    const report = await checkWith({ source: source() });
    const skipped = sourceStages.slice(sourceStages.indexOf(stage) + 1);
    expect([report.code, report.outcome]).toEqual([code, "failed"]);
    expect(stagesOf(report, "source")).toEqual(
      [
        { stage, status: "failed", message: expect.stringMatching(message), hint: expect.any(String) },
        ...skipped.map((each) => ({ stage: each, status: "skipped", message: `because ${stage} failed`, hint: null })),
      ].map((each) => ({ of: expect.any(String), ...each })),
    );
    expect(statuses(report).slice(-5)).toEqual([...targetStages.map((each) => `ok ${each}`), "skipped values"]);
    expect(report.stages.at(-1)?.message).toBe(`because ${stage} failed`);
  });

  it("the key of another certificate is the configuration's turn, and nothing is connected", async () => {
    const report = await checkWith({ source: { startTls: true, tls: { ca, cert: clientCert, key: serverKey } } });
    expect(report.code).toBe(2);
    expect(statuses(report).slice(1, 6)).toEqual([
      "ok DNS",
      "skipped TCP",
      "failed TLS",
      "skipped bind",
      "skipped base",
    ]);
    expect(troubles(report)).toEqual([
      {
        stage: "TLS",
        status: "failed",
        message: expect.stringMatching(/^the files of source.tls cannot be used: /),
        hint: expect.stringContaining("the key is the one of the certificate"),
      },
    ]);
  });

  /** A server without an entry, whose root DSE is as told, and that ends a search below the base with this code. */
  const bare =
    (supportedControl: readonly string[], code: number): Handler =>
    (request: LdapRequest, reply) => {
      if (request.op === "bind") reply.bindResponse(0);
      else if (request.op === "search") {
        if (request.base === "") reply.searchEntry("", { supportedControl });
        else if (request.scope === "base") reply.searchEntry(request.base, {});
        reply.searchDone(request.scope === "base" ? 0 : code, { diagnostic: code === 0 ? "" : "bad filter" });
      }
    };

  it("a server that does not offer StartTLS fails at TLS", async () => {
    const server = await scriptedLdap((request, reply) => {
      if (request.op === "extended") reply.extendedResponse(2, { diagnostic: "unsupported" });
    });
    const report = await checkWith({ source: { url: server.url, startTls: true } });
    expect([report.code, troubles(report)]).toEqual([
      1,
      [
        {
          stage: "TLS",
          status: "failed",
          message: expect.stringContaining(`${server.url} refused StartTLS: `),
          hint: "use ldaps://, or ask whether the server offers StartTLS",
        },
      ],
    ]);
    await server.stop();
  });

  it("a filter that the server refuses is the configuration's turn", async () => {
    const server = await scriptedLdap(bare(["1.2.840.113556.1.4.319"], 18));
    const report = await checkWith({ source: { url: server.url } });
    expect(report.code).toBe(2);
    expect(troubles(report)).toEqual([
      {
        stage: "filter",
        status: "failed",
        message: `${server.url}: the read below ${people} is not complete: after 0 entries the server ended it with inappropriateMatching (18): bad filter`,
        hint: "check the filter that was asked for: source.filter, source.active, --filter or KEY",
      },
    ]);
    await server.stop();
  });

  it("a server that does not list paged results, and shows nobody, is warned of", async () => {
    const server = await scriptedLdap(bare(["1.2.3"], 0));
    const report = await checkWith({ source: { url: server.url } });
    expect(report.code).toBe(0);
    expect(troubles(report)).toEqual([
      {
        stage: "base",
        status: "warning",
        message:
          "the server does not list paged results (1.2.840.113556.1.4.319) in the supportedControl of its root DSE",
        hint: "a size limit of the server would end the read: ask for none for source.bindDn",
      },
      {
        stage: "filter",
        status: "warning",
        message: "no entry matches (objectClass=inetOrgPerson)",
        hint: "check source.filter and source.baseDn, and whether the bind may see the entries",
      },
    ]);
    await server.stop();
  });

  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)("%s ends a check at once that waits for the server", async (signal, code) => {
    let asked = () => {};
    const bound = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const server = await scriptedLdap((request) => {
      if (request.op === "bind") asked();
    });
    await work.configure(configured({ source: { url: server.url } }));
    const running = work.start(["check", "--json"], env);
    await bound;
    running.process.kill(signal);
    const { code: ended, stdout } = await running.outcome;
    expect([ended, JSON.parse(stdout)]).toEqual([
      code,
      {
        command: "check",
        name: "staff",
        outcome: "interrupted",
        stages: ["configuration", "DNS", "TCP", "TLS"].map((stage) => expect.objectContaining({ stage, status: "ok" })),
        error: { message: `interrupted by ${signal}`, hint: expect.any(String) },
      },
    ]);
    await server.stop();
  });
});

describe("what the directory has and the mapping does not find", () => {
  it("is told with near spellings of all that entries have", async () => {
    const report = await checkWith({ mapping: { title: "titel", town: "modifyTimestmp" } });
    expect(report.code).toBe(0);
    expect(report.sample.missingAttributes).toEqual([
      { attribute: "titel", column: "title", near: ["title"] },
      { attribute: "modifyTimestmp", column: "town", near: [expect.stringMatching(/^modifyTimestamp$/i)] },
    ]);
    expect(troubles(report)[0]).toEqual({
      stage: "attributes",
      status: "warning",
      message: "no entry has titel, which mapping.title reads",
      hint: "did you mean title?",
    });
  });
});

describe("where the database fails, its later stages are skipped and the directory is looked at all the same:", () => {
  it.each<[string, string, Changes, number, string, RegExp, string[]]>([
    [
      "a port that nobody listens on",
      "",
      { connection: { port: 1 } },
      1,
      "database",
      /^the database at 127.0.0.1:1 refused the connection$/,
      ["table", "columns", "unique indexes"],
    ],
    [
      "a wrong password",
      "",
      { connection: { password: { env: "LDAP_PASSWORD" } } },
      1,
      "database",
      /says: Access denied for user 'idm'@'127.0.0.1' \(using password: YES\)$/,
      ["table", "columns", "unique indexes"],
    ],
    [
      "TLS that the certificate does not allow",
      "",
      { connection: { tls: { ca: otherCa } } },
      1,
      "database",
      /: TLS failed: /,
      ["table", "columns", "unique indexes"],
    ],
    [
      "another database",
      "",
      { connection: { database: "mysql" } },
      1,
      "database",
      /says: Access denied for user 'idm'@'%' to database 'mysql'$/,
      ["table", "columns", "unique indexes"],
    ],
    [
      "a table that is not there",
      "",
      { table: "user" },
      2,
      "table",
      /^target.table: the database idm has no table "user"$/,
      ["columns", "unique indexes"],
    ],
    [
      "a table without transactions",
      "alter table users engine = MyISAM",
      {},
      2,
      "table",
      /^target.table: users uses the engine MyISAM, which has no transactions$/,
      ["columns", "unique indexes"],
    ],
    [
      "a column that is not there",
      "alter table users rename column title to job",
      {},
      2,
      "columns",
      /^mapping.title: the table users has no column "title"$/,
      [],
    ],
    [
      "a column that the database computes",
      "alter table users drop town, add town varchar(100) as (title) virtual",
      {},
      2,
      "columns",
      /^mapping.town: the column users.town is computed by the database$/,
      [],
    ],
    [
      "a match key without a unique index",
      "alter table users drop key by_external_id",
      {},
      2,
      "unique indexes",
      /^target.matchKey: users.external_id has no unique index of its own/,
      [],
    ],
    [
      "a match key with a collation that is not known",
      "alter table users modify external_id char(36) character set utf8mb4 collate utf8mb4_thai_520_w2",
      {},
      2,
      "unique indexes",
      /^target.matchKey: users.external_id has the collation utf8mb4_thai_520_w2, which cannot be a match key's$/,
      [],
    ],
  ])("%s", async (_, sql, target, code, stage, message, skipped) => {
    if (sql !== "") await mariadb.sql(sql);
    const report = await checkWith({ target });
    expect([report.code, report.outcome]).toEqual([code, "failed"]);
    expect(stagesOf(report, "source")).toEqual([]);
    expect(stagesOf(report, "target")).toEqual(
      [
        { stage, status: "failed", message: expect.stringMatching(message), hint: expect.any(String) },
        ...[...skipped, "values"].map((each) => ({
          stage: each,
          status: "skipped",
          message: `because ${stage} failed`,
          hint: null,
        })),
      ].map((each) => ({ of: "target", ...each })),
    );
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

describe("real values against real columns", () => {
  it("show those that are too long, together, and what else is rejected", async () => {
    await mariadb.sql("alter table users modify town varchar(4), modify display_name varchar(20)");
    const report = await checkWith();
    const { sample } = report;
    expect(report.code).toBe(0);
    expect(Number(sample.inserts) + Number(sample.rejected)).toBe(active);
    expect(sample.rejects.map(({ column, reason }) => [column, reason])).toEqual(
      expect.arrayContaining([
        ["town", 'town: … characters, column holds 4 (from l "…")'],
        ["display_name", 'display_name: … characters, column holds 20 (from displayName "…")'],
      ]),
    );
    expect(sample.rejects.reduce((sum, { count: rejected }) => sum + rejected, 0)).toBe(sample.rejected);
    for (const { examples } of sample.rejects) expect(examples.length).toBeLessThanOrEqual(3);
  });

  it("show clashes on a unique index that is not the match key's, and say of which the sync after it says the same", async () => {
    await mariadb.sql("alter table users add unique key by_title_and_town (title, town), modify phones varchar(20)");
    const before = await mariadb.sql("checksum table users");
    const { code, sample, stages } = await checkWith({ limits: { reject: { max: 1000 } } });
    expect(stages.find(({ stage }) => stage === "unique indexes")?.message).toBe(
      "by_external_id (external_id) keeps the match key unique; a clash on by_username (username) and on by_title_and_town (title, town) is a reject",
    );
    expect(await mariadb.sql("checksum table users")).toEqual(before);
    expect([code, [...new Set(sample.rejects.map(({ column }) => column))].sort()]).toEqual([
      0,
      ["phones", "title, town"],
    ]);
    const { counts, rejects } = await work.json(["sync", "--limit", "1000"], env);
    expect([counts.read, counts.inserted, counts.rejected]).toEqual([sample.read, sample.inserts, sample.rejected]);
    const examples = sample.rejects.flatMap(({ column, examples }) => examples.map((each) => ({ column, ...each })));
    expect(rejects).toEqual(expect.arrayContaining(examples));
  });

  it("show a column that the mapping leaves out and that has no default, and what only the database foresees", async () => {
    await mariadb.sql(
      "alter table users add tenant int not null, add check (length(username) > 3), add key (tenant); insert into users (username, external_id, state, tenant) values ('x1234', 'x', 'active', 1)",
    );
    const report = await checkWith();
    expect(report.code).toBe(2);
    expect(troubles(report)).toEqual([
      {
        stage: "columns",
        status: "warning",
        message:
          "tenant must have a value, has no default, and is not in the mapping: the database will refuse new rows",
        hint: "map it, or give it a default in the table",
      },
      {
        stage: "values",
        status: "failed",
        message: `of ${active} entries tried: 0 new, 0 changed, 0 unchanged, ${active} rejected`,
        hint: "mend what the next lines say: a sync would write nobody",
      },
      {
        stage: "values",
        status: "warning",
        message: `${active} entries: tenant: no value, but the column must have one and has no default`,
        hint: expect.stringMatching(/^such as uid=/),
      },
    ]);
    expect(report.stages.at(-1)).toEqual({
      stage: "values",
      of: "target",
      status: "ok",
      message: expect.stringMatching(/^what the check constraint .* would refuse is not foreseen: --verify /),
      hint: "idm-ldap-sync dry-run --verify",
    });
  });

  it("show all that is rejected, however few limits.reject.max allows", async () => {
    await mariadb.sql("alter table users modify town varchar(5)");
    const report = await checkWith({ limits: { reject: { max: 3 } } });
    expect(report.sample.read).toBe(active);
    expect(Number(report.sample.rejected)).toBeGreaterThan(100);
    expect(report.stages.filter(({ stage }) => stage === "values")).toContainEqual(
      expect.objectContaining({ status: "warning", hint: "a sync stops at more than 3 rejects (limits.reject.max)" }),
    );
  });

  it("show two entries that have one key under the column's collation", async () => {
    const entry = (rdn: string, uid: string) =>
      record(`${rdn},${people}`, {
        objectClass: ["inetOrgPerson"],
        cn: [rdn.slice(3)],
        sn: ["Twin"],
        uid: [uid],
        employeeType: ["active"],
      });
    const twins = await startSlapd({
      people: [...peopleLdif({ count: 0 }), entry("cn=a", "Zoë"), entry("cn=b", "zoe")],
    });
    const mapping = { username: "uid", external_id: { attribute: "entryUUID", as: "uuid" } };
    await work.configure({
      ...configured({ source: { url: twins.url }, target: { matchKey: "username" } }),
      mapping,
    });
    const report = await checked(work, [], env);
    const reason = `username "zoe" is also that of cn=a,${people}, which was read first`;
    expect([report.code, report.sample.inserts, report.sample.rejects]).toEqual([
      0,
      1,
      [{ column: "username", reason, count: 1, examples: [{ dn: `cn=b,${people}`, key: "zoe", reason }] }],
    ]);
    await twins.stop();
  });

  it("count rows that a sync before has written as unchanged, and those it would change", async () => {
    await work.configure(configured());
    expect((await work.run(["sync"], env)).code).toBe(0);
    await mariadb.sql("update users set title = 'Boss' limit 10");
    const { sample } = await checkWith();
    expect([sample.inserts, sample.updates, sample.unchanged, sample.rejected]).toEqual([0, 10, active - 10, 0]);
  });
});
