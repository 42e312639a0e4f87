import { writeFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { inactiveEntries } from "../src/leavers/inactive.ts";
import { openWhereabouts, type Whereabouts } from "../src/leavers/whereabouts.ts";
import { openSource } from "../src/source/open.ts";
import { kindsOf, lookFor } from "./looking.ts";
import { opened } from "./opened.ts";
import { type Attributes, base, fileConfig, fileWorkspace, sqlite, type Workspace } from "./program.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

const dnOf = (cn: string, ou = base) => `cn=${cn},${ou}`;
const person = (cn: string, more: Attributes = {}) =>
  record(dnOf(cn), {
    objectClass: ["inetOrgPerson"],
    cn: [cn],
    sn: [cn],
    uid: [cn.split(" ")[0] ?? cn],
    employeeType: ["active"],
    ...more,
  });

const filter = "(&(objectClass=inetOrgPerson)(!(title=robot)))";
const active = "(employeeType=active)";

const uuid = "0a1b2c3d-0000-4000-8000-00000000000a";

const ldif = [
  baseLdif(),
  person("anna"),
  person("bert", {
    objectClass: ["inetOrgPerson", "extensibleObject"],
    homeDirectory: ["/home/Bert"],
    departmentNumber: [`{${uuid.toUpperCase()}}`],
    employeeType: ["left"],
  }),
  person("carl", { employeeType: [] }),
  person("emil", { title: ["robot"] }),
  person("fred", { title: ["robot"], employeeType: ["left"] }),
  person("hugo one", { employeeType: ["left"] }),
  person("hugo two"),
  person("ivan", { uid: ["ivan", "zoe"] }),
  person("Kurt", { employeeType: ["left"] }),
  person("no. 7", { uid: ["007"], employeeType: ["left"] }),
  person("Lars", { uid: ["Lårs"], employeeType: ["left"] }),
].join("");

const inactive = (cn: string): Whereabouts => ({ kind: "inactive", dn: dnOf(cn), why: `is not active by ${active}` });
const outside = (cn: string): Whereabouts => ({
  kind: "inactive",
  dn: dnOf(cn),
  why: `is not in source.filter ${filter}`,
});
const gone: Whereabouts = { kind: "gone" };

const expected: Readonly<Record<string, Whereabouts>> = {
  anna: { kind: "active", dn: dnOf("anna") },
  bert: inactive("bert"),
  carl: inactive("carl"),
  emil: outside("emil"),
  fred: outside("fred"),
  hugo: { kind: "active", dn: dnOf("hugo two") },
  ivan: { kind: "active", dn: dnOf("ivan") },
  // Another value of uid, and not the match key.
  zoe: gone,
  // The column compares without regard to case.
  KURT: inactive("Kurt"),
  "7": gone,
  Lårs: inactive("Lars"),
  none: gone,
};

let slapd: Slapd;
beforeAll(async () => {
  slapd = await startSlapd({ people: ldif });
});
afterAll(() => slapd?.stop());

const atSlapd = (changes: object = {}, of = slapd) => ({
  url: of.url,
  bindDn: of.syncDn,
  bindPassword: of.syncPassword,
  baseDn: base,
  filter,
  active,
  ...changes,
});

const inFile = (changes: object = {}) => ({ ...fileConfig().source, filter, active, ...changes });

async function configured(source: unknown, changes: object = {}): Promise<Workspace> {
  const work = await fileWorkspace({}, { source, ...changes });
  await writeFile(work.path("people.ldif"), ldif);
  return work;
}

describe.each([
  ["an LDIF file", inFile],
  ["slapd", atSlapd],
] as const)("a second look at rows that nobody of a read has, in %s", (_, source) => {
  const open = (changes: object = {}) => configured(source(), changes);

  it("says where each of them is", async () => {
    expect(await lookFor(await open(), Object.keys(expected))).toEqual(expected);
  });

  it("finds each of so many that they are looked for in several searches", async () => {
    const many = Array.from({ length: 450 }, (_, at) => ({ 0: "anna", 200: "bert", 449: "Lårs" })[at] ?? `none${at}`);
    const found = Object.entries(await lookFor(await open(), many)).filter(([, { kind }]) => kind !== "gone");
    expect(found.map(([key, { kind }]) => [key, kind])).toEqual([
      ["anna", "active"],
      ["bert", "inactive"],
      ["Lårs", "inactive"],
    ]);
  });

  it.each<[string, unknown]>([
    ["a template", { template: "{uid}" }],
    ["a transform that no filter undoes", { attribute: "uid", transform: [{ replace: ["^x-", ""] }] }],
    ["a transform that a directory passes over", { attribute: "uid", transform: ["trim", "lowercase"] }],
    ["several attributes", { attribute: ["employeeNumber", "uid"] }],
  ])("finds a key that is made by %s", async (_, username) => {
    const work = await open({ mapping: { username } });
    expect(kindsOf(await lookFor(work, ["anna", "bert", "lårs", "none"]))).toEqual({
      anna: "active",
      bert: "inactive",
      lårs: "inactive",
      none: "gone",
    });
  });

  it("finds a key in letters that the directory does not take for the same", async () => {
    const home = { attribute: "homeDirectory", transform: ["lowercase"] };
    expect(await lookFor(await open({ mapping: { username: home } }), ["/home/bert", "/home/none"])).toEqual({
      "/home/bert": inactive("bert"),
      "/home/none": gone,
    });
  });

  it("finds a UUID in whatever form the directory has it", async () => {
    const work = await open({ mapping: { username: { attribute: "departmentNumber", as: "uuid" } } });
    expect(await lookFor(work, [uuid, uuid.replace("0", "1")])).toEqual({
      [uuid]: inactive("bert"),
      [uuid.replace("0", "1")]: gone,
    });
  });

  it("finds a number that the directory has with zeros in front", async () => {
    const work = await open({ mapping: { username: { attribute: "uid", as: "integer" } } });
    expect(await lookFor(work, ["7", "70"])).toEqual({ "7": inactive("no. 7"), "70": gone });
    const column = await open({ target: { ...fileConfig().target, table: "numbers" }, mapping: { username: "uid" } });
    sqlite(column.path("idm.sqlite"), "create table numbers (username integer not null unique, state text)");
    expect(await lookFor(column, ["7", "70"])).toEqual({ "7": inactive("no. 7"), "70": gone });
  });

  it("takes for the same what the column takes for the same, and nothing else", async () => {
    const work = await open({ target: { ...fileConfig().target, table: "exact" }, mapping: { username: "uid" } });
    sqlite(work.path("idm.sqlite"), "create table exact (username text not null unique, state text)");
    expect(await lookFor(work, ["KURT", "Kurt"])).toEqual({ KURT: gone, Kurt: inactive("Kurt") });
  });

  it("looks by the match key that the row has", async () => {
    const target = { ...fileConfig().target, matchKey: ["external_id", "username"] };
    const work = await open({ target });
    expect(kindsOf(await lookFor(work, ["anna", "bert", "none"], 1))).toEqual({
      anna: "active",
      bert: "inactive",
      none: "gone",
    });
  });

  it("looks in every source, and an active entry in one of them decides", async () => {
    const work = await configured([source({ active: "(employeeType=none)" }), source()]);
    expect(kindsOf(await lookFor(work, ["anna", "bert", "none"]))).toEqual({
      anna: "active",
      bert: "inactive",
      none: "gone",
    });
  });
});

describe("a second look at people of whom slapd hides something", () => {
  const bert = dnOf("bert");
  let hiding: Slapd;
  const cannotBeJudged = (who: string, asked: string): Whereabouts => ({
    kind: "unknown",
    dn: dnOf(who),
    why: `cannot be judged: the directory does not say whether ${asked} holds: it hides or does not know an attribute in it`,
  });
  const hide = (cn: string, attribute: string, left = "none") =>
    `access to dn.exact="${dnOf(cn)}" attrs=${attribute} by dn.exact="cn=admin,dc=example,dc=com" write by * ${left}`;

  beforeAll(async () => {
    hiding = await startSlapd({
      people: [
        ldif,
        person("otto"),
        person("paul"),
        person("quin one", { employeeType: ["left"] }),
        person("quin two"),
      ].join(""),
      limits: [
        hide("otto", "employeeType"),
        hide("fred", "employeeType"),
        hide("paul", "title"),
        hide("ivan", "uid", "search"),
        hide("quin two", "employeeType"),
      ],
    });
  });
  afterAll(() => hiding?.stop());

  it("leaves unknown what cannot be read, unless something else decides", async () => {
    const work = await configured(atSlapd({}, hiding));
    expect(await lookFor(work, ["anna", "bert", "otto", "fred", "paul", "ivan", "zoe", "quin"])).toEqual({
      anna: { kind: "active", dn: dnOf("anna") },
      bert: inactive("bert"),
      otto: cannotBeJudged("otto", active),
      fred: outside("fred"),
      paul: cannotBeJudged("paul", filter),
      ivan: { kind: "unknown", dn: dnOf("ivan"), why: "does not show its match key" },
      zoe: { kind: "unknown", dn: dnOf("ivan"), why: "does not show its match key" },
      quin: cannotBeJudged("quin two", active),
    });
  });

  it("reads none of them among those who are not active", async () => {
    const { sources, target, signal } = await opened(await configured(atSlapd({}, hiding)));
    await target.close();
    const dns: string[] = [];
    for await (const entries of inactiveEntries(sources, { attributes: ["uid"] }, signal)) {
      dns.push(...entries.map(({ dn }) => dn));
    }
    expect(dns.toSorted()).toEqual(
      ["Kurt", "Lars", "bert", "carl", "hugo one", "no. 7", "quin one"].map((cn) => dnOf(cn)),
    );
  });

  it("leaves unknown what asks for an attribute that the server does not know", async () => {
    const work = await configured(atSlapd({ active: "(|(employeeType=active)(noSuchAttribute=1))" }, hiding));
    expect(kindsOf(await lookFor(work, ["anna", "bert"]))).toEqual({ anna: "active", bert: "unknown" });
  });

  it("finds somebody who was moved or renamed while the read was going on", async () => {
    const { config, sources, target, plan, signal } = await opened(await configured(atSlapd({ pageSize: 3 }, hiding)));
    const moves = [
      `dn: ${dnOf("anna")}\nchangetype: modrdn\nnewrdn: cn=renamed\ndeleteoldrdn: 0\n`,
      `\ndn: ${bert}\nchangetype: modify\nreplace: employeeType\nemployeeType: active\n`,
      `\ndn: ${bert}\nchangetype: modrdn\nnewrdn: cn=bert\ndeleteoldrdn: 0\nnewsuperior: ou=Zürich,${base}\n`,
    ].join("");
    let moved = false;
    const { attributes } = plan;
    for await (const _ of openSource(sources, { attributes }, () => {}).entries(signal)) {
      if (!moved) await hiding.modify(moves);
      moved = true;
    }
    const look = openWhereabouts(sources, config, plan, target, signal);
    expect(await look.of(["anna", "bert"].map((key) => ({ by: 0, key })))).toEqual([
      { kind: "active", dn: dnOf("renamed") },
      { kind: "active", dn: dnOf("bert", `ou=Zürich,${base}`) },
    ]);
    look.close();
    await target.close();
  });
});
