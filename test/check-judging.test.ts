import { describe, expect, it } from "vitest";
import type { Reject } from "../src/change.ts";
import { judgeEncryption, judgePlain } from "../src/check/encryption.ts";
import { exitCodeOf, type Line } from "../src/check/ledger.ts";
import { groupRejects } from "../src/check/reject-groups.ts";
import { judgeConnection } from "../src/check/target.ts";
import { judgeValues } from "../src/check/values.ts";
import { endWords, linePrinter } from "../src/check/words.ts";
import { isLocal } from "../src/config/exposure.ts";
import { palette } from "../src/report/chalk.ts";

const now = new Date("2026-11-24T12:00:00Z");
const encryption = {
  protocol: "TLSv1.3",
  subject: "ldap.example.com",
  issuer: "Example CA",
  validUntil: new Date("2027-01-01T00:00:00Z"),
  refused: undefined,
};
const certificate = "TLSv1.3, certificate of ldap.example.com, signed by Example CA, valid until";

describe("an encrypted connection", () => {
  it("is well where the certificate is valid for 30 days more", () => {
    expect(judgeEncryption(encryption, true, now)).toEqual([
      { status: "ok", message: `${certificate} 2027-01-01`, hint: null },
    ]);
  });

  it.each([
    ["2026-12-24T12:00:00Z", "ok", "2026-12-24"],
    ["2026-12-24T11:59:59Z", "warning", "2026-12-24: 29 days are left"],
    ["2026-11-26T00:00:00Z", "warning", "2026-11-26: 1 day is left"],
    ["2026-11-24T13:00:00Z", "warning", "2026-11-24: 0 days are left"],
    ["2026-11-24T11:00:00Z", "warning", "2026-11-24: it has expired"],
  ])("with a certificate until %s is %s", (until, status, words) => {
    expect(judgeEncryption({ ...encryption, validUntil: new Date(until) }, true, now)).toEqual([
      {
        status,
        message: `${certificate} ${words}`,
        hint: status === "ok" ? null : "renew the server's certificate",
      },
    ]);
  });

  const takeOut = "take source.tls.rejectUnauthorized out";
  const setCa = `set source.tls.ca to the authority that signed it, and ${takeOut}`;
  it.each([
    [undefined, "ok", "this certificate would be accepted anyway", takeOut],
    ["CERT_HAS_EXPIRED", "warning", "this certificate would be refused: CERT_HAS_EXPIRED", setCa],
  ])("that accepts any certificate says what it would be otherwise (%s)", (refused, status, message, hint) => {
    expect(judgeEncryption({ ...encryption, refused }, false, now)).toEqual([
      { status: "ok", message: `${certificate} 2027-01-01`, hint: null },
      { status, message, hint },
    ]);
  });
});

describe("a connection without TLS", () => {
  it.each([
    ["127.0.0.1", "none, and the server is on this machine"],
    ["192.0.2.7", "none: what is sent and read is in the clear"],
  ])("to %s is told", (address, message) => {
    expect(judgePlain(address)).toEqual({ status: "ok", message, hint: null });
  });

  it.each([
    ["127.0.0.1", true],
    ["127.255.0.9", true],
    ["::1", true],
    ["::ffff:127.0.0.1", true],
    ["[::1]", true],
    ["[::ffff:7f00:1]", true],
    ["localhost.", true],
    ["localhost", true],
    ["LocalHost", true],
    ["ldap.localhost", true],
    ["128.0.0.1", false],
    ["::ffff:10.0.0.1", false],
    ["127.example.com", false],
    ["notlocalhost", false],
    ["fe80::1", false],
    ["fe80::1%eth0", false],
  ])("to %s is on this machine: %s", (host, local) => {
    expect(isLocal(host)).toBe(local);
  });
});

describe("a login to the database", () => {
  const connection = { host: "db.example.com", port: 3306, user: "idm", database: "idm" };
  const target = { client: "mysql2" as const, table: "users", matchKey: ["username"], timeoutMs: 1000 };

  it.each([
    [connection, "idm, as idm, without TLS", "set target.connection.tls unless the network is one to trust"],
    [{ ...connection, tls: { rejectUnauthorized: true } }, "idm, as idm, with TLS", null],
    [{ ...connection, host: "127.0.0.1" }, "idm, as idm, on this machine", null],
    [{ ...connection, socketPath: "/run/mysqld.sock" }, "idm, as idm, on this machine", null],
  ])("is told with how it is protected (%#)", (settings, message, hint) => {
    expect(judgeConnection({ ...target, connection: settings }, "idm")).toEqual({ status: "ok", message, hint });
  });
});

const reject = (dn: string, column: string, reason: string): Reject => ({ dn, key: dn.slice(4), column, reason });

describe("rejects", () => {
  it("are grouped by column and reason, the most frequent first, with what they have in common and three examples", () => {
    const long = (at: number) =>
      reject(
        `uid=u${at}`,
        "email",
        `email: ${200 + at} characters, column holds 191 (from mail "${"x".repeat(at)}@example.com")`,
      );
    const other = reject("uid=a", "username", "username: no value, but it is the match key (from uid)");
    expect(groupRejects([other, long(1), long(2), long(3), long(4)])).toEqual([
      {
        column: "email",
        reason: 'email: … characters, column holds 191 (from mail "…")',
        count: 4,
        examples: [1, 2, 3].map((at) => ({ dn: `uid=u${at}`, key: `u${at}`, reason: long(at).reason })),
      },
      {
        column: "username",
        reason: "username: no value, but it is the match key (from uid)",
        count: 1,
        examples: [{ dn: "uid=a", key: "a", reason: "username: no value, but it is the match key (from uid)" }],
      },
    ]);
  });

  it.each([
    [
      'username "a" is also that of uid=a,ou=people,dc=example,dc=com, which was read first',
      'username "b" is also that of cn=Berg\\, Bo+uid=b,dc=example, which was read first',
      'username "…" is also that of …, which was read first',
    ],
    [
      'email "a" already belongs to the row with username "x" (uid=x,dc=example)',
      'email "a" already belongs to the row with username "y" (uid=y,dc=example)',
      'email "a" already belongs to the row with username "…" (…)',
    ],
    [
      'the row with username "a" belongs to another entry: its id is 0a0a0a0a-1111-4222-8333-444444444444, this entry\'s is 0b0b0b0b-1111-4222-8333-444444444444',
      'the row with username "b" belongs to another entry: its id is 0c0c0c0c-1111-4222-8333-444444444444, this entry\'s is 0d0d0d0d-1111-4222-8333-444444444444',
      'the row with username "…" belongs to another entry: its id is …, this entry\'s is …',
    ],
    [
      "column name: displayName 0x4dfc6c6c6572 (6 bytes) is not valid UTF-8 text (as string)",
      "column name: displayName 0xff (1 byte) is not valid UTF-8 text (as string)",
      "column name: displayName … is not valid UTF-8 text (as string)",
    ],
    [
      'email "a" already belongs to the row with username "x"',
      'email "b" already belongs to the row with username "y" (uid=y,dc=example)',
      'email "…" already belongs to the row with username "…"',
    ],
    [
      'n: 12 characters, column holds 4 (from template "{a}" "long one")',
      'n: 9 characters, column holds 4 (from template "{a}" "5" disk")',
      "n: … characters, column holds …",
    ],
    ['a: "x\\"y" is not a UUID', 'a: "z" is not a UUID', 'a: "…" is not a UUID'],
  ])("that differ in their values only are of one kind: %s", (one, two, common) => {
    const groups = groupRejects([reject("uid=1", "c", one), reject("uid=2", "c", two)]);
    expect(groups.map(({ reason }) => reason)).toEqual([common]);
  });

  it.each([
    [
      'n: 30 characters, column holds 20 (from template "{givenName} {sn}" "Anna")',
      'n: 40 characters, column holds 20 (from template "{givenName} {sn}" "Bert")',
      'such as uid=1 "Anna" and uid=2 "Bert"',
    ],
    [
      'email "a" already belongs to the row with username "x"',
      'email "b" already belongs to the row with username "x"',
      'such as uid=1 "a" and uid=2 "b"',
    ],
  ])("are told with the value of each person: %s", (one, two, hint) => {
    const rejects = groupRejects([reject("uid=1", "c", one), reject("uid=2", "c", two)]);
    const values = { inserts: 1, updates: 0, unchanged: 0, rejected: 2, rejects };
    expect(judgeValues(values, 0, 100).map((finding) => finding.hint)).toEqual([null, hint]);
  });
});

describe("the values of a sample", () => {
  const none = { inserts: 1, updates: 2, unchanged: 3, rejected: 0, rejects: [] };
  const some = { ...none, rejected: 4 };

  it.each([
    [none, 0, 100, "ok", "of 6 entries tried: 1 new, 2 changed, 3 unchanged, 0 rejected", null],
    [
      none,
      2,
      100,
      "ok",
      "of 6 entries tried: 1 new, 2 changed, 3 unchanged, 0 rejected; 2 protected rows left as they are",
      null,
    ],
    [some, 0, 4, "ok", "of 10 entries tried: 1 new, 2 changed, 3 unchanged, 4 rejected", null],
    [
      some,
      0,
      3,
      "warning",
      "of 10 entries tried: 1 new, 2 changed, 3 unchanged, 4 rejected",
      "a sync stops at more than 3 rejects (limits.reject.max)",
    ],
  ])("are counted (%#)", (values, guarded, most, status, message, hint) => {
    expect(judgeValues(values, guarded, most)).toEqual([{ status, message, hint }]);
  });

  it("show 20 kinds of rejects, and count the others", () => {
    const rejects = Array.from({ length: 23 }, (_, at) => ({
      column: "c",
      reason: `reason ${at}`,
      count: 1,
      examples: [{ dn: `uid=${at}`, key: "", reason: `reason ${at}` }],
    }));
    const findings = judgeValues({ ...some, rejected: 23, rejects }, 0, 100);
    expect(findings).toHaveLength(22);
    expect(findings.slice(-2)).toEqual([
      { status: "warning", message: "uid=19: reason 19", hint: null },
      { status: "warning", message: "and 3 other kinds of reject", hint: "--json has all" },
    ]);
  });

  it("are a failure of the configuration where every entry is rejected", () => {
    const all = { ...none, inserts: 0, updates: 0, unchanged: 0, rejected: 4 };
    expect(judgeValues(all, 0, 100)).toEqual([
      {
        status: "failed",
        message: "of 4 entries tried: 0 new, 0 changed, 0 unchanged, 4 rejected",
        hint: "mend what the next lines say: a sync would write nobody",
        turn: "configuration",
      },
    ]);
  });
});

describe("the lines for people", () => {
  const lines: Line[] = [
    { of: "configuration", stage: "configuration", durationMs: 3, status: "ok", message: "a", hint: null },
    { of: "target", stage: "table", durationMs: 1200, status: "failed", message: "b\nforged", hint: "do\u202e c" },
    { of: "target", stage: "table", durationMs: 0, status: "warning", message: "d", hint: null },
    { of: "target", stage: "columns", durationMs: 0, status: "skipped", message: "because table failed", hint: null },
  ];
  const print = async (colour: boolean, quiet = false): Promise<string[]> => {
    const printed: string[] = [];
    const tell = linePrinter((line) => printed.push(line), await palette(colour), quiet);
    lines.forEach(tell);
    return printed;
  };

  it("have columns, a heading for what is looked at, and the time with the first line of a stage", async () => {
    expect(await print(false)).toEqual([
      "ok       configuration      3 ms  a",
      "target",
      "failed   table             1.2 s  b; forged; do\\u{202e} c",
      "warning  table                    d",
      "skipped  columns                  because table failed",
    ]);
    expect(await print(false, true)).toEqual((await print(false)).slice(1, 4));
  });

  it("are coloured by status, and the same without the colours", async () => {
    const coloured = await print(true);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal takes for colour
    expect(coloured.map((line) => line.replace(/\u001b\[\d+m/g, ""))).toEqual(await print(false));
    expect(coloured.map((line) => line.slice(0, 5))).toEqual([
      "\u001b[32m",
      "\u001b[1mt",
      "\u001b[31m",
      "\u001b[33m",
      "\u001b[2ms",
    ]);
  });
});

describe("the end of a check", () => {
  const line = (status: "ok" | "warning" | "failed" | "skipped", turn?: "configuration" | "directory") => ({
    status,
    message: "",
    hint: null,
    stage: "",
    of: "",
    durationMs: 0,
    ...(turn && { turn }),
  });

  it.each([
    [[line("ok"), line("warning"), line("skipped")], 0],
    [[line("ok"), line("failed", "directory")], 1],
    [[line("failed", "directory"), line("failed", "configuration")], 2],
  ])("has the exit code of whose turn it is, the configuration's first (%#)", (lines, code) => {
    expect(exitCodeOf(lines)).toBe(code);
  });

  it.each([
    [[line("ok")], "all is well; next: dry-run"],
    [[line("warning"), line("warning")], "2 warnings; next: dry-run"],
    [[line("failed")], "1 failure: mend what failed, and check again"],
    [[line("failed"), line("warning")], "1 failure, 1 warning: mend what failed, and check again"],
  ])("says what to do next (%#)", (lines, words) => {
    expect(endWords(lines, "dry-run")).toBe(words);
  });
});
