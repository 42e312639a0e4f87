import { isIP } from "node:net";
import type { PeerCertificate, TLSSocket } from "node:tls";
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
  const why = refused === undefined ? "this one would be accepted anyway" : `this one would be refused: ${refused}`;
  return [
    main,
    warning(
      `any certificate is accepted (source.tls.rejectUnauthorized is false); ${why}`,
      "set source.tls.ca to the authority that signed it, and take rejectUnauthorized out",
    ),
  ];
}

const left = (days: number): string =>
  days < 0 ? "it has expired" : days === 1 ? "1 day is left" : `${days} days are left`;

/** A connection without TLS: does a password cross a network? */
export function judgePlain(withPassword: boolean, address: string): Finding {
  if (isLocal(address)) return ok("none, and the server is on this machine");
  if (!withPassword) return ok("none: what is read crosses the network in the clear");
  return warning(
    `none: the password of source.bindDn goes to ${address} in the clear`,
    'use ldaps://, or set "startTls": true in source',
  );
}

/** Whether this host is the machine itself: 127.0.0.0/8, ::1 or localhost. */
export function isLocal(host: string): boolean {
  const address = host.toLowerCase().replace(/^::ffff:(?=\d+\.)/, "");
  if (isIP(address) === 4) return address.startsWith("127.");
  return address === "::1" || address === "localhost" || address.endsWith(".localhost");
}
