import { afterEach, describe, expect, it } from "vitest";
import { everything } from "../src/source/filter.ts";
import { openInspection } from "../src/source/inspection.ts";
import type { LdapConfig } from "../src/source/ldap.ts";
import { failureOf, ldapConfig, plain, readAll } from "./ldap-source.ts";
import type { LdapRequest } from "./servers/ldap-request.ts";
import { type Handler, type ScriptedLdap, scriptedLdap } from "./servers/ldap-script.ts";

/** Attributes that a server gives range by range, and what may happen meanwhile. */

let server: ScriptedLdap | undefined;
afterEach(async () => {
  await server?.stop();
  server = undefined;
});

type Reply = Parameters<Handler>[1];
type Search = Extract<LdapRequest, { op: "search" }>;
type Values = readonly (string | Buffer)[];

const dn = "cn=group,dc=example";
/** How many values the server gives at a time. */
const step = 10;

const values = (count: number, first = 0): string[] => Array.from({ length: count }, (_, at) => `v${first + at}`);

/** Gives the values from `low` on, as Active Directory does: the attribute itself is there too, without any. */
function giveRange(reply: Reply, all: Values, low: number): void {
  if (low > 0 && low >= all.length) {
    reply.searchDone(1, { diagnostic: "the range begins behind the last value" });
    return;
  }
  const some = all.slice(low, low + step);
  const last = low + step >= all.length ? "*" : String(low + step - 1);
  const part = some.length === 0 ? {} : { [`Member;range=${low}-${last}`]: some };
  reply.searchEntry(dn, { cn: "group", ...(low === 0 && { Member: [] }), ...part });
  reply.searchDone(0, { cookie: "" });
}

/** Where a search for a range begins; undefined for the search of the read. */
const lowOf = ({ attributes }: Search): number | undefined => {
  const [, low] = /;range=(\d+)-\*$/.exec(attributes[0] ?? "") ?? [];
  return low === undefined ? undefined : Number(low);
};

/** A server with one entry; `answer` has a say in each search for a range, the first is number 1. */
async function serve(all: Values, answer?: (low: number, reply: Reply, search: number) => void | Promise<void>) {
  let ranges = 0;
  server = await scriptedLdap((request, reply) => {
    if (request.op === "bind") reply.bindResponse(0);
    if (request.op !== "search") return;
    const low = lowOf(request);
    if (low === undefined && all.length <= step) {
      reply.searchEntry(dn, { cn: "group", ...(all.length > 0 && { Member: all }) });
      reply.searchDone(0, { cookie: "" });
    } else if (low === undefined) giveRange(reply, all, 0);
    else if (answer) return answer(low, reply, ++ranges);
    else giveRange(reply, all, low);
    return;
  });
  return server;
}

const config = (settings: Partial<LdapConfig> = {}): LdapConfig =>
  ldapConfig({ url: [server?.url ?? ""], bindDn: "cn=sync", bindPassword: "secret", ...settings });

const request = { attributes: ["cn", "member"] };

async function read(settings: Partial<LdapConfig> = {}): Promise<object[]> {
  const { entries } = await readAll([config(settings)], request);
  return entries.map(({ attributes }) => attributes);
}

const requested = (): unknown[][] =>
  (server?.requests ?? []).flatMap((each) =>
    each.op === "search" ? [[each.connection, each.base, each.scope, ...each.attributes]] : [],
  );

describe("an attribute that comes in ranges", () => {
  it("is read to its end under its own name, beside the read and as the same user", async () => {
    await serve(values(25));
    expect(await read()).toEqual([{ cn: ["group"], member: values(25) }]);
    expect(requested()).toEqual([
      [1, "dc=example", "sub", "cn", "member"],
      [2, dn, "base", "member;range=9-*"],
      [2, dn, "base", "member;range=18-*"],
    ]);
    const binds = (server?.requests ?? []).flatMap((each) => (each.op === "bind" ? [[each.connection, each.dn]] : []));
    expect(binds).toEqual([
      [1, "cn=sync"],
      [2, "cn=sync"],
    ]);
  });

  it.each([0, 1, 10, 11, 19, 20, 28, 29, 30, 38])("has all of %i values, each once", async (count) => {
    await serve(values(count));
    expect(await read()).toEqual([{ cn: ["group"], ...(count > 0 && { member: values(count) }) }]);
  });

  it("may have values that are bytes", async () => {
    const bytes = Array.from({ length: 25 }, (_, at) => Buffer.from([0xff, at]));
    await serve(bytes);
    expect(await read()).toEqual([{ cn: ["group"], member: bytes }]);
  });

  it("is read to its end by who looks at single entries too", async () => {
    await serve(values(25));
    const inspection = await openInspection(config(), new AbortController().signal);
    const found: object[] = [];
    const query = { base: dn, scope: "base", filter: everything, attributes: request.attributes } as const;
    for await (const entries of inspection.search(query, 1)) found.push(...entries.map(plain));
    inspection.close();
    expect(found).toEqual([{ dn, attributes: { cn: ["group"], member: values(25) } }]);
  });

  it("costs no second connection where there is none", async () => {
    await serve(values(5));
    expect(await read()).toEqual([{ cn: ["group"], member: values(5) }]);
    expect(server?.connections).toBe(1);
  });
});

describe("an attribute that changes while it is read in ranges", () => {
  const changes: readonly [what: string, before: Values, after: Values][] = [
    ["a value less before what was read", values(25), values(24, 1)],
    ["a value more before what was read", values(25), ["new", ...values(25)]],
    ["so many less that the range begins behind the last", values(25), values(5)],
    ["none left", values(25), []],
    ["all other values", values(25), values(25, 100)],
  ];

  it.each(changes)("is read again from its beginning: %s", async (_what, before, after) => {
    await serve(before, (low, reply) => giveRange(reply, after, low));
    expect(await read()).toEqual([{ cn: ["group"], ...(after.length > 0 && { member: after }) }]);
  });

  it("is given up where it changes again and again, and keeps the name that says so", async () => {
    await serve(values(25), (low, reply, search) => giveRange(reply, values(25, search), low));
    expect(await read()).toEqual([{ cn: ["group"], "member;range=0-9": values(10) }]);
  });

  it.each<[string, (reply: Reply) => void]>([
    ["is not there any more", (reply) => reply.searchDone(32)],
    ["may not be seen any more", (reply) => reply.searchDone(0, { cookie: "" })],
  ])("is given up where its entry %s", async (_what, answer) => {
    await serve(values(25), (_low, reply) => answer(reply));
    expect(await read()).toEqual([{ cn: ["group"], "member;range=0-9": values(10) }]);
  });

  it("is given up where the server gives no more than it gave", async () => {
    await serve(values(25), (low, reply) => {
      reply.searchEntry(dn, { [`member;range=${low}-${low}`]: [`v${low}`] });
      reply.searchDone(0, { cookie: "" });
    });
    expect(await read()).toEqual([{ cn: ["group"], "member;range=0-9": values(10) }]);
  });
});

describe("a range that the server does not give", () => {
  const incomplete = `the read below ${dn} is not complete: after 0 entries`;

  it.each<[string, (reply: Reply) => void, string]>([
    ["refused", (reply) => reply.searchDone(53), "the server ended it with unwillingToPerform (53)"],
    ["of a server that is busy", (reply) => reply.searchDone(51), "the server ended it with busy (51)"],
    ["never answered", () => {}, "the server sent nothing for 300 ms"],
    ["lost with the connection", (reply) => reply.reset(), "the connection was lost"],
    ["ended by a server that leaves", (reply) => reply.close(), "the server closed the connection"],
  ])("is a failed read: %s", async (_what, answer, words) => {
    await serve(values(25), (_low, reply) => answer(reply));
    expect(await failureOf(read({ timeoutMs: 300 }))).toMatchObject({
      turn: "directory",
      message: expect.stringContaining(`${incomplete} ${words}`),
    });
  });

  it("is a failed read where the server cannot even give the first", async () => {
    await serve(values(25), (_low, reply) => reply.searchDone(1, { diagnostic: "broken" }));
    expect(await failureOf(read())).toMatchObject({
      message: expect.stringContaining("the server ended it with operationsError (1): broken"),
    });
  });

  it("is a failed read where the second connection is refused", async () => {
    let binds = 0;
    server = await scriptedLdap((request, reply) => {
      if (request.op === "bind") reply.bindResponse(++binds === 1 ? 0 : 51);
      if (request.op === "search") giveRange(reply, values(25), 0);
    });
    expect(await failureOf(read())).toMatchObject({
      turn: "directory",
      message: `${server.url} refused the bind as cn=sync: busy (51)`,
    });
  });
});
