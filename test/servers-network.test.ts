import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { Client } from "ldapts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { element, integer, sequence } from "./servers/ber.ts";
import { type Handler, scriptedLdap } from "./servers/ldap-script.ts";
import { host, listenOnFreePort } from "./servers/port.ts";
import { startProxy, type TcpProxy } from "./servers/proxy.ts";

/** Three pages of two entries. */
const pages: Handler = (request, reply) => {
  if (request.op === "bind") reply.bindResponse(0);
  if (request.op !== "search") return;
  const page = Number(request.cookie);
  for (const index of [2 * page, 2 * page + 1]) {
    const mail = ["a@example.com", "b@example.com"];
    reply.searchEntry(`uid=u${index}`, { uid: `u${index}`, mail, photo: Buffer.from([0xff, index]) });
  }
  reply.searchDone(0, { cookie: page < 2 ? String(page + 1) : "" });
};

const filter = "(&(uid=u*x*)(!(cn=\\28\\c3\\a5))(sn:dn:2.5.13.2:=a)(mail=*))";

const pageRequest = (cookie: string) => ({
  op: "search",
  messageId: expect.any(Number),
  connection: 1,
  controls: [{ oid: "1.2.840.113556.1.4.319", critical: false, value: expect.any(Buffer) }],
  base: "dc=example",
  scope: "sub",
  sizeLimit: 0,
  timeLimit: 7,
  filter,
  attributes: ["uid", "mail", "photo"],
  pageSize: 2,
  cookie,
  pagingCritical: false,
});

describe("a scripted LDAP server", () => {
  it.each([undefined, 1, 7])("speaks to ldapts in pieces of %s bytes", async (chunkSize) => {
    const unbound = promise();
    const server = await scriptedLdap(
      (request, reply) => {
        if (request.op === "unbind") unbound.resolve();
        return pages(request, reply);
      },
      chunkSize === undefined ? {} : { chunkSize },
    );
    const client = new Client({ url: server.url });
    await client.bind("cn=sync", "right");
    const options = {
      filter: filter.replace("\\c3\\a5", "å"),
      attributes: ["uid", "mail", "photo"],
      timeLimit: 7,
      paged: { pageSize: 2 },
    };
    const { searchEntries } = await client.search("dc=example", options);
    await client.unbind();
    await unbound.done;
    await server.stop();
    const mail = ["a@example.com", "b@example.com"];
    expect(searchEntries).toEqual(
      [0, 1, 2, 3, 4, 5].map((index) => ({
        dn: `uid=u${index}`,
        uid: `u${index}`,
        mail,
        photo: Buffer.from([0xff, index]),
      })),
    );
    const head = { messageId: expect.any(Number), connection: 1, controls: [] };
    expect(server.requests).toEqual([
      { op: "bind", ...head, dn: "cn=sync", password: "right", mechanism: undefined },
      pageRequest(""),
      pageRequest("1"),
      pageRequest("2"),
      { op: "unbind", ...head },
    ]);
  });

  it("returns references and errors with what belongs to them", async () => {
    const server = await scriptedLdap((request, reply) => {
      if (request.op === "bind") reply.bindResponse(49, "no such password");
      if (request.op !== "search") return;
      reply.searchReference(["ldap://elsewhere.example.com/dc=example"]);
      if (request.base === "dc=com") reply.searchDone(0);
      else reply.searchDone(32, { matchedDn: "dc=com", diagnostic: "not here" });
    });
    const client = new Client({ url: server.url });
    await expect(client.bind("cn=sync", "wrong")).rejects.toThrow("no such password");
    await expect(client.search("dc=com")).resolves.toEqual({
      searchEntries: [],
      searchReferences: ["ldap://elsewhere.example.com/dc=example"],
    });
    await expect(client.search("dc=example,dc=com")).rejects.toMatchObject({
      code: 32,
      message: expect.stringContaining("not here"),
    });
    await client.unbind();
    await server.stop();
  });
});

describe("a scripted LDAP server that misbehaves", () => {
  const unbind = sequence(integer(1), element(0x42));

  it.each([
    ["reset", "ECONNRESET"],
    ["close", undefined],
  ] as const)("breaks off half an answer by %s", async (how, error) => {
    const server = await scriptedLdap((_, reply) => {
      reply.rawBytes(Buffer.from("half"));
      reply[how]();
    });
    const socket = await open(server);
    socket.write(unbind);
    expect(await ending(socket)).toEqual({ received: "half", error });
    await server.stop();
  });

  it("fails to stop where the handler has failed", async () => {
    const server = await scriptedLdap(() => {
      throw new Error("the handler says no");
    });
    const socket = await open(server);
    socket.write(unbind);
    await ending(socket);
    await expect(server.stop()).rejects.toThrow("the handler says no");
  });
});

describe("a proxy", () => {
  let echo: Server;
  let proxy: TcpProxy;
  let received = "";
  beforeAll(async () => {
    echo = createServer((socket) => {
      socket.on("error", () => {});
      socket.on("data", (piece) => {
        received += piece;
      });
      socket.pipe(socket);
    });
    proxy = await startProxy({ to: { host, port: await listenOnFreePort(echo) } });
  });
  afterAll(async () => {
    await proxy.stop();
    await new Promise((resolve) => echo.close(resolve));
  });

  it("passes bytes both ways and the end of a connection", async () => {
    const socket = await open(proxy);
    socket.end("hello");
    expect(await ending(socket)).toEqual({ received: "hello", error: undefined });
  });

  it.each([
    ["RST", "ECONNRESET"],
    ["FIN", undefined],
  ] as const)("cuts connections by %s", async (how, error) => {
    const socket = await open(proxy);
    expect(await answer(socket, "hello")).toBe("hello");
    proxy.cut(how);
    expect(await ending(socket)).toEqual({ received: "", error });
  });

  it.each(["toClient", "toServer"] as const)("cuts after so many bytes %s, once", async (direction) => {
    proxy.cutAfterBytes(8, direction);
    const socket = await open(proxy);
    expect(await answer(socket, "hello")).toBe("hello");
    socket.write("world");
    expect(await ending(socket)).toMatchObject({ error: "ECONNRESET" });
    const next = await open(proxy);
    expect(await answer(next, "hello, world")).toBe("hello, world");
    next.destroy();
  });

  it("does something after so many bytes, once", async () => {
    let times = 0;
    proxy.afterBytes(8, "toServer", () => {
      times += 1;
    });
    const socket = await open(proxy);
    expect([await answer(socket, "hello"), times]).toEqual(["hello", 0]);
    expect([await answer(socket, "world"), times]).toEqual(["world", 1]);
    expect([await answer(socket, "and on and on"), times]).toEqual(["and on and on", 1]);
    socket.destroy();
  });

  it.each([
    ["unheard", "ab"],
    ["unanswered", "abCOMMIT"],
  ] as const)("cuts around the second of such requests, which stays %s", async (how, heard) => {
    const before = received.length;
    const socket = await open(proxy);
    proxy.cutAround("COMMIT", 1, how);
    expect(await answer(socket, "COMMIT")).toBe("COMMIT");
    expect(await answer(socket, "ab")).toBe("ab");
    socket.write("COMMIT");
    expect(await ending(socket)).toEqual({ received: "", error: "ECONNRESET" });
    expect(received.slice(before)).toBe(`COMMIT${heard}`);
  });

  it("passes no more in a second than it is told", async () => {
    proxy.slow(100_000);
    const socket = await open(proxy);
    let pieces = 0;
    let bytes = 0;
    socket.write("x".repeat(20_000));
    for await (const piece of socket) {
      pieces += 1;
      bytes += piece.length;
      if (bytes === 20_000) break;
    }
    await proxy.resume();
    // Steps of 2,000 bytes each way; a client that is late finds some of them together.
    expect(pieces).toBeGreaterThan(2);
  });

  it("stalls open and new connections until it resumes", async () => {
    const before = await open(proxy);
    expect(await answer(before, "hello")).toBe("hello");
    proxy.stall();
    const after = await open(proxy);
    const first = Promise.race([answer(before, "a"), answer(after, "b")]);
    const quiet = new Promise((resolve) => setTimeout(resolve, 100, "quiet"));
    expect(await Promise.race([first, quiet])).toBe("quiet");
    await proxy.resume();
    expect(await first).toMatch(/^[ab]$/);
    before.destroy();
    after.destroy();
  });

  it("refuses new connections until it resumes", async () => {
    const before = await open(proxy);
    proxy.refuse();
    await expect(open(proxy)).rejects.toMatchObject({ code: "ECONNREFUSED" });
    expect(await answer(before, "still here")).toBe("still here");
    await proxy.resume();
    const after = await open(proxy);
    expect(await answer(after, "here again")).toBe("here again");
    before.destroy();
    after.destroy();
  });
});

/** A promise that the test fulfils. */
function promise(): { readonly done: Promise<void>; resolve(): void } {
  let resolve = (): void => {};
  const done = new Promise<void>((fulfil) => {
    resolve = fulfil;
  });
  return { done, resolve };
}

async function open({ host, port }: { readonly host: string; readonly port: number }): Promise<Socket> {
  const socket = connect(port, host);
  await once(socket, "connect");
  return socket;
}

/** All that comes until the connection ends, and the error by which it ends. */
function ending(socket: Socket): Promise<{ received: string; error: string | undefined }> {
  let received = "";
  let error: string | undefined;
  socket.on("data", (chunk) => {
    received += chunk;
  });
  socket.on("error", (failure: NodeJS.ErrnoException) => {
    error = failure.code;
  });
  return new Promise((resolve) => socket.on("close", () => resolve({ received, error })));
}

async function answer(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  return String((await once(socket, "data"))[0]);
}
