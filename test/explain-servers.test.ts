import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { everything, parseFilter } from "../src/source/filter.ts";
import { firstEntries, openInspection } from "../src/source/inspection.ts";
import { mainIn } from "./in-process.ts";
import { ldapConfig, plain } from "./ldap-source.ts";
import { type Workspace, workspace } from "./program.ts";
import { type Mariadb, startMariadb } from "./servers/mariadb.ts";
import { dnOf, peopleLdif, person } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";
import { passwords, staffConfig, staffTable } from "./staff.ts";

/** The command `explain` on slapd and MariaDB. */

const count = 60;
const base = "ou=people,dc=example,dc=com";

let slapd: Slapd;
let mariadb: Mariadb;
let work: Workspace;

beforeAll(async () => {
  slapd = await startSlapd({ people: peopleLdif({ count }) });
  mariadb = await startMariadb({ generalLog: true });
  await mariadb.sql(staffTable);
  work = await workspace();
  await work.configure(staffConfig(slapd, mariadb));
  await work.run(["sync"], passwords(slapd, mariadb));
});
afterAll(async () => {
  await slapd?.stop();
  await mariadb?.stop();
});

interface Part {
  readonly filter: string;
  readonly matched: boolean;
  readonly values: readonly { attribute: string; value: string; means: string | null }[];
}
interface Document {
  readonly code: number | null;
  readonly notes: readonly string[];
  readonly nearest: string | null;
  readonly entries: readonly {
    dn: string;
    base: string | null;
    server: string;
    active: { matched: boolean; parts: readonly Part[] };
    row: { column: string; key: string; collation: string | null } | null;
    would: { action: string; because: readonly string[] };
  }[];
  readonly error: { message: string; hint: string } | null;
}

type Config = ReturnType<typeof staffConfig>;

/** Explains with a changed configuration, in a workspace of its own. */
async function explained(key: string, change: (config: Config) => object = (config) => config): Promise<Document> {
  const own = await workspace();
  await own.configure(change(staffConfig(slapd, mariadb)));
  const { code, stdout } = await mainIn(own.folder, ["explain", key, "--json"], {
    ...process.env,
    ...passwords(slapd, mariadb),
  });
  return { code, ...JSON.parse(stdout) };
}

const withSource = (changes: object) => (config: Config) => ({ ...config, source: { ...config.source, ...changes } });
const byUsername = (config: Config) => ({ ...config, target: { ...config.target, matchKey: "username" } });

const all = Array.from({ length: count }, (_, index) => person(index));
const somebody = all.find(({ active }) => active) ?? person(0);
const somebodyGone = all.find(({ active }) => !active) ?? person(0);

async function idOf(uid: string): Promise<string> {
  const text = await slapd.search([`(uid=${uid})`, "entryUUID"]);
  return /^entryUUID: (.*)$/m.exec(text)?.[1] ?? "";
}

describe("explain on slapd and MariaDB", () => {
  it("finds by the immutable id in any case, and has nothing to write after a sync", async () => {
    const id = await idOf(somebody.uid);
    const { code, notes, entries } = await explained(id.toUpperCase());
    expect([code, notes]).toEqual([0, []]);
    expect(
      entries.map(({ dn, base: below, server, row, would }) => ({ dn, below, server, key: row?.key, would })),
    ).toEqual([
      {
        dn: somebody.dn,
        below: base,
        server: slapd.url,
        key: id,
        would: { action: "none", because: ["the row holds all of this already"] },
      },
    ]);
  });

  it("lets the server judge each part, with matching rules and operational attributes that only it knows", async () => {
    const parts = [
      "(createTimestamp>=20000101000000Z)",
      `(entryDN:dnSubtreeMatch:=${base})`,
      "(hasSubordinates=FALSE)",
    ];
    const active = `(&${parts.join("")})`;
    const { entries } = await explained(`(uid=${somebody.uid})`, withSource({ active }));
    const created = /^createTimestamp: (.*)$/m.exec(
      await slapd.search([`(uid=${somebody.uid})`, "createTimestamp"]),
    )?.[1];
    const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)Z$/.exec(created ?? "") ?? [];
    const means = `${year}-${month}-${day} ${hour}:${minute}:${second} UTC`;
    expect(entries[0]?.active).toEqual({
      rule: active,
      filter: active,
      matched: true,
      unknown: null,
      parts: [
        { filter: parts[0], matched: true, values: [{ attribute: "createTimestamp", value: created, means }] },
        { filter: parts[1], matched: true, values: [{ attribute: "entryDN", value: somebody.dn, means: null }] },
        { filter: parts[2], matched: true, values: [{ attribute: "hasSubordinates", value: "FALSE", means: null }] },
      ],
    });
  });

  it("shows that an undefined comparison fails, and its negation too", async () => {
    // employeeNumber has no ordering rule (RFC 2798 section 2.5).
    const active = "(|(employeeNumber>=1)(!(employeeNumber>=1)))";
    const { entries } = await explained(`(uid=${somebody.uid})`, withSource({ active }));
    expect(entries[0]?.active.matched).toBe(false);
    expect(entries[0]?.active.parts.map(({ filter, matched }) => [filter, matched])).toEqual([
      ["(employeeNumber>=1)", false],
      ["(!(employeeNumber>=1))", false],
    ]);
    expect(entries[0]?.would.because[0]).toBe(
      "whether it is active is not known (the directory does not say whether (|(employeeNumber>=1)(!(employeeNumber>=1))) holds: " +
        "it hides or does not know an attribute in it): it is left alone, and is no leaver",
    );
  });

  it("says of somebody who is not active that the entry is not read", async () => {
    const { entries } = await explained(somebodyGone.uid, byUsername);
    expect(entries.map(({ dn, active, would }) => ({ dn, active, would }))).toEqual([
      {
        dn: somebodyGone.dn,
        active: {
          rule: "(employeeType=active)",
          filter: "(employeeType=active)",
          matched: false,
          unknown: null,
          parts: [
            {
              filter: "(employeeType=active)",
              matched: false,
              values: [{ attribute: "employeeType", value: "inactive", means: null }],
            },
          ],
        },
        would: {
          action: "not read",
          because: ["source.active does not match", "there is no row with its key, and none is made"],
        },
      },
    ]);
  });

  it("finds a DN below the base but outside of the scope, and names the lowest entry above one that is not there", async () => {
    const deeper = dnOf(7);
    const { entries } = await explained(deeper, withSource({ scope: "one" }));
    expect(entries.map((entry) => [entry.dn, entry.base, entry.would.action])).toEqual([[deeper, null, "not read"]]);
    const { code, nearest } = await explained(`uid=none,ou=none,${base}`);
    expect([code, nearest]).toEqual([1, base]);
  });

  it("finds the entry whose key is the same by the column's collation alone", async () => {
    const accented = somebody.uid.replace("u", "Ü");
    const { notes, entries } = await explained(accented, byUsername);
    expect(notes).toEqual([expect.stringMatching(/^\d+ entries were read and mapped to find the key$/)]);
    expect(entries.map(({ dn, row }) => ({ dn, row: row?.key, collation: row?.collation }))).toEqual([
      { dn: somebody.dn, row: somebody.uid, collation: "utf8mb4_unicode_ci" },
    ]);
  });

  it("sends the database nothing but look-ups, also where a sync would write", async () => {
    const before = (await mariadb.generalLog()).length;
    const mapping = (config: Config) => ({ ...config, mapping: { ...config.mapping, town: { value: "Elsewhere" } } });
    const { entries } = await explained(`(uid=${somebody.uid})`, mapping);
    expect(entries.map(({ would }) => would.action)).toEqual(["update"]);
    const log = (await mariadb.generalLog()).slice(before).split("\n");
    const verbs = log.flatMap((line) => / (?:Query|Execute|Prepare)\t\W*(\w+)/.exec(line)?.[1]?.toLowerCase() ?? []);
    expect([...new Set(verbs)].sort()).toEqual(["select", "set", "show"]);
    expect(log.some((line) => /set session .*read[_ ]only/i.test(line))).toBe(true);
  });

  it("shows with --verbose the command that shows the entry, without the password", async () => {
    const { stdout } = await work.run(["explain", "-v", `(uid=${somebody.uid})`], passwords(slapd, mariadb));
    expect(stdout).toContain(`ldapsearch -LLL -H ${slapd.url} -x -D ${slapd.syncDn} -W`);
    expect(stdout).toContain(`-b ${somebody.dn} -s base '(objectClass=*)' entryUUID uid mail`);
    expect(stdout).not.toContain(slapd.syncPassword);
  });

  it("ends with 2 for a DN with an attribute type that the server does not know", async () => {
    const { code, error } = await explained(`uidd=anna,${base}`);
    expect({ code, error }).toEqual({
      code: 2,
      error: {
        message: `KEY: ${slapd.url} does not take uidd=anna,${base} for a DN`,
        hint: "does it know every attribute type in it?",
      },
    });
  });

  it("ends with 1 where the directory does not answer, or a base is not there", async () => {
    const dead = await explained("x", withSource({ url: "ldap://127.0.0.1:1" }));
    expect([dead.code, dead.error?.message]).toEqual([1, "ldap://127.0.0.1:1 refused the connection"]);
    const lost = await explained("(uid=x)", withSource({ baseDn: "ou=none,dc=example,dc=com" }));
    expect([lost.code, lost.error?.message]).toEqual([
      1,
      `${slapd.url}: ou=none,dc=example,dc=com does not exist; dc=example,dc=com does`,
    ]);
  });
});

describe("an inspection of a directory", () => {
  it("stops after the entries that are wanted, and goes on with the next question on the same connection", async () => {
    const config = ldapConfig({ url: [slapd.url], pageSize: 7 });
    const before = (await slapd.log()).match(/ACCEPT/g)?.length ?? 0;
    const inspection = await openInspection(config, new AbortController().signal);
    try {
      const query = { base, scope: "sub", filter: everything, attributes: ["uid"] } as const;
      const first = await firstEntries(inspection, query, 3);
      expect(first).toHaveLength(3);
      const [entry] = await firstEntries(inspection, { ...query, filter: parseFilter(`(uid=${somebody.uid})`) }, 1);
      expect(entry && plain(entry)).toEqual({ dn: somebody.dn, attributes: { uid: [somebody.uid] } });
      if (!entry) return;
      expect(await inspection.matches(entry, parseFilter("(objectClass=person)"))).toBe(true);
      expect(await inspection.matches(entry, parseFilter("(objectClass=device)"))).toBe(false);
      const dns: string[] = [];
      for await (const piece of inspection.search({ ...query, filter: parseFilter("(uid=*)") })) {
        dns.push(...piece.map(({ dn }) => dn));
      }
      expect(dns.sort()).toEqual(all.map(({ dn }) => dn).sort());
    } finally {
      inspection.close();
    }
    expect((await slapd.log()).match(/ACCEPT/g)?.length).toBe(before + 1);
  });
});
