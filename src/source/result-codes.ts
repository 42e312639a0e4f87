import { Failure, type Turn } from "../errors.ts";
import type { Result } from "./messages.ts";
import type { Progress } from "./search.ts";

interface ResultCode {
  readonly name: string;
  readonly hint?: string;
  /** Whose turn it is, where that is not the directory's. */
  readonly turn?: Turn;
}

// The one that was refused may also have come from the command line.
const badFilter = {
  hint: "check the filter that was asked for: source.filter, source.active, --filter or KEY",
  turn: "configuration",
} as const;

/** Result codes (RFC 4511 appendix A) that a read meets, and what to do about them. */
const resultCodes: Readonly<Record<number, ResultCode>> = {
  1: { name: "operationsError", hint: "some servers want a bind first: set source.bindDn and source.bindPassword" },
  2: { name: "protocolError" },
  3: { name: "timeLimitExceeded", hint: "ask the directory's administrator for a higher time limit for bindDn" },
  4: { name: "sizeLimitExceeded", hint: "set a smaller source.pageSize, or ask for a higher size limit for bindDn" },
  7: { name: "authMethodNotSupported", hint: "does the server offer this kind of bind?" },
  8: { name: "strongerAuthRequired", hint: 'use ldaps:// or "startTls": true' },
  10: { name: "referral", hint: "point source.url at the server that holds the entries" },
  11: { name: "adminLimitExceeded", hint: "set a smaller source.pageSize, or ask for higher limits for bindDn" },
  12: { name: "unavailableCriticalExtension", hint: "does the server know paged results (RFC 2696)?" },
  13: { name: "confidentialityRequired", hint: 'use ldaps:// or "startTls": true' },
  17: { name: "undefinedAttributeType", ...badFilter },
  18: { name: "inappropriateMatching", ...badFilter },
  21: { name: "invalidAttributeSyntax", ...badFilter },
  32: { name: "noSuchObject" },
  34: { name: "invalidDNSyntax", hint: "check source.baseDn", turn: "configuration" },
  48: { name: "inappropriateAuthentication", hint: "check source.bindDn and source.bindPassword" },
  49: { name: "invalidCredentials", hint: "check source.bindDn and source.bindPassword" },
  50: { name: "insufficientAccessRights", hint: "give bindDn the right to read these entries" },
  51: { name: "busy", hint: "run again when the directory is less busy" },
  52: { name: "unavailable", hint: "run again when the directory is back" },
  53: { name: "unwillingToPerform", hint: "some servers want a bind, or an encrypted connection, first" },
  80: { name: "other" },
};

/** `sizeLimitExceeded (4)`, and what the server said besides. */
function resultWords({ code, diagnostic }: Pick<Result, "code" | "diagnostic">): string {
  const name = resultCodes[code]?.name ?? "result code";
  // One line, and nothing that a terminal would obey; Active Directory ends its words with a NUL.
  const said = diagnostic.replace(/\p{Cc}+/gu, " ").trim();
  return `${name} (${code})${said === "" ? "" : `: ${said}`}`;
}

export function bindFailure(server: string, who: string, result: Result): Failure {
  return new Failure("directory", `${server} refused the bind as ${who}: ${resultWords(result)}`, {
    hint: hintFor(result.code),
  });
}

export function startTlsFailure(server: string, result: Result): Failure {
  return new Failure("directory", `${server} refused StartTLS: ${resultWords(result)}`, {
    hint: "use ldaps://, or ask whether the server offers StartTLS",
  });
}

/** The base of a search does not exist. `nearest`: the lowest entry above it that does (matchedDN); empty where none is told. */
export class NoSuchObject extends Failure {
  readonly nearest: string;
  constructor(message: string, nearest: string, hint: string) {
    super("directory", message, { hint });
    this.nearest = nearest;
  }
}

/** The server does not take the base of a search for a DN: it does not know an attribute type in it. */
export class InvalidDn extends Failure {}

/** The server could not do what was asked for, such as to find values behind the last one ([MS-ADTS] section 3.1.1.3.1.3.3). */
export class OperationsError extends Failure {}

const kinds: Readonly<Record<number, typeof Failure>> = { 1: OperationsError, 34: InvalidDn };

/** The failure of a search that ended with another code than success. */
export function searchFailure(progress: Progress, result: Result): Failure {
  const { server, base } = progress;
  if (result.code === 32) {
    const exists = result.matchedDn === "" ? "no part of it does" : `${result.matchedDn} does`;
    const message = `${server}: ${base || "the root"} does not exist; ${exists}`;
    return new NoSuchObject(message, result.matchedDn, "check source.baseDn, and whether bindDn may see it");
  }
  const referrals = result.referrals.length > 0 ? ` to ${result.referrals.join(", ")}` : "";
  const failure = incomplete(progress, `the server ended it with ${resultWords(result)}${referrals}`, {
    hint: hintFor(result.code),
    turn: resultCodes[result.code]?.turn,
  });
  const Kind = kinds[result.code];
  return Kind === undefined ? failure : new Kind(failure.turn, failure.message, failure);
}

/** The failure of a search that did not come to its end. */
export function incomplete(
  { server, base, read }: Progress,
  why: string,
  {
    turn = "directory",
    ...details
  }: { readonly hint: string; readonly cause?: unknown; readonly turn?: Turn | undefined },
): Failure {
  const after = `${read} ${read === 1 ? "entry" : "entries"}`;
  return new Failure(
    turn,
    `${server}: the read below ${base || "the root"} is not complete: after ${after} ${why}`,
    details,
  );
}

const hintFor = (code: number): string =>
  resultCodes[code]?.hint ?? "ask the directory's administrator what the server's log says";
