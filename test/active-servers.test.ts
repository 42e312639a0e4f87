import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Recognised, recognise } from "../src/active/vendors.ts";
import { noCounts } from "./counts.ts";
import { failureOf } from "./ldap-source.ts";
import { base, sqlite, usersTable, type Workspace, workspace } from "./program.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/** Accounts that slapd's password policies lock, from the directory to what the commands say. */

const suffix = "dc=example,dc=com";
const password = "a-password";

const person = (uid: string, attributes: Record<string, string> = {}): string =>
  record(`uid=${uid},${base}`, {
    objectClass: ["inetOrgPerson"],
    uid: [uid],
    cn: [uid],
    sn: [uid],
    userPassword: [password],
    ...Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, [value]])),
  });

const policy = (name: string, duration: number): string =>
  record(`cn=${name},ou=policies,${suffix}`, {
    objectClass: ["device", "pwdPolicy"],
    cn: [name],
    pwdAttribute: ["userPassword"],
    pwdLockout: ["TRUE"],
    pwdMaxFailure: ["2"],
    pwdLockoutDuration: [String(duration)],
  });

const people = [
  baseLdif(),
  record(`ou=policies,${suffix}`, { objectClass: ["organizationalUnit"], ou: ["policies"] }),
  policy("default", 3600),
  policy("strict", 0),
  person("anna"),
  person("bert"),
  person("carl", { pwdAccountLockedTime: "000001010000Z" }),
  person("dora", {
    pwdAccountLockedTime: "20200101000000Z",
    pwdPolicySubentry: `cn=default,ou=policies,${suffix}`,
  }),
  person("emil", { pwdAccountLockedTime: "20200101000000Z", pwdPolicySubentry: `cn=strict,ou=policies,${suffix}` }),
  person("fred", { pwdAccountLockedTime: "20200101000000Z" }),
].join("");

let slapd: Slapd;
let bare: Slapd;
beforeAll(async () => {
  slapd = await startSlapd({ people, overlays: ["ppolicy"] });
  bare = await startSlapd({ people: [baseLdif(), person("anna")].join("") });
  for (let tries = 0; tries < 3; tries += 1) {
    await slapd.search(["-s", "base"], { dn: `uid=bert,${base}`, password: "wrong" }).catch(() => {});
  }
});
afterAll(async () => {
  await slapd?.stop();
  await bare?.stop();
});

async function configured(active: unknown, of = slapd): Promise<Workspace> {
  const work = await workspace();
  sqlite(work.path("idm.sqlite"), usersTable);
  await work.configure({
    source: {
      url: of.url,
      bindDn: of.syncDn,
      bindPassword: of.syncPassword,
      baseDn: base,
      filter: "(objectClass=inetOrgPerson)",
      active,
    },
    target: { client: "sqlite", connection: { filename: "idm.sqlite" }, table: "users", matchKey: "username" },
    mapping: { username: "uid" },
    state: { column: "state" },
  });
  return work;
}

const recognised = () =>
  `${slapd.url} is OpenLDAP (objectClass OpenLDAProotDSE): who is active is judged by "openldap"`;
const noDuration =
  'pwdAccountLockedTime is set, and no policy that can be read says for how long: set "lockoutDuration"';

describe("accounts that a password policy locks", () => {
  it("are not active, unless the lock has run out by their policy; auto says which rule it took", async () => {
    const work = await configured("auto");
    const { code, counts, changes, unknown, notices } = await work.here(["sync"]);
    expect({ code, counts, users: changes.map(({ key }) => key).sort(), unknown, notices }).toEqual({
      code: 0,
      counts: { ...noCounts, read: 2, inserted: 2 },
      users: ["anna", "dora"],
      unknown: [{ dn: `uid=fred,${base}`, key: "fred", reason: noDuration }],
      notices: [
        recognised(),
        `1 entry is left alone, because it is not known whether it is active: ${noDuration} (uid=fred,${base})`,
      ],
    });
    const again = await work.here(["sync"]);
    expect(again.counts).toMatchObject({ read: 2, unchanged: 2 });
  });

  it("are judged by the configured duration where no policy is named", async () => {
    const work = await configured({ preset: "openldap", lockoutDuration: 60 });
    const { changes, unknown } = await work.here(["sync"]);
    expect([changes.map(({ key }) => key).sort(), unknown]).toEqual([["anna", "dora", "fred"], []]);
  });

  it("are shown in a dry run with the rule, and the filter that the server was asked", async () => {
    const work = await configured({ and: ["auto", { not: "(uid=anna)" }] });
    const { stdout, stderr } = await work.run(["dry-run"]);
    expect(stdout).toContain(
      "  filter     (&(objectClass=inetOrgPerson)(&(!(pwdAccountLockedTime=000001010000Z))(!(uid=anna))))\n" +
        "  active     openldap (auto) and not (uid=anna)\n",
    );
    expect(stderr).toContain(`${recognised()}\n`);
    const quiet = await work.run(["dry-run", "--quiet", "--filter", "(uid=dora)"]);
    expect([quiet.stdout, quiet.stderr]).toEqual(["", ""]);
  });

  it("are counted by check, which says which rule it took", async () => {
    const { stdout } = await (await configured("auto")).run(["check"]);
    expect(stdout.replace(/^(ok|warning) +filter +(\d+ ms)? {2}/gm, "$1: ")).toContain(
      [
        `warning: 1 entry is left alone, because it is not known whether it is active: ${noDuration} (uid=fred,${base})`,
        "ok: 6 entries match (objectClass=inetOrgPerson), 2 active by openldap (auto)",
        `ok: ${recognised()}`,
        "",
      ].join("\n"),
    );
  });

  it.each([
    [
      "anna",
      [
        "  active  yes  openldap (auto)",
        "            ✓ pwdAccountLockedTime is absent, or the lock has run out: the entry has no value",
      ],
    ],
    [
      "carl",
      [
        "  active  no   openldap (auto)",
        '            ✗ pwdAccountLockedTime is absent, or the lock has run out: the entry has "000001010000Z" = locked for ever',
      ],
    ],
    [
      "dora",
      [
        "  active  yes  openldap (auto)",
        `            ✓ pwdAccountLockedTime is absent, or the lock has run out: the entry has "20200101000000Z" = 2020-01-01 00:00:00 UTC, "cn=default,ou=policies,${suffix}"`,
      ],
    ],
    [
      "fred",
      [
        "  active  not known  openldap (auto)",
        `            ? pwdAccountLockedTime is absent, or the lock has run out: the entry has "20200101000000Z" = 2020-01-01 00:00:00 UTC; ${noDuration}`,
      ],
    ],
  ])("are explained: %s", async (key, lines) => {
    const { stdout, stderr } = await (await configured("auto")).run(["explain", key]);
    expect(stdout).toContain(`${lines.join("\n")}\n`);
    expect(stderr).toContain(recognised());
  });

  it("make the read incomplete where one of them must be in it", async () => {
    const work = await configured("openldap");
    const must = async (uid: string) => {
      const config = JSON.parse(await readFile(work.path(".syncrc.json"), "utf8"));
      await work.configure({ ...config, source: { ...config.source, mustContain: [`uid=${uid},${base}`] } });
      const { code, error } = await work.here(["dry-run"]);
      return [code, error?.message.replace(/^.*: /, "")];
    };
    const missing = (uid: string) => `uid=${uid},${base} was not among the active entries`;
    expect(await must("anna")).toEqual([0, undefined]);
    expect(await must("carl")).toEqual([1, missing("carl")]);
    expect(await must("fred")).toEqual([1, missing("fred")]);
  });
});

describe("a slapd that hides for how long its policies lock", () => {
  let hiding: Slapd;
  beforeAll(async () => {
    const limits = ["access to attrs=pwdLockoutDuration by * none"];
    hiding = await startSlapd({ people, overlays: ["ppolicy"], limits });
  });
  afterAll(() => hiding?.stop());

  it("leaves it unknown who of those with a lock is active, unless it is configured", async () => {
    const work = await configured("openldap", hiding);
    const { changes, unknown } = await work.here(["dry-run"]);
    expect([changes.map(({ key }) => key).sort(), unknown.map(({ key, reason }) => [key, reason]).sort()]).toEqual([
      ["anna", "bert"],
      ["dora", "emil", "fred"].map((key) => [key, noDuration]),
    ]);
    const told = await configured({ preset: "openldap", lockoutDuration: 60 }, hiding);
    expect((await told.json(["dry-run"])).changes.map(({ key }) => key).sort()).toEqual([
      "anna",
      "bert",
      "dora",
      "emil",
      "fred",
    ]);
  });
});

describe("a slapd without password policies", () => {
  it("locks nobody, as auto says", async () => {
    const { changes, notices } = await (await configured("auto", bare)).here(["sync"]);
    expect([changes.map(({ key }) => key), notices]).toEqual([
      ["anna"],
      [
        recognised().replace(slapd.url, bare.url),
        `${bare.url} has no password policies (slapo-ppolicy): nobody is locked, everybody is active`,
      ],
    ]);
  });

  it("locks nobody, so that nobody is not active", async () => {
    const { changes } = await (await configured({ not: "auto" }, bare)).json(["dry-run", "--allow-empty"]);
    expect(changes).toEqual([]);
  });

  it("is refused where they are asked for by name", async () => {
    const { code, error } = await (await configured("openldap", bare)).here(["sync"]);
    expect({ code, error }).toEqual({
      code: 2,
      error: {
        message: `source.active "openldap": ${bare.url} does not know pwdAccountLockedTime`,
        hint: "the password policy overlay (slapo-ppolicy) is not loaded there: take a filter, or leave active out",
      },
    });
  });
});

const rootDse = (attributes: Record<string, string[]>) => ({
  dn: "",
  attributes: new Map(Object.entries(attributes).map(([name, values]) => [name.toLowerCase(), values])),
});

it.each<[string, Record<string, string[]>, Recognised]>([
  [
    "Active Directory",
    { supportedCapabilities: ["1.2.840.113556.1.4.1670", "1.2.840.113556.1.4.800"], objectClass: ["top"] },
    { name: "Active Directory", preset: "active-directory", by: "supportedCapabilities 1.2.840.113556.1.4.800" },
  ],
  [
    "389 Directory Server",
    { vendorName: ["389 Project"], vendorVersion: ["389-Directory/2.3.1 B2023.025.0000"] },
    { name: "389 Directory Server", preset: "389ds", by: "vendorName 389 Project" },
  ],
  [
    "Red Hat Directory Server",
    { vendorName: ["Red Hat, Inc."] },
    { name: "389 Directory Server", preset: "389ds", by: "vendorName Red Hat, Inc." },
  ],
  [
    "FreeIPA, although it is a 389 Directory Server",
    { vendorName: ["389 Project"], ipatopologypluginversion: ["1.0"] },
    { name: "FreeIPA", preset: "freeipa", by: "ipaTopologyPluginVersion 1.0" },
  ],
  [
    "OpenLDAP",
    { objectClass: ["top", "OpenLDAProotDSE"], structuralObjectClass: ["OpenLDAProotDSE"] },
    { name: "OpenLDAP", preset: "openldap", by: "objectClass OpenLDAProotDSE" },
  ],
])("recognises %s", (_, attributes, expected) => {
  expect(recognise("ldap://x", rootDse(attributes))).toEqual(expected);
});

it.each<[string, Record<string, string[]> | undefined, string]>([
  [
    "another vendor",
    { vendorName: ["Apache Software Foundation"], vendorVersion: ["2.0.0"] },
    "its root DSE says Apache Software Foundation, 2.0.0",
  ],
  ["a server without a name", { objectClass: ["top"] }, "its root DSE names no vendor"],
  ["a server whose root DSE is hidden", undefined, "its root DSE names no vendor"],
])("says what can be set for %s", async (_, attributes, words) => {
  const work = async () => recognise("ldap://x", attributes && rootDse(attributes));
  expect(await failureOf(work())).toEqual({
    turn: "configuration",
    message: `source.active "auto": ldap://x is not recognised (${words})`,
    hint: "set source.active to active-directory, openldap, 389ds, freeipa, shadow, or to a filter",
  });
});
