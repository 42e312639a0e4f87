import { connect, createServer, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
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
  /** Does something when so many more bytes have passed in this direction, of all connections together: once. */
  afterBytes(bytes: number, direction: Direction, act: () => void): void;
  /**
   * Cuts all by RST around a request that holds this text: `unheard`, it does not get through; `unanswered`, it does, and
   * the answer does not. So many such requests pass before: once.
   */
  cutAround(text: string, passed: number, how: "unheard" | "unanswered"): void;
  /** Passes nothing on, while connections stay open and new ones are accepted. */
  stall(): void;
  /** Passes no more than this in a second, on each connection and in each direction. */
  slow(bytesPerSecond: number): void;
  /** Refuses new connections; those that are open stay. */
  refuse(): void;
  /** Ends `stall`, `slow` and `refuse`, and forgets what has not happened yet. */
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
  let spring: { direction: Direction; bytes: number; act: () => void } | undefined;
  const count = (piece: Buffer, direction: Direction): void => {
    if (spring?.direction !== direction) return;
    spring.bytes -= piece.length;
    if (spring.bytes > 0) return;
    const { act } = spring;
    spring = undefined;
    act();
  };
  let marked: { text: string; passed: number; how: "unheard" | "unanswered" } | undefined;
  /** The server's end of a connection whose next answer is not to get through. */
  let unanswered: Socket | undefined;
  /** Whether this piece is where the cut was asked for. */
  const isCutHere = (piece: Buffer, from: Socket, to: Socket, direction: Direction): boolean => {
    if (direction === "toClient") return from === unanswered;
    if (marked === undefined || !piece.includes(marked.text)) return false;
    marked.passed -= 1;
    if (marked.passed >= 0) return false;
    const { how } = marked;
    marked = undefined;
    if (how === "unanswered") unanswered = to;
    return how === "unheard";
  };
  let bytesPerSecond: number | undefined;
  const trickle = async (piece: Buffer, from: Socket, to: Socket, rate: number): Promise<void> => {
    from.pause();
    const step = Math.ceil(rate / 50);
    for (let at = 0; at < piece.length && !to.destroyed; at += step) {
      to.write(piece.subarray(at, at + step));
      await pause(20);
    }
    if (!stalled) from.resume();
  };
  const pass = (from: Socket, to: Socket, direction: Direction): void => {
    from.on("data", (piece: Buffer) => {
      if (isCutHere(piece, from, to, direction)) {
        unanswered = undefined;
        return cut();
      }
      count(piece, direction);
      if (bytesPerSecond !== undefined) return void trickle(piece, from, to, bytesPerSecond);
      const passed = allowed(piece, direction);
      const over = allowance?.bytes === 0;
      if (over) allowance = undefined;
      // Node reports an RST that comes together with bytes as an orderly end; those before the cut get a head start.
      if (!to.write(passed, () => over && setTimeout(cut, 20))) from.pause();
      if (over) for (const socket of sockets()) socket.pause();
    });
    to.on("drain", () => stalled || bytesPerSecond !== undefined || from.resume());
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
    afterBytes: (bytes, direction, act) => {
      spring = { bytes, direction, act };
    },
    cutAround: (text, passed, how) => {
      marked = { text, passed, how };
    },
    slow: (rate) => {
      bytesPerSecond = rate;
    },
    stall: () => {
      stalled = true;
      for (const socket of sockets()) socket.pause();
    },
    refuse: () => void server.close(),
    resume: async () => {
      stalled = false;
      bytesPerSecond = undefined;
      allowance = spring = marked = unanswered = undefined;
      for (const socket of sockets()) socket.resume();
      if (!server.listening && !(await listens(server, port))) throw new Error(`port ${port} was taken meanwhile`);
    },
    stop: async () => {
      cut();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
}
