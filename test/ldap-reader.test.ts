import { createServer, type Server, type Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, describe, expect, it, vi } from "vitest";
import { everything } from "../src/source/filter.ts";
import { firstEntries, openInspection } from "../src/source/inspection.ts";
import type { LdapConfig } from "../src/source/ldap.ts";
import { openSource } from "../src/source/open.ts";
import { byFilter, dnsOf, failureOf, ldapConfig, readAll } from "./ldap-source.ts";
import { element, integer, octets, sequence, set } from "./servers/ber.ts";
import type { LdapRequest } from "./servers/ldap-request.ts";
import { type Handler, type ScriptedLdap, scriptedLdap } from "./servers/ldap-script.ts";
import { host, listenOnFreePort } from "./servers/port.ts";

const servers: ScriptedLdap[] = [];
const plainServers: Server[] = [];
const plainSockets = new Set<Socket>();

const openSockets = (): number => process.getActiveResourcesInfo().filter((name) => name === "TCPSocketWrap").length;

// Whatever happened in a test: the reader has closed its connections, and so the server's ends are closed too.
afterEach(async () => {
  try {
    await vi.waitFor(() => expect(openSockets()).toBe(0));
  } finally {
    const open = servers.splice(0);
    for (const socket of plainSockets) socket.destroy();
    for (const server of plainServers.splice(0)) server.close();
    await Promise.all(open.map((server) => server.stop()));
  }
});

async function serve(handler: Handler, options?: { chunkSize?: number }): Promise<ScriptedLdap> {
  const server = await scriptedLdap(handler, options);
  servers.push(server);
  return server;
}

/** A server that answers no LDAP at all. */
async function plainServer(onConnection: (socket: Socket) => void): Promise<string> {
  const server = createServer((socket) => {
    plainSockets.add(socket);
    socket.on("close", () => plainSockets.delete(socket));
    socket.on("error", () => {});
    onConnection(socket);
    socket.resume();
  });
  plainServers.push(server);
  return `${host}:${await listenOnFreePort(server)}`;
}

type SearchRequest = Extract<LdapRequest, { op: "search" }>;
type Reply = Parameters<Handler>[1];

/** Binds whoever comes, and leaves searches to the test. */
const searches =
  (answer: (request: SearchRequest, reply: Reply) => void | Promise<void>): Handler =>
  (request, reply) => {
    if (request.op === "bind") reply.bindResponse(0);
    return request.op === "search" ? answer(request, reply) : undefined;
  };

/** Answers with so many entries for each page, numbered from 0 on: `uid=0`, `uid=1` … */
const pagesOf = (...sizes: readonly number[]): Handler =>
  searches((request, reply) => {
    const page = Number(request.cookie);
    const first = sizes.slice(0, page).reduce((sum, size) => sum + size, 0);
    for (let index = first; index < first + (sizes[page] ?? 0); index++) {
      reply.searchEntry(`uid=${index}`, { uid: String(index) });
    }
    reply.searchDone(0, { cookie: page + 1 < sizes.length ? String(page + 1) : "" });
  });

const numbered = (count: number): string[] => Array.from({ length: count }, (_, index) => `uid=${index}`);

const bind = { bindDn: "cn=sync", bindPassword: "top-secret" };
const at = (server: { readonly url: string }, settings: Partial<LdapConfig> = {}): LdapConfig =>
  ldapConfig({ url: [server.url], ...bind, ...settings });

const searchesOf = (server: ScriptedLdap): SearchRequest[] =>
  server.requests.filter((request) => request.op === "search");

describe("reading by pages", () => {
  it("goes on after pages that are empty but have a cookie", async () => {
    const server = await serve(pagesOf(2, 0, 0, 1, 0, 3, 0));
    const { entries } = await readAll([at(server)]);
    expect(dnsOf(entries)).toEqual(numbered(6));
  });

  it("goes on after 1000 empty pages", async () => {
    const server = await serve(pagesOf(1, ...Array(1000).fill(0), 1));
    expect(dnsOf((await readAll([at(server)])).entries)).toEqual(numbered(2));
  });

  it("fails after 1001 empty pages, one after the other", async () => {
    const server = await serve(searches((_, reply) => reply.searchDone(0, { cookie: "again" })));
    expect(await failureOf(readAll([at(server)]))).toEqual({
      turn: "directory",
      message: `${server.url}: the read below dc=example is not complete: after 0 entries the server sent 1001 pages without an entry, one after the other`,
      hint: expect.stringContaining("administrator"),
    });
    expect(searchesOf(server)).toHaveLength(1001);
  });

  it.each([1, 2, 3, 10])("fails where the server sends the same %i pages again and again", async (pages) => {
    let asked = 0;
    const server = await serve(
      searches((_, reply) => {
        for (const entry of ["a", "b"]) reply.searchEntry(`uid=${asked % pages}${entry}`, {});
        asked += 1;
        reply.searchDone(0, { cookie: "again" });
      }),
    );
    expect(await failureOf(readAll([at(server)]))).toEqual({
      turn: "directory",
      message: expect.stringMatching(
        / is not complete: after \d+ entries the server sent the same pages again and again$/,
      ),
      hint: expect.stringContaining("administrator"),
    });
    expect(asked).toBeLessThan(4 * pages + 2);
  });

  it("goes on where each page has the same cookie, as 389 Directory Server does it", async () => {
    let asked = 0;
    const server = await serve(
      searches((_, reply) => {
        reply.searchEntry(`uid=${asked}`, {});
        asked += 1;
        reply.searchDone(0, { cookie: asked < 20 ? "1" : "" });
      }),
    );
    expect(dnsOf((await readAll([at(server)])).entries)).toEqual(numbered(20));
  });

  it("asks with no limits of its own, with page size, scope, filter to the byte, attributes and the server's cookie", async () => {
    const server = await serve(pagesOf(1, 1));
    const filter = "(&(cn=\\c3\\a5*\\2a)(photo=\\ff\\00)(!(sn:dn:2.5.13.2:=å)))";
    const config = at(server, { filter, active: byFilter("(state=a)"), pageSize: 7, scope: "one" });
    await readAll([config], { attributes: ["uid", "Mail", "cn;lang-de"], filter: "(uid=x)" });
    const request = (cookie: string) => ({
      op: "search",
      messageId: expect.any(Number),
      connection: 1,
      controls: [{ oid: "1.2.840.113556.1.4.319", critical: false, value: expect.any(Buffer) }],
      base: "dc=example",
      scope: "one",
      sizeLimit: 0,
      timeLimit: 0,
      filter: "(&(&(cn=\\c3\\a5*\\2a)(photo=\\ff\\00)(!(sn:dn:2.5.13.2:=\\c3\\a5)))(state=a)(uid=x))",
      attributes: ["uid", "Mail", "cn;lang-de"],
      pageSize: 7,
      cookie,
      pagingCritical: false,
    });
    expect(searchesOf(server)).toEqual([request(""), request("1")]);
    expect(new Set(server.requests.map(({ messageId }) => messageId)).size).toBe(server.requests.length);
  });

  it("asks for no attributes where none are needed, not for all", async () => {
    const server = await serve(pagesOf(1));
    await readAll([at(server)], { attributes: [] });
    expect(searchesOf(server).map(({ attributes }) => attributes)).toEqual([["1.1"]]);
  });

  it("sends a cookie of any bytes back as it came", async () => {
    const cookie = Buffer.from([0, 255, 128, 10, 13]);
    const server = await serve(
      searches((request, reply) => reply.searchDone(0, { cookie: request.cookie === "" ? cookie : "" })),
    );
    await readAll([at(server)]);
    expect(searchesOf(server).map((request) => request.cookie)).toEqual(["", cookie.toString("latin1")]);
  });

  it("takes 150,000 entries in one answer from a server that ignores paging", async () => {
    const count = 150_000;
    const server = await serve(
      searches((request, reply) => {
        const id = integer(request.messageId);
        reply.rawBytes(Buffer.concat(numbered(count).map((dn) => entryMessage(id, dn, ""))));
        reply.searchDone(0, { control: false });
      }),
    );
    expect(dnsOf((await readAll([at(server)])).entries)).toEqual(numbered(count));
  });

  it("fails where the server pages at first and then stops paging", async () => {
    const server = await serve(
      searches((request, reply) => {
        reply.searchEntry(`uid=${request.cookie}`, {});
        reply.searchDone(0, request.cookie === "" ? { cookie: "1" } : { control: false });
      }),
    );
    expect(await failureOf(readAll([at(server)]))).toMatchObject({
      turn: "directory",
      message: expect.stringContaining("not complete: after 2 entries the server stopped paging"),
    });
  });

  it.each([undefined, 3, 1000])(
    "asks for the next page before the last one is taken (pieces of %s bytes)",
    async (chunkSize) => {
      const server = await serve(pagesOf(500, 500), chunkSize === undefined ? {} : { chunkSize });
      const reading = entriesOf(at(server));
      const first = await reading.next();
      await vi.waitFor(() => expect(searchesOf(server).map((request) => request.cookie)).toEqual(["", "1"]), 20_000);
      const taken = dnsOf(first.value ?? []);
      expect(taken).toEqual(numbered(500).slice(0, taken.length));
      expect(taken.length).toBeGreaterThan(0);
      await reading.return?.();
    },
  );

  it("asks for each page when it may, and for none after the read was given up", async () => {
    const server = await serve(pagesOf(2, 2, 2));
    const asked: (() => void)[] = [];
    const pace = { soon: (ask: () => void) => void asked.push(ask) };
    const source = openSource([at(server)], { attributes: ["uid"], pace }, () => {});
    const cookies = () => searchesOf(server).map((request) => request.cookie);
    const reading = source.entries(new AbortController().signal)[Symbol.asyncIterator]();
    const first = reading.next();
    await vi.waitFor(() => expect(asked).toHaveLength(1));
    expect(cookies()).toEqual([]);
    asked.shift()?.();
    expect(dnsOf((await first).value ?? [])).toEqual(numbered(2));
    expect(asked).toHaveLength(1);
    expect(cookies()).toEqual([""]);
    asked.shift()?.();
    await vi.waitFor(() => expect(cookies()).toEqual(["", "1"]));
    await reading.next();
    await reading.return?.();
    for (const ask of asked) ask();
    await server.stop();
    expect(cookies()).toEqual(["", "1"]);
  });

  it("does not read on while nobody takes the entries", async () => {
    const total = 100_000;
    let written = 0;
    const flood = async (socket: Socket): Promise<void> => {
      const padding = "x".repeat(1000);
      for (; written < total && !socket.destroyed; written++) {
        if (socket.write(entryMessage(integer(1001), `uid=${written}`, padding))) continue;
        await new Promise<void>((resolve) => {
          const go = () => {
            socket.off("drain", go).off("close", go);
            resolve();
          };
          socket.on("drain", go).on("close", go);
        });
      }
      socket.write(sequence(integer(1001), element(0x65, integer(0, 0x0a), octets(""), octets(""))));
    };
    const address = await plainServer((socket) => void socket.once("data", () => void flood(socket)));
    const reading = entriesOf(ldapConfig({ url: [`ldap://${address}`] }));
    let taken = (await reading.next()).value?.length ?? 0;
    let last = -1;
    for (let still = 0; still < 2000; still = written === last ? still + 1 : 0) {
      last = written;
      await nextTurn();
    }
    expect(taken).toBeLessThan(2000);
    // What lies between is in the kernel's buffers, some megabytes of these 100.
    expect(written).toBeLessThan(total / 4);
    for (let next = await reading.next(); !next.done; next = await reading.next()) taken += next.value.length;
    expect(taken).toBe(total);
  });
});

const entryMessage = (id: Buffer, dn: string, value: string): Buffer =>
  sequence(id, element(0x64, octets(dn), sequence(sequence(octets("uid"), set(octets(value))))));

function nestedSequences(depth: number): Buffer {
  let inner = element(0x61);
  for (let level = 0; level < depth; level += 1) inner = sequence(inner);
  return inner;
}

function entriesOf(config: LdapConfig, signal = new AbortController().signal) {
  return openSource([config], { attributes: ["uid"] }, () => {})
    .entries(signal)
    [Symbol.asyncIterator]();
}

describe("a read that does not come to its end", () => {
  const codes = [
    [1, "operationsError (1)"],
    [2, "protocolError (2)"],
    [3, "timeLimitExceeded (3)"],
    [4, "sizeLimitExceeded (4)"],
    [10, "referral (10)"],
    [11, "adminLimitExceeded (11)"],
    [50, "insufficientAccessRights (50)"],
    [51, "busy (51)"],
    [52, "unavailable (52)"],
    [53, "unwillingToPerform (53)"],
    [80, "other (80)"],
    [118, "result code (118)"],
  ] as const;
  const failing = (code: number, page: string): Handler =>
    searches((request, reply) => {
      for (const index of [0, 1]) reply.searchEntry(`uid=${request.cookie}${index}`, {});
      if (request.cookie !== page) reply.searchDone(0, { cookie: "1" });
      else reply.searchDone(code, { diagnostic: "that's\nit\0", ...(code === 10 && { referrals: [other, other] }) });
    });
  const other = "ldap://other.example.com/dc=example";

  it.each(codes)(
    "is a failure that names the result code %i, on the first page and on the second",
    async (code, name) => {
      for (const [page, entries] of [
        ["", 2],
        ["1", 4],
      ] as const) {
        const server = await serve(failing(code, page));
        const referred = code === 10 ? ` to ${other}, ${other}` : "";
        expect(await failureOf(readAll([at(server)]))).toEqual({
          turn: "directory",
          message: `${server.url}: the read below dc=example is not complete: after ${entries} entries the server ended it with ${name}: that's it${referred}`,
          hint: expect.stringMatching(/./),
        });
      }
    },
  );

  it.each([
    ["dc=com", "ou=none,dc=com does not exist; dc=com does"],
    ["", "ou=none,dc=com does not exist; no part of it does"],
  ])("names the part of the base DN that exists: %j", async (matchedDn, words) => {
    const server = await serve(searches((_, reply) => reply.searchDone(32, { matchedDn })));
    expect(await failureOf(readAll([at(server, { baseDn: ["ou=none,dc=com"] })]))).toEqual({
      turn: "directory",
      message: `${server.url}: ${words}`,
      hint: "check source.baseDn, and whether bindDn may see it",
    });
  });

  const half = entryMessage(integer(1001), "uid=half", "value").subarray(0, 20);
  const breaks: readonly [string, number, Handler][] = (["close", "reset"] as const).flatMap((how) => [
    [
      `${how} right after the bind`,
      0,
      (request, reply) => {
        if (request.op !== "bind") return;
        reply.bindResponse(0);
        reply[how]();
      },
    ],
    [`${how} instead of an answer`, 0, searches((_, reply) => reply[how]())],
    [
      `${how} within an entry`,
      1,
      searches((_, reply) => {
        reply.searchEntry("uid=0", {});
        reply.rawBytes(half);
        reply[how]();
      }),
    ],
    [
      `${how} after whole entries, where the end is missing`,
      2,
      searches((_, reply) => {
        for (const index of [0, 1]) reply.searchEntry(`uid=${index}`, {});
        reply[how]();
      }),
    ],
    [
      `${how} between two pages`,
      3,
      searches((request, reply) => {
        if (request.cookie !== "") return reply[how]();
        for (const index of [0, 1, 2]) reply.searchEntry(`uid=${index}`, {});
        reply.searchDone(0, { cookie: "1" });
      }),
    ],
  ]);

  it.each(breaks)("is a failure: %s", async (_, entries, handler) => {
    const server = await serve(handler);
    const after = `after ${entries} ${entries === 1 ? "entry" : "entries"}`;
    expect(await failureOf(readAll([at(server)]))).toEqual({
      turn: "directory",
      message: expect.stringMatching(
        `^${server.url}: the read below dc=example is not complete: ${after} (the server closed|the connection was lost)`,
      ),
      hint: expect.stringMatching(/./),
    });
    expect(server.connections).toBe(1);
  });

  it.each([
    ["nothing", () => {}, "the server sent nothing for 300 ms"],
    ["half an entry and then nothing", (reply: Reply) => reply.rawBytes(half), "the server sent nothing for 300 ms"],
    [
      "the notice of disconnection",
      (reply: Reply) =>
        reply.extendedResponse(52, { messageId: 0, oid: "1.3.6.1.4.1.1466.20036", diagnostic: "shutting down" }),
      "the server ended it with unavailable (52): shutting down",
    ],
    [
      "an extended response to the search",
      (reply: Reply) => reply.extendedResponse(12),
      "the server ended it with unavailableCriticalExtension (12)",
    ],
    [
      "an entry that answers another request",
      (reply: Reply) => {
        reply.rawBytes(entryMessage(integer(1002), "uid=0", "a"));
        reply.searchDone(0);
      },
      "the server sent what is not LDAP (an answer to request 1002, which was not made)",
    ],
    [
      "an entry after the end of a page",
      (reply: Reply) => {
        reply.searchDone(0, { cookie: "1" });
        reply.searchEntry("uid=0", {});
      },
      "the server sent what is not LDAP (an answer goes on after its end)",
    ],
    [
      "an answer that no search has",
      (reply: Reply) => {
        reply.rawBytes(sequence(integer(1001), element(0x66, octets("uid=0"), sequence())));
        reply.searchDone(0);
      },
      "the server sent what is not LDAP (an answer that is none to a search)",
    ],
    [
      "what is not LDAP",
      (reply: Reply) => reply.rawBytes(Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")),
      "the server sent what is not LDAP (a message does not begin with a sequence)",
    ],
    [
      "a message that claims two gigabytes",
      (reply: Reply) => reply.rawBytes(Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02])),
      "the server sent what is not LDAP (a message claims 2147483653 bytes)",
    ],
    [
      "a message without its end, then FIN",
      (reply: Reply) => {
        reply.rawBytes(Buffer.from([0x30, 0x84, 0x0f, 0, 0, 0, 0x02]));
        reply.close();
      },
      "the server closed the connection",
    ],
  ])("is a failure where the server sends %s", async (_, send, why) => {
    const server = await serve(
      searches((_request, reply) => {
        reply.searchEntry("uid=0", {});
        send(reply);
      }),
    );
    const failure = await failureOf(readAll([at(server, { timeoutMs: 300 })]));
    // Whether the entry was there already depends on how the network cuts the bytes.
    expect({ ...failure, message: failure.message.replace(/after (0 entries|1 entry)/, "after some") }).toEqual({
      turn: "directory",
      message: `${server.url}: the read below dc=example is not complete: after some ${why}`,
      hint: expect.stringMatching(/./),
    });
  });
});

describe("entries", () => {
  const attributes = {
    MAIL: ["a@example.com", "å@example.com"],
    "userCertificate;binary": [Buffer.from([0x30, 0x82, 0xff])],
    "cn;lang-DE": "Jörg",
    "x;Binary;lang-de": "x",
    mixed: ["text", Buffer.from([0xff, 0xfe]), "𠮷", Buffer.from([0xed, 0xa0, 0x80])],
    replacement: ["\uFFFD", "a\uFFFDb"],
    bom: "\uFEFFx",
    nul: "a\0b",
    blank: "",
    none: [],
    long: "ü".repeat(70_000),
  };
  const expected = {
    dn: "cn=Jörg\\, 𠮷,dc=example",
    attributes: {
      mail: ["a@example.com", "å@example.com"],
      usercertificate: [Buffer.from([0x30, 0x82, 0xff])],
      "cn;lang-de": ["Jörg"],
      "x;lang-de": ["x"],
      mixed: ["text", Buffer.from([0xff, 0xfe]), "𠮷", Buffer.from([0xed, 0xa0, 0x80])],
      replacement: ["\uFFFD", "a\uFFFDb"],
      bom: ["\uFEFFx"],
      nul: ["a\0b"],
      blank: [""],
      long: ["ü".repeat(70_000)],
    },
  };

  it("have lower-cased names with their options but ;binary, text where it is UTF-8 and else bytes, and no empty lists", async () => {
    const server = await serve(
      searches((_, reply) => {
        reply.searchEntry(expected.dn, attributes);
        reply.searchDone(0);
      }),
    );
    expect((await readAll([at(server)])).entries).toEqual([expected]);
  });

  it("have all the values where the server names an attribute twice", async () => {
    const server = await serve(
      searches((_, reply) => {
        reply.searchEntry("uid=0", { mail: "a", Mail: ["b", "c"] });
        reply.searchDone(0);
      }),
    );
    expect((await readAll([at(server)])).entries).toEqual([{ dn: "uid=0", attributes: { mail: ["a", "b", "c"] } }]);
  });

  it.each([1, 2, 7, 1000])("are the same in pieces of %i bytes", async (chunkSize) => {
    const { long, ...short } = attributes;
    const server = await serve(
      searches((request, reply) => {
        reply.searchEntry(expected.dn, chunkSize < 1000 ? short : { ...short, long });
        reply.searchReference(["ldap://other.example.com/"]);
        reply.searchDone(0, { cookie: request.cookie === "" ? "1" : "" });
      }),
      { chunkSize },
    );
    const { long: expectedLong, ...expectedShort } = expected.attributes;
    const entry = {
      dn: expected.dn,
      attributes: chunkSize < 1000 ? expectedShort : { ...expectedShort, long: expectedLong },
    };
    expect((await readAll([at(server)])).entries).toEqual([entry, entry]);
  });
});

describe("search references", () => {
  const referring = searches((request, reply) => {
    reply.searchReference([`ldap://a.example.com/${request.base}`, "ldap://b.example.com/"]);
    reply.searchEntry(`uid=0,${request.base}`, {});
    reply.searchDone(0);
  });

  it("are counted, and told once", async () => {
    const server = await serve(referring);
    const { entries, notices } = await readAll([at(server, { baseDn: ["dc=a", "dc=b"] })]);
    expect(dnsOf(entries)).toEqual(["uid=0,dc=a", "uid=0,dc=b"]);
    expect(notices).toEqual([
      `${server.url} referred to ldap://a.example.com/dc=a and 1 more: not followed, what is there was not read`,
    ]);
  });

  it('are a failure where "referrals" is "error"', async () => {
    const server = await serve(referring);
    expect(await failureOf(readAll([at(server, { referrals: "error" })]))).toEqual({
      turn: "directory",
      message: `${server.url} referred to ldap://a.example.com/dc=example for a part of the entries: the read is not complete`,
      hint: expect.stringContaining("source.url"),
    });
  });
});

describe("the bind", () => {
  const refusing =
    (code: number, diagnostic = ""): Handler =>
    (request, reply) => {
      if (request.op === "bind") reply.bindResponse(code, diagnostic);
    };

  it("is by DN and password, the goodbye an unbind", async () => {
    const server = await serve(pagesOf(1));
    await readAll([at(server)]);
    await vi.waitFor(() => expect(server.requests.map(({ op }) => op)).toEqual(["bind", "search", "unbind"]));
    expect(server.requests[0]).toMatchObject({ dn: "cn=sync", password: "top-secret", mechanism: undefined });
  });

  it("is left out where nobody is named", async () => {
    const server = await serve(pagesOf(1));
    await readAll([ldapConfig({ url: [server.url] })]);
    await vi.waitFor(() => expect(server.requests.map(({ op }) => op)).toEqual(["search", "unbind"]));
  });

  it.each([
    [49, "invalidCredentials (49): 80090308: data 52e"],
    [53, "unwillingToPerform (53): 80090308: data 52e"],
    [8, "strongerAuthRequired (8): 80090308: data 52e"],
    [48, "inappropriateAuthentication (48): 80090308: data 52e"],
  ])("that is refused with %i says who and why, and is not tried on the next server", async (code, words) => {
    const server = await serve(refusing(code, "80090308: data 52e\0"));
    const second = await serve(pagesOf(1));
    expect(await failureOf(readAll([at(server, { url: [server.url, second.url] })]))).toEqual({
      turn: "directory",
      message: `${server.url} refused the bind as cn=sync: ${words}`,
      hint: expect.stringMatching(/./),
    });
    expect(second.connections).toBe(0);
  });

  const result = (op: number, code = 0): Buffer => element(op, integer(code, 0x0a), octets(""), octets(""));
  const badAnswers: readonly [string, Buffer][] = [
    ["to another request", sequence(integer(3), result(0x61))],
    ["that is none to a bind", sequence(integer(2), result(0x6b))],
    [
      "that is followed by another one",
      Buffer.concat([sequence(integer(2), result(0x61)), entryMessage(integer(1001), "uid=0", "a")]),
    ],
    ["that is no LDAP", Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n")],
    ["of two gigabytes", Buffer.from([0x30, 0x84, 0x7f, 0xff, 0xff, 0xff, 0x02])],
    ["with an element in an element in an element", sequence(integer(2), nestedSequences(2000))],
    ["of 10,000 messages", Buffer.concat(Array(10_000).fill(sequence(integer(9), element(0x42))))],
  ];

  it.each(badAnswers)("is refused where the server gives an answer %s", async (_, answer) => {
    const server = await serve((request, reply) => {
      if (request.op === "bind") reply.rawBytes(answer);
    });
    expect(await failureOf(readAll([at(server)]))).toEqual({
      turn: "directory",
      message: `${server.url} answered the bind with what is not LDAP`,
      hint: expect.stringContaining("right port"),
    });
  });

  it("is refused with the reason where the server leaves", async () => {
    const server = await serve((request, reply) => {
      if (request.op !== "bind") return;
      reply.extendedResponse(52, { messageId: 0, oid: "1.3.6.1.4.1.1466.20036", diagnostic: "shutting down" });
    });
    expect(await failureOf(readAll([at(server)]))).toMatchObject({
      message: `${server.url} refused the bind as cn=sync: unavailable (52): shutting down`,
    });
  });

  it("by SASL EXTERNAL that is refused says that it was by certificate", async () => {
    const server = await serve(refusing(49));
    expect(await failureOf(readAll([ldapConfig({ url: [server.url], sasl: "external" })]))).toMatchObject({
      message: `${server.url} refused the bind as the client certificate's subject (SASL EXTERNAL): invalidCredentials (49)`,
    });
    expect(server.requests[0]).toMatchObject({ op: "bind", dn: "", mechanism: "EXTERNAL", password: undefined });
  });
});

describe("several URLs", () => {
  const silent: Handler = () => {};
  const bindAnswer =
    (code: number): Handler =>
    (request, reply) => {
      if (request.op === "bind") reply.bindResponse(code, "not now");
    };
  const bad: readonly [string, () => Promise<string>, string][] = [
    ["is busy", async () => (await serve(bindAnswer(51))).url, "refused the bind as cn=sync: busy (51): not now"],
    [
      "is unavailable",
      async () => (await serve(bindAnswer(52))).url,
      "refused the bind as cn=sync: unavailable (52): not now",
    ],
    ["refuses connections", refusedUrl, "refused the connection"],
    ["does not answer the bind", async () => (await serve(silent)).url, "did not answer the bind within 1000 ms"],
    [
      "closes at the bind",
      async () => (await serve((_, reply) => reply.close())).url,
      "closed the connection instead of answering the bind",
    ],
    [
      "breaks at the bind",
      async () => (await serve((_, reply) => reply.reset())).url,
      "closed the connection instead of answering the bind",
    ],
    ["does not answer TLS", async () => `ldaps://${await plainServer(() => {})}`, "did not answer in time"],
  ];

  it.each(bad)("are tried in order where one %s", async (_, url) => {
    const server = await serve(pagesOf(2));
    const { entries } = await readAll([at(server, { url: [await url(), server.url], timeoutMs: 1000 })]);
    expect(dnsOf(entries)).toEqual(numbered(2));
  });

  it("are all named, each with its reason, where none answers", async () => {
    const urls = await Promise.all(bad.map(([, url]) => url()));
    const { turn, message, hint } = await failureOf(readAll([ldapConfig({ url: urls, ...bind, timeoutMs: 1000 })]));
    expect({ turn, hint }).toEqual({ turn: "directory", hint: expect.stringMatching(/./) });
    const reasons = message.replace("no directory server answers: ", "").split("; ");
    expect(reasons).toEqual(bad.map(([, , words], index) => expect.stringContaining(`${urls[index]} ${words}`)));
    expect(message).not.toMatch(/\n|top-secret/);
  });

  it.each(bad)("need not be several: one that %s is a failure with its reason", async (_, makeUrl, words) => {
    const url = await makeUrl();
    expect(await failureOf(readAll([ldapConfig({ url: [url], ...bind, timeoutMs: 1000 })]))).toEqual({
      turn: "directory",
      message: expect.stringContaining(`${url} ${words}`),
      hint: expect.stringMatching(/./),
    });
  });

  it("of which one has a name that does not resolve are tried in order too", async () => {
    const server = await serve(pagesOf(2));
    const url = "ldap://nobody.invalid";
    expect(dnsOf((await readAll([at(server, { url: [url, server.url] })])).entries)).toEqual(numbered(2));
    expect(await failureOf(readAll([ldapConfig({ url: [url] })]))).toMatchObject({
      message: expect.stringContaining(`${url} cannot be found: `),
    });
  });

  it("are no way out once entries have been read", async () => {
    const first = await serve(
      searches((_, reply) => {
        reply.searchEntry("uid=0", {});
        reply.close();
      }),
    );
    const second = await serve(pagesOf(3));
    expect(await failureOf(readAll([at(first, { url: [first.url, second.url] })]))).toMatchObject({
      message: expect.stringContaining("is not complete"),
    });
    expect(second.connections).toBe(0);
  });

  async function refusedUrl(): Promise<string> {
    const server = await scriptedLdap(() => {});
    await server.stop();
    return server.url;
  }
});

describe("a look at single entries", () => {
  it("can be given up and followed by another one, also where the server does not page", async () => {
    const server = await serve(
      searches((request, reply) => {
        const id = integer(request.messageId);
        const dns = request.base === "dc=many" ? numbered(3000) : ["uid=last"];
        reply.rawBytes(Buffer.concat(dns.map((dn) => entryMessage(id, dn, "x".repeat(1000)))));
        reply.searchDone(0, { control: false });
      }),
    );
    const inspection = await openInspection(at(server), new AbortController().signal);
    const query = (base: string) => ({ base, scope: "sub", filter: everything, attributes: ["uid"] }) as const;
    expect(dnsOf(await firstEntries(inspection, query("dc=many"), 2))).toEqual(numbered(2));
    expect(dnsOf(await firstEntries(inspection, query("dc=one"), 2))).toEqual(["uid=last"]);
    inspection.close();
  });
});

describe("several bases and sources", () => {
  it("are read one after the other, a base within another one once", async () => {
    const server = await serve(
      searches((request, reply) => {
        reply.searchEntry(`uid=0,${request.base}`, {});
        reply.searchDone(0);
      }),
    );
    const baseDn = ["ou=x,dc=a", "dc=b", "dc=a", "DC=A", "ou=y, dc=b", "dc=ab"];
    const second = at(server, { baseDn: ["dc=c"], filter: "(sn=x)" });
    const { entries } = await readAll([at(server, { baseDn }), second]);
    expect(dnsOf(entries)).toEqual(["uid=0,dc=b", "uid=0,dc=a", "uid=0,dc=ab", "uid=0,dc=c"]);
    expect(searchesOf(server).map(({ base, filter, connection }) => ({ base, filter, connection }))).toEqual([
      { base: "dc=b", filter: "(objectClass=*)", connection: 1 },
      { base: "dc=a", filter: "(objectClass=*)", connection: 1 },
      { base: "dc=ab", filter: "(objectClass=*)", connection: 1 },
      { base: "dc=c", filter: "(sn=x)", connection: 2 },
    ]);
  });

  it("are all read where the scope is one, even where one base is within another", async () => {
    const server = await serve(searches((_, reply) => reply.searchDone(0)));
    await readAll([at(server, { baseDn: ["dc=a", "ou=x,dc=a", "DC=a"], scope: "one" })]);
    expect(searchesOf(server).map(({ base }) => base)).toEqual(["dc=a", "ou=x,dc=a"]);
  });
});

describe("canaries", () => {
  it("that were read leave the read complete, however they are spelt", async () => {
    const server = await serve(
      searches((_, reply) => {
        reply.searchEntry("UID=Canary, DC=Example", {});
        reply.searchDone(0);
      }),
    );
    const mustContain = ["uid=canary,dc=example", "Uid = CANARY,dc=example"];
    expect(dnsOf((await readAll([at(server, { mustContain })])).entries)).toEqual(["UID=Canary, DC=Example"]);
  });

  it("that are missing make the read a failure that names them", async () => {
    const server = await serve(pagesOf(2));
    expect(await failureOf(readAll([at(server, { mustContain: ["uid=1", "uid=7", "uid=8"] })]))).toEqual({
      turn: "directory",
      message: `${server.url} dc=example: the read is not complete: uid=7 and uid=8 was not among the active entries`,
      hint: expect.stringContaining("source.mustContain"),
    });
  });

  it("are not looked for with the filter of one run", async () => {
    const server = await serve(pagesOf(1));
    const request = { attributes: ["uid"], filter: "(uid=0)" };
    expect(dnsOf((await readAll([at(server, { mustContain: ["uid=7"] })], request)).entries)).toEqual(numbered(1));
  });
});

describe("an abort", () => {
  const silentOn =
    (op: LdapRequest["op"]): Handler =>
    (request, reply) => {
      if (request.op === op) return;
      if (request.op === "bind") reply.bindResponse(0);
    };
  const phases: readonly [
    string,
    () => Promise<{ url: string; reached: () => boolean; settings?: Partial<LdapConfig> }>,
  ][] = [
    [
      "the TLS handshake",
      async () => {
        let connections = 0;
        const address = await plainServer((socket) => socket.once("data", () => (connections += 1)));
        return { url: `ldaps://${address}`, reached: () => connections === 1 };
      },
    ],
    ["StartTLS", async () => waitingFor(await serve(silentOn("extended")), "extended", { startTls: true })],
    [
      "the TLS handshake after StartTLS",
      async () => {
        let helloSeen = false;
        const granted = element(0x78, integer(0, 0x0a), octets(""), octets(""));
        const address = await plainServer((socket) =>
          socket.once("data", (request) => {
            socket.write(sequence(integer(request[4] ?? 0), granted));
            socket.once("data", () => {
              helloSeen = true;
            });
          }),
        );
        return { url: `ldap://${address}`, reached: () => helloSeen, settings: { startTls: true } };
      },
    ],
    ["the bind", async () => waitingFor(await serve(silentOn("bind")), "bind")],
    ["the search", async () => waitingFor(await serve(silentOn("search")), "search")],
  ];
  const waitingFor = (server: ScriptedLdap, op: LdapRequest["op"], settings: Partial<LdapConfig> = {}) => ({
    url: server.url,
    reached: () => server.requests.some((request) => request.op === op),
    settings,
  });

  it.each(phases)("during %s ends the read at once and leaves no socket and no timer", async (_, start) => {
    const { url, reached, settings } = await start();
    const timeoutMs = 9_876;
    const started = vi.spyOn(globalThis, "setTimeout");
    const cleared = vi.spyOn(globalThis, "clearTimeout");
    const stop = new AbortController();
    const reason = new Error("stopped");
    const reading = entriesOf(ldapConfig({ url: [url, url], ...bind, timeoutMs, ...settings }), stop.signal).next();
    // Handled below; until then it is nobody's.
    reading.catch(() => {});
    await vi.waitFor(() => expect(reached()).toBe(true));
    stop.abort(reason);
    await expect(reading).rejects.toBe(reason);
    const timers = started.mock.results.filter((_, call) => started.mock.calls[call]?.[1] === timeoutMs);
    expect(timers).not.toEqual([]);
    expect(timers.filter(({ value }) => !cleared.mock.calls.some(([timer]) => timer === value))).toEqual([]);
    vi.restoreAllMocks();
    await vi.waitFor(() => expect(openSockets()).toBe(0));
  });

  it("between two pages ends the read at once", async () => {
    const server = await serve(pagesOf(2, 2, 2));
    const stop = new AbortController();
    const reason = new Error("stopped");
    const reading = entriesOf(at(server), stop.signal);
    expect(dnsOf((await reading.next()).value ?? [])).toEqual(numbered(2));
    stop.abort(reason);
    await vi.waitFor(() => expect(openSockets()).toBe(0));
    await expect(reading.next()).rejects.toBe(reason);
  });

  it("before the start lets nothing begin", async () => {
    const server = await serve(pagesOf(1));
    const reason = new Error("stopped");
    await expect(entriesOf(at(server), AbortSignal.abort(reason)).next()).rejects.toBe(reason);
    expect(server.connections).toBe(0);
  });

  it("has nothing left to do after the read", async () => {
    const server = await serve(pagesOf(1));
    const stop = new AbortController();
    const reading = entriesOf(at(server), stop.signal);
    await reading.next();
    expect(await reading.next()).toEqual({ done: true, value: undefined });
    stop.abort();
  });

  it("is not needed where the one who takes the entries leaves: the connection is closed with an unbind", async () => {
    const server = await serve(pagesOf(2, 2));
    for await (const _ of { [Symbol.asyncIterator]: () => entriesOf(at(server)) }) break;
    await vi.waitFor(() => expect(server.requests.at(-1)?.op).toBe("unbind"));
  });
});
