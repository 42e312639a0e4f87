import { createServer, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { inProcess } from "./in-process.ts";
import { base, fileConfig, fileWorkspace } from "./program.ts";
import { listenOnFreePort } from "./servers/port.ts";

/** A server in the place of the database that asks for what it must not have. */

const password = "hush-4711-database";

/** A packet of the protocol: three bytes of length, its number, the payload. */
function packet(number: number, ...parts: (string | Buffer | readonly number[])[]): Buffer {
  const payload = Buffer.concat(
    parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.from(part))),
  );
  const head = Buffer.alloc(4);
  head.writeUIntLE(payload.length, 0, 3);
  head.writeUInt8(number, 3);
  return Buffer.concat([head, payload]);
}

/** HandshakeV10, with LOCAL INFILE among what the server can do. */
const greeting = packet(
  0,
  [10],
  "10.11.0-MariaDB\0",
  [1, 0, 0, 0],
  "12345678\0",
  [0x8a, 0xa2, 45, 2, 0, 0x08, 0x00, 21],
  Buffer.alloc(10),
  "123456789012\0",
  "mysql_native_password\0",
);
const ok = (number: number) => packet(number, [0, 0, 0, 2, 0, 0, 0]);

let server: ReturnType<typeof createServer> | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  server?.close();
});

/** Greets, and answers each packet of the client by its place; gives the port, and all that the client sends. */
async function hostile(answers: readonly Buffer[]): Promise<{ port: number; sent: Buffer[] }> {
  const sent: Buffer[] = [];
  server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.write(greeting);
    let at = 0;
    socket.on("data", (chunk: Buffer) => {
      sent.push(chunk);
      const answer = answers[at++];
      if (answer) socket.write(answer);
      else socket.end();
    });
  });
  return { port: await listenOnFreePort(server), sent };
}

async function dryRun(port: number) {
  const connection = { host: "127.0.0.1", port, user: "idm", password, database: "idm" };
  const target = { client: "mysql2", connection, table: "users", matchKey: "username", timeoutMs: 2000 };
  const work = await fileWorkspace({}, { source: { ...fileConfig().source, baseDn: base }, target });
  return inProcess(work.folder, ["dry-run", "--verbose"]);
}

describe("a server in the place of the database", () => {
  it("does not get the password in the clear, although it asks for that", async () => {
    const { port, sent } = await hostile([packet(2, [0xfe], "mysql_clear_password\0\0")]);
    const { code, document } = await dryRun(port);
    expect([code, document.error.message]).toEqual([1, expect.stringContaining("mysql_clear_password")]);
    expect(sent.length).toBeGreaterThan(0);
    expect(Buffer.concat(sent).includes(password)).toBe(false);
  });

  it("does not get a file of this machine, although it answers a statement by asking for one", async () => {
    const { port, sent } = await hostile([ok(2), packet(1, [0xfb], "/etc/passwd")]);
    const { code } = await dryRun(port);
    expect(code).toBe(1);
    // The login, a statement, and what it has to give: nothing.
    expect([sent.length, sent[2]]).toEqual([3, packet(2)]);
    expect(Buffer.concat(sent).includes("root:")).toBe(false);
  });
});
