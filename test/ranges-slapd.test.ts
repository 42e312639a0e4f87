import { TLSSocket } from "node:tls";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Connection, openBeside, openConnection } from "../src/source/connection.ts";
import type { LdapConfig } from "../src/source/ldap.ts";
import { failureOf, ldapConfig } from "./ldap-source.ts";
import { sqlite, type Workspace, workspace } from "./program.ts";
import { type AdLimits, startAdLimits } from "./servers/ad-limits.ts";
import { certificates } from "./servers/certificates.ts";
import type { LdapRequest } from "./servers/ldap-request.ts";
import { baseLdif, record } from "./servers/people.ts";
import { type Slapd, startSlapd } from "./servers/slapd.ts";

/** Groups of slapd whose members arrive in ranges of 1,500, from the directory to the table and what is said. */

const suffix = "dc=example,dc=com";
const counts = { border: 1500, even: 3000, large: 3800, small: 2 } as const;
const names = Object.keys(counts) as (keyof typeof counts)[];

const dnOf = (name: string): string => `cn=${name},${suffix}`;
const members = (count: number): string[] => Array.from({ length: count }, (_, at) => `uid=${10_000 + at},o=elsewhere`);

const groups = names.map((name) =>
  record(dnOf(name), { objectClass: ["groupOfNames"], cn: [name], member: members(counts[name]) }),
);

let slapd: Slapd;
beforeAll(async () => {
  slapd = await startSlapd({ people: [baseLdif(), ...groups].join(""), tls: true });
});
afterAll(() => slapd?.stop());

/** A workspace that reads through a proxy with ranges. `meanwhile` happens before a search for the rest of `large`. */
async function through(
  meanwhile: () => Promise<void>,
  work: (workspace: Workspace, proxy: AdLimits) => Promise<void>,
): Promise<void> {
  const isRest = (search: LdapRequest): boolean =>
    search.op === "search" && search.base === dnOf("large") && search.attributes.some((each) => each.includes("range"));
  const proxy = await startAdLimits({
    to: slapd.url,
    beforeSearch: async (search) => {
      if (isRest(search)) await meanwhile();
    },
  });
  try {
    const space = await workspace();
    sqlite(space.path("idm.sqlite"), "create table users (username text unique, members text, number integer)");
    await space.configure({
      source: {
        url: proxy.url,
        bindDn: slapd.syncDn,
        bindPassword: slapd.syncPassword,
        baseDn: suffix,
        filter: "(objectClass=groupOfNames)",
        pageSize: 2,
      },
      target: { client: "sqlite", connection: { filename: "idm.sqlite" }, table: "users", matchKey: "username" },
      mapping: {
        username: "cn",
        members: { attribute: "member", multi: "json" },
        number: { attribute: "member", multi: "count" },
      },
    });
    await work(space, proxy);
  } finally {
    await proxy.stop();
  }
}

const rows = (space: Workspace) => sqlite(space.path("idm.sqlite"), "select * from users order by username");
const all = names.map((name) => ({
  username: name,
  members: JSON.stringify(members(counts[name])),
  number: counts[name],
}));

/** Runs one change, however often it is asked. */
function once(change: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => {
    done ??= change();
    return done;
  };
}

const changeMember = (operation: "add" | "delete", value: string): string =>
  `dn: ${dnOf("large")}\nchangetype: modify\n${operation}: member\nmember: ${value}\n`;

describe("groups whose members arrive in ranges", () => {
  it("are synchronised with all of them, of which the rest is asked for", () =>
    through(
      async () => {},
      async (space, proxy) => {
        expect((await space.here(["sync"])).code).toBe(0);
        expect(rows(space)).toEqual(all);
        const ranges = proxy.searches.flatMap((search) =>
          search.op === "search" && search.scope === "base" ? [[search.base, ...search.attributes]] : [],
        );
        expect(ranges).toEqual([
          [dnOf("even"), "member;range=1499-*"],
          [dnOf("even"), "member;range=2998-*"],
          [dnOf("large"), "member;range=1499-*"],
          [dnOf("large"), "member;range=2998-*"],
        ]);
      },
    ));

  it("have those of after a change that comes between two ranges", async () => {
    const [first = "", ...others] = members(counts.large);
    await through(
      once(() => slapd.modify(changeMember("delete", first))),
      async (space) => {
        expect((await space.here(["sync"])).code).toBe(0);
        const large = { username: "large", members: JSON.stringify(others), number: counts.large - 1 };
        expect(rows(space)).toEqual(all.map((row) => (row.username === "large" ? large : row)));
      },
    );
    await slapd.modify(changeMember("add", first));
  });

  it("are rejects, and not members of less, where they are gone before the last range", async () => {
    const rename = (from: string, to: string) =>
      `dn: ${dnOf(from)}\nchangetype: modrdn\nnewrdn: cn=${to}\ndeleteoldrdn: 1\n`;
    await through(
      once(() => slapd.modify(rename("large", "renamed"))),
      async (space) => {
        const { code, counts: end, rejects, warnings } = await space.here(["sync"]);
        expect([code, end.inserted, warnings]).toEqual([3, names.length - 1, []]);
        expect(rejects).toEqual([
          {
            dn: dnOf("large"),
            key: "large",
            column: "members",
            reason:
              "column members: member came as member;range=0-1499 alone: the entry was moved, deleted or changed while it was read, or the LDIF file has no more (complete values)",
          },
        ]);
      },
    );
    await slapd.modify(rename("renamed", "large"));
  });

  it("end the run where the server dies meanwhile, and what was finished stands", () =>
    through(
      once(() => slapd.kill()),
      async (space) => {
        const { code, error } = await space.here(["sync"]);
        expect([code, error?.message]).toEqual([1, expect.stringContaining(`below ${dnOf("large")} is not complete`)]);
        await slapd.restart();
        expect((await space.here(["sync"])).code).toBe(0);
        expect(rows(space)).toEqual(all);
      },
    ));
});

describe("a connection beside another one", () => {
  it.each<[string, () => Partial<LdapConfig>]>([
    ["ldap", () => ({ url: [slapd.url] })],
    ["StartTLS", () => ({ url: [slapd.url], startTls: true })],
    ["ldaps", () => ({ url: [slapd.tlsUrl] })],
    ["ldaps by name", () => ({ url: [slapd.tlsUrl.replace(slapd.host, "localhost")] })],
  ])("goes to the same address and is encrypted alike: %s", async (_how, settings) => {
    const { signal } = new AbortController();
    const who = { bindDn: slapd.syncDn, bindPassword: slapd.syncPassword };
    const config = ldapConfig({ tls: { ca: certificates().ca }, ...who, ...settings() });
    const first = await openConnection(config, config.url, signal);
    const second = await openBeside(first, config, signal);
    const facts = ({ server, socket }: Connection) => [
      server,
      socket.remoteAddress,
      socket instanceof TLSSocket && socket.authorized,
    ];
    expect(facts(second)).toEqual(facts(first));
    expect(facts(second)[1]).toBe(slapd.host);
    for (const connection of [second, first]) connection.close();
  });

  it("fails in the words of the first one", async () => {
    const { signal } = new AbortController();
    const config = ldapConfig({ url: [slapd.url] });
    const first = await openConnection(config, config.url, signal);
    first.close();
    await slapd.kill();
    expect(await failureOf(openBeside(first, config, signal))).toMatchObject({
      turn: "directory",
      message: `${slapd.url} refused the connection`,
    });
    await slapd.restart();
  });
});
