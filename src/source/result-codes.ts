import { Failure } from "../errors.ts";
import type { Result } from "./messages.ts";

/** Result codes (RFC 4511 appendix A) that a read meets, and what to do about them. */
const resultCodes: Readonly<Record<number, { readonly name: string; readonly hint?: string }>> = {
  1: { name: "operationsError", hint: "some servers want a bind first: set source.bindDn and source.bindPassword" },
  2: { name: "protocolError" },
  3: { name: "timeLimitExceeded", hint: "ask the directory's administrator for a higher time limit for bindDn" },
  4: { name: "sizeLimitExceeded", hint: "set a smaller source.pageSize, or ask for a higher size limit for bindDn" },
  7: { name: "authMethodNotSupported" },
  8: { name: "strongerAuthRequired", hint: 'use ldaps:// or "startTls": true' },
  10: { name: "referral", hint: "point source.url at the server that holds the entries" },
  11: { name: "adminLimitExceeded", hint: "set a smaller source.pageSize, or ask for higher limits for bindDn" },
  12: { name: "unavailableCriticalExtension" },
  13: { name: "confidentialityRequired", hint: 'use ldaps:// or "startTls": true' },
  18: { name: "inappropriateMatching" },
  32: { name: "noSuchObject" },
  34: { name: "invalidDNSyntax", hint: "check source.baseDn" },
  48: { name: "inappropriateAuthentication" },
  49: { name: "invalidCredentials", hint: "check source.bindDn and source.bindPassword" },
  50: { name: "insufficientAccessRights", hint: "give bindDn the right to read these entries" },
  51: { name: "busy" },
  52: { name: "unavailable" },
  53: { name: "unwillingToPerform" },
  80: { name: "other" },
};

/** `sizeLimitExceeded (4)`, and what the server said besides. */
export function resultWords({ code, diagnostic }: Pick<Result, "code" | "diagnostic">): string {
  const name = resultCodes[code]?.name ?? "result code";
  const said = diagnostic.replaceAll("\0", "").trim();
  return `${name} (${code})${said === "" ? "" : `: ${said}`}`;
}

/** The failure of a bind or a StartTLS. */
export function bindFailure(server: string, who: string, code: number, diagnostic: string): Failure {
  return new Failure("directory", `${server} refused the bind as ${who}: ${resultWords({ code, diagnostic })}`, {
    hint: resultCodes[code]?.hint,
  });
}

/** The failure of a search below `base` that ended with another code than success, after `entries` entries. */
export function searchFailure(server: string, base: string, entries: number, result: Result): Failure {
  const after = entries > 0 ? ` after ${entries} entries` : "";
  if (result.code === 32) {
    const exists = result.matchedDn === "" ? "no part of it does" : `${result.matchedDn} does`;
    return new Failure("directory", `${server}: ${base} does not exist; ${exists}`, { hint: "check source.baseDn" });
  }
  const referrals = result.referrals.length > 0 ? ` to ${result.referrals.join(", ")}` : "";
  return new Failure(
    "directory",
    `${server} ended the search below ${base || "the root"}${after} with ${resultWords(result)}${referrals}`,
    {
      hint: resultCodes[result.code]?.hint,
    },
  );
}
