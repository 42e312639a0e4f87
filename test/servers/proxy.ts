import { connect, createServer, type Socket } from "node:net";
import { host, listenOnFreePort, listens } from "./port.ts";

type Direction = "toServer" | "toClient";

/** A TCP proxy that breaks connections on demand. */
export interface TcpProxy {
  readonly host: string;
  readonly port: number;
  /** How many connections are open now. */
  readonly connections: number;
  /** Ends all connections, by RST unless told; new ones are accepted. */
  cut(how?: "RST" | "FIN"): void;
  /** After so many more bytes in this direction, of all connections together, cuts all by RST: once. */
  cutAfterBytes(bytes: number, direction: Direction): void;
  /** Passes nothing on, while connections stay open and new ones are accepted. */
  stall(): void;
  /** Refuses new connections; those that are open stay. */
  refuse(): void;
  /** Ends `stall` and `refuse`. */
  resume(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a proxy to another port of this machine. */
export async function startProxy({ to }: { to: { readonly host: string; readonly port: number } }): Promise<TcpProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let stalled = false;
  let allowance: { direction: Direction; bytes: number } | undefined;
  const sockets = (): Socket[] => [...pairs].flat();
  const cut = (how: "RST" | "FIN" = "RST"): void => {
    for (const socket of sockets()) how === "RST" ? socket.resetAndDestroy() : socket.end();
  };
  /** What may still pass of a piece. */
  const allowed = (piece: Buffer, direction: Direction): Buffer => {
    if (allowance?.direction !== direction) return piece;
    const passed = piece.subarray(0, allowance.bytes);
    allowance.bytes -= passed.length;
    return passed;
  };
  const pass = (from: Socket, to: Socket, direction: Direction): void => {
    from.on("data", (piece: Buffer) => {
      const passed = allowed(piece, direction);
      const over = allowance?.bytes === 0;
      if (over) allowance = undefined;
      // Node reports an RST that comes together with bytes as an orderly end; those before the cut get a head start.
      if (!to.write(passed, () => over && setTimeout(cut, 20))) from.pause();
      if (over) for (const socket of sockets()) socket.pause();
    });
    to.on("drain", () => stalled || from.resume());
    from.on("end", () => to.end());
    from.on("error", () => to.resetAndDestroy());
    from.on("close", () => to.destroySoon());
  };
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const upstream = connect({ ...to, allowHalfOpen: true, noDelay: true });
    const pair = [client, upstream] as const;
    pairs.add(pair);
    client.on("close", () => pairs.delete(pair));
    pass(client, upstream, "toServer");
    pass(upstream, client, "toClient");
    if (stalled) for (const socket of pair) socket.pause();
  });
  const port = await listenOnFreePort(server);
  return {
    host,
    port,
    get connections() {
      return pairs.size;
    },
    cut,
    cutAfterBytes: (bytes, direction) => {
      allowance = { direction, bytes };
    },
    stall: () => {
      stalled = true;
      for (const socket of sockets()) socket.pause();
    },
    refuse: () => void server.close(),
    resume: async () => {
      stalled = false;
      for (const socket of sockets()) socket.resume();
      if (!server.listening && !(await listens(server, port))) throw new Error(`port ${port} was taken meanwhile`);
    },
    stop: async () => {
      cut();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
