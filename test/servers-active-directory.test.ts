import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AdLimits, startAdLimits } from "./servers/ad-limits.ts";
import { certificates } from "./servers/certificates.ts";
import { type Outcome, outcomeOf } from "./servers/command.ts";
import { type DirectoryRecord, toolCommand, toolEnv } from "./servers/ldap-server.ts";
import { recordsIn } from "./servers/ldif.ts";
import { type Samba, startSamba, unicodePwd } from "./servers/samba.ts";

const suffix = "DC=ad,DC=test";
const staff = `OU=Stäbe,${suffix}`;
const count = 1600;
const dnOf = (index: number): string => `CN=Åsa ${index},${staff}`;
const photo = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46]);

/** What sets a person apart from the others, who are enabled and never expire. */
const special: Readonly<Record<number, DirectoryRecord["attributes"]>> = {
  0: { manager: [dnOf(1)] },
  1: { manager: [dnOf(0)] },
  2: { userAccountControl: ["514"] },
  3: { accountExpires: [] },
  4: { accountExpires: ["0"] },
  5: { accountExpires: ["9223372036854775807"] },
  6: { accountExpires: ["132223104000000000"] },
  7: { lockoutTime: ["133000000000000000"] },
  8: { jpegPhoto: [photo], thumbnailPhoto: [photo] },
  9: { unicodePwd: [unicodePwd("Åsa's own")] },
};

const user = (index: number): DirectoryRecord => ({
  dn: dnOf(index),
  attributes: {
    objectClass: ["user"],
    sAMAccountName: [`asa${index}`],
    mail: [`asa${index}@example.com`],
    userAccountControl: ["512"],
    ...special[index],
  },
});

const group = (name: string, member: readonly string[]): DirectoryRecord => ({
  dn: `CN=${name},${staff}`,
  attributes: { objectClass: ["group"], sAMAccountName: [name], member },
});

const everybody = Array.from({ length: count }, (_, index) => dnOf(index));

const unit = (dn: string): DirectoryRecord => ({ dn, attributes: { objectClass: ["organizationalUnit"] } });

const leaving = `OU=Leaving,${suffix}`;

/** Groups come before their members. */
const records: readonly DirectoryRecord[] = [
  unit(staff),
  group("outer", [`CN=everybody,${staff}`]),
  group("everybody", everybody),
  ...Array.from({ length: count }, (_, index) => user(index)),
  unit(leaving),
  ...Array.from({ length: 30 }, (_, index) => ({
    dn: `CN=${index},${leaving}`,
    attributes: { objectClass: ["contact"] },
  })),
];

let samba: Samba;
beforeAll(async () => {
  samba = await startSamba({ records });
});
afterAll(() => samba?.stop());

const sync = () => ({ dn: samba.syncDn, password: samba.syncPassword });

/** ldapsearch below the staff, as the user who synchronises, whatever the result. */
const ldapsearch = (url: string, ...args: readonly string[]): Promise<Outcome> =>
  outcomeOf([...toolCommand("ldapsearch", url, sync()), "-o", "ldif-wrap=no", "-b", staff, ...args], {
    env: toolEnv(),
  });

const dns = (text: string): string[] => recordsIn(text).map(({ dn }) => dn);

describe("a private Samba domain controller", () => {
  it("holds the people as the test states them", async () => {
    const names = ["userAccountControl", "accountExpires", "lockoutTime", "manager", "jpegPhoto", "thumbnailPhoto"];
    const filter = `(|${Object.keys(special).map((index) => `(sAMAccountName=asa${index})`)})`.replaceAll(",", "");
    const found = recordsIn(await samba.search(["-b", staff, filter, ...names], sync()));
    const usual = { userAccountControl: ["512"], accountExpires: ["9223372036854775807"] };
    const { accountExpires: _, ...never } = usual;
    expect(Object.fromEntries(found.map(({ dn, attributes }) => [dn, attributes]))).toEqual({
      [dnOf(0)]: { ...usual, manager: [dnOf(1)] },
      [dnOf(1)]: { ...usual, manager: [dnOf(0)] },
      [dnOf(2)]: { ...usual, userAccountControl: ["514"] },
      [dnOf(3)]: never,
      [dnOf(4)]: { ...usual, accountExpires: ["0"] },
      [dnOf(5)]: usual,
      [dnOf(6)]: { ...usual, accountExpires: ["132223104000000000"] },
      [dnOf(7)]: { ...usual, lockoutTime: ["133000000000000000"] },
      [dnOf(8)]: { ...usual, jpegPhoto: [photo], thumbnailPhoto: [photo] },
      [dnOf(9)]: usual,
    });
  });

  it("takes a password by TLS alone: StartTLS, or ldaps, of whose certificate the authority is known", async () => {
    const person = { dn: dnOf(9), password: "Åsa's own" };
    expect(await ldapsearch(samba.url, "-s", "base")).toMatchObject({
      code: 8,
      stderr: expect.stringContaining("BindSimple: Transport encryption required"),
    });
    expect(await ldapsearch(samba.url, "-ZZ", "-s", "base")).toMatchObject({ code: 0 });
    expect(dns(await samba.search(["-b", person.dn, "1.1"], person))).toEqual([person.dn]);
    expect(await ldapsearch(samba.tlsUrl, "-o", `TLS_CACERT=${certificates().otherCa}`, "-s", "base")).toMatchObject({
      code: 255,
    });
  });

  it("finds the members of nested groups by the in-chain rule", async () => {
    const filter = `(&(sAMAccountName=asa7)(memberOf:1.2.840.113556.1.4.1941:=CN=outer,${staff}))`;
    expect(dns(await samba.search([filter, "1.1"], sync()))).toEqual([dnOf(7)]);
  });

  it("refers to the configuration of the domain, on a host that has no address, in a search of the whole domain", async () => {
    const { stdout } = await ldapsearch(samba.tlsUrl, "-b", suffix, "(sAMAccountName=asa7)", "1.1");
    expect(stdout.match(/^ref: .*$/gm)).toEqual([`ref: ldaps://ad.test/CN=Configuration,${suffix}`]);
  });

  it("delivers a page whose entries are all gone meanwhile as an empty page with a cookie", async () => {
    const all = dns(await samba.search(["-b", leaving, "-E", "pr=10/noprompt", "(objectClass=contact)", "1.1"]));
    const changes = all.slice(10, 20).map((dn) => `dn: ${dn}\nchangetype: delete\n\n`);
    let searches = 0;
    const beforeSearch = async () => void (++searches === 2 && (await samba.modify(changes.join(""))));
    const proxy = await startAdLimits({ to: samba.tlsUrl, beforeSearch });
    try {
      const { stdout } = await ldapsearch(
        proxy.url,
        "-b",
        leaving,
        "-E",
        "pr=10/noprompt",
        "(objectClass=contact)",
        "1.1",
      );
      const pages = [...stdout.matchAll(/(.*?)^pagedresults: [^\n]*cookie=([^\n]*)$/gms)];
      expect(pages.map(([, page = "", cookie]) => [dns(page), cookie !== ""])).toEqual([
        [all.slice(0, 10), true],
        [[], true],
        [all.slice(20), true],
        [[], false],
      ]);
    } finally {
      await proxy.stop();
    }
  });

  it("keeps its data when it is killed, and does not disturb another one", async () => {
    const other = await startSamba({ plainBinds: true });
    try {
      await other.modify(`dn: OU=Later,${suffix}\nchangetype: add\nobjectClass: organizationalUnit\n`);
      await other.kill();
      await other.restart();
      const { stdout } = await ldapsearch(other.url, "-b", suffix, "(ou=Later)", "1.1");
      expect(dns(stdout)).toEqual([`OU=Later,${suffix}`]);
      expect(dns(await samba.search(["(ou=Later)", "1.1"]))).toEqual([]);
    } finally {
      await other.stop();
    }
  });
});

describe("a proxy with the limits of Active Directory", () => {
  let proxy: AdLimits;
  beforeAll(async () => {
    proxy = await startAdLimits({ to: samba.tlsUrl });
  });
  afterAll(() => proxy?.stop());

  /** The name under which `member` of the large group came, and its values. */
  const members = async (attribute: string) => {
    const { stdout } = await ldapsearch(proxy.url, "(sAMAccountName=everybody)", attribute);
    return Object.entries(recordsIn(stdout)[0]?.attributes ?? {});
  };

  it("gives, range by range, what Samba gives as a whole", async () => {
    const whole = recordsIn(await samba.search(["(sAMAccountName=everybody)", "member"], sync()))[0]?.attributes.member;
    expect([...(whole ?? [])].sort()).toEqual([...everybody].sort());
    expect([...(await members("member")), ...(await members("member;range=1500-*"))]).toEqual([
      ["member;range=0-1499", whole?.slice(0, 1500)],
      ["member;range=1500-*", whole?.slice(1500)],
    ]);
    expect([...(await members("Member;Range=10-19")), ...(await members("member;range=1590-1599"))]).toEqual([
      ["member;range=10-19", whole?.slice(10, 20)],
      ["member;range=1590-*", whole?.slice(1590)],
    ]);
    expect(proxy.searches.map((search) => (search.op === "search" ? search.attributes : []))).toEqual([
      ["member"],
      ["member;range=1500-*"],
      ["Member;Range=10-19"],
      ["member;range=1590-1599"],
    ]);
  });

  it("fails a range behind the last value", async () => {
    expect(await ldapsearch(proxy.url, "(sAMAccountName=everybody)", `member;range=${count}-*`)).toMatchObject({
      code: 1,
    });
  });

  it("gives 1,000 entries and an error without pages, and all by pages of no more than 1,000", async () => {
    const read = async (...args: readonly string[]) => {
      const { code, stdout } = await ldapsearch(proxy.url, ...args, "(sAMAccountName=asa*)", "objectGUID");
      const pages = stdout.match(/^pagedresults:/gm)?.length ?? 0;
      return { code, entries: dns(stdout).length, pages };
    };
    expect(await read()).toEqual({ code: 4, entries: 1000, pages: 0 });
    expect(await read("-E", "pr=5000/noprompt")).toEqual({ code: 0, entries: count, pages: 2 });
    expect(await read("-E", "pr=400/noprompt")).toEqual({ code: 0, entries: count, pages: 5 });
  });

  it("passes everything else as it is", async () => {
    const asked = ["-LLL", "-E", "pr=300/noprompt", "(objectClass=user)"];
    const [direct, proxied] = [await ldapsearch(samba.tlsUrl, ...asked), await ldapsearch(proxy.url, ...asked)];
    expect(dns(direct.stdout)).toHaveLength(count);
    expect(proxied.stdout).toBe(direct.stdout);
  });
});
