import { MalformedMessage } from "./ber.ts";
import type { Connection } from "./connection.ts";
import { messageReader, type ServerMessage } from "./messages.ts";
import { incomplete } from "./result-codes.ts";
import { notLdap, type Progress, whenWell } from "./search.ts";

/**
 * The messages that came next: up to the end of an answer, or so many of its entries as may be held. `progress` is for the
 * words of a failure.
 */
export type Receive = (progress: Progress) => Promise<readonly ServerMessage[]>;

/** A page of up to this many entries is given out whole; of a longer answer no more than this is kept before it is. */
export const mostHeld = 1000;
/** Nor of more bytes than this, which is some photographs. */
export const mostBytes = 8 * 2 ** 20;

/** Why nothing more comes. */
type Ending = MalformedMessage | { readonly why: string; readonly cause?: unknown };

/**
 * Receives from a connection. Bytes are taken from the socket only when asked for, so that a slow database slows the
 * server down and not the memory up. Silence for longer than `timeoutMs` is a failure.
 *
 * Servers send each entry by itself, and there is nothing to do with a single one: who waits is woken when there are many.
 */
export function receiver({ socket }: Connection, timeoutMs: number, signal: AbortSignal, typesOnly = false): Receive {
  const read = messageReader(typesOnly);
  let messages: ServerMessage[] = [];
  let bytes = 0;
  let ending: Ending | undefined;
  let silence: NodeJS.Timeout | undefined;
  let wake = (): void => {};
  const end = (as: Ending): void => {
    ending ??= as;
    wake();
  };
  const areMany = (): boolean => {
    const last = messages.at(-1);
    return last !== undefined && (last.op !== "entry" || messages.length > mostHeld || bytes > mostBytes);
  };
  socket.pause();
  socket.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    silence?.refresh();
    try {
      for (const message of read(chunk)) messages.push(message);
    } catch (error) {
      if (!(error instanceof MalformedMessage)) throw error;
      end(error);
    }
    if (areMany()) wake();
  });
  socket.once("end", () => end({ why: "the server closed the connection" }));
  socket.once("error", (cause) => end({ why: `the connection was lost (${cause.message})`, cause }));
  socket.once("close", () => end({ why: "the connection was lost" }));
  const waitForMany = async (): Promise<void> => {
    try {
      await new Promise<void>((resolve) => {
        wake = resolve;
        silence = setTimeout(() => end({ why: `the server sent nothing for ${timeoutMs} ms` }), timeoutMs);
        socket.resume();
      });
    } finally {
      socket.pause();
      clearTimeout(silence);
      silence = undefined;
      wake = () => {};
    }
  };
  const failure = (progress: Progress): unknown => {
    socket.destroy();
    if (signal.aborted) return signal.reason;
    if (ending instanceof MalformedMessage) return notLdap(progress, ending);
    return incomplete(progress, ending?.why ?? "", { hint: whenWell, cause: ending?.cause });
  };
  return async (progress) => {
    if (socket.destroyed) end({ why: "the connection was lost" });
    if (!ending && !areMany()) await waitForMany();
    progress.bytes += bytes;
    bytes = 0;
    if (signal.aborted || (ending && messages.length === 0)) throw failure(progress);
    const arrived = messages;
    messages = [];
    return arrived;
  };
}
