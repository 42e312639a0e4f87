import type { PeerCertificate, TLSSocket } from "node:tls";
import { isLocal } from "../config/exposure.ts";
import { visible } from "../mapping/printable.ts";
import { type Finding, ok, warning } from "./ledger.ts";

/** Judges how a connection is protected. */

/** What an encrypted connection says of itself. */
export interface Encryption {
  readonly protocol: string;
  readonly subject: string;
  readonly issuer: string;
  readonly validUntil: Date;
  /** Why the certificate is not accepted, where any is. */
  readonly refused: string | undefined;
}

export function encryptionOf(socket: TLSSocket): Encryption {
  const { subject, issuer, valid_to } = socket.getPeerCertificate();
  return {
    protocol: socket.getProtocol() ?? "TLS",
    subject: nameIn(subject),
    issuer: nameIn(issuer),
    validUntil: new Date(valid_to),
    refused: socket.authorized ? undefined : String(socket.authorizationError ?? "it is not verified"),
  };
}

/** The common name, else the organisation; a certificate may have several of each, or none. */
function nameIn(name: PeerCertificate["subject"] | undefined): string {
  const [first] = [name?.CN ?? name?.O ?? []].flat();
  return visible(first ?? "no name");
}

const day = 24 * 60 * 60 * 1000;
const soon = 30;

export function judgeEncryption(found: Encryption, rejectUnauthorized: boolean, now: Date): Finding[] {
  const { protocol, subject, issuer, validUntil, refused } = found;
  const days = Math.floor((validUntil.getTime() - now.getTime()) / day);
  const until = Number.isNaN(days) ? "an unknown date" : validUntil.toISOString().slice(0, 10);
  const what = `${protocol}, certificate of ${subject}, signed by ${issuer}, valid until ${until}`;
  const main = days < soon ? warning(`${what}: ${left(days)}`, "renew the server's certificate") : ok(what);
  if (rejectUnauthorized) return [main];
  // That any is accepted has been told of the configuration.
  const takeOut = "take source.tls.rejectUnauthorized out";
  return [
    main,
    refused === undefined
      ? ok("this certificate would be accepted anyway", takeOut)
      : warning(
          `this certificate would be refused: ${refused}`,
          `set source.tls.ca to the authority that signed it, and ${takeOut}`,
        ),
  ];
}

const left = (days: number): string =>
  days < 0 ? "it has expired" : days === 1 ? "1 day is left" : `${days} days are left`;

/** A connection without TLS. What the configuration exposes by that has been told of it. */
export const judgePlain = (address: string): Finding =>
  ok(isLocal(address) ? "none, and the server is on this machine" : "none: what is sent and read is in the clear");
