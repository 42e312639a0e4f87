import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { sqlite, type Workspace, workspace } from "./program.ts";
import { type AdLimits, startAdLimits } from "./servers/ad-limits.ts";
import { certificates } from "./servers/certificates.ts";
import type { DirectoryRecord } from "./servers/ldap-server.ts";
import { type Samba, startSamba } from "./servers/samba.ts";

/** What is peculiar to reading Active Directory: ranges, groups in groups, references, pages that are empty. */

const suffix = "DC=ad,DC=test";
const staff = `OU=Staff,${suffix}`;
const groups = `OU=Groups,${suffix}`;
const leaving = `OU=Leaving,${suffix}`;

const unit = (dn: string): DirectoryRecord => ({ dn, attributes: { objectClass: ["organizationalUnit"] } });
const dnOf = (name: string): string => `CN=${name},${staff}`;
const groupDn = (name: string): string => `CN=${name},${groups}`;

const user = (name: string, attributes: DirectoryRecord["attributes"] = {}): DirectoryRecord => ({
  dn: dnOf(name),
  attributes: { objectClass: ["user"], sAMAccountName: [name], userAccountControl: ["512"], ...attributes },
});

const group = (name: string, member: readonly string[]): DirectoryRecord => ({
  dn: groupDn(name),
  attributes: { objectClass: ["group"], sAMAccountName: [name], member },
});

const numbered = (count: number): string[] => Array.from({ length: count }, (_, at) => `+46 ${10_000 + at}`);

/** By how many values of `otherTelephone` they have. */
const counts = { few: 3, full: 1500, more: 1501, twice: 3000, many: 3800 } as const;
const names = Object.keys(counts) as (keyof typeof counts)[];

const records: readonly DirectoryRecord[] = [
  ...[staff, groups, leaving].map(unit),
  ...names.map((name) => user(name, { otherTelephone: numbered(counts[name]) })),
  user("off", { userAccountControl: ["514"] }),
  group("Top", [groupDn("Middle")]),
  group("Middle", [dnOf("few"), dnOf("off"), groupDn("Bottom")]),
  group("Bottom", [dnOf("many")]),
  group("Everybody", [...names.map(dnOf)]),
  ...Array.from({ length: 30 }, (_, at) => ({
    dn: `CN=leaver${at},${leaving}`,
    attributes: { objectClass: ["user"], sAMAccountName: [`leaver${at}`], userAccountControl: ["512"] },
  })),
];

const table = `create table users (
  username text not null unique, phones text, phone_count integer, roles text, member_count integer, state text)`;

let samba: Samba;
let proxy: AdLimits;
beforeAll(async () => {
  samba = await startSamba({ records });
  proxy = await startAdLimits({ to: samba.tlsUrl });
});
afterAll(async () => {
  await proxy?.stop();
  await samba?.stop();
});

async function configured(source: object, mapping: object = {}): Promise<Workspace> {
  const work = await workspace();
  sqlite(work.path("idm.sqlite"), table);
  await work.configure({
    source: {
      url: samba.tlsUrl,
      tls: { ca: certificates().ca },
      bindDn: samba.syncDn,
      bindPassword: samba.syncPassword,
      baseDn: staff,
      filter: "(objectClass=user)",
      ...source,
    },
    target: { client: "sqlite", connection: { filename: "idm.sqlite" }, table: "users", matchKey: "username" },
    mapping: { username: "sAMAccountName", ...mapping },
    state: { column: "state" },
  });
  return work;
}

const throughProxy = () => ({ url: proxy.url, tls: {} });

const rows = (work: Workspace, columns: string) =>
  sqlite(work.path("idm.sqlite"), `select ${columns} from users order by username`);

const usersOf = (work: Workspace) => rows(work, "username").map(({ username }) => username);

describe("an attribute of which the server gives 1,500 values at a time", () => {
  const mapping = {
    phones: { attribute: "otherTelephone", multi: "json" },
    phone_count: { attribute: "otherTelephone", multi: "count" },
  };

  it("is synchronised with all its values, and a second run writes nothing", async () => {
    const work = await configured({ ...throughProxy(), active: "active-directory" }, mapping);
    const first = await work.here(["sync"]);
    expect([first.code, first.counts.inserted, first.rejects, first.warnings]).toEqual([0, names.length, [], []]);
    expect(rows(work, "username, phones, phone_count")).toEqual(
      [...names].sort().map((username) => ({
        username,
        phones: JSON.stringify(numbered(counts[username])),
        phone_count: counts[username],
      })),
    );
    expect((await work.here(["sync"])).counts).toMatchObject({ read: names.length, unchanged: names.length });
  });

  it("is read in full by check and explain too", async () => {
    const work = await configured(throughProxy(), { phone_count: mapping.phone_count });
    const check = await work.run(["check"]);
    expect([check.code, check.stdout.match(/warning.*otherTelephone.*/)]).toEqual([0, null]);
    const { stdout } = await work.run(["explain", "many"]);
    expect(stdout).toMatch(/phone_count +"3800" .*otherTelephone .*\(3800\) \| multi count "3800"/);
  });

  it("may be the members of a group", async () => {
    const few = await startAdLimits({ to: samba.tlsUrl, maxValRange: 2 });
    try {
      const source = { url: few.url, tls: {}, baseDn: groups, filter: "(objectClass=group)" };
      const work = await configured(source, { member_count: { attribute: "member", multi: "count" } });
      await work.here(["sync"]);
      expect(rows(work, "username, member_count")).toEqual([
        { username: "Bottom", member_count: 1 },
        { username: "Everybody", member_count: names.length },
        { username: "Middle", member_count: 3 },
        { username: "Top", member_count: 1 },
      ]);
    } finally {
      await few.stop();
    }
  });
});

describe("groups", () => {
  it("become values of a column, however their DNs are spelt, without those that the map does not list", async () => {
    const map = { [`cn=everybody, ou=groups, ${suffix.toLowerCase()}`]: "user", [groupDn("Bottom")]: "operator" };
    const roles = { attribute: "memberOf", map, unlisted: "drop", multi: "json" };
    const work = await configured({ filter: "(|(cn=few)(cn=many)(cn=off))" }, { roles });
    expect((await work.here(["sync"])).rejects).toEqual([]);
    expect(rows(work, "username, roles")).toEqual([
      { username: "few", roles: '["user"]' },
      { username: "many", roles: '["operator","user"]' },
      { username: "off", roles: null },
    ]);
    const { stdout } = await work.run(["explain", "few"]);
    expect(stdout).toContain('map 2 values, drop others "user" | multi json');
  });

  const inChain = `(memberOf:1.2.840.113556.1.4.1941:=${groupDn("Top")})`;

  it.each<[string, object, string[]]>([
    ["the filter", { filter: `(&(objectClass=user)${inChain})` }, ["few", "many", "off"]],
    ["the active rule", { active: inChain }, ["few", "many", "off"]],
    ["a part of the active rule", { active: { and: ["active-directory", inChain] } }, ["few", "many"]],
    ["a denied part of it", { active: { and: ["active-directory", { not: inChain }] } }, ["full", "more", "twice"]],
  ])("in groups are followed by the in-chain rule as %s, which is sent unchanged", async (_what, source, users) => {
    const work = await configured({ ...throughProxy(), ...source });
    const before = proxy.searches.length;
    expect((await work.here(["sync"])).code).toBe(0);
    expect(usersOf(work)).toEqual(users);
    const [filter] = proxy.searches.slice(before).flatMap((search) => (search.op === "search" ? [search.filter] : []));
    expect(filter).toContain(inChain);
  });

  it("in groups are judged by the server where one person is explained", async () => {
    const work = await configured({ active: { and: ["active-directory", inChain] } });
    const { stdout } = await work.run(["explain", "many"]);
    expect(stdout).toMatch(/^ {2}active +yes /m);
    const other = await work.run(["explain", "full"]);
    expect(other.stdout).toMatch(/^ {2}active +no /m);
    expect(other.stdout).toContain(inChain);
  });
});

describe("the references of a whole domain to its own partitions", () => {
  const domain = { baseDn: suffix, filter: "(cn=few)" };
  const notice = () =>
    `${samba.tlsUrl} referred to CN=Configuration,${suffix}: not followed, that is the domain's own and holds no people`;

  it("stand in the JSON document, and people read them with --verbose", async () => {
    const work = await configured(domain);
    expect((await work.here(["dry-run"])).notices).toEqual([notice()]);
    for (const command of ["dry-run", "sync"]) {
      const usual = await work.run([command]);
      expect([usual.code, `${usual.stdout}${usual.stderr}`.includes("referred")]).toEqual([0, false]);
    }
    const { stdout, stderr } = await work.run(["sync", "--verbose"]);
    expect([stderr.includes(notice()), stdout.includes("referred")]).toEqual([true, false]);
    const check = await work.run(["check"]);
    expect([check.code, `${check.stdout}${check.stderr}`.includes("referred")]).toEqual([0, false]);
    expect((await work.run(["check", "--verbose"])).stderr).toContain(notice());
  });

  it('end the run where "referrals" is "error"', async () => {
    const { code, error } = await (await configured({ ...domain, referrals: "error" })).here(["sync"]);
    expect([code, error?.hint]).toEqual([1, expect.stringContaining("name the OUs of the people in source.baseDn")]);
  });
});

describe("a page whose entries are all gone when it is fetched", () => {
  it("does not end the read", async () => {
    const all = await samba.search(["-b", leaving, "-E", "pr=10/noprompt", "(objectClass=user)", "1.1"]);
    const dns = [...all.matchAll(/^dn: (.*)$/gm)].map(([, dn = ""]) => dn);
    const deletions = dns.slice(10, 20).map((dn) => `dn: ${dn}\nchangetype: delete\n\n`);
    let pages = 0;
    const deleting = await startAdLimits({
      to: samba.tlsUrl,
      beforeSearch: async () => void (++pages === 2 && (await samba.modify(deletions.join("")))),
    });
    try {
      const work = await configured({ url: deleting.url, tls: {}, baseDn: leaving, pageSize: 10 });
      const { code, counts } = await work.here(["sync"]);
      expect([code, counts.read, pages]).toEqual([0, 20, 4]);
      const left = [...dns.slice(0, 10), ...dns.slice(20)].map((dn) => dn.replace(/^CN=(.*?),.*$/, "$1"));
      expect(usersOf(work)).toEqual(left.sort());
    } finally {
      await deleting.stop();
    }
  });
});
