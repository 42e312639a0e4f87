import { copyFile } from "node:fs/promises";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";
import { type Workspace, workspace } from "./program.ts";
import { certificateFor, certificates } from "./servers/certificates.ts";
import { run } from "./servers/command.ts";
import { instanceFolder } from "./servers/folder.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { peopleLdif } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "./staff.ts";

/** Whom the program believes, on every kind of connection that can be encrypted, and what it says where it believes anybody. */

let slapd: Slapd;
let expired: Slapd;
let mariadb: Mariadb;
/** The certificate of the database. */
let own: { readonly serverCert: string; readonly serverKey: string };
let work: Workspace;
let env: Record<string, string>;
const elsewhere: Server[] = [];

beforeAll(async () => {
  const folder = await instanceFolder("certificates-", "nobody");
  const file = (name: string) => join(folder, `${name}.pem`);
  const old = { serverCert: file("old"), serverKey: file("old-key") };
  own = { serverCert: file("own"), serverKey: file("own-key") };
  await certificateFor("127.0.0.1", old.serverCert, old.serverKey, -1);
  await useCertificate(certificates());
  [slapd, expired] = (await Promise.all(
    ([true, old] as const).map((tls) => startSlapd({ people: peopleLdif({ count: 20 }), tls })),
  )) as [Slapd, Slapd];
  mariadb = await startMariadb({
    generalLog: true,
    args: [`--ssl-cert=${own.serverCert}`, `--ssl-key=${own.serverKey}`],
  });
  await mariadb.sql(staffTable);
  expiredPair = old;
  work = await workspace();
  env = passwords(slapd, mariadb);
});
afterAll(async () => {
  for (const server of elsewhere) server.close();
  await Promise.all([slapd?.stop(), expired?.stop(), mariadb?.stop()]);
});

let expiredPair: typeof own;

async function useCertificate({ serverCert, serverKey }: typeof own): Promise<void> {
  await copyFile(serverCert, own.serverCert);
  await copyFile(serverKey, own.serverKey);
  await run(["chmod", "644", own.serverKey]);
}

/** The same server at 127.0.0.2, which its certificate does not name. */
async function elsewherePort(port: number): Promise<number> {
  const server = createServer((client) => {
    const upstream = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.pipe(to);
      from.on("error", () => to.destroy());
    }
  });
  elsewhere.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.2", resolve));
  return (server.address() as AddressInfo).port;
}

/** The source and the connection to the database of the staff, with changes. */
function configOf(source: object, connection: object = {}) {
  const config = staffConfig(slapd, mariadb);
  return {
    ...config,
    source: { ...config.source, ...source },
    target: { ...config.target, connection: { ...config.target.connection, ...connection } },
  };
}

interface Trust {
  readonly tls: object;
  /** Where the server is called by an address that its certificate does not have. */
  readonly elsewhere?: boolean;
  readonly expired?: boolean;
}

const { ca, otherCa } = certificates();
const refused: [string, Trust, RegExp][] = [
  ["an authority that is not trusted by default", { tls: {} }, /self-signed certificate|unable to get local issuer/],
  ["an authority that is not the one that is named", { tls: { ca: otherCa } }, /self-signed|unable to (get|verify)/],
  ["another name", { tls: { ca, servername: "db.example.com" } }, /altnames: Host: db\.example\.com\./],
  ["another address", { tls: { ca }, elsewhere: true }, /altnames: IP: 127\.0\.0\.2 is not in/],
  ["an end that is past", { tls: { ca }, expired: true }, /certificate has expired/],
];

/** Each way to connect: its configuration, and how many logins the server has seen. */
const ways = {
  "by ldaps": {
    config: async ({ tls, elsewhere, expired: old }) => {
      const { tlsUrl } = old ? expired : slapd;
      const port = Number(new URL(tlsUrl).port);
      return configOf({ url: elsewhere ? `ldaps://127.0.0.2:${await elsewherePort(port)}` : tlsUrl, tls });
    },
    logins: async () => binds(),
  },
  "by StartTLS": {
    config: async ({ tls, elsewhere, expired: old }) => {
      const { url, port } = old ? expired : slapd;
      return configOf({ url: elsewhere ? `ldap://127.0.0.2:${await elsewherePort(port)}` : url, startTls: true, tls });
    },
    logins: async () => binds(),
  },
  "to the database": {
    config: async ({ tls, elsewhere, expired: old }) => {
      await useCertificate(old ? expiredPair : certificates());
      await mariadb.sql("flush ssl");
      const place = elsewhere ? { host: "127.0.0.2", port: await elsewherePort(mariadb.port) } : {};
      return configOf({}, { ...place, tls });
    },
    logins: async () => (await mariadb.generalLog()).match(/Connect\tidm/g)?.length ?? 0,
  },
} satisfies Record<string, { config(trust: Trust): Promise<object>; logins(): Promise<number> }>;

const binds = async (): Promise<number> =>
  (await Promise.all([slapd, expired].map((each) => each.log()))).join().match(/ BIND dn="cn=sync/g)?.length ?? 0;

describe.each(Object.entries(ways))("a connection %s", (_, way) => {
  it.each(refused)("refuses a certificate with %s, and sends no password", async (_, trust, words) => {
    await work.configure(await way.config(trust));
    const before = await way.logins();
    const { code, document } = await inProcess(work.folder, ["dry-run"], env);
    expect([code, document.error.message]).toEqual([1, expect.stringMatching(words)]);
    expect(await way.logins()).toBe(before);
  });

  it.each<[string, Trust]>([
    ["of the authority that is named, for the address", { tls: { ca } }],
    ["for the name that is expected", { tls: { ca, servername: "localhost" }, elsewhere: true }],
  ])("takes a certificate %s", async (_, trust) => {
    await work.configure(await way.config(trust));
    const { code, document } = await inProcess(work.folder, ["dry-run"], env);
    expect([code, document.error, document.warnings]).toEqual([0, null, []]);
  });
});

describe("a connection that takes any certificate", () => {
  const anyOf = (whose: string, place: string) =>
    `any certificate of ${whose} is accepted (${place}.rejectUnauthorized is false) (set ${place}.ca to the authority that signed it, and take rejectUnauthorized out)`;
  const warnings = [anyOf("the directory", "source.tls"), anyOf("the database", "target.connection.tls")];
  const tls = { rejectUnauthorized: false };

  it.each([
    ["sync", ["sync"], warnings],
    ["dry-run", ["dry-run"], warnings],
    ["dry-run --verify", ["dry-run", "--verify"], warnings],
    ["explain", ["explain", "(uid=u000001)"], warnings],
    ["status, which asks the database alone", ["status"], warnings.slice(1)],
  ])("is warned of by %s", async (_, args, expected) => {
    const history = { table: "runs" };
    await work.configure({ ...configOf({ url: slapd.tlsUrl, tls }, { tls }), history });
    const { code, stderr } = await inProcess(work.folder, args, env);
    expect([code, stderr.match(/(?<=^warning: ).*/gm)]).toEqual([0, expected]);
  });

  it("is warned of by check, which says what the certificate is", async () => {
    await work.configure(configOf({ url: expired.tlsUrl, tls }, { tls }));
    const { document } = await inProcess(work.folder, ["check"], env);
    const told = document.stages.filter(
      ({ stage, status }: Record<string, string>) => status === "warning" && stage !== "values",
    );
    expect(told.map(({ stage, message, hint }: Record<string, string>) => [stage, `${message} (${hint})`])).toEqual([
      ...warnings.map((words) => ["configuration", words]),
      ["TLS", expect.stringContaining("it has expired")],
      ["TLS", expect.stringMatching(/^this certificate would be refused: CERT_HAS_EXPIRED /)],
    ]);
  });

  it("is warned of where it fails", async () => {
    await work.configure(configOf({ url: "ldaps://127.0.0.1:1", tls }, { port: 1, tls }));
    const { code, document } = await inProcess(work.folder, ["sync"], env);
    expect([code, document.warnings]).toEqual([1, warnings]);
  });
});

describe("a password in the clear", () => {
  /** This machine by an address that does not look like it: nobody can be reached at 192.0.2.1 (RFC 5737). */
  const remote = { url: "ldap://192.0.2.1:3389", timeoutMs: 1 };
  const warning =
    'the password of source.bindDn goes to 192.0.2.1:3389 in the clear (use ldaps://, or set "startTls": true; "requireTls": true makes this an error)';

  it.each([
    ["that stands in the configuration", { bindPassword: "hush-4711" }, warning],
    ["of the environment", {}, warning],
    ["that is encrypted by StartTLS", { startTls: true }, undefined],
    ["that goes nowhere: the bind is anonymous", { bindDn: undefined, bindPassword: undefined }, undefined],
    ["that stays on this machine", { url: "ldap://localhost:1" }, undefined],
  ])("%s is judged by every command", async (_, changes, expected) => {
    await work.configure(configOf({ ...remote, ...changes }));
    for (const args of [["sync"], ["dry-run"], ["explain", "(uid=x)"]]) {
      const { code, stderr } = await inProcess(work.folder, args, env);
      expect([code, stderr.match(/(?<=^warning: ).*/m)?.[0]]).toEqual([1, expected]);
    }
    const { document } = await inProcess(work.folder, ["check"], env);
    const [told] = document.stages.filter(({ status }: { status: string }) => status === "warning");
    expect(told && `${told.message} (${told.hint})`).toEqual(expected);
  });

  it("is an error where TLS is required, of every command, and nobody is connected to", async () => {
    await work.configure(configOf({ requireTls: true }));
    const before = await binds();
    for (const args of [["sync"], ["dry-run"], ["check"], ["explain", "(uid=x)"], ["status"]]) {
      const { code, document } = await inProcess(work.folder, args, env);
      expect([code, document.error.message]).toEqual([
        2,
        expect.stringContaining("source.url is not encrypted, and requireTls is true; use ldaps:// or startTls"),
      ]);
    }
    expect(await binds()).toBe(before);
  });
});
