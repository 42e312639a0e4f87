import type { Entry } from "../entry.ts";
import { visible } from "../mapping/printable.ts";
import type { Connection } from "./connection.ts";
import { encodeWhoAmI } from "./ldapts.ts";
import type { Receive } from "./receive.ts";
import { incomplete, searchFailure } from "./result-codes.ts";
import type { Progress } from "./search.ts";

/** A read that must end bound as it began. */
export interface BindWatch {
  /** The same entries, counted for the words of a failure. */
  over(pieces: AsyncIterable<readonly Entry[]>): AsyncIterable<readonly Entry[]>;
  /** @throws Failure where the connection is not bound any more as it was */
  end(): Promise<void>;
}

/**
 * Asks as whom the connection is bound (RFC 4532), and at the end of the read again: where a server lets a bind lapse, or a
 * balancer goes on with another server, the rest of the entries is what anybody else may see, and all of it is success.
 * Where there is no answer at the beginning, nothing is asked at the end.
 */
export async function watchBind(
  receive: Receive,
  connection: Connection,
  bases: readonly string[],
): Promise<BindWatch> {
  const { server } = connection;
  const progress: Progress = { server, base: bases.join(" and "), read: 0, bytes: 0, pages: 0, empty: 0 };
  const ask = () => whoAmI(receive, connection, progress);
  const before = await ask();
  return {
    over: async function* (pieces) {
      for await (const entries of pieces) {
        progress.read += entries.length;
        yield entries;
      }
    },
    end: async () => {
      if (before === undefined) return;
      const after = await ask();
      if (after === before) return;
      const now = after === undefined ? "does not say any more who that is" : `says ${named(after)} now`;
      throw incomplete(progress, `the server, which said that it was bound as ${named(before)}, ${now}`, {
        hint: "ask the directory's administrator whether binds lapse, or whether several servers answer on one connection",
      });
    },
  };
}

/** An authorization identity is empty where the bind is anonymous. */
const named = (identity: string): string => (identity === "" ? "anonymous" : visible(identity));

/** The identity; undefined where the server does not tell it. */
async function whoAmI(receive: Receive, { socket, nextMessageId }: Connection, progress: Progress) {
  const id = nextMessageId();
  socket.write(encodeWhoAmI(id));
  for (;;) {
    for (const message of await receive(progress)) {
      if (message.op !== "extended") continue;
      // The notice of disconnection.
      if (message.id === 0) throw searchFailure(progress, message.result);
      if (message.id === id) return message.result.code === 0 ? (message.value ?? "") : undefined;
    }
  }
}
