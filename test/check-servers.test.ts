import { describe, expect, it } from "vitest";
import { checked, troubles } from "./check-report.ts";
import { active, checkWith, configured, env, mariadb, people, slapd, useStaff, work } from "./check-staff.ts";
import { certificates } from "./servers/certificates.ts";
import { peopleLdif, record } from "./servers/people.ts";
import { startSlapd } from "./servers/slapd.ts";

const { ca } = certificates();
const sourceStages = ["DNS", "TCP", "TLS", "bind", "base", "filter", "attributes"];

useStaff();

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

  it("says where any certificate is accepted whether this one would be", async () => {
    const report = await checkWith({ source: { url: slapd.tlsUrl, tls: { rejectUnauthorized: false } } });
    expect(report.code).toBe(0);
    expect(report.stages.filter(({ stage }) => stage === "TLS").map(({ message }) => message)).toContainEqual(
      expect.stringMatching(/^this certificate would be refused: /),
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
        stage: "configuration",
        status: "warning",
        message: "the password of source.bindDn goes to nowhere.invalid in the clear",
        hint: expect.stringContaining("ldaps://"),
      },
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
