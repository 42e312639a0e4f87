import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { Failure } from "../errors.ts";
import { orAborted } from "../interruption.ts";
import { type ConnectionListener, openConnection } from "../source/connection.ts";
import type { ServerConfig } from "../source/ldap.ts";
import { encryptionOf, judgeEncryption, judgePlain } from "./encryption.ts";
import { type Finding, failed, type Ledger, ok, warning } from "./ledger.ts";

const stages = ["DNS", "TCP", "TLS", "bind"] as const;

/**
 * Connects and binds as a run does, server after server, and tells each stage. Gives the URL of the server that
 * answered; undefined where none did.
 */
export async function checkConnection(
  config: ServerConfig,
  ledger: Ledger,
  signal: AbortSignal,
  now: Date,
): Promise<string | undefined> {
  const steps = connectionSteps(config, ledger, signal, now);
  try {
    const connection = await openConnection(config, config.url, signal, steps.listener);
    connection.close();
    return connection.server;
  } catch (error) {
    if (signal.aborted || !(error instanceof Failure)) throw error;
    steps.fail(error);
    return undefined;
  }
}

/** The stages of one server after the other: what fails is the first stage that was not reached. */
function connectionSteps(config: ServerConfig, ledger: Ledger, signal: AbortSignal, now: Date) {
  let of = "";
  let host = "";
  let reached = 0;
  const settle = (...findings: Finding[]): void => {
    const stage = stages[reached];
    if (stage === undefined) return;
    ledger.add(of, stage, findings);
    reached += 1;
  };
  const end = (finding: Finding): void => {
    const stage = stages[reached];
    settle(finding);
    ledger.skip(of, stages.slice(reached), `${stage} failed`);
    reached = stages.length;
  };
  const listener: ConnectionListener = {
    trying: async (url) => {
      of = `source ${url.protocol}//${url.host}`;
      reached = 0;
      host = url.hostname.replace(/^\[|\]$/g, "");
      const found = await resolved(host, signal);
      if (found) settle(found);
    },
    connected: (socket) => {
      if (reached === 0) settle(ok("the name resolved when it was tried again"));
      // A server that has hung up meanwhile leaves no address.
      const { remoteAddress = host, remotePort } = socket;
      settle(ok(`connected to ${remoteAddress}${remotePort === undefined ? "" : ` port ${remotePort}`}`));
      const encrypted = config.startTls || of.startsWith("source ldaps:");
      if (!encrypted) settle(judgePlain(remoteAddress));
    },
    encrypted: (socket) => settle(...judgeEncryption(encryptionOf(socket), config.tls.rejectUnauthorized, now)),
    bound: () => settle(ok(bindWords(config))),
    unanswered: (failure, more) => end(more ? passedOver(failure) : failed(failure)),
  };
  return {
    listener,
    fail: (failure: Failure): void => {
      if (reached === stages.length) return;
      // What the files of source.tls lack shows before anything is sent.
      const tls = stages.indexOf("TLS");
      if (failure.turn === "configuration") {
        ledger.skip(of, stages.slice(reached, tls), "TLS failed");
        reached = tls;
      }
      end(failed(failure));
    },
  };
}

const passedOver = ({ message, hint }: Failure): Finding =>
  warning(`${message}; the next server is tried`, hint ?? null);

/** Undefined where the name does not resolve: connecting will say it. */
async function resolved(host: string, signal: AbortSignal): Promise<Finding | undefined> {
  if (isIP(host)) return ok(`${host} is an address`);
  const found = await orAborted(
    lookup(host, { all: true }).catch(() => undefined),
    signal,
  );
  return found && ok(`${host} is ${found.map(({ address }) => address).join(", ")}`);
}

function bindWords({ sasl, bindDn }: ServerConfig): string {
  if (sasl === "external") return "by the client certificate (SASL EXTERNAL)";
  return bindDn === undefined ? "anonymous" : `as ${bindDn}`;
}
