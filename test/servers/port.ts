import { randomInt } from "node:crypto";
import { connect, createServer, type Server } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

export const host = "127.0.0.1";

/**
 * Lets a server listen on a loopback port that nobody uses, and returns the port. Ports come from below 32768, where
 * Linux's range for outgoing connections begins: a port in that range could be taken by any connection while a server
 * restarts, and a client that tries such a port again and again may end up connected to itself.
 */
export async function listenOnFreePort(server: Server): Promise<number> {
  for (let attempt = 0; attempt < 100; attempt++) {
    const port = randomInt(15_000, 32_000);
    if (await listens(server, port)) return port;
  }
  throw new Error("no free port found between 15000 and 32000");
}

/** Whether the server could be made to listen there; false where the port is taken. */
export function listens(server: Server, port: number, address = host): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException) => (error.code === "EADDRINUSE" ? resolve(false) : reject(error));
    server.once("error", onError);
    server.listen(port, address, () => {
      server.off("error", onError);
      resolve(true);
    });
  });
}

async function freePort(): Promise<number> {
  const server = createServer();
  const port = await listenOnFreePort(server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts something on two free ports, and again on others if somebody else was quicker to take one of them. */
export async function onFreePorts<T>(start: (first: number, second: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(await freePort(), await freePort());
    } catch (error) {
      if (attempt === 5 || !/address (already|is) in use/i.test(String(error))) throw error;
    }
  }
}

/** Waits until a port accepts connections, for ten seconds at most: some servers say that they are ready before they listen. */
export async function untilAccepts(port: number, address = host): Promise<void> {
  for (const end = Date.now() + 10_000; !(await accepts(port, address)); await sleep(5)) {
    if (Date.now() > end) throw new Error(`nothing accepts connections on ${address}:${port}`);
  }
}

function accepts(port: number, address: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on("error", () => resolve(false));
  });
}
