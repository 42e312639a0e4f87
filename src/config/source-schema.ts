import { z } from "zod";
import { activeRule } from "./active-schema.ts";
import { milliseconds, oneOrMore, secret, text } from "./values-schema.ts";

/** One directory or file that people are read from. */

const sourceUrl = z
  .string()
  .regex(/^(ldaps?:\/\/|file:)./i, "a URL that starts with ldap://, ldaps:// or file:")
  .describe("ldap://HOST[:389], ldaps://HOST[:636], or file:PATH.ldif");

const sourceTls = z.strictObject({
  ca: text
    .optional()
    .describe("PEM file with the certificate authority (or several) to trust instead of the system's."),
  cert: text.optional().describe("PEM file with the client certificate."),
  key: text.optional().describe("PEM file with the key of the client certificate."),
  servername: text
    .optional()
    .describe("Name to verify the certificate against and to send as SNI; the host of the URL unless told."),
  rejectUnauthorized: z
    .boolean()
    .default(true)
    .describe("false accepts any certificate. Never do this outside a test."),
});

export const sourceSchema = z
  .strictObject({
    url: oneOrMore(sourceUrl).describe("Where the directory is. Several are tried in order until one answers."),
    startTls: z
      .boolean()
      .default(false)
      .describe("Upgrade an ldap:// connection to TLS before the bind (RFC 4511 section 4.14)."),
    requireTls: z.boolean().default(false).describe("A connection to the directory that is not encrypted is an error."),
    tls: sourceTls.prefault({}).describe("Whom to trust, and as whom to appear, on an encrypted connection."),
    sasl: z
      .enum(["external", "none"])
      .optional()
      .describe(
        "external: bind by the client certificate (SASL EXTERNAL, RFC 4422). The default where tls.cert is given and bindDn is not.",
      ),
    bindDn: text.optional().describe("DN to bind as. Without it the bind is anonymous, or by client certificate."),
    bindPassword: secret.optional(),
    baseDn: oneOrMore(z.string()).optional().describe("Where to search. Required for ldap:// and ldaps://."),
    scope: z
      .enum(["base", "one", "sub"])
      .default("sub")
      .describe("The base entry alone, the entries right under it, or all of them (RFC 4511 section 4.5.1.2)."),
    filter: text.default("(objectClass=*)").describe("RFC 4515 filter: who is a person at all."),
    active: activeRule.optional().describe("Which of them are active. Without it, all are."),
    pageSize: z
      .int()
      .min(1)
      .max(100_000)
      .default(500)
      .describe("Entries a page (RFC 2696). Active Directory allows 1000."),
    timeoutMs: milliseconds
      .default(30_000)
      .describe("How long to wait for the server's next sign of life, in milliseconds."),
    referrals: z
      .enum(["ignore", "error"])
      .default("ignore")
      .describe(
        "What a search continuation reference does: counted and named (those of an Active Directory domain to its own partitions with --verbose alone), or the end of the run.",
      ),
    mustContain: z.array(text).default([]).describe("DNs without which a read is not taken as complete."),
  })
  .meta({ id: "source" });
