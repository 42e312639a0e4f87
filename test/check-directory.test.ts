import { describe, expect, it } from "vitest";
import { skippedAfter, statuses, troubles, unwell } from "./check-report.ts";
import { type Changes, checkWith, configured, env, people, slapd, useStaff, work } from "./check-staff.ts";
import { certificates } from "./servers/certificates.ts";
import type { LdapRequest } from "./servers/ldap-request.ts";
import { type Handler, scriptedLdap } from "./servers/ldap-script.ts";

const { ca, otherCa, clientCert, serverKey } = certificates();

useStaff();

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
    expect([report.code, report.outcome]).toEqual([code, "failed"]);
    expect(unwell(report, "source")).toEqual([
      { stage, status: "failed", message: expect.stringMatching(message), hint: expect.any(String) },
      ...skippedAfter(stage),
    ]);
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
