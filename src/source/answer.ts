import type { Socket } from "node:net";
import { MalformedMessage } from "./ber.ts";
import { type Credentials, encodeBind, encodeStartTls } from "./ldapts.ts";
import { messageReader, type Result, type ServerMessage } from "./messages.ts";

/** The server's answer to a bind or StartTLS was not success. */
export class Refused extends Error {
  readonly result: Result;
  readonly startTls: boolean;
  constructor(result: Result, startTls: boolean) {
    super(result.diagnostic);
    this.result = result;
    this.startTls = startTls;
  }
}

/** There was no answer, or none that is LDAP. `message` continues the name of the server. */
export class NoAnswer extends Error {}

/** A request on a connection on which nothing else is asked meanwhile. */
interface Request {
  readonly id: number;
  readonly bytes: Buffer;
  /** What its answer is. */
  readonly op: "bound" | "extended";
  readonly name: string;
}

/** Binds on an established connection. */
export function bindOver(socket: Socket, who: Credentials, timeoutMs: number): Promise<void> {
  const id = 2;
  return succeed(socket, { id, bytes: encodeBind(id, who), op: "bound", name: "bind" }, timeoutMs);
}

/** Asks for TLS on a plain connection (RFC 4511 section 4.14); the handshake is the caller's. */
export function startTlsOver(socket: Socket, timeoutMs: number): Promise<void> {
  const id = 1;
  return succeed(socket, { id, bytes: encodeStartTls(id), op: "extended", name: "StartTLS request" }, timeoutMs);
}

async function succeed(socket: Socket, request: Request, timeoutMs: number): Promise<void> {
  const { op, result } = await answerTo(socket, request, timeoutMs);
  // The notice of disconnection is an answer too.
  if (op !== request.op || result.code !== 0) throw new Refused(result, request.op === "extended");
}

type Answer = Extract<ServerMessage, { readonly op: "bound" | "extended" }>;

/** The socket is left paused, with no listener of this. */
function answerTo(socket: Socket, request: Request, timeoutMs: number): Promise<Answer> {
  const { name } = request;
  const read = messageReader();
  return new Promise<Answer>((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer);
      socket.off("data", take).off("end", closed).off("close", closed).pause();
      settle();
    };
    const take = (chunk: Buffer): void => {
      try {
        const answer = only(read(chunk), request);
        if (answer) end(() => resolve(answer));
      } catch (error) {
        const isMalformed = error instanceof MalformedMessage;
        const words = `answered the ${name} with what is not LDAP`;
        end(() => reject(isMalformed ? new NoAnswer(words, { cause: error }) : error));
      }
    };
    const closed = (): void =>
      end(() => reject(new NoAnswer(`closed the connection instead of answering the ${name}`)));
    const late = (): void => end(() => reject(new NoAnswer(`did not answer the ${name} within ${timeoutMs} ms`)));
    const timer = setTimeout(late, timeoutMs);
    if (socket.destroyed) return closed();
    socket.on("data", take).on("end", closed).on("close", closed);
    socket.write(request.bytes);
  });
}

/**
 * The answer to the request, once it is here; nothing may come with it. After StartTLS that could be from somebody who
 * writes into the connection what then seems to have come encrypted.
 */
function only(messages: readonly ServerMessage[], { id, op }: Request): Answer | undefined {
  const [message, ...more] = messages;
  if (message === undefined) return undefined;
  const isAnswer = message.op === op && message.id === id;
  const isNotice = message.op === "extended" && message.id === 0;
  if ((!isAnswer && !isNotice) || more.length > 0) throw new MalformedMessage("this is no answer to what was asked");
  return message as Answer;
}
