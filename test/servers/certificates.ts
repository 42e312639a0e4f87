import { chmod, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { program, run } from "./command.ts";
import { testFolder } from "./folder.ts";

/** Paths of PEM files. */
export interface Certificates {
  readonly ca: string;
  /** An authority that signed nothing. */
  readonly otherCa: string;
  /** For localhost and 127.0.0.1. */
  readonly serverCert: string;
  readonly serverKey: string;
  /** Subject CN=sync,O=Test: slapd takes its bearer for the sync user. */
  readonly clientCert: string;
  readonly clientKey: string;
}

/** Where the certificates of this test run lie. */
export function certificates(): Certificates {
  const file = (name: string) => join(testFolder(), "tls", `${name}.pem`);
  return {
    ca: file("ca"),
    otherCa: file("other-ca"),
    serverCert: file("server"),
    serverKey: file("server-key"),
    clientCert: file("client"),
    clientKey: file("client-key"),
  };
}

/** Makes the authorities and the certificates that `certificates` names. */
export async function makeCertificates(): Promise<void> {
  const paths = certificates();
  const folder = join(testFolder(), "tls");
  await mkdir(folder);
  await Promise.all([
    makeAuthority("Test CA", paths.ca, caKey()),
    makeAuthority("Other CA", paths.otherCa, join(folder, "other-ca-key.pem")),
  ]);
  await sign({
    subject: "/CN=localhost",
    cert: paths.serverCert,
    key: paths.serverKey,
    extensions: ["extendedKeyUsage=serverAuth", "subjectAltName=DNS:localhost,IP:127.0.0.1"],
  });
  await sign({
    subject: "/O=Test/CN=sync",
    cert: paths.clientCert,
    key: paths.clientKey,
    extensions: ["extendedKeyUsage=clientAuth"],
  });
  // MariaDB reads it as nobody.
  await chmod(paths.serverKey, 0o644);
}

/**
 * Makes a certificate and its key for a server that has an address of its own; only their owner can read the key.
 *
 * @param days how long it is valid from now on; where that is negative, it has expired
 */
export async function certificateFor(address: string, cert: string, key: string, days = 7): Promise<void> {
  const extensions = ["extendedKeyUsage=serverAuth", `subjectAltName=IP:${address}`];
  await sign({ subject: `/CN=${address}`, cert, key, extensions, days });
}

const caKey = (): string => join(testFolder(), "tls", "ca-key.pem");

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

const makeAuthority = (name: string, cert: string, key: string): Promise<string> =>
  run([
    program("openssl"),
    "req",
    "-x509",
    ...newKey,
    "-days",
    "7",
    "-subj",
    `/CN=${name}`,
    "-keyout",
    key,
    "-out",
    cert,
  ]);

interface Order {
  readonly subject: string;
  readonly cert: string;
  readonly key: string;
  readonly extensions: readonly string[];
  readonly days?: number;
}

/** Signs by the authority of this test run. */
async function sign({ subject, cert, key, extensions, days = 7 }: Order): Promise<void> {
  const openssl = program("openssl");
  const request = `${cert}.csr`;
  const extensionFile = `${cert}.ext`;
  await writeFile(extensionFile, extensions.map((line) => `${line}\n`).join(""));
  await run([openssl, "req", ...newKey, "-subj", subject, "-keyout", key, "-out", request]);
  const signing = ["-CA", certificates().ca, "-CAkey", caKey(), "-days", String(days)];
  await run([openssl, "x509", "-req", "-in", request, ...signing, "-extfile", extensionFile, "-out", cert]);
}
